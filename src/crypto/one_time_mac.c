/* SPDX-License-Identifier: Apache-2.0 */
/* Wegman and Carter, "New hash functions and their use in authentication and set equality" (1981).
 * The truncation costs nothing in the bound: the 2^32 hash differences that agree in 96 bits have
 * at most L roots each, L * 2^32 / 2^128 = L * 2^-96. */
#include "crypto/one_time_mac.h"

#include "crypto/poly_hash.h"

#include "base/secret.h"

void qw_one_time_mac(const uint8_t key[static QW_ONE_TIME_MAC_KEY_LEN],
                     const uint8_t pad[static QW_ONE_TIME_MAC_PAD_LEN],
                     const struct qw_bytes *parts, size_t count,
                     uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    struct qw_poly_hash hash;
    uint8_t digest[QW_POLY_HASH_LEN];

    qw_poly_hash_init(&hash, key);
    for (size_t i = 0; i < count; i++) {
        qw_poly_hash_update(&hash, parts[i].data, parts[i].len);
    }
    qw_poly_hash_final(&hash, digest);
    for (size_t i = 0; i < QW_ONE_TIME_MAC_LEN; i++) {
        tag[i] = digest[i] ^ pad[i];
    }
    qw_wipe(digest, sizeof digest); /* it would give the pad away, and with two pads the key */
}

bool qw_one_time_mac_verify(const uint8_t key[static QW_ONE_TIME_MAC_KEY_LEN],
                            const uint8_t pad[static QW_ONE_TIME_MAC_PAD_LEN],
                            const struct qw_bytes *parts, size_t count,
                            const uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    uint8_t expected[QW_ONE_TIME_MAC_LEN];
    bool is_right;

    qw_one_time_mac(key, pad, parts, count, expected);
    is_right = qw_equal_ct(expected, tag, sizeof expected);
    qw_wipe(expected, sizeof expected); /* the tag that an attacker failed to find */
    return is_right;
}
