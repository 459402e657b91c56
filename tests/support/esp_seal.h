/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_ESP_SEAL_H
#define QW_TESTS_SUPPORT_ESP_SEAL_H

#include "base/bytes.h"
#include "crypto/ipsec/esp_gcm.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* An ESP packet [RFC 4106]: SPI | sequence number | IV | ciphertext of len bytes | tag; returns its
 * length. keymat: key, salt. */
static inline size_t esp_seal(const uint8_t *keymat, size_t key_len, uint32_t spi, uint32_t number,
                              const uint8_t *text, size_t len, uint8_t *packet)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t nonce[12];
    int done = 0;

    qw_store_u32be(packet, spi);
    qw_store_u32be(packet + 4, number);
    qw_store_u64be(packet + 8, number);
    memcpy(nonce, keymat + key_len, 4);
    memcpy(nonce + 4, packet + 8, 8);
    if (context == NULL ||
        EVP_EncryptInit_ex(context, key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), NULL,
                           keymat, nonce) != 1 ||
        EVP_EncryptUpdate(context, NULL, &done, packet, 8) != 1 ||
        EVP_EncryptUpdate(context, packet + 16, &done, text, (int)len) != 1 ||
        EVP_EncryptFinal_ex(context, packet + 16 + done, &done) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, packet + 16 + len) != 1) {
        abort();
    }
    EVP_CIPHER_CTX_free(context);
    return 16 + len + 16;
}

#endif
