/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_MAC_MESSAGE_H
#define QW_API_MAC_MESSAGE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Messages of a card that are readable to all and end in HMAC-SHA-256 of everything before it. */
enum { QW_MAC_MESSAGE_TAG_LEN = 32 };

/* out: len + QW_MAC_MESSAGE_TAG_LEN bytes; untouched after an error. */
qw_err qw_mac_message_seal(const uint8_t key[static 32], const uint8_t *body, size_t len,
                           uint8_t *out) QW_MUST_USE;
/* Length, magic (its first four bytes) and MAC of a message of exactly total bytes. QW_ERR_FORMAT,
 * QW_ERR_AUTH. */
qw_err qw_mac_message_check(const uint8_t *data, size_t len, size_t total, uint32_t magic,
                            const uint8_t key[static 32]) QW_MUST_USE;

#endif
