/* SPDX-License-Identifier: Apache-2.0 */
/* The same loop with the carry-less multiplication of x86 (Gueron and Kounavis, "Intel Carry-Less
 * Multiplication Instruction and its Usage for Computing the GCM Mode"). */
#include "crypto/poly_hash_blocks.h"

#if defined(__x86_64__) && defined(__PCLMUL__)

#include <immintrin.h>

bool qw_poly_hash_has_pclmul(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

static __m128i load_reversed(const uint8_t *p)
{
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), order);
}

static void store_reversed(uint8_t *p, __m128i value)
{
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    _mm_storeu_si128((__m128i *)(void *)p, _mm_shuffle_epi8(value, order));
}

/* Modulo the field polynomial; the product is already shifted into place. */
static __m128i reduce(__m128i low, __m128i high)
{
    __m128i folded = _mm_xor_si128(_mm_xor_si128(_mm_slli_epi64(low, 63), _mm_slli_epi64(low, 62)),
                                   _mm_slli_epi64(low, 57));

    /* The bits that leave the lower word to the left enter the word above it … */
    low = _mm_xor_si128(low, _mm_slli_si128(folded, 8));
    high = _mm_xor_si128(high, _mm_srli_si128(folded, 8));
    /* … and the whole is added at distances 0, 1, 2 and 7. */
    high = _mm_xor_si128(high, low);
    high = _mm_xor_si128(high, _mm_srli_epi64(low, 1));
    high = _mm_xor_si128(high, _mm_srli_epi64(low, 2));
    return _mm_xor_si128(high, _mm_srli_epi64(low, 7));
}

static __m128i multiply(__m128i a, __m128i b)
{
    __m128i low = _mm_clmulepi64_si128(a, b, 0x00);
    __m128i high = _mm_clmulepi64_si128(a, b, 0x11);
    __m128i middle =
        _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x10), _mm_clmulepi64_si128(a, b, 0x01));
    __m128i low_carry, high_carry;

    low = _mm_xor_si128(low, _mm_slli_si128(middle, 8));
    high = _mm_xor_si128(high, _mm_srli_si128(middle, 8));
    /* The reflected bit order leaves the 256-bit product one place too far to the right. */
    low_carry = _mm_srli_epi64(low, 63);
    high_carry = _mm_srli_epi64(high, 63);
    low = _mm_or_si128(_mm_slli_epi64(low, 1), _mm_slli_si128(low_carry, 8));
    high = _mm_or_si128(_mm_slli_epi64(high, 1), _mm_slli_si128(high_carry, 8));
    high = _mm_or_si128(high, _mm_srli_si128(low_carry, 8));
    return reduce(low, high);
}

void qw_poly_hash_blocks_pclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                size_t count)
{
    __m128i h = load_reversed(key);
    __m128i sum = load_reversed(state);

    for (size_t i = 0; i < count; i++) {
        sum = multiply(_mm_xor_si128(sum, load_reversed(blocks + 16 * i)), h);
    }
    store_reversed(state, sum);
}

#else

bool qw_poly_hash_has_pclmul(void)
{
    return false;
}

void qw_poly_hash_blocks_pclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                size_t count)
{
    qw_poly_hash_blocks_portable(state, key, blocks, count);
}

#endif
