/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_VERIFY_H
#define QW_DISTILL_VERIFY_H

#include "crypto/poly_hash.h"

#include <stddef.h>
#include <stdint.h>

/* Error verification after reconciliation: the sender draws a fresh key AFTER both strings are
 * fixed and sends key and tag; the tag's bits are leakage. Two different strings of n bits pass
 * with probability at most (ceil(n / 128) + 2) * 2^-72: the bits, the number of bits and the length
 * block of the hash, cut to 72 bits (docs/protocol/verify.md). */
enum { QW_VERIFY_TAG_BITS = 72, QW_VERIFY_TAG_LEN = 9 };

/* bits [ceil(n / 8) bytes], unused bits of the last byte zero. */
void qw_verify_tag(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *bits, size_t n,
                   uint8_t tag[static QW_VERIFY_TAG_LEN]);

/* log2 of the failure probability above for n bits (negative). */
double qw_verify_epsilon_log2(size_t n);

#endif
