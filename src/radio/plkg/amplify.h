/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_AMPLIFY_H
#define QW_RADIO_PLKG_AMPLIFY_H

#include "radio/plkg/message.h"

/* AMPLIFY: the final account and the fresh seed; FINISH: the length that both accept. Each is
 * followed by its sender's tag over everything said so far. */
struct qw_plkg_amplify {
    uint32_t string_bits;  /* |Xq| */
    uint32_t entropy_bits; /* 0..string_bits */
    uint32_t finite_size_bits;
    uint32_t reconciliation_bits;
    uint32_t verification_bits;
    uint32_t selection_bits;
    uint32_t amplification_bits;
    uint32_t secret_bits; /* what is left of entropy_bits, exactly */
    const uint8_t *seed;  /* ceil((string_bits + secret_bits - 1) / 8) bytes; borrowed */
    size_t seed_len;
};

enum { QW_PLKG_AMPLIFY_HEAD_LEN = 8 * 4, QW_PLKG_STRING_BITS_MAX = 1 << 22 };

/* Writes all but the seed, which the caller appends. */
void qw_plkg_amplify_encode_head(const struct qw_plkg_amplify *amplify,
                                 uint8_t out[static QW_PLKG_AMPLIFY_HEAD_LEN]);
qw_err qw_plkg_amplify_decode(const uint8_t *body, size_t len,
                              struct qw_plkg_amplify *amplify) QW_MUST_USE;

/* FINISH: u32, at least 1. */
qw_err qw_plkg_finish_decode(const uint8_t *body, size_t len, uint32_t *secret_bits) QW_MUST_USE;

#endif
