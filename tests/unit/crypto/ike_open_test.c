/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"
#include "crypto/ipsec/ike_open.h"
#include "crypto/ipsec/prf.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"
#include "support/ike_seal.h"
#include "vectors/ipsec.h"

FAIL_NTH(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, NULL, (void), ());
FAIL_NTH(int, EVP_DecryptInit_ex, 0,
         (EVP_CIPHER_CTX * context, const EVP_CIPHER *cipher, ENGINE *engine,
          const unsigned char *key, const unsigned char *iv),
         (context, cipher, engine, key, iv));
FAIL_NTH(int, EVP_DecryptUpdate, 0,
         (EVP_CIPHER_CTX * context, unsigned char *out, int *done, const unsigned char *in,
          int len),
         (context, out, done, in, len));
FAIL_NTH(qw_err, qw_ipsec_prf_apply, QW_ERR_UNAVAILABLE,
         (enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes data, uint8_t *out),
         (prf, key, data, out));

static const struct qw_ipsec_suite suites[] = {
    { 16, QW_IPSEC_GCM },         { 32, QW_IPSEC_GCM },         { 16, QW_IPSEC_HMAC_SHA256 },
    { 32, QW_IPSEC_HMAC_SHA256 }, { 16, QW_IPSEC_HMAC_SHA384 }, { 32, QW_IPSEC_HMAC_SHA512 },
    { 24, QW_IPSEC_GCM },         { 32, QW_IPSEC_POLY1305 },    { 24, QW_IPSEC_HMAC_SHA256 },
};
enum { SUITES = sizeof suites / sizeof suites[0], ROOM = 66000, HEAD_LEN = 32 };
static const struct ike_envelope envelope = { 1, 2, 8, 3, 33, 1, 1 };
static struct qw_ike_key key;
static uint8_t text[ROOM], message[ROOM], out[ROOM];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof key; i++) {
        ((uint8_t *)&key)[i] = (uint8_t)(i * 7 + 3);
    }
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 11);
    }
    return 0;
}

/* [RFC 7634 B] */
static void opens_the_message_of_the_rfc(void **state)
{
    static const struct qw_ipsec_suite suite = { 32, QW_IPSEC_POLY1305 };
    size_t key_len = 0;
    size_t len = 0;
    size_t text_len = 0;
    size_t got = 77;
    uint8_t *keymat = hex_bytes(RFC7634_KEYMAT, &key_len);
    uint8_t *ike = hex_bytes(RFC7634_IKE, &len);
    uint8_t *inside = hex_bytes(RFC7634_IKE_TEXT, &text_len);

    (void)state;
    assert_int_equal(key_len, qw_ipsec_encryption_len(suite));
    memcpy(key.encryption, keymat, key_len);
    assert_int_equal(qw_ike_open(suite, &key, ike, len, HEAD_LEN, out, &got), QW_OK);
    assert_int_equal(got, text_len);
    assert_memory_equal(out, inside, got);
    free(keymat);
    free(ike);
    free(inside);
}

/* [RFC 5282 4] [RFC 4868 2.3] */
static void opens_what_was_closed_in_every_suite(void **state)
{
    const size_t lens[] = { 0, 1, 15, 16, 17, 200, 65000 };

    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            size_t got = 1;
            size_t len =
                ike_seal(&envelope, suites[s], &key, text, lens[i], message, sizeof message);

            assert_int_equal(qw_ike_open(suites[s], &key, message, len, HEAD_LEN, out, &got),
                             QW_OK);
            assert_int_equal(got, lens[i]);
            assert_memory_equal(out, text, got);
        }
    }
}

static void a_message_that_was_changed_or_cut_does_not_open(void **state)
{
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        size_t got = 77;
        size_t len = ike_seal(&envelope, suites[s], &key, text, 40, message, sizeof message);

        memset(out, 0, sizeof out);
        for (size_t bit = 0; bit < len * 8; bit++) {
            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(qw_ike_open(suites[s], &key, message, len, HEAD_LEN, out, &got),
                             QW_ERR_AUTH);
            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < len; cut++) {
            qw_err err = qw_ike_open(suites[s], &key, message, cut, HEAD_LEN, out, &got);

            assert_true(err == QW_ERR_AUTH || err == QW_ERR_FORMAT);
        }
        assert_int_equal(got, 77);
        for (size_t i = 0; i < len; i++) { /* nothing is left of what did not open */
            assert_int_equal(out[i], 0);
        }
    }
}

