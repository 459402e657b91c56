/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C6 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/custody/custody.h"
#include "crypto/password_key.h"

#include "base/bytes.h"
#include "support/fail_nth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRAPPED_LEN = 80 };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

/* The standard cost takes a quarter of a second and 128 MiB for each try; the tests keep the form
 * of the wrapped key and pay less. */
static bool is_costly;
static int tries;
static bool is_refusing;

qw_err __real_qw_password_key(struct qw_password_cost cost, const uint8_t *salt,
                              const uint8_t *password, size_t password_len, uint8_t *key,
                              size_t key_len);
qw_err __wrap_qw_password_key(struct qw_password_cost cost, const uint8_t *salt,
                              const uint8_t *password, size_t password_len, uint8_t *key,
                              size_t key_len);

qw_err __wrap_qw_password_key(struct qw_password_cost cost, const uint8_t *salt,
                              const uint8_t *password, size_t password_len, uint8_t *key,
                              size_t key_len)
{
    const struct qw_password_cost standard = qw_password_cost_standard;
    bool is_standard =
        cost.log2_n == standard.log2_n && cost.r == standard.r && cost.p == standard.p;

    tries++;
    if (is_refusing) {
        return QW_ERR_NOMEM;
    }
    if (is_standard && !is_costly) {
        cost = (struct qw_password_cost){ .log2_n = 10, .r = 1, .p = 1 };
    } else if (cost.log2_n > standard.log2_n && cost.log2_n <= 20) {
        return QW_ERR_NOMEM; /* a flipped bit in the cost may ask for gigabytes */
    } else if (!is_costly && cost.log2_n > 10 && cost.log2_n < 20) {
        cost.log2_n =
            10; /* or for seconds; any key but that of (10, 1, 1) is as wrong as its own */
    }
    return __real_qw_password_key(cost, salt, password, password_len, key, key_len);
}

static char folder[] = "/tmp/custody_passphrase_file_test.XXXXXX";
static char path[64];
static const uint8_t kek[QW_KEK_LEN] = "thirty-two bytes of key material";

static void write_passphrase(const char *text, mode_t mode)
{
    int fd;

    unlink(path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/passphrase", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct qw_custody open_custody(const char *passphrase)
{
    struct qw_custody custody;

    write_passphrase(passphrase, 0600);
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_OK);
    return custody;
}

static void what_is_wrapped_unwraps_with_the_same_passphrase(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery\n");
    uint8_t wrapped[QW_WRAPPED_KEK_CAP], back[QW_KEK_LEN];
    size_t len = 0;

    (void)state;
    assert_string_equal(custody.name, "passphrase-file");
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_OK);
    assert_int_equal(len, WRAPPED_LEN);
    assert_null(memmem(wrapped, len, kek, 8)); /* nothing of the key in the clear */
    qw_custody_close(&custody);
    custody = open_custody("correct horse battery\nsecond line, not read\n");
    assert_int_equal(custody.unwrap(custody.self, wrapped, len, back), QW_OK);
    assert_memory_equal(back, kek, sizeof kek);
    qw_custody_close(&custody);
}

static void the_same_key_is_never_wrapped_into_the_same_bytes(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery");
    uint8_t a[QW_WRAPPED_KEK_CAP], b[QW_WRAPPED_KEK_CAP];
    size_t len = 0;

    (void)state;
    assert_int_equal(custody.wrap(custody.self, kek, a, sizeof a, &len), QW_OK);
    assert_int_equal(custody.wrap(custody.self, kek, b, sizeof b, &len), QW_OK);
    assert_memory_equal(a, b, 4); /* version and cost */
    assert_memory_not_equal(a + 4, b + 4, 16);
    assert_memory_not_equal(a + 20, b + 20, 12);
    qw_custody_close(&custody);
}

static void the_form_is_version_cost_salt_and_the_sealed_key(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery");
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    size_t len = 0;

    (void)state;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_OK);
    assert_int_equal(wrapped[0], 1);
    assert_int_equal(wrapped[1], qw_password_cost_standard.log2_n);
    assert_int_equal(wrapped[2], qw_password_cost_standard.r);
    assert_int_equal(wrapped[3], qw_password_cost_standard.p);
    qw_custody_close(&custody);
}

static void another_passphrase_is_refused(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery");
    uint8_t wrapped[QW_WRAPPED_KEK_CAP], back[QW_KEK_LEN], untouched[QW_KEK_LEN];
    size_t len = 0;

    (void)state;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_OK);
    qw_custody_close(&custody);
    custody = open_custody("correct horse batterz");
    memset(back, 0xee, sizeof back);
    memset(untouched, 0xee, sizeof untouched);
    assert_int_equal(custody.unwrap(custody.self, wrapped, len, back), QW_ERR_AUTH);
    assert_memory_equal(back, untouched, sizeof back);
    qw_custody_close(&custody);
}

