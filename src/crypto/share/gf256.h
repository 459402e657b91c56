/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SHARE_GF256_H
#define QW_CRYPTO_SHARE_GF256_H

#include <stdint.h>

/* The field of 256 elements modulo x^8 + x^4 + x^3 + x + 1; sum and difference are XOR. Time does
 * not depend on the operands: no table, no branch [docs/protocol/ceremony.md S9]. */
uint8_t qw_gf256_mul(uint8_t a, uint8_t b);
uint8_t qw_gf256_inverse(uint8_t a); /* of 0: 0 */

#endif