static void another_key_does_not_open(void **state)
{
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        size_t len = ike_seal(&envelope, suites[s], &key, text, 40, message, sizeof message);
        size_t key_len = qw_ipsec_encryption_len(suites[s]);
        size_t got = 0;

        for (size_t i = 0; i < key_len + qw_ipsec_integrity_len(suites[s]); i++) {
            uint8_t *p = i < key_len ? &key.encryption[i] : &key.integrity[i - key_len];
            qw_err err;

            *p ^= 1;
            err = qw_ike_open(suites[s], &key, message, len, HEAD_LEN, out, &got);
            *p ^= 1;
            /* With CBC the tag does not depend on SK_e: what opens is another text. */
            assert_true(err == QW_ERR_AUTH || err == QW_ERR_FORMAT ||
                        (!ipsec_is_aead(suites[s]) && i < key_len &&
                         (got != 40 || !qw_equal_ct(out, text, got))));
        }
    }
}

static void what_is_no_message_is_refused(void **state)
{
    size_t got = 77;
    size_t len = ike_seal(&envelope, suites[1], &key, text, 0, message, sizeof message);

    (void)state;
    assert_int_equal(qw_ike_open(suites[1], &key, message, len, len + 1, out, &got), QW_ERR_FORMAT);
    assert_int_equal(qw_ike_open(suites[1], &key, message, 65536, HEAD_LEN, out, &got),
                     QW_ERR_FORMAT);
    /* CBC: a text that is no number of blocks. */
    len = ike_seal(&envelope, suites[2], &key, text, 40, message, sizeof message);
    assert_int_equal(qw_ike_open(suites[2], &key, message, len - 1, HEAD_LEN, out, &got),
                     QW_ERR_FORMAT);
    assert_int_equal(got, 77);
}

/* Closed by hand, with a count of padding that is longer than the text. */
static void padding_longer_than_the_text_is_refused(void **state)
{
    (void)state;
    for (uint8_t pad = 0; pad < 20; pad++) {
        size_t got = 77;
        qw_err err;

        memset(message, 0, HEAD_LEN);
        memset(message + HEAD_LEN, 0x5a, 8); /* IV */
        memset(message + HEAD_LEN + 8, 0x33, 16);
        message[HEAD_LEN + 8 + 15] = pad;
        ike_encrypt(suites[0], &key, message, HEAD_LEN, 16);
        err = qw_ike_open(suites[0], &key, message, HEAD_LEN + 8 + 16 + 16, HEAD_LEN, out, &got);
        assert_int_equal(err, pad < 16 ? QW_OK : QW_ERR_FORMAT);
        assert_int_equal(got, pad < 16 ? 15 - pad : 77);
    }
}

static void says_when_memory_is_short(void **state)
{
    (void)state;
    for (size_t s = 1; s < 3; s++) {
        size_t len = ike_seal(&envelope, suites[s], &key, text, 40, message, sizeof message);
        qw_err err = QW_ERR_NOMEM;

        for (int n = 1; err != QW_OK; n++) {
            size_t got = 0;

            assert_true(n < 10);
            fail_nth = n;
            err = qw_ike_open(suites[s], &key, message, len, HEAD_LEN, out, &got);
            assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        }
        fail_nth = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opens_the_message_of_the_rfc, set_up),
        cmocka_unit_test_setup(opens_what_was_closed_in_every_suite, set_up),
        cmocka_unit_test_setup(a_message_that_was_changed_or_cut_does_not_open, set_up),
        cmocka_unit_test_setup(another_key_does_not_open, set_up),
        cmocka_unit_test_setup(what_is_no_message_is_refused, set_up),
        cmocka_unit_test_setup(padding_longer_than_the_text_is_refused, set_up),
        cmocka_unit_test_setup(says_when_memory_is_short, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
