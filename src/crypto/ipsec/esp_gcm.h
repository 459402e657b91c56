/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_IPSEC_ESP_GCM_H
#define QW_CRYPTO_IPSEC_ESP_GCM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* AES-GCM as ESP uses it, with a tag of 16 octets and sequence numbers of 32 bits [RFC 4106]: tells
 * whether a packet was made under a key. To check what others protect; what we protect ourselves
 * goes through crypto/aead.h. */
enum {
    QW_ESP_HEAD_LEN = 8, /* SPI, sequence number */
    QW_ESP_IV_LEN = 8,
    QW_ESP_TAG_LEN = 16,
    QW_ESP_SALT_LEN = 4,
    QW_ESP_LEN_MIN = QW_ESP_HEAD_LEN + QW_ESP_IV_LEN + 4 + QW_ESP_TAG_LEN
};

struct qw_esp_gcm; /* one direction of one SA; one thread at a time */

/* keymat: key of key_len (16 or 32) bytes, then QW_ESP_SALT_LEN bytes of salt; copied.
 * QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_esp_gcm_new(const uint8_t *keymat, size_t key_len, struct qw_esp_gcm **out) QW_MUST_USE;

/* NULL is fine; wipes. */
void qw_esp_gcm_free(struct qw_esp_gcm *gcm);

/* True when the tag of the packet (from the SPI to the tag) is right. What it says is thrown
 * away. A packet shorter than QW_ESP_LEN_MIN or longer than 64 KiB is false. */
bool qw_esp_gcm_opens(struct qw_esp_gcm *gcm, const uint8_t *packet, size_t len) QW_MUST_USE;

#endif
