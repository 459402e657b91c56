/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_PERMUTE_H
#define QW_CRYPTO_PERMUTE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A keyed permutation of 16 bytes: AES-256 on single blocks [FIPS 197]. Turns a number into a name
 * that nobody without the key can tell from a random one, and back. Equal inputs give equal
 * outputs, so it hides nothing but distinct, unguessed inputs: no cipher for messages. */
enum { QW_PERMUTE_LEN = 16, QW_PERMUTE_KEY_LEN = 32, QW_PERMUTE_COUNT_MAX = 4096 };

/* count values, 1..QW_PERMUTE_COUNT_MAX, each by itself; out may be in. QW_ERR_ARG, QW_ERR_NOMEM,
 * QW_ERR_UNAVAILABLE; out is untouched then. */
qw_err qw_permute(const uint8_t key[static QW_PERMUTE_KEY_LEN], const uint8_t (*in)[QW_PERMUTE_LEN],
                  size_t count, uint8_t (*out)[QW_PERMUTE_LEN]) QW_MUST_USE;
qw_err qw_permute_back(const uint8_t key[static QW_PERMUTE_KEY_LEN],
                       const uint8_t (*in)[QW_PERMUTE_LEN], size_t count,
                       uint8_t (*out)[QW_PERMUTE_LEN]) QW_MUST_USE;

#endif
