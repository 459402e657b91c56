/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_TOEPLITZ_TILES_H
#define QW_DISTILL_TOEPLITZ_TILES_H

#include "base/error.h"
#include "distill/additive_fft.h"
#include "distill/bit_polynomial.h"

/* The middle product of Toeplitz hashing by the additive FFT: the matrix is cut into tiles, of
 * which those on one diagonal are equal. Input and seed are transformed tile by tile, each tile of
 * the output is a sum of products of values and one inverse transform. So a shape needs no more
 * points than it has bits, however it lies between two powers of two, and transforms fit the cache.
 */
struct qw_toeplitz_tiles {
    unsigned log;     /* of the points of a transform */
    size_t in_words;  /* of a tile, 64 bits each */
    size_t out_words; /* the same unless one of the two counts below is 1 */
    size_t in_tiles;
    size_t out_tiles;
    double cost; /* of the whole product, in units of no meaning outside */
};

/* The cheapest tiles for a shape in words, both >= 1. */
struct qw_toeplitz_tiles qw_toeplitz_tiles_for(size_t in_words, size_t out_words);

/* out [size: out_words] = coefficients in_bits - 1 and up of in x seed, in_bits = in->limit.
 * QW_ERR_NOMEM: at most 180 MiB of scratch memory, wiped. */
qw_err qw_toeplitz_tiles_run(const struct qw_additive_fft *fft,
                             const struct qw_toeplitz_tiles *tiles,
                             const struct qw_bit_polynomial *in,
                             const struct qw_bit_polynomial *seed, uint64_t *out,
                             size_t out_words) QW_MUST_USE;

#endif
