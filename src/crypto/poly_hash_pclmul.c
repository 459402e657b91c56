/* SPDX-License-Identifier: Apache-2.0 */
/* The same loop with the carry-less multiplication of x86 (Gueron and Kounavis, "Intel Carry-Less
 * Multiplication Instruction and its Usage for Computing the GCM Mode"). */
#include "crypto/poly_hash_blocks.h"

#if defined(__x86_64__) && defined(__PCLMUL__)

#include "base/secret.h"

#include <immintrin.h>

enum { GROUP = 8, WORTH_POWERS = 2 * GROUP };

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

/* Products before the reduction; their sum needs one reduction only. */
struct sum {
    __m128i low, middle, high;
};

static void add_product(struct sum *sum, __m128i a, __m128i b)
{
    __m128i a_halves = _mm_xor_si128(a, _mm_shuffle_epi32(a, 0x4e));
    __m128i b_halves = _mm_xor_si128(b, _mm_shuffle_epi32(b, 0x4e));

    sum->low = _mm_xor_si128(sum->low, _mm_clmulepi64_si128(a, b, 0x00));
    sum->high = _mm_xor_si128(sum->high, _mm_clmulepi64_si128(a, b, 0x11));
    sum->middle = _mm_xor_si128(sum->middle, _mm_clmulepi64_si128(a_halves, b_halves, 0x00));
}

static __m128i finish(const struct sum *sum)
{
    __m128i middle = _mm_xor_si128(sum->middle, _mm_xor_si128(sum->low, sum->high)); /* Karatsuba */
    __m128i low = _mm_xor_si128(sum->low, _mm_slli_si128(middle, 8));
    __m128i high = _mm_xor_si128(sum->high, _mm_srli_si128(middle, 8));
    __m128i low_carry = _mm_srli_epi64(low, 63);
    __m128i high_carry = _mm_srli_epi64(high, 63);

    /* The reflected bit order leaves the 256-bit product one place too far to the right. */
    low = _mm_or_si128(_mm_slli_epi64(low, 1), _mm_slli_si128(low_carry, 8));
    high = _mm_or_si128(_mm_slli_epi64(high, 1), _mm_slli_si128(high_carry, 8));
    high = _mm_or_si128(high, _mm_srli_si128(low_carry, 8));
    return reduce(low, high);
}

static __m128i multiply(__m128i a, __m128i b)
{
    struct sum sum = { _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128() };

    add_product(&sum, a, b);
    return finish(&sum);
}

/* Whole groups: (state + block 0) key^8 + block 1 key^7 + ... + block 7 key. */
static __m128i hash_groups(__m128i state, __m128i key, const uint8_t *blocks, size_t groups)
{
    __m128i power[GROUP]; /* key^(GROUP - i) */

    power[GROUP - 1] = key;
    for (size_t i = GROUP - 1; i > 0; i--) {
        power[i - 1] = multiply(power[i], key);
    }
    for (; groups > 0; groups--, blocks += 16 * GROUP) {
        struct sum sum = { _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128() };

        add_product(&sum, _mm_xor_si128(state, load_reversed(blocks)), power[0]);
        for (size_t i = 1; i < GROUP; i++) {
            add_product(&sum, load_reversed(blocks + 16 * i), power[i]);
        }
        state = finish(&sum);
    }
    qw_wipe(power, sizeof power);
    return state;
}

void qw_poly_hash_blocks_pclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                size_t count)
{
    __m128i h = load_reversed(key);
    __m128i sum = load_reversed(state);
    size_t first = 0;

    if (count >= WORTH_POWERS) {
        first = count - count % GROUP;
        sum = hash_groups(sum, h, blocks, count / GROUP);
    }
    for (size_t i = first; i < count; i++) {
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
