/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_RANDOM_H
#define QW_CRYPTO_RANDOM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* len unpredictable bytes from the kernel's generator (getrandom(2)): nonces, hash seeds, salts.
 * QW_ERR_IO. */
qw_err qw_random_bytes(void *out, size_t len) QW_MUST_USE;

/* To spread waits (base/backoff.h), for nothing else: UINT32_MAX, the longest, when there is no
 * randomness. */
uint32_t qw_random_spread(void);

#endif
