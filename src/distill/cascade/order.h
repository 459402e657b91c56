/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_ORDER_H
#define QW_DISTILL_CASCADE_ORDER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The public order in which a pass of Cascade looks at the bits: a permutation made from (bits,
 * seed, pass) alone, the same on every machine. Up to 2^16 bits it is a plain shuffle. Longer
 * frames are filled up with zero bits to groups of 4096, and are permuted twice as follows: the
 * 64-bit words are shuffled over the whole frame, then each 64 words that came together are
 * transposed as a matrix of bits. That costs a fraction of a nanosecond per bit and 9 bytes of
 * table per 64 bits. */
struct qw_cascade_order;

/* bits 1..QW_CASCADE_BITS_MAX. is_two_way: also _to is wanted. QW_ERR_NOMEM. */
qw_err qw_cascade_order_new(size_t bits, uint64_t seed, unsigned pass, bool is_two_way,
                            struct qw_cascade_order **order) QW_MUST_USE;
void qw_cascade_order_free(struct qw_cascade_order *order); /* NULL is fine; nothing secret */

/* Positions of an order for so many bits: bits, or a multiple of 4096. */
size_t qw_cascade_order_length(size_t bits);

/* Bit i is bit i % 64 of word i / 64, least significant first; words beyond the bits are zero. All
 * three [size: length / 64 rounded up]; no two may overlap. */
void qw_cascade_order_apply(const struct qw_cascade_order *order, const uint64_t *in, uint64_t *out,
                            uint64_t *scratch);

/* Position of bit index, and index of the bit at position (may be a filled-up one). */
uint32_t qw_cascade_order_to(const struct qw_cascade_order *order, uint32_t index);
uint32_t qw_cascade_order_from(const struct qw_cascade_order *order, uint32_t position);

#endif
