/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_ONE_TIME_MAC_H
#define QW_CRYPTO_ONE_TIME_MAC_H

#include "base/error.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wegman-Carter authentication, information-theoretic: polynomial hash over GF(2^128) under a
 * secret hash key, truncated, XOR a one-time pad. The message is cut in 128-bit blocks (last one
 * zero-padded), followed by a block with its length in bits; forging one tag succeeds with
 * probability at most (blocks + 1) * 2^-96. The hash key may serve several messages, each pad
 * exactly one [Wegman 1981]. */
enum { QW_ONE_TIME_MAC_KEY_LEN = 16, QW_ONE_TIME_MAC_PAD_LEN = 12, QW_ONE_TIME_MAC_LEN = 12 };

/* Tag of the parts in order (no separators: the caller's messages carry their own lengths).
 * Constant time in the contents. */
void qw_one_time_mac(const uint8_t key[static QW_ONE_TIME_MAC_KEY_LEN],
                     const uint8_t pad[static QW_ONE_TIME_MAC_PAD_LEN],
                     const struct qw_bytes *parts, size_t count,
                     uint8_t tag[static QW_ONE_TIME_MAC_LEN]);

/* True when tag is right; constant time. */
bool qw_one_time_mac_verify(const uint8_t key[static QW_ONE_TIME_MAC_KEY_LEN],
                            const uint8_t pad[static QW_ONE_TIME_MAC_PAD_LEN],
                            const struct qw_bytes *parts, size_t count,
                            const uint8_t tag[static QW_ONE_TIME_MAC_LEN]) QW_MUST_USE;

#endif
