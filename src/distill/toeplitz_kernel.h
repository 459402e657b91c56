/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_TOEPLITZ_KERNEL_H
#define QW_DISTILL_TOEPLITZ_KERNEL_H

#include "base/error.h"
#include "distill/clmul.h"

/* qw_toeplitz_hash on a named kernel: for tests and benchmarks, which compare all of them. */
qw_err qw_toeplitz_hash_with(const struct qw_clmul *kernel, const uint8_t *in, size_t in_bits,
                             const uint8_t *seed, uint8_t *out, size_t out_bits) QW_MUST_USE;

#endif
