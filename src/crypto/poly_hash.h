/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_POLY_HASH_H
#define QW_CRYPTO_POLY_HASH_H

#include "crypto/hash.h"

#include <stddef.h>
#include <stdint.h>

/* Polynomial hash over GF(2^128) = GF(2)[z]/(z^128 + z^7 + z^2 + z + 1), bit 0 of a block (most
 * significant bit of byte 0) is the coefficient of z^0 (the convention of NIST SP 800-38D, so GHASH
 * is its oracle). h = sum of block_i * key^(L - i), i = 0 .. L-1, where the last block is the
 * length of the data in bits (u64 big-endian in its last eight bytes). Universal: two different
 * messages of at most L blocks collide with probability at most L * 2^-128 over a uniform key. Used
 * by the one-time MAC and by error verification. */
enum { QW_POLY_HASH_LEN = 16 };

struct qw_poly_hash {
    uint8_t key[QW_POLY_HASH_LEN];
    uint8_t state[QW_POLY_HASH_LEN];
    uint8_t partial[QW_POLY_HASH_LEN]; /* partial_len bytes of an unfinished block */
    size_t partial_len;
    uint64_t total_bits;
};

void qw_poly_hash_init(struct qw_poly_hash *hash, const uint8_t key[static QW_POLY_HASH_LEN]);
void qw_poly_hash_update(struct qw_poly_hash *hash, const void *data, size_t len);
/* Writes the hash and wipes the state. */
void qw_poly_hash_final(struct qw_poly_hash *hash, uint8_t out[static QW_POLY_HASH_LEN]);

#endif
