/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_IPSEC_IKE_OPEN_H
#define QW_CRYPTO_IPSEC_IKE_OPEN_H

#include "base/error.h"
#include "crypto/ipsec/suite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The encrypted part of messages of IKEv2 [RFC 7296 3.14]. To read what others wrote; there is no
 * way to make one. */
enum { QW_IKE_MESSAGE_MAX = 65535 };

struct qw_ike_key {                              /* of one direction; secret */
    uint8_t encryption[QW_IPSEC_ENCRYPTION_MAX]; /* SK_e: the key; of an AEAD then the salt */
    uint8_t integrity[QW_IPSEC_INTEGRITY_MAX];   /* SK_a; of an AEAD empty */
};

/* Opens a message of a known suite.
 *   message  head_len octets that are only authenticated, IV, ciphertext, tag  [len bytes]
 *   out      what was encrypted, without padding  [len - head_len bytes of room]; wiped on failure
 * QW_ERR_AUTH when the tag is wrong, QW_ERR_FORMAT for lengths that no message has or a padding
 * that is longer than the text, QW_ERR_NOMEM. */
qw_err qw_ike_open(struct qw_ipsec_suite suite, const struct qw_ike_key *key,
                   const uint8_t *message, size_t len, size_t head_len, uint8_t *out,
                   size_t *out_len) QW_MUST_USE;

#endif
