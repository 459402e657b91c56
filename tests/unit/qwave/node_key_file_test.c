/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 S2 */
#define _GNU_SOURCE
#include "node/node_key_file.h"

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

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

enum { LEN = 8 + 1 + 32 + 65 };
static char folder[] = "/tmp/qwave-node-key.XXXXXX";
static char path[64];

static void a_key_comes_back_and_signs(void **state)
{
    static const enum qw_signature_algorithm algorithms[] = { QW_SIGNATURE_P256, QW_SIGNATURE_SM2 };
    const struct qw_bytes part = { .data = "head", .len = 4 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t signature[QW_SIGNATURE_LEN];
        struct qw_signing_key *key = NULL;
        struct qw_public_key public, again;
        struct stat status;

        unlink(path);
        assert_int_equal(node_key_file_make(path, algorithms[i], &public), QW_OK);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(status.st_size, LEN);
        assert_int_equal(node_key_file_make(path, algorithms[i], &again), QW_ERR_CONFLICT);
        assert_int_equal(node_key_file_read(path, &key), QW_OK);
        again = node_key_public(key);
        assert_int_equal(again.algorithm, algorithms[i]);
        assert_memory_equal(again.point, public.point, sizeof public.point);
        assert_int_equal(qw_sign(key, &part, 1, signature), QW_OK);
        assert_int_equal(qw_signature_check(&public, &part, 1, signature), QW_OK);
        qw_signing_key_free(key);
    }
    unlink(path);
    assert_int_equal(node_key_file_make(path, QW_SIGNATURE_NONE, &(struct qw_public_key){ 0 }),
                     QW_ERR_ARG);
    assert_int_equal(access(path, F_OK), -1);
}

static void what_is_no_key_is_refused(void **state)
{
    struct qw_signing_key *key = NULL;
    struct qw_public_key public;
    uint8_t *data = NULL;
    uint8_t long_one[LEN + 1] = { 0 };
    size_t len = 0;

    (void)state;
    unlink(path);
    assert_int_equal(node_key_file_make(path, QW_SIGNATURE_P256, &public), QW_OK);
    assert_int_equal(qw_file_read(path, 4096, &data, &len), QW_OK);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_file_replace(path, data, cut), QW_OK);
        assert_int_equal(node_key_file_read(path, &key), QW_ERR_FORMAT);
    }
    memcpy(long_one, data, len);
    assert_int_equal(qw_file_replace(path, long_one, sizeof long_one), QW_OK);
    assert_int_equal(node_key_file_read(path, &key), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < 8 * len; bit++) { /* of the scalar and the point: not a pair */
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(qw_file_replace(path, data, len), QW_OK);
        assert_int_equal(node_key_file_read(path, &key), QW_ERR_FORMAT);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_null(key);
    qw_secret_free(data);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(node_key_file_read(path, &key), QW_ERR_REFUSED);
    unlink(path);
    assert_int_equal(node_key_file_read(path, &key), QW_ERR_NOT_FOUND);
    fail_nth = 1;
    assert_int_equal(node_key_file_make(path, QW_SIGNATURE_P256, &public), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_int_equal(access(path, F_OK), -1);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_comes_back_and_signs),
        cmocka_unit_test(what_is_no_key_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
