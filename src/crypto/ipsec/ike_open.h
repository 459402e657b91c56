/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_IPSEC_IKE_OPEN_H
#define QW_CRYPTO_IPSEC_IKE_OPEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The encrypted part of messages of IKEv2: AES-GCM with a tag of 16 octets [RFC 5282], or AES-CBC
 * with HMAC-SHA2 [RFC 7296 3.14] [RFC 4868]. To read what others wrote; there is no way to make
 * one. */
enum qw_ike_tag { QW_IKE_GCM, QW_IKE_HMAC_SHA256, QW_IKE_HMAC_SHA384, QW_IKE_HMAC_SHA512 };
enum { QW_IKE_ENCRYPTION_MAX = 36, QW_IKE_INTEGRITY_MAX = 64, QW_IKE_MESSAGE_MAX = 65535 };

struct qw_ike_suite {
    size_t key_len; /* of AES: 16 or 32 */
    enum qw_ike_tag tag;
};

struct qw_ike_key {                            /* of one direction; secret */
    uint8_t encryption[QW_IKE_ENCRYPTION_MAX]; /* SK_e: the key; with GCM then 4 octets of salt */
    uint8_t integrity[QW_IKE_INTEGRITY_MAX];   /* SK_a; with GCM empty */
};

/* Lengths of SK_e and SK_a. */
size_t qw_ike_encryption_len(struct qw_ike_suite suite);
size_t qw_ike_integrity_len(struct qw_ike_suite suite);

/* Opens a message.
 *   message  head_len octets that are only authenticated, IV, ciphertext, tag  [len bytes]
 *   out      what was encrypted, without padding  [len - head_len bytes of room]; wiped on failure
 * QW_ERR_AUTH when the tag is wrong, QW_ERR_FORMAT for lengths that no message has or a padding
 * that is longer than the text, QW_ERR_NOMEM. */
qw_err qw_ike_open(struct qw_ike_suite suite, const struct qw_ike_key *key, const uint8_t *message,
                   size_t len, size_t head_len, uint8_t *out, size_t *out_len) QW_MUST_USE;

#endif
