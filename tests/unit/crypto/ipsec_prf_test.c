/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 S2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ipsec/prf.h"

#include "support/fail_nth.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <string.h>

FAIL_NTH(EVP_KDF *, EVP_KDF_fetch, NULL,
         (OSSL_LIB_CTX * library, const char *name, const char *properties),
         (library, name, properties));
FAIL_NTH(EVP_KDF_CTX *, EVP_KDF_CTX_new, NULL, (EVP_KDF * kdf), (kdf));
FAIL_NTH(int, EVP_KDF_derive, 0,
         (EVP_KDF_CTX * context, unsigned char *key, size_t len, const OSSL_PARAM parameters[]),
         (context, key, len, parameters));

FAIL_NTH(unsigned char *, EVP_Q_mac, NULL,
         (OSSL_LIB_CTX * library, const char *name, const char *properties, const char *sub,
          const OSSL_PARAM *parameters, const void *key, size_t key_len, const unsigned char *data,
          size_t len, unsigned char *out, size_t room, size_t *out_len),
         (library, name, properties, sub, parameters, key, key_len, data, len, out, room, out_len));

static const EVP_MD *digest_of(enum qw_ipsec_prf prf)
{
    return prf == QW_IPSEC_PRF_SHA256   ? EVP_sha256()
           : prf == QW_IPSEC_PRF_SHA384 ? EVP_sha384()
                                        : EVP_sha512();
}

/* The formula word for word: T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n) [RFC 7296 2.13]. */
static void slow_prf_plus(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed,
                          uint8_t *out, size_t len)
{
    size_t block_len = qw_ipsec_prf_len(prf);
    uint8_t text[QW_IPSEC_PRF_LEN_MAX + QW_IPSEC_SEED_MAX + 1];
    uint8_t block[QW_IPSEC_PRF_LEN_MAX];

    for (size_t at = 0, n = 1; at < len; at += block_len, n++) {
        size_t before = n == 1 ? 0 : block_len;
        unsigned int got = 0;

        memcpy(text, block, before);
        memcpy(text + before, seed.data, seed.len);
        text[before + seed.len] = (uint8_t)n;
        assert_non_null(
            HMAC(digest_of(prf), key.data, (int)key.len, text, before + seed.len + 1, block, &got));
        assert_int_equal(got, block_len);
        memcpy(out + at, block, len - at < block_len ? len - at : block_len);
    }
}

static void is_the_formula_of_the_standard(void **state)
{
    static uint8_t seed[QW_IPSEC_SEED_MAX];
    static uint8_t fast[255 * QW_IPSEC_PRF_LEN_MAX];
    static uint8_t slow[sizeof fast];
    uint8_t key[200];

    (void)state;
    memset(key, 0x17, sizeof key);
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)(i * 7);
    }
    for (int prf = QW_IPSEC_PRF_SHA256; prf <= QW_IPSEC_PRF_SHA512; prf++) {
        size_t block = qw_ipsec_prf_len((enum qw_ipsec_prf)prf);
        const size_t lens[] = { 1, block - 1, block, block + 1, 72, 255 * block };
        const size_t seed_lens[] = { 0, 1, 64, sizeof seed };
        const size_t key_lens[] = { 1, 32, sizeof key }; /* the last over a block of the hash */

        for (size_t i = 0; i < 6 * 4 * 3; i++) {
            struct qw_bytes k = { key, key_lens[i % 3] };
            struct qw_bytes s = { seed, seed_lens[i / 3 % 4] };
            size_t len = lens[i / 12];

            assert_int_equal(qw_ipsec_prf_plus((enum qw_ipsec_prf)prf, k, s, fast, len), QW_OK);
            slow_prf_plus((enum qw_ipsec_prf)prf, k, s, slow, len);
            assert_memory_equal(fast, slow, len);
        }
    }
}

