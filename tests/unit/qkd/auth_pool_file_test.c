/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q7 */
#define _GNU_SOURCE
#include "qkd/auth_pool_file.h"

#include "base/file.h"
#include "base/secret.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(char *, strdup, NULL, (const char *text), (text));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

enum { LEN = 200 };

static char folder[] = "/tmp/qwave-pool.XXXXXX";
static char path_a[64], path_b[64];

static void charge(void)
{
    unlink(path_a);
    unlink(path_b);
    assert_int_equal(qw_qkd_pool_file_charge(path_a, path_b, LEN), QW_OK);
}

static struct qw_qkd_pool_file *open_file(const char *path)
{
    struct qw_qkd_pool_file *file = NULL;

    assert_int_equal(qw_qkd_pool_file_open(path, &file), QW_OK);
    return file;
}

static void take(struct qw_qkd_pool_file *file, enum qw_qkd_direction direction, uint8_t *out)
{
    struct qw_pad *pad = qw_qkd_auth_pad(qw_qkd_pool_file_pool(file), direction);

    assert_int_equal(qw_pad_take(pad, out, QW_ONE_TIME_MAC_PAD_LEN), QW_OK);
}

static void both_ends_hold_the_same_and_use_it_once(void **state)
{
    struct qw_qkd_pool_file *a;
    struct qw_qkd_pool_file *b;
    uint8_t from_a[12], from_b[12], next[12];

    (void)state;
    charge();
    a = open_file(path_a);
    b = open_file(path_b);
    assert_memory_equal(qw_qkd_pool_file_pool(a)->hash_key, qw_qkd_pool_file_pool(b)->hash_key, 32);
    take(a, QW_QKD_UP, from_a);
    take(b, QW_QKD_UP, from_b);
    assert_memory_equal(from_a, from_b, 12);
    qw_qkd_pool_file_free(a); /* as after a crash */
    a = open_file(path_a);
    assert_int_equal(qw_qkd_pool_file_pool(a)->pad[0].used, 12);
    assert_int_equal(qw_qkd_pool_file_pool(a)->pad[1].used, 0);
    take(a, QW_QKD_UP, next);
    assert_memory_not_equal(next, from_a, 12);
    take(b, QW_QKD_UP, from_b);
    assert_memory_equal(next, from_b, 12);
    assert_memory_equal(qw_qkd_pool_file_pool(a)->hash_key, qw_qkd_pool_file_pool(b)->hash_key, 32);
    qw_qkd_pool_file_free(a);
    qw_qkd_pool_file_free(b);
}

static void used_bytes_are_gone_from_the_file(void **state)
{
    struct qw_qkd_pool_file *a;
    uint8_t used[12];
    uint8_t *data = NULL;
    size_t len = 0;

    (void)state;
    charge();
    a = open_file(path_a);
    take(a, QW_QKD_DOWN, used);
    qw_qkd_pool_file_free(a);
    assert_int_equal(qw_file_read(path_a, 4096, &data, &len), QW_OK);
    assert_null(memmem(data, len, used, sizeof used));
    qw_secret_free(data);
    assert_int_equal(qw_file_read(path_b, 4096, &data, &len), QW_OK);
    assert_non_null(memmem(data, len, used, sizeof used)); /* the other end still needs them */
    qw_secret_free(data);
}

static void a_disk_that_fails_ends_the_pad(void **state)
{
    struct qw_qkd_pool_file *a;
    struct qw_pad *pad;
    uint8_t out[12] = { 0 };

    (void)state;
    charge();
    a = open_file(path_a);
    pad = qw_qkd_auth_pad(qw_qkd_pool_file_pool(a), QW_QKD_UP);
    fail_nth = 1;
    assert_int_equal(qw_pad_take(pad, out, 12), QW_ERR_IO);
    fail_nth = 0;
    assert_int_equal(qw_pad_take(pad, out, 12), QW_ERR_IO);
    qw_qkd_pool_file_free(a);
}

static void refill(struct qw_qkd_pool_file *file, uint64_t up, uint64_t down, qw_err expected)
{
    uint8_t bytes[36];
    const struct qw_qkd_refill more = {
        .at = { up, down }, .bytes = bytes, .len = { 24, 12 }, .epsilon = 0.25
    };

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(0xa0 + i);
    }
    assert_int_equal(qw_qkd_auth_pool_refill(qw_qkd_pool_file_pool(file), &more), expected);
}

