/* SPDX-License-Identifier: Apache-2.0 */
/* The same loop four blocks at a time: VPCLMULQDQ and AVX-512. Lane l of a vector takes the blocks
 * 4 i + l, so all lanes are multiplied by the same powers of key^4, and only the end tells them
 * apart. */
#include "crypto/poly_hash_blocks.h"

#if defined(__x86_64__) && defined(__VPCLMULQDQ__) && defined(__AVX512BW__)

#include "base/secret.h"

#include <immintrin.h>

enum { BLOCKS = 4, VECTORS = 8, GROUP = BLOCKS * VECTORS, GROUP_LEN = 16 * GROUP };

bool qw_poly_hash_has_vpclmul(void)
{
    return __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

static __m512i reverse_bytes(__m512i blocks)
{
    const __m128i order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    return _mm512_shuffle_epi8(blocks, _mm512_broadcast_i32x4(order));
}

static __m512i load_blocks(const uint8_t *p)
{
    return reverse_bytes(_mm512_loadu_si512(p));
}

/* One block in every lane. */
static __m512i load_everywhere(const uint8_t *p)
{
    return reverse_bytes(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)p)));
}

static __m512i xor3(__m512i a, __m512i b, __m512i c)
{
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/* A factor and the sum of its halves, for Karatsuba. */
struct factor {
    __m512i whole;
    __m512i halves;
};

static struct factor factor(__m512i value)
{
    return (struct factor){ value, _mm512_xor_si512(value, _mm512_shuffle_epi32(value, 0x4e)) };
}

/* Products before the reduction; their sum needs one reduction only. */
struct sum {
    __m512i low, middle, high;
};

static void add_product(struct sum *sum, __m512i a, const struct factor *b)
{
    __m512i halves = _mm512_xor_si512(a, _mm512_shuffle_epi32(a, 0x4e));

    sum->low = _mm512_xor_si512(sum->low, _mm512_clmulepi64_epi128(a, b->whole, 0x00));
    sum->high = _mm512_xor_si512(sum->high, _mm512_clmulepi64_epi128(a, b->whole, 0x11));
    sum->middle = _mm512_xor_si512(sum->middle, _mm512_clmulepi64_epi128(halves, b->halves, 0x00));
}

/* As `finish` and `reduce` in poly_hash_pclmul.c. */
static __m512i finish(const struct sum *sum)
{
    __m512i middle = xor3(sum->middle, sum->low, sum->high);
    __m512i low = _mm512_xor_si512(sum->low, _mm512_bslli_epi128(middle, 8));
    __m512i high = _mm512_xor_si512(sum->high, _mm512_bsrli_epi128(middle, 8));
    __m512i low_carry = _mm512_srli_epi64(low, 63);
    __m512i high_carry = _mm512_srli_epi64(high, 63);
    __m512i folded;

    low = _mm512_or_si512(_mm512_slli_epi64(low, 1), _mm512_bslli_epi128(low_carry, 8));
    high = _mm512_or_si512(_mm512_slli_epi64(high, 1), _mm512_bslli_epi128(high_carry, 8));
    high = _mm512_or_si512(high, _mm512_bsrli_epi128(low_carry, 8));
    folded =
        xor3(_mm512_slli_epi64(low, 63), _mm512_slli_epi64(low, 62), _mm512_slli_epi64(low, 57));
    low = _mm512_xor_si512(low, _mm512_bslli_epi128(folded, 8));
    high = xor3(high, low, _mm512_bsrli_epi128(folded, 8));
    high = xor3(high, _mm512_srli_epi64(low, 1), _mm512_srli_epi64(low, 2));
    return _mm512_xor_si512(high, _mm512_srli_epi64(low, 7));
}

static __m512i multiply(__m512i a, const struct factor *b)
{
    struct sum sum = { _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512() };

    add_product(&sum, a, b);
    return finish(&sum);
}

struct powers {
    struct factor of_four[VECTORS]; /* key^(4 (VECTORS - i)) in every lane */
    struct factor last;             /* key^4, key^3, key^2, key */
};

static void set_powers(struct powers *p, __m512i key)
{
    struct factor one = factor(key);
    __m512i two = multiply(key, &one);
    __m512i three = multiply(two, &one);
    __m512i four = multiply(three, &one);
    __m512i last = _mm512_mask_blend_epi64(0x0c, four, three);

    last = _mm512_mask_blend_epi64(0x30, last, two);
    p->last = factor(_mm512_mask_blend_epi64(0xc0, last, key));
    p->of_four[VECTORS - 1] = factor(four);
    for (size_t i = VECTORS - 1; i > 0; i--) {
        p->of_four[i - 1] = factor(multiply(p->of_four[i].whole, &p->of_four[VECTORS - 1]));
    }
}

/* (lanes) key^32 + vector 0 key^28 + ... + vector 6 key^4 + vector 7. The factor that is missing
 * from every term comes last, another one for each lane. */
static __m512i hash_groups(__m512i lanes, const struct powers *p, const uint8_t *blocks,
                           size_t groups)
{
    for (; groups > 0; groups--, blocks += GROUP_LEN) {
        struct sum sum = { _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512() };

        for (size_t i = 1; i < VECTORS; i++) {
            add_product(&sum, load_blocks(blocks + 64 * (i - 1)), &p->of_four[i]);
        }
        add_product(&sum, lanes, &p->of_four[0]);
        lanes = _mm512_xor_si512(finish(&sum), load_blocks(blocks + 64 * (VECTORS - 1)));
    }
    return lanes;
}

static __m128i sum_of_lanes(__m512i lanes)
{
    __m128i a = _mm_xor_si128(_mm512_castsi512_si128(lanes), _mm512_extracti32x4_epi32(lanes, 1));
    __m128i b =
        _mm_xor_si128(_mm512_extracti32x4_epi32(lanes, 2), _mm512_extracti32x4_epi32(lanes, 3));

    return _mm_xor_si128(a, b);
}

void qw_poly_hash_blocks_vpclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                 const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                 size_t count)
{
    size_t vectors = count / BLOCKS;
    struct powers p;
    __m512i lanes;

    if (vectors > 0) {
        set_powers(&p, load_everywhere(key));
        /* The state is added to block 0. */
        lanes = _mm512_xor_si512(load_blocks(blocks),
                                 _mm512_maskz_mov_epi64(0x03, load_everywhere(state)));
        lanes = hash_groups(lanes, &p, blocks + 64, (vectors - 1) / VECTORS);
        for (size_t i = vectors - (vectors - 1) % VECTORS; i < vectors; i++) {
            lanes = _mm512_xor_si512(multiply(lanes, &p.of_four[VECTORS - 1]),
                                     load_blocks(blocks + 64 * i));
        }
        lanes =
            _mm512_inserti32x4(_mm512_setzero_si512(), sum_of_lanes(multiply(lanes, &p.last)), 0);
        _mm_storeu_si128((void *)state, _mm512_castsi512_si128(reverse_bytes(lanes)));
        qw_wipe(&p, sizeof p);
    }
    if (count % BLOCKS > 0) {
        qw_poly_hash_blocks_pclmul(state, key, blocks + 64 * vectors, count % BLOCKS);
    }
}

#else

bool qw_poly_hash_has_vpclmul(void)
{
    return false;
}

void qw_poly_hash_blocks_vpclmul(uint8_t state[static QW_POLY_HASH_LEN],
                                 const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *blocks,
                                 size_t count)
{
    qw_poly_hash_blocks_portable(state, key, blocks, count);
}

#endif