static void lengths_that_are_none_are_refused(void **state)
{
    static uint8_t seed[QW_IPSEC_SEED_MAX + 1];
    static uint8_t out[256 * 32];
    struct qw_bytes key = { "k", 1 };
    struct qw_bytes text = { "t", 1 };

    (void)state;
    out[0] = 0x5a;
    assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA256, key, text, out, 0), QW_ERR_ARG);
    assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA256, key, text, out, 255 * 32 + 1),
                     QW_ERR_ARG);
    assert_int_equal(
        qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA256, (struct qw_bytes){ "", 0 }, text, out, 32),
        QW_ERR_ARG);
    assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA256, key,
                                       (struct qw_bytes){ seed, sizeof seed }, out, 32),
                     QW_ERR_ARG);
    assert_int_equal(out[0], 0x5a);
}

static void says_when_the_library_fails(void **state)
{
    struct qw_bytes key = { "k", 1 };
    uint8_t out[QW_IPSEC_PRF_LEN_MAX] = { 0x5a };

    (void)state;
    for (int n = 1; n <= 3; n++) {
        fail_nth = n;
        assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA384, key, key, out, 48),
                         QW_ERR_UNAVAILABLE);
        assert_int_equal(out[0], 0x5a);
    }
    assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA384, key, key, out, 48), QW_OK);
}

/* HMAC word for word: H(K' ^ opad | H(K' ^ ipad | text)) [RFC 2104 2]. */
static void slow_hmac(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes text,
                      uint8_t *out)
{
    size_t block = prf == QW_IPSEC_PRF_SHA256 ? 64 : 128;
    uint8_t padded[128] = { 0 };
    static uint8_t inner[128 + QW_IPSEC_SEED_MAX];
    uint8_t outer[128 + QW_IPSEC_PRF_LEN_MAX];
    unsigned int len = 0;

    if (key.len > block) {
        assert_int_equal(EVP_Digest(key.data, key.len, padded, &len, digest_of(prf), NULL), 1);
    } else {
        memcpy(padded, key.data, key.len);
    }
    for (size_t i = 0; i < block; i++) {
        inner[i] = padded[i] ^ 0x36;
        outer[i] = padded[i] ^ 0x5c;
    }
    memcpy(inner + block, text.data, text.len);
    assert_int_equal(EVP_Digest(inner, block + text.len, outer + block, &len, digest_of(prf), NULL),
                     1);
    assert_int_equal(EVP_Digest(outer, block + len, out, &len, digest_of(prf), NULL), 1);
}

static void once_is_hmac(void **state)
{
    static uint8_t text[QW_IPSEC_SEED_MAX];
    uint8_t key[200];
    const size_t lens[] = { 1, 48, 64, 65, 128, 129, sizeof key };

    (void)state;
    memset(key, 0x71, sizeof key);
    memset(text, 0x13, sizeof text);
    for (int prf = QW_IPSEC_PRF_SHA256; prf <= QW_IPSEC_PRF_SHA512; prf++) {
        for (size_t i = 0; i < 7 * 2; i++) {
            struct qw_bytes k = { key, lens[i % 7] };
            struct qw_bytes t = { text, i / 7 * sizeof text };
            uint8_t fast[QW_IPSEC_PRF_LEN_MAX] = { 0 };
            uint8_t slow[QW_IPSEC_PRF_LEN_MAX] = { 0 };

            assert_int_equal(qw_ipsec_prf_apply((enum qw_ipsec_prf)prf, k, t, fast), QW_OK);
            slow_hmac((enum qw_ipsec_prf)prf, k, t, slow);
            assert_memory_equal(fast, slow, sizeof slow);
            fast[0] ^= 1;
            fail_nth = 1;
            assert_int_equal(qw_ipsec_prf_apply((enum qw_ipsec_prf)prf, k, t, fast),
                             QW_ERR_UNAVAILABLE);
            assert_int_equal(fast[0], slow[0] ^ 1);
            assert_int_equal(
                qw_ipsec_prf_apply((enum qw_ipsec_prf)prf, (struct qw_bytes){ key, 0 }, t, fast),
                QW_ERR_ARG);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_formula_of_the_standard),
        cmocka_unit_test(once_is_hmac),
        cmocka_unit_test(lengths_that_are_none_are_refused),
        cmocka_unit_test(says_when_the_library_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
