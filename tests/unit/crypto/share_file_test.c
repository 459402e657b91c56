/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/password_key.h"
#include "crypto/share/share.h"

#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

/* The standard cost takes a quarter of a second and 128 MiB; the tests keep the form and pay less.
 */
static bool is_costly;
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
    if (must_fail()) {
        return QW_ERR_NOMEM;
    }
    if (!is_costly && cost.log2_n >= 10 && cost.log2_n <= 20 && cost.r >= 1 && cost.r <= 32 &&
        cost.p >= 1 && cost.p <= 16) {
        cost = (struct qw_password_cost){ .log2_n = 10, .r = 1, .p = 1 };
    }
    return __real_qw_password_key(cost, salt, password, password_len, key, key_len);
}

static const uint8_t passphrase[] = "correct horse battery";
enum { PASSPHRASE_LEN = sizeof passphrase - 1 };

static struct qw_share one_share(void)
{
    struct qw_ceremony ceremony;
    struct qw_share share[3];
    uint8_t master[QW_MASTER_KEY_LEN];

    assert_int_equal(qw_ceremony_hold(2, 3, &ceremony, share, master), QW_OK);
    return share[1];
}

static qw_err open_file(const uint8_t *file, size_t len, struct qw_share *share)
{
    return qw_share_file_open(file, len, passphrase, PASSPHRASE_LEN, share);
}

static void what_is_sealed_opens_with_the_same_passphrase(void **state)
{
    const struct qw_share share = one_share();
    struct qw_share back;
    uint8_t file[QW_SHARE_FILE_LEN], again[QW_SHARE_FILE_LEN];

    (void)state;
    assert_int_equal(qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, file), QW_OK);
    assert_null(memmem(file, sizeof file, share.payload, 8));
    assert_null(memmem(file, sizeof file, share.check, 8));
    assert_int_equal(open_file(file, sizeof file, &back), QW_OK);
    assert_memory_equal(&back, &share, sizeof back);
    assert_int_equal(qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, again), QW_OK);
    assert_memory_not_equal(file + 7, again + 7, 16);
}

static void the_form_is_that_of_the_page(void **state)
{
    const struct qw_share share = one_share();
    uint8_t file[QW_SHARE_FILE_LEN];

    (void)state;
    assert_int_equal(qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, file), QW_OK);
    assert_memory_equal(file, "QWS\001", 4);
    assert_int_equal(file[4], qw_password_cost_standard.log2_n);
    assert_int_equal(file[5], qw_password_cost_standard.r);
    assert_int_equal(file[6], qw_password_cost_standard.p);
    assert_memory_equal(file + 23, share.ceremony, sizeof share.ceremony);
    assert_int_equal(file[39], 2); /* index, threshold, officers */
    assert_int_equal(file[40], 2);
    assert_int_equal(file[41], 3);
}

static void another_passphrase_is_refused(void **state)
{
    const struct qw_share share = one_share();
    struct qw_share back = { .index = 77 };
    uint8_t file[QW_SHARE_FILE_LEN];

    (void)state;
    assert_int_equal(qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, file), QW_OK);
    assert_int_equal(qw_share_file_open(file, sizeof file, passphrase, PASSPHRASE_LEN - 1, &back),
                     QW_ERR_AUTH);
    assert_int_equal(back.index, 77);
}

static void every_flip_and_every_truncation_is_refused(void **state)
{
    const struct qw_share share = one_share();
    struct qw_share back = { .index = 77 };
    uint8_t file[QW_SHARE_FILE_LEN + 1] = { 0 };

    (void)state;
    assert_int_equal(qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, file), QW_OK);
    for (size_t bit = 0; bit < (size_t)8 * QW_SHARE_FILE_LEN; bit++) {
        qw_err err;

        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = open_file(file, QW_SHARE_FILE_LEN, &back);
        assert_true(err == QW_ERR_AUTH || (err == QW_ERR_FORMAT && bit / 8 < 7));
        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < QW_SHARE_FILE_LEN; cut++) {
        assert_int_equal(open_file(file, cut, &back), QW_ERR_FORMAT);
    }
    assert_int_equal(open_file(file, QW_SHARE_FILE_LEN + 1, &back), QW_ERR_FORMAT);
    assert_int_equal(back.index, 77);
    assert_int_equal(open_file(file, QW_SHARE_FILE_LEN, &back), QW_OK);
}

static void each_failing_step_is_an_error(void **state)
{
    const struct qw_share share = one_share();
    static const uint8_t untouched[QW_SHARE_FILE_LEN];
    struct qw_share back = { .index = 77 };
    uint8_t file[QW_SHARE_FILE_LEN] = { 0 };
    qw_err err = QW_ERR_IO;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        assert_memory_equal(file, untouched, sizeof file);
        fail_nth = n;
        err = qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, file);
    }
    assert_true(n > 4); /* memory, salt, key, nonce */
    err = QW_ERR_IO;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        assert_int_equal(back.index, 77);
        fail_nth = n;
        err = open_file(file, sizeof file, &back);
    }
    assert_true(n > 2);
    fail_nth = 0;
}

static void works_at_the_real_cost(void **state)
{
    const struct qw_share share = one_share();
    struct qw_share back;
    uint8_t file[QW_SHARE_FILE_LEN];

    (void)state;
    is_costly = true;
    assert_int_equal(qw_share_file_seal(&share, passphrase, PASSPHRASE_LEN, file), QW_OK);
    assert_int_equal(open_file(file, sizeof file, &back), QW_OK);
    is_costly = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_with_the_same_passphrase),
        cmocka_unit_test(the_form_is_that_of_the_page),
        cmocka_unit_test(another_passphrase_is_refused),
        cmocka_unit_test(every_flip_and_every_truncation_is_refused),
        cmocka_unit_test(each_failing_step_is_an_error),
        cmocka_unit_test(works_at_the_real_cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
