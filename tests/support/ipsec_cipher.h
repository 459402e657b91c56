/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_IPSEC_CIPHER_H
#define QW_TESTS_SUPPORT_IPSEC_CIPHER_H

#include "crypto/ipsec/suite.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How an IPsec daemon closes, by names of OpenSSL and not by the tables that are tested. */
static inline bool ipsec_is_aead(struct qw_ipsec_suite suite)
{
    return suite.tag == QW_IPSEC_GCM || suite.tag == QW_IPSEC_POLY1305;
}

static inline const EVP_CIPHER *ipsec_cipher(struct qw_ipsec_suite suite)
{
    char name[32] = "chacha20-poly1305";

    if (suite.tag != QW_IPSEC_POLY1305) {
        snprintf(name, sizeof name, "aes-%zu-%s", suite.key_len * 8,
                 suite.tag == QW_IPSEC_GCM ? "gcm" : "cbc");
    }
    return EVP_get_cipherbyname(name);
}

/* Encrypts text in place, behind head and IV, and puts the tag behind it; returns the tag's length.
 * key: with the salt of an AEAD. */
static inline size_t ipsec_close(struct qw_ipsec_suite suite, const uint8_t *key,
                                 const uint8_t *integrity, uint8_t *message, size_t head_len,
                                 size_t text_len)
{
    bool is_aead = ipsec_is_aead(suite);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *iv = message + head_len;
    uint8_t *text = iv + (is_aead ? 8 : 16);
    uint8_t nonce[12] = { 0 };
    unsigned int mac_len = 32;
    uint8_t mac[64];
    int done = 0;
    bool ok;

    memcpy(nonce, key + suite.key_len, is_aead ? 4 : 0);
    memcpy(nonce + 4, iv, 8);
    ok = context != NULL && ipsec_cipher(suite) != NULL &&
         EVP_EncryptInit_ex(context, ipsec_cipher(suite), NULL, key, is_aead ? nonce : iv) == 1 &&
         EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
         (!is_aead || EVP_EncryptUpdate(context, NULL, &done, message, (int)head_len) == 1) &&
         EVP_EncryptUpdate(context, text, &done, text, (int)text_len) == 1;
    if (ok && is_aead) {
        ok = EVP_EncryptFinal_ex(context, text + text_len, &done) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, mac) == 1;
    } else if (ok) {
        const EVP_MD *digest = EVP_get_digestbyname(suite.tag == QW_IPSEC_HMAC_SHA256   ? "sha256"
                                                    : suite.tag == QW_IPSEC_HMAC_SHA384 ? "sha384"
                                                                                        : "sha512");

        ok = HMAC(digest, integrity, EVP_MD_get_size(digest), message,
                  (size_t)(text - message) + text_len, mac, &mac_len) != NULL;
    }
    if (!ok) {
        abort();
    }
    memcpy(text + text_len, mac, mac_len / 2);
    EVP_CIPHER_CTX_free(context);
    return mac_len / 2;
}

#endif
