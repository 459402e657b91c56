/* SPDX-License-Identifier: Apache-2.0 */
/* Multiplication in GF(2^128) with ordinary 64-bit multiplications and no tables: bits are spread
 * over four words with three empty places between them, so that the carries of an integer product
 * fall into places that are masked away. The high half of a product is the low half of the product
 * of the reversed factors. (The technique is Thomas Pornin's, from BearSSL's ghash_ctmul64.) */
#include "crypto/poly_hash_blocks.h"

#include "base/bytes.h"

/* Low 64 bits of the carry-less product. */
static uint64_t multiply_low(uint64_t x, uint64_t y)
{
    static const uint64_t mask[4] = { 0x1111111111111111u, 0x2222222222222222u, 0x4444444444444444u,
                                      0x8888888888888888u };
    uint64_t product = 0;

    for (unsigned sum = 0; sum < 4; sum++) {
        uint64_t part = 0;

        for (unsigned i = 0; i < 4; i++) {
            part ^= (x & mask[i]) * (y & mask[(sum + 4 - i) % 4]);
        }
        product |= part & mask[sum];
    }
    return product;
}

static uint64_t swap_groups(uint64_t x, unsigned width, uint64_t mask)
{
    return (x & mask) << width | (x >> width & mask);
}

static uint64_t reverse_bits(uint64_t x)
{
    x = swap_groups(x, 1, 0x5555555555555555u);
    x = swap_groups(x, 2, 0x3333333333333333u);
    x = swap_groups(x, 4, 0x0f0f0f0f0f0f0f0fu);
    return __builtin_bswap64(x);
}

struct element {
    uint64_t high; /* first eight bytes of the block, big-endian: coefficients z^0 .. z^63 */
    uint64_t low;
};

/* Reduces the 255-bit product v, already shifted into place, modulo the field polynomial. In this
 * bit order z^128 = z^7 + z^2 + z + 1 means: a bit moves right by 128, 127, 126 and 121 places. */
static struct element reduce(uint64_t v3, uint64_t v2, uint64_t v1, uint64_t v0)
{
    v2 ^= v0 ^ v0 >> 1 ^ v0 >> 2 ^ v0 >> 7;
    v1 ^= v0 << 63 ^ v0 << 62 ^ v0 << 57;
    v3 ^= v1 ^ v1 >> 1 ^ v1 >> 2 ^ v1 >> 7;
    v2 ^= v1 << 63 ^ v1 << 62 ^ v1 << 57;
    return (struct element){ v3, v2 };
}

static struct element multiply(struct element a, struct element b)
{
    uint64_t a_low_rev = reverse_bits(a.low);
    uint64_t a_high_rev = reverse_bits(a.high);
    uint64_t b_low_rev = reverse_bits(b.low);
    uint64_t b_high_rev = reverse_bits(b.high);
    uint64_t z0 = multiply_low(a.low, b.low);
    uint64_t z1 = multiply_low(a.high, b.high);
    uint64_t z2 = multiply_low(a.low ^ a.high, b.low ^ b.high) ^ z0 ^ z1; /* Karatsuba */
    uint64_t z0_high = multiply_low(a_low_rev, b_low_rev);
    uint64_t z1_high = multiply_low(a_high_rev, b_high_rev);
    uint64_t z2_high = multiply_low(a_low_rev ^ a_high_rev, b_low_rev ^ b_high_rev);
    uint64_t v0, v1, v2, v3;

    z2_high ^= z0_high ^ z1_high;
    v0 = z0;
    v1 = (reverse_bits(z0_high) >> 1) ^ z2;
    v2 = z1 ^ (reverse_bits(z2_high) >> 1);
    v3 = reverse_bits(z1_high) >> 1;
    /* The reflected bit order leaves the product one place too far to the right. */
    return reduce(v3 << 1 | v2 >> 63, v2 << 1 | v1 >> 63, v1 << 1 | v0 >> 63, v0 << 1);
}

void qw_poly_hash_blocks_portable(uint8_t state[static QW_POLY_HASH_LEN],
                                  const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                  size_t count)
{
    struct element h = { qw_load_u64be(key), qw_load_u64be(key + 8) };
    struct element sum = { qw_load_u64be(state), qw_load_u64be(state + 8) };

    for (size_t i = 0; i < count; i++) {
        sum.high ^= qw_load_u64be(blocks + 16 * i);
        sum.low ^= qw_load_u64be(blocks + 16 * i + 8);
        sum = multiply(sum, h);
    }
    qw_store_u64be(state, sum.high);
    qw_store_u64be(state + 8, sum.low);
}
