/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_TOEPLITZ_H
#define QW_DISTILL_TOEPLITZ_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Privacy amplification [W4]: out = T x in over GF(2), exact. T is the Toeplitz matrix with T[i][j]
 * = seed bit (i - j + in_bits - 1), a universal family, so the leftover hash lemma gives the
 * length. Bits as in base/bits.h. */

enum { QW_TOEPLITZ_BITS_MAX = 1 << 28 };

/* Seed bits for a shape: in_bits + out_bits - 1. */
size_t qw_toeplitz_seed_bits(size_t in_bits, size_t out_bits);

/* Compresses in_bits of reconciled key to out_bits of secret key.
 *   in   [ceil(in_bits / 8) bytes], borrowed
 *   seed [ceil(qw_toeplitz_seed_bits / 8) bytes], may be public, drawn after in is fixed
 *   out  [ceil(out_bits / 8) bytes], unused bits zero; must not overlap in or seed
 * QW_ERR_ARG for 0 bits, out_bits > in_bits or in_bits > QW_TOEPLITZ_BITS_MAX; out is then
 * untouched. Constant time in the contents of in. QW_ERR_NOMEM: scratch memory (secret, wiped) of
 * about four times in, seed and out, but never more than 180 MiB and out. */
qw_err qw_toeplitz_hash(const uint8_t *in, size_t in_bits, const uint8_t *seed, uint8_t *out,
                        size_t out_bits) QW_MUST_USE;

/* The same with the matrix (I | T'): out = first out_bits of in + T' x the others, T' the Toeplitz
 * matrix of in_bits - out_bits columns with T'[i][j] = seed bit (i - j + in_bits - out_bits - 1).
 * Equally universal, with in_bits - 1 bits of seed and, half compressed, half the work. Both ends
 * must use the same form. */
size_t qw_toeplitz_modified_seed_bits(size_t in_bits);
qw_err qw_toeplitz_hash_modified(const uint8_t *in, size_t in_bits, const uint8_t *seed,
                                 uint8_t *out, size_t out_bits) QW_MUST_USE;

#endif
