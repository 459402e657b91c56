/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ipsec/suite.h"

/* What the RFCs say of each: [RFC 4106 8.1] [RFC 7634 4] [RFC 4868 2.1] */
static void each_suite_has_the_lengths_of_its_rfc(void **state)
{
    static const struct {
        struct qw_ipsec_suite suite;
        bool is_aead;
        size_t encryption_len, integrity_len, iv_len, tag_len;
        int nid;
    } cases[] = {
        { { 16, QW_IPSEC_GCM }, true, 20, 0, 8, 16, NID_aes_128_gcm },
        { { 24, QW_IPSEC_GCM }, true, 28, 0, 8, 16, NID_aes_192_gcm },
        { { 32, QW_IPSEC_GCM }, true, 36, 0, 8, 16, NID_aes_256_gcm },
        { { 32, QW_IPSEC_POLY1305 }, true, 36, 0, 8, 16, NID_chacha20_poly1305 },
        { { 16, QW_IPSEC_HMAC_SHA256 }, false, 16, 32, 16, 16, NID_aes_128_cbc },
        { { 24, QW_IPSEC_HMAC_SHA384 }, false, 24, 48, 16, 24, NID_aes_192_cbc },
        { { 32, QW_IPSEC_HMAC_SHA512 }, false, 32, 64, 16, 32, NID_aes_256_cbc },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_ipsec_suite suite = cases[i].suite;

        assert_true(qw_ipsec_suite_is_known(suite));
        assert_int_equal(qw_ipsec_suite_is_aead(suite), cases[i].is_aead);
        assert_int_equal(qw_ipsec_encryption_len(suite), cases[i].encryption_len);
        assert_int_equal(qw_ipsec_integrity_len(suite), cases[i].integrity_len);
        assert_int_equal(qw_ipsec_iv_len(suite), cases[i].iv_len);
        assert_int_equal(qw_ipsec_tag_len(suite), cases[i].tag_len);
        assert_int_equal(EVP_CIPHER_get_nid(qw_ipsec_cipher(suite)), cases[i].nid);
        assert_int_equal(EVP_CIPHER_get_key_length(qw_ipsec_cipher(suite)), suite.key_len);
        assert_true(cases[i].encryption_len <= QW_IPSEC_ENCRYPTION_MAX);
        assert_true(cases[i].integrity_len <= QW_IPSEC_INTEGRITY_MAX);
    }
}

static void other_lengths_of_key_are_not_known(void **state)
{
    (void)state;
    for (size_t key_len = 0; key_len <= 64; key_len++) {
        bool is_of_aes = key_len == 16 || key_len == 24 || key_len == 32;

        for (int tag = QW_IPSEC_GCM; tag <= QW_IPSEC_HMAC_SHA512 + 1; tag++) {
            struct qw_ipsec_suite suite = { key_len, (enum qw_ipsec_tag)tag };

            assert_int_equal(qw_ipsec_suite_is_known(suite),
                             tag == QW_IPSEC_POLY1305 ? key_len == 32
                                                      : is_of_aes && tag <= QW_IPSEC_HMAC_SHA512);
        }
    }
}

static void an_hmac_is_of_the_hash_that_it_names(void **state)
{
    static const struct {
        enum qw_ipsec_tag tag;
        enum qw_ipsec_prf digest;
    } cases[] = { { QW_IPSEC_HMAC_SHA256, QW_IPSEC_PRF_SHA256 },
                  { QW_IPSEC_HMAC_SHA384, QW_IPSEC_PRF_SHA384 },
                  { QW_IPSEC_HMAC_SHA512, QW_IPSEC_PRF_SHA512 } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_ipsec_suite suite = { 32, cases[i].tag };

        assert_int_equal(qw_ipsec_suite_digest(suite), cases[i].digest);
        assert_int_equal(qw_ipsec_integrity_len(suite), qw_ipsec_prf_len(cases[i].digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_suite_has_the_lengths_of_its_rfc),
        cmocka_unit_test(other_lengths_of_key_are_not_known),
        cmocka_unit_test(an_hmac_is_of_the_hash_that_it_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
