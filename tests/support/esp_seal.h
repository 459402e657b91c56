/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_ESP_SEAL_H
#define QW_TESTS_SUPPORT_ESP_SEAL_H

#include "base/bytes.h"
#include "support/ipsec_cipher.h"

/* An ESP packet [RFC 4303 2]: SPI | sequence number | IV | ciphertext of len bytes | tag; returns
 * its length. keymat: key, salt or key of the HMAC. With CBC len is a number of blocks. */
static inline size_t esp_seal(struct qw_ipsec_suite suite, const uint8_t *keymat, uint32_t spi,
                              uint32_t number, const uint8_t *text, size_t len, uint8_t *packet)
{
    size_t iv_len = ipsec_is_aead(suite) ? 8 : 16;

    qw_store_u32be(packet, spi);
    qw_store_u32be(packet + 4, number);
    memset(packet + 8, 0x77, iv_len);
    qw_store_u64be(packet + 8, number);
    memmove(packet + 8 + iv_len, text, len);
    return 8 + iv_len + len + ipsec_close(suite, keymat, keymat + suite.key_len, packet, 8, len);
}

#endif
