/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_POLY_HASH_BLOCKS_H
#define QW_CRYPTO_POLY_HASH_BLOCKS_H

#include "crypto/poly_hash.h"

#include <stdbool.h>

/* The inner loop of the polynomial hash: for each 16-byte block, state = (state ^ block) * key.
 * All versions give identical bits and take no time that depends on the contents. */
void qw_poly_hash_blocks_portable(uint8_t state[static QW_POLY_HASH_LEN],
                                  const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                  size_t count);

/* Only where qw_poly_hash_has_pclmul. */
void qw_poly_hash_blocks_pclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                size_t count);
bool qw_poly_hash_has_pclmul(void);

/* Only where qw_poly_hash_has_vpclmul, and worth it from QW_POLY_HASH_VPCLMUL_MIN blocks on. */
enum { QW_POLY_HASH_VPCLMUL_MIN = 64 };
void qw_poly_hash_blocks_vpclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                 const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                 size_t count);
bool qw_poly_hash_has_vpclmul(void);

#endif
