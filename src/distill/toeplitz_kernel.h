/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_TOEPLITZ_KERNEL_H
#define QW_DISTILL_TOEPLITZ_KERNEL_H

#include "base/error.h"
#include "distill/additive_fft.h"
#include "distill/clmul.h"

#include <stdbool.h>

/* Toeplitz hashing on a named kernel by a named method: for tests and benchmarks, which compare all
 * of them. */
struct qw_toeplitz_kernel {
    const char *name;
    const struct qw_clmul *clmul;
    const struct qw_additive_fft *fft;
    size_t
        fft_from; /* words of input x words of output from which the FFT is the faster (measured) */
};

/* The kernels of this machine, number 0 (portable) and up, the later the faster; false from the
 * number on that does not exist. */
bool qw_toeplitz_kernel_at(size_t number, struct qw_toeplitz_kernel *kernel);
struct qw_toeplitz_kernel qw_toeplitz_kernel_best(void);

enum qw_toeplitz_method {
    QW_TOEPLITZ_BY_SIZE, /* what qw_toeplitz_hash does */
    QW_TOEPLITZ_KARATSUBA,
    QW_TOEPLITZ_FFT
};

/* Arguments of qw_toeplitz_hash and, with modified, of qw_toeplitz_hash_modified. */
struct qw_toeplitz_job {
    enum qw_toeplitz_method method;
    bool modified;
    const uint8_t *in;
    size_t in_bits;
    const uint8_t *seed;
    uint8_t *out;
    size_t out_bits;
};

qw_err qw_toeplitz_run(const struct qw_toeplitz_kernel *kernel,
                       const struct qw_toeplitz_job *job) QW_MUST_USE;

/* Some columns of T and the bits that they meet: what a string that comes in pieces needs. */
struct qw_toeplitz_window {
    const uint8_t *in;
    size_t in_bits;
    size_t columns; /* >= 1: the last so many bits of in */
    const uint8_t *seed;
    size_t seed_from; /* first bit of seed that the window uses: T[i][j] = seed bit (seed_from + i -
                         j + columns - 1) */
    size_t out_bits;
};

/* out ^= T x. QW_ERR_NOMEM; out is then untouched. */
qw_err qw_toeplitz_window_add(const struct qw_toeplitz_kernel *kernel,
                              const struct qw_toeplitz_window *window, uint8_t *out) QW_MUST_USE;

#endif
