/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SHARE_SHAMIR_H
#define QW_CRYPTO_SHARE_SHAMIR_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Shamir's sharing of a secret, byte by byte over GF(2^8) [docs/protocol/ceremony.md]. */
enum { QW_SHAMIR_SHARES_MAX = 16, QW_SHAMIR_SECRET_MAX = 32 };

/* The share at x of the polynomials whose values at 0 are the secret.
 *   coefficients  of x^1 ... x^(threshold - 1), each for all bytes  [(threshold - 1) x len bytes]
 *   share         [len bytes], apart from both */
void qw_shamir_evaluate(const uint8_t *secret, const uint8_t *coefficients, size_t len,
                        unsigned threshold, uint8_t x, uint8_t *share);

/* Shares 1 ... count of which any threshold give the secret, by random polynomials.
 *   shares  one behind the other  [count x len bytes]
 * QW_ERR_ARG: len 0 or over QW_SHAMIR_SECRET_MAX, threshold under 2 or over count, count over
 * QW_SHAMIR_SHARES_MAX; QW_ERR_NOMEM, QW_ERR_IO. */
qw_err qw_shamir_split(const uint8_t *secret, size_t len, unsigned threshold, unsigned count,
                       uint8_t *shares) QW_MUST_USE;

/* The secret from as many shares as the threshold was; of fewer, or wrong ones, it is another.
 *   x       where each was taken, different and not 0  [count]
 *   shares  one behind the other                       [count x len bytes]
 * QW_ERR_ARG: limits as above, an x that is 0 or there twice. */
qw_err qw_shamir_combine(const uint8_t *x, const uint8_t *shares, unsigned count, size_t len,
                         uint8_t *secret) QW_MUST_USE;

#endif
