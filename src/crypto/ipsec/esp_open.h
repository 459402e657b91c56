/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_IPSEC_ESP_OPEN_H
#define QW_CRYPTO_IPSEC_ESP_OPEN_H

#include "base/error.h"
#include "crypto/ipsec/suite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets of ESP with sequence numbers of 32 bits [RFC 4303]: tells whether a packet was made under
 * a key. To check what others protect; what we protect ourselves goes through crypto/aead.h. */
enum {
    QW_ESP_HEAD_LEN = 8, /* SPI, sequence number */
    QW_ESP_KEY_MAX = QW_IPSEC_ENCRYPTION_MAX + QW_IPSEC_INTEGRITY_MAX
};

struct qw_esp_opener; /* one direction of one SA; one thread at a time */

/* Octets of keying material of one direction [RFC 4303 3.2] [RFC 7296 2.17]. */
size_t qw_esp_key_len(struct qw_ipsec_suite suite);

/* keymat: key, then salt or key of the HMAC  [qw_esp_key_len bytes], copied.
 * QW_ERR_ARG for a suite that is not known, QW_ERR_NOMEM. */
qw_err qw_esp_opener_new(struct qw_ipsec_suite suite, const uint8_t *keymat,
                         struct qw_esp_opener **out) QW_MUST_USE;

/* NULL is fine; wipes. */
void qw_esp_opener_free(struct qw_esp_opener *opener);

/* True when the tag of the packet (from the SPI to the tag) is right. What it says is thrown
 * away. A packet of a length that none of the suite has, or longer than 64 KiB, is false. */
bool qw_esp_opens(struct qw_esp_opener *opener, const uint8_t *packet, size_t len) QW_MUST_USE;

#endif