static void every_flip_and_every_truncation_is_refused(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery");
    uint8_t wrapped[WRAPPED_LEN + 1] = { 0 }, back[QW_KEK_LEN];
    size_t len = 0;

    (void)state;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_OK);
    memset(back, 0, sizeof back);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        qw_err err;

        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = custody.unwrap(custody.self, wrapped, len, back);
        assert_true(err == QW_ERR_AUTH || (err == QW_ERR_FORMAT && bit < 32) ||
                    (err == QW_ERR_NOMEM && bit / 8 == 1));
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(custody.unwrap(custody.self, wrapped, cut, back), QW_ERR_FORMAT);
    }
    assert_int_equal(custody.unwrap(custody.self, wrapped, len + 1, back), QW_ERR_FORMAT);
    assert_int_equal(back[0], 0);
    assert_int_equal(custody.unwrap(custody.self, wrapped, len, back), QW_OK);
    qw_custody_close(&custody);
}

static void a_small_buffer_is_refused_before_any_work(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery");
    uint8_t wrapped[WRAPPED_LEN] = { 0 };
    size_t len = 77;

    (void)state;
    tries = 0;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, WRAPPED_LEN - 1, &len), QW_ERR_SPACE);
    assert_int_equal(len, 77);
    assert_int_equal(tries, 0);
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, WRAPPED_LEN, &len), QW_OK);
    qw_custody_close(&custody);
}

static void a_passphrase_that_others_may_read_is_refused(void **state)
{
    struct qw_custody custody = { .name = "untouched" };

    (void)state;
    write_passphrase("correct horse battery", 0640);
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_ERR_REFUSED);
    write_passphrase("correct horse battery", 0604);
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_ERR_REFUSED);
    write_passphrase("short", 0600);
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_ERR_FORMAT);
    unlink(path);
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_ERR_NOT_FOUND);
    assert_string_equal(custody.name, "untouched");
}

static void each_failing_step_is_an_error(void **state)
{
    struct qw_custody custody;
    uint8_t wrapped[WRAPPED_LEN] = { 0 }, zero[WRAPPED_LEN] = { 0 };
    size_t len = 0;

    (void)state;
    write_passphrase("correct horse battery", 0600);
    fail_nth = 1;
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_ERR_NOMEM);
    assert_int_equal(qw_custody_passphrase_file(path, &custody), QW_OK);
    for (int n = 1; n <= 2; n++) { /* the salt, the nonce */
        fail_nth = n;
        assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_ERR_IO);
    }
    fail_nth = 0;
    is_refusing = true;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_ERR_NOMEM);
    assert_memory_equal(wrapped, zero, sizeof wrapped);
    is_refusing = false;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_OK);
    qw_custody_close(&custody);
}

static void works_at_the_real_cost(void **state)
{
    struct qw_custody custody = open_custody("correct horse battery");
    uint8_t wrapped[QW_WRAPPED_KEK_CAP], back[QW_KEK_LEN];
    size_t len = 0;

    (void)state;
    is_costly = true;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_OK);
    assert_int_equal(custody.unwrap(custody.self, wrapped, len, back), QW_OK);
    assert_memory_equal(back, kek, sizeof kek);
    is_costly = false;
    qw_custody_close(&custody);
}

static void close_forgives_nothing_to_close(void **state)
{
    struct qw_custody custody = { 0 };

    (void)state;
    qw_custody_close(NULL);
    qw_custody_close(&custody);
    custody = open_custody("correct horse battery");
    qw_custody_close(&custody);
    assert_null(custody.self);
    qw_custody_close(&custody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrapped_unwraps_with_the_same_passphrase),
        cmocka_unit_test(the_same_key_is_never_wrapped_into_the_same_bytes),
        cmocka_unit_test(the_form_is_version_cost_salt_and_the_sealed_key),
        cmocka_unit_test(another_passphrase_is_refused),
        cmocka_unit_test(every_flip_and_every_truncation_is_refused),
        cmocka_unit_test(a_small_buffer_is_refused_before_any_work),
        cmocka_unit_test(a_passphrase_that_others_may_read_is_refused),
        cmocka_unit_test(each_failing_step_is_an_error),
        cmocka_unit_test(works_at_the_real_cost),
        cmocka_unit_test(close_forgives_nothing_to_close),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
