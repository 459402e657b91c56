/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ipsec/suite.h"

enum { AEAD_IV_LEN = 8, AEAD_TAG_LEN = 16 };

bool qw_ipsec_suite_is_aead(struct qw_ipsec_suite suite)
{
    return suite.tag == QW_IPSEC_GCM || suite.tag == QW_IPSEC_POLY1305;
}

bool qw_ipsec_suite_is_known(struct qw_ipsec_suite suite)
{
    return suite.tag <= QW_IPSEC_HMAC_SHA512 &&
           (suite.key_len == 32 ||
            (suite.tag != QW_IPSEC_POLY1305 && (suite.key_len == 16 || suite.key_len == 24)));
}

size_t qw_ipsec_encryption_len(struct qw_ipsec_suite suite)
{
    return suite.key_len + (qw_ipsec_suite_is_aead(suite) ? QW_IPSEC_SALT_LEN : 0);
}

size_t qw_ipsec_integrity_len(struct qw_ipsec_suite suite)
{
    static const unsigned char lens[] = { 0, 0, 32, 48, 64 };

    return lens[suite.tag];
}

size_t qw_ipsec_iv_len(struct qw_ipsec_suite suite)
{
    return qw_ipsec_suite_is_aead(suite) ? AEAD_IV_LEN : QW_IPSEC_BLOCK_LEN;
}

size_t qw_ipsec_tag_len(struct qw_ipsec_suite suite)
{
    return qw_ipsec_suite_is_aead(suite) ? AEAD_TAG_LEN : qw_ipsec_integrity_len(suite) / 2;
}

enum qw_ipsec_prf qw_ipsec_suite_digest(struct qw_ipsec_suite suite)
{
    return suite.tag == QW_IPSEC_HMAC_SHA256   ? QW_IPSEC_PRF_SHA256
           : suite.tag == QW_IPSEC_HMAC_SHA384 ? QW_IPSEC_PRF_SHA384
                                               : QW_IPSEC_PRF_SHA512;
}

const EVP_CIPHER *qw_ipsec_cipher(struct qw_ipsec_suite suite)
{
    if (suite.tag == QW_IPSEC_POLY1305) {
        return EVP_chacha20_poly1305();
    }
    if (suite.tag == QW_IPSEC_GCM) {
        return suite.key_len == 16   ? EVP_aes_128_gcm()
               : suite.key_len == 24 ? EVP_aes_192_gcm()
                                     : EVP_aes_256_gcm();
    }
    return suite.key_len == 16   ? EVP_aes_128_cbc()
           : suite.key_len == 24 ? EVP_aes_192_cbc()
                                 : EVP_aes_256_cbc();
}
