/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/share/gf256.h"

enum { MODULUS = 0x11b };

uint8_t qw_gf256_mul(uint8_t a, uint8_t b)
{
    unsigned product = 0;
    unsigned power = a; /* a times x^i */

    for (unsigned i = 0; i < 8; i++) {
        product ^= power & (0u - ((unsigned)b >> i & 1u));
        power <<= 1;
        power ^= MODULUS & (0u - (power >> 8));
    }
    return (uint8_t)product;
}

uint8_t qw_gf256_inverse(uint8_t a)
{
    uint8_t square = a;
    uint8_t product = 1;

    for (int i = 1; i < 8; i++) { /* a^254: 2 + 4 + ... + 128 */
        square = qw_gf256_mul(square, square);
        product = qw_gf256_mul(product, square);
    }
    return product;
}
