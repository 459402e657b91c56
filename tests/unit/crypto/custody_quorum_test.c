/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/share/custody_quorum.h"

#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

enum { WRAPPED_LEN = 111 };
static const uint8_t kek[QW_KEK_LEN] = "thirty-two bytes of key material";
static struct qw_ceremony ceremony;
static uint8_t master[QW_MASTER_KEY_LEN];

static int hold(void **state)
{
    struct qw_share share[5];

    (void)state;
    return qw_ceremony_hold(3, 5, &ceremony, share, master) == QW_OK ? 0 : -1;
}

static struct qw_custody open_custody(const uint8_t key[static QW_MASTER_KEY_LEN])
{
    struct qw_custody custody;

    assert_int_equal(qw_custody_quorum(&ceremony, key, &custody), QW_OK);
    return custody;
}

static size_t wrap(uint8_t wrapped[static QW_WRAPPED_KEK_CAP])
{
    struct qw_custody custody = open_custody(master);
    size_t len = 0;

    assert_int_equal(custody.wrap(custody.self, kek, wrapped, QW_WRAPPED_KEK_CAP, &len), QW_OK);
    qw_custody_close(&custody);
    assert_int_equal(len, WRAPPED_LEN);
    return len;
}

static void what_is_wrapped_unwraps_with_the_same_master_key(void **state)
{
    uint8_t wrapped[QW_WRAPPED_KEK_CAP], back[QW_KEK_LEN], other[QW_MASTER_KEY_LEN];
    size_t len = wrap(wrapped);
    struct qw_custody custody = open_custody(master);

    (void)state;
    assert_string_equal(custody.name, "quorum");
    assert_null(memmem(wrapped, len, kek, 8));
    assert_null(memmem(wrapped, len, master, 8));
    assert_int_equal(custody.unwrap(custody.self, wrapped, len, back), QW_OK);
    assert_memory_equal(back, kek, sizeof kek);
    qw_custody_close(&custody);
    memcpy(other, master, sizeof other);
    other[31] ^= 1;
    custody = open_custody(other);
    memset(back, 0, sizeof back);
    assert_int_equal(custody.unwrap(custody.self, wrapped, len, back), QW_ERR_AUTH);
    assert_int_equal(back[0], 0);
    qw_custody_close(&custody);
}

static void the_wrapped_form_tells_the_ceremony(void **state)
{
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    size_t len = wrap(wrapped);
    struct qw_ceremony read;

    (void)state;
    assert_int_equal(qw_custody_quorum_ceremony(wrapped, len, &read), QW_OK);
    assert_memory_equal(&read, &ceremony, sizeof read);
    assert_int_equal(wrapped[17], 3);
    assert_int_equal(wrapped[18], 5);
}

static void every_flip_and_every_truncation_is_refused(void **state)
{
    uint8_t wrapped[QW_WRAPPED_KEK_CAP], back[QW_KEK_LEN] = { 0 };
    size_t len = wrap(wrapped);
    struct qw_custody custody = open_custody(master);
    struct qw_ceremony read;

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        qw_err err;

        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = custody.unwrap(custody.self, wrapped, len, back);
        assert_true(err == QW_ERR_AUTH ||
                    (err == QW_ERR_FORMAT && (bit / 8 == 0 || bit / 8 == 17 || bit / 8 == 18)));
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(custody.unwrap(custody.self, wrapped, cut, back), QW_ERR_FORMAT);
        assert_int_equal(qw_custody_quorum_ceremony(wrapped, cut, &read), QW_ERR_FORMAT);
    }
    assert_int_equal(custody.unwrap(custody.self, wrapped, len + 1, back), QW_ERR_FORMAT);
    assert_int_equal(back[0], 0);
    qw_custody_close(&custody);
}

static void each_failing_step_is_an_error(void **state)
{
    struct qw_custody custody;
    uint8_t wrapped[QW_WRAPPED_KEK_CAP] = { 0 };
    size_t len = 77;

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_custody_quorum(&ceremony, master, &custody), QW_ERR_NOMEM);
    custody = open_custody(master);
    fail_nth = 1; /* the nonce */
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, sizeof wrapped, &len), QW_ERR_IO);
    fail_nth = 0;
    assert_int_equal(custody.wrap(custody.self, kek, wrapped, WRAPPED_LEN - 1, &len), QW_ERR_SPACE);
    assert_int_equal(len, 77);
    assert_int_equal(wrapped[0], 0);
    qw_custody_close(&custody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrapped_unwraps_with_the_same_master_key),
        cmocka_unit_test(the_wrapped_form_tells_the_ceremony),
        cmocka_unit_test(every_flip_and_every_truncation_is_refused),
        cmocka_unit_test(each_failing_step_is_an_error),
    };

    return cmocka_run_group_tests(tests, hold, NULL);
}