/* Both directions and the epsilon in one replacement: what was there, or all of it. */
static void a_refill_is_in_the_file_as_a_whole(void **state)
{
    struct qw_qkd_pool_file *a;
    const struct qw_qkd_auth_pool *pool;
    uint8_t out[12], kept[12];

    (void)state;
    charge();
    a = open_file(path_a);
    take(a, QW_QKD_UP, out);
    take(a, QW_QKD_UP, out);
    take(a, QW_QKD_DOWN, out);
    memcpy(kept, qw_qkd_pool_file_pool(a)->pad[0].bytes + 24, sizeof kept);
    refill(a, 84, 72, QW_OK); /* down: what was behind 72 goes */
    qw_qkd_pool_file_free(a);
    a = open_file(path_a);
    pool = qw_qkd_pool_file_pool(a);
    assert_int_equal(qw_qkd_auth_position(pool, 0), 24);
    assert_int_equal(qw_qkd_auth_end(pool, 0), 84 + 24);
    assert_int_equal(qw_qkd_auth_position(pool, 1), 12);
    assert_int_equal(qw_qkd_auth_end(pool, 1), 72 + 12);
    assert_true(pool->epsilon == 0.25);
    assert_memory_equal(pool->pad[0].bytes, kept, sizeof kept);
    assert_int_equal(pool->pad[0].bytes[60], 0xa0);
    assert_int_equal(pool->pad[1].bytes[60], 0xa0 + 24);
    take(a, QW_QKD_UP, out);
    assert_memory_equal(out, kept, sizeof kept);
    qw_qkd_pool_file_free(a);
    a = open_file(path_a);
    assert_int_equal(qw_qkd_auth_position(qw_qkd_pool_file_pool(a), 0), 36);
    take(a, QW_QKD_UP, out);
    fail_nth = 1;
    refill(a, 108, 84, QW_ERR_IO);
    fail_nth = 0;
    assert_int_equal(qw_pad_take(qw_qkd_auth_pad(qw_qkd_pool_file_pool(a), QW_QKD_UP), out, 12),
                     QW_ERR_IO); /* closed for good */
    refill(a, 108, 84, QW_ERR_IO);
    qw_qkd_pool_file_free(a);
    a = open_file(path_a); /* as it was before */
    assert_int_equal(qw_qkd_auth_end(qw_qkd_pool_file_pool(a), 0), 108);
    assert_true(qw_qkd_pool_file_pool(a)->epsilon == 0.25);
    qw_qkd_pool_file_free(a);
}

static void refuses_files_that_are_none(void **state)
{
    struct qw_qkd_pool_file *file = NULL;
    uint8_t *data = NULL;
    size_t len = 0;

    (void)state;
    charge();
    assert_int_equal(qw_qkd_pool_file_charge(path_a, path_b, LEN), QW_ERR_CONFLICT);
    assert_int_equal(qw_qkd_pool_file_charge("x", "y", QW_QKD_POOL_FILE_LEN_MIN - 2), QW_ERR_ARG);
    assert_int_equal(qw_qkd_pool_file_charge("x", "y", LEN + 1), QW_ERR_ARG);
    assert_int_equal(qw_qkd_pool_file_charge("x", "y", QW_QKD_POOL_FILE_LEN_MAX + 2), QW_ERR_ARG);
    assert_int_equal(qw_file_read(path_a, 4096, &data, &len), QW_OK);
    for (size_t cut = 0; cut < len; cut += 7) {
        assert_int_equal(qw_file_replace(path_b, data, cut), QW_OK);
        assert_int_equal(qw_qkd_pool_file_open(path_b, &file), QW_ERR_FORMAT);
    }
    for (size_t bit = 0; bit < 8 * 52; bit++) { /* the header: refused, or another position */
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(qw_file_replace(path_b, data, len), QW_OK);
        if (qw_qkd_pool_file_open(path_b, &file) == QW_OK) {
            const struct qw_qkd_auth_pool *pool = qw_qkd_pool_file_pool(file);

            assert_true(bit / 8 >= 12 && pool->epsilon >= 0 && pool->epsilon <= 1);
            for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
                assert_true(pool->pad[i].used <= pool->pad[i].len);
                assert_true(pool->pad[i].len <= LEN / 2 - 16);
            }
            qw_qkd_pool_file_free(file);
            file = NULL;
        }
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    qw_secret_free(data);
    assert_int_equal(chmod(path_a, 0644), 0);
    assert_int_equal(qw_qkd_pool_file_open(path_a, &file), QW_ERR_REFUSED);
    assert_int_equal(qw_qkd_pool_file_open("/nonexistent/pool", &file), QW_ERR_NOT_FOUND);
    assert_null(file);
    qw_qkd_pool_file_free(NULL);
}

static void every_allocation_may_fail(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    charge();
    for (int n = 1; err != QW_OK; n++) {
        struct qw_qkd_pool_file *file = NULL;

        assert_true(n < 100);
        fail_nth = n;
        err = qw_qkd_pool_file_open(path_a, &file);
        fail_nth = 0;
        assert_true(err == QW_OK || file == NULL);
        qw_qkd_pool_file_free(file);
    }
    unlink(path_a);
    unlink(path_b);
    fail_nth = 1;
    assert_int_equal(qw_qkd_pool_file_charge(path_a, path_b, LEN), QW_ERR_NOMEM);
    fail_nth = 0;
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(path_a, sizeof path_a, "%s/a", folder);
    snprintf(path_b, sizeof path_b, "%s/b", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path_a);
    unlink(path_b);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_hold_the_same_and_use_it_once),
        cmocka_unit_test(used_bytes_are_gone_from_the_file),
        cmocka_unit_test(a_disk_that_fails_ends_the_pad),
        cmocka_unit_test(a_refill_is_in_the_file_as_a_whole),
        cmocka_unit_test(refuses_files_that_are_none),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
