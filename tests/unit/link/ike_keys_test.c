/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/ike_keys.h"
#include "support/fail_nth.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

FAIL_NTH(qw_err, qw_ipsec_prf_plus, QW_ERR_UNAVAILABLE,
         (enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed, uint8_t *out,
          size_t len),
         (prf, key, seed, out, len));
FAIL_NTH(qw_err, qw_ipsec_prf_apply, QW_ERR_UNAVAILABLE,
         (enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes data, uint8_t *out),
         (prf, key, data, out));

enum { NONCE_I = 24, NONCE_R = 40, TEXT_MAX = 4096 };
static uint8_t sk_d[64], secret[QW_IKE_SECRET_MAX + 1];
static struct qw_ike_exchange exchange;

static int set_up(void **state)
{
    (void)state;
    memset(sk_d, 0x0d, sizeof sk_d);
    for (size_t i = 0; i < sizeof secret; i++) {
        secret[i] = (uint8_t)(i * 3);
    }
    exchange = (struct qw_ike_exchange){ .spi_i = 0x0102030405060708,
                                         .spi_r = 0x1112131415161718,
                                         .seed_len = NONCE_I + NONCE_R };
    memset(exchange.seed, 0x1a, NONCE_I);
    memset(exchange.seed + NONCE_I, 0x1b, NONCE_R);
    return 0;
}

static const EVP_MD *digest_of(enum qw_ipsec_prf prf)
{
    return prf == QW_IPSEC_PRF_SHA256   ? EVP_sha256()
           : prf == QW_IPSEC_PRF_SHA384 ? EVP_sha384()
                                        : EVP_sha512();
}

/* The formulas word for word, octet by octet [RFC 7296 2.18] [RFC 7296 2.14] [RFC 7296 2.13]. */
static void slow(const struct qw_ike_origin *origin, uint8_t *all, size_t len)
{
    uint8_t skeyseed[64], block[64], text[TEXT_MAX];
    size_t at = 0;
    size_t before = 0;
    unsigned int got = 0;

    memcpy(text, origin->secret.data, origin->secret.len);
    at = origin->secret.len;
    memset(text + at, 0x1a, NONCE_I);
    memset(text + at + NONCE_I, 0x1b, NONCE_R);
    at += NONCE_I + NONCE_R;
    assert_non_null(HMAC(digest_of(origin->old_prf), origin->old_sk_d.data,
                         (int)origin->old_sk_d.len, text, at, skeyseed, &got));
    for (size_t done = 0, n = 1; done < len; done += got, n++) {
        const uint8_t spis[] = { 1,    2,    3,    4,    5,    6,    7,    8,
                                 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18 };
        unsigned int key_len = (unsigned int)qw_ipsec_prf_len(origin->old_prf);

        memcpy(text, block, before);
        memset(text + before, 0x1a, NONCE_I);
        memset(text + before + NONCE_I, 0x1b, NONCE_R);
        memcpy(text + before + NONCE_I + NONCE_R, spis, sizeof spis);
        text[before + NONCE_I + NONCE_R + 16] = (uint8_t)n;
        assert_non_null(HMAC(digest_of(origin->prf), skeyseed, (int)key_len, text,
                             before + NONCE_I + NONCE_R + 17, block, &got));
        memcpy(all + done, block, len - done < got ? len - done : got);
        before = got;
    }
}

static void is_the_formula_of_the_standard(void **state)
{
    static const struct qw_ipsec_suite suites[] = { { 16, QW_IPSEC_GCM },
                                                    { 32, QW_IPSEC_GCM },
                                                    { 16, QW_IPSEC_HMAC_SHA256 },
                                                    { 32, QW_IPSEC_HMAC_SHA384 },
                                                    { 32, QW_IPSEC_HMAC_SHA512 } };
    static const size_t secret_lens[] = { 32, 48, QW_IKE_SECRET_MAX };

    (void)state;
    for (int i = 0; i < 3 * 3 * 5; i++) { /* from each prf to each other */
        struct qw_ike_origin origin = {
            .old_prf = (enum qw_ipsec_prf)(i % 3),
            .prf = (enum qw_ipsec_prf)(i / 3 % 3),
            .secret = { secret, secret_lens[i % 3] },
            .exchange = &exchange,
            .suite = &suites[i / 9],
        };
        size_t len = qw_ipsec_prf_len(origin.prf);
        size_t a_len = qw_ipsec_integrity_len(suites[i / 9]);
        size_t e_len = qw_ipsec_encryption_len(suites[i / 9]);
        struct qw_ike_keys keys;
        uint8_t all[512];

        origin.old_sk_d = (struct qw_bytes){ sk_d, qw_ipsec_prf_len(origin.old_prf) };
        assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_OK);
        slow(&origin, all, len + 2 * (a_len + e_len));
        assert_memory_equal(keys.sk_d, all, len);
        for (size_t side = 0; side < 2; side++) {
            assert_memory_equal(keys.sides[side].integrity, all + len + side * a_len, a_len);
            assert_memory_equal(keys.sides[side].encryption, all + len + 2 * a_len + side * e_len,
                                e_len);
        }
        origin.suite = NULL; /* SK_d comes first, whatever follows */
        memset(&keys, 0, sizeof keys);
        assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_OK);
        assert_memory_equal(keys.sk_d, all, len);
    }
}

static void lengths_that_are_none_are_refused(void **state)
{
    struct qw_ike_origin origin = { .old_sk_d = { sk_d, 32 }, .exchange = &exchange };
    struct qw_ike_keys keys = { .sk_d = { 0x5a } };

    (void)state;
    origin.secret = (struct qw_bytes){ secret, 0 };
    assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_ERR_ARG);
    exchange.seed_len = 2 * QW_IKE_NONCE_MAX;
    origin.secret.len = QW_IKE_SECRET_MAX + 1;
    assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_ERR_ARG);
    origin.secret.len--;
    origin.old_sk_d.len = 0;
    assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_ERR_ARG);
    origin.old_sk_d.len = 32;
    for (int n = 1; n <= 2; n++) {
        fail_nth = n;
        assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_ERR_UNAVAILABLE);
    }
    fail_nth = 0;
    assert_int_equal(keys.sk_d[0], 0x5a);
    assert_int_equal(qw_ike_keys_rekeyed(&origin, &keys), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(is_the_formula_of_the_standard, set_up),
        cmocka_unit_test_setup(lengths_that_are_none_are_refused, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
