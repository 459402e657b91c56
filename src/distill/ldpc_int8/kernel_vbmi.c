/* SPDX-License-Identifier: Apache-2.0 */
/* 64 checks at a time: AVX-512 with VBMI, whose byte permutation looks up tables of 128 entries.
 *
 * Beliefs come as two vectors of 32, in order. Packing them to bytes interleaves groups of eight of
 * both within each quarter, and unpacking undoes just that; so bytes stay in the packed order
 * between, and only masks have to be brought into it. */
#include "distill/ldpc_int8/kernel.h"

#if defined(__x86_64__) && defined(__AVX512VBMI__)

#include <immintrin.h>

/* Two vectors: of the first and of the second 32 checks. */
struct pair {
    __m512i low;
    __m512i high;
};

struct table {
    __m512i low;
    __m512i high;
};

static struct table load_table(const uint8_t table[static QW_LDPC_INT8_TABLE])
{
    return (struct table){ _mm512_loadu_si512(table), _mm512_loadu_si512(table + 64) };
}

static __m512i look_up(struct table table, __m512i index)
{
    return _mm512_permutex2var_epi8(table.low, index, table.high);
}

/* Bits of checks in the order of packed bytes. */
static uint64_t packed_order(uint64_t mask)
{
    __m128i low = _mm_cvtsi64_si128((long long)(mask & 0xffffffff));
    __m128i high = _mm_cvtsi64_si128((long long)(mask >> 32));

    return (uint64_t)_mm_cvtsi128_si64(_mm_unpacklo_epi8(low, high));
}

/* And back. */
static uint64_t check_order(uint64_t mask)
{
    __m128i order = _mm_set_epi8(15, 13, 11, 9, 7, 5, 3, 1, 7, 5, 3, 1, 6, 4, 2, 0);

    return (uint64_t)_mm_cvtsi128_si64(_mm_shuffle_epi8(_mm_cvtsi64_si128((long long)mask), order));
}

/* Signed bytes in packed order to 16 bits in check order. */
static struct pair widen(__m512i bytes)
{
    __m512i zero = _mm512_setzero_si512();

    return (struct pair){ _mm512_srai_epi16(_mm512_unpacklo_epi8(zero, bytes), 8),
                          _mm512_srai_epi16(_mm512_unpackhi_epi8(zero, bytes), 8) };
}

struct sums {
    struct pair doubt;
    __m512i odd; /* in the sign bits, packed order */
    __m512i wrong;
};

static struct sums listen(const struct qw_ldpc_int8_block *b)
{
    const struct table low = load_table(b->tables->doubt_low);
    const struct table high = load_table(b->tables->doubt_high);
    const __m512i least = _mm512_set1_epi8(-127);
    const int8_t *message = b->message;
    uint8_t *scratch = b->scratch;
    struct sums s;

    s.doubt = (struct pair){ _mm512_setzero_si512(), _mm512_setzero_si512() };
    s.odd = _mm512_movm_epi8(packed_order(b->syndrome));
    s.wrong = s.odd;
    for (uint32_t i = 0; i < b->degree; i++) {
        const int16_t *at = b->belief + b->offset[i] + qw_ldpc_int8_position(b, i);
        struct pair belief = { _mm512_loadu_si512(at), _mm512_loadu_si512(at + 32) };
        struct pair said = widen(_mm512_loadu_si512(message));
        struct pair heard = { _mm512_sub_epi16(belief.low, said.low),
                              _mm512_sub_epi16(belief.high, said.high) };
        __m512i x = _mm512_max_epi8(_mm512_packs_epi16(heard.low, heard.high), least);
        __m512i magnitude = _mm512_abs_epi8(x);
        __m512i doubt_low = look_up(low, magnitude);
        __m512i doubt_high = look_up(high, magnitude);
        struct pair doubt = { _mm512_unpacklo_epi8(doubt_low, doubt_high),
                              _mm512_unpackhi_epi8(doubt_low, doubt_high) };

        s.doubt.low = _mm512_adds_epu16(s.doubt.low, doubt.low);
        s.doubt.high = _mm512_adds_epu16(s.doubt.high, doubt.high);
        s.odd = _mm512_xor_si512(s.odd, x);
        s.wrong = _mm512_xor_si512(s.wrong, _mm512_packs_epi16(belief.low, belief.high));
        _mm512_store_si512(scratch, heard.low);
        _mm512_store_si512(scratch + 64, heard.high);
        _mm512_store_si512(scratch + 128, doubt.low);
        _mm512_store_si512(scratch + 192, doubt.high);
        scratch += QW_LDPC_INT8_SCRATCH;
        message += b->message_stride;
    }
    return s;
}

/* Index of a sum of doubts into a table with steps of 2^shift. */
#define INDEX(doubt, shift) \
    _mm512_min_epu8(_mm512_packus_epi16(_mm512_srli_epi16((doubt).low, shift), \
                                        _mm512_srli_epi16((doubt).high, shift)), \
                    _mm512_set1_epi8(QW_LDPC_INT8_TABLE - 1))

static void store_masked(int16_t *at, struct pair belief, uint64_t lanes)
{
    _mm512_mask_storeu_epi16(at, (__mmask32)lanes, belief.low);
    _mm512_mask_storeu_epi16(at + 32, (__mmask32)(lanes >> 32), belief.high);
}

/* Lanes below count. */
static uint64_t first_lanes(uint32_t count)
{
    return count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* Columns shorter than a block repeat more than once: position i of the array gets lane (i + lift -
 * position) mod lift, and what no lane has stays. Division by the lift is a product: i < 192, and a
 * lift of 1 leaves nothing to divide. */
static void store_short(const struct qw_ldpc_int8_block *b, int16_t *column, uint32_t position,
                        struct pair belief)
{
    const __m512i lift = _mm512_set1_epi16((short)b->lift);
    const __m512i inverse = _mm512_set1_epi16((short)((65535 + b->lift) / b->lift));
    const __m512i several = _mm512_set1_epi16(b->lift == 1 ? 0 : -1);
    const __m512i step = _mm512_set1_epi16(32);
    __m512i lane = _mm512_cvtepi8_epi16(_mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                                         13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
                                                         24, 25, 26, 27, 28, 29, 30, 31));
    __m512i low = _mm512_mask_loadu_epi16(belief.low, (__mmask32)~b->lanes, column + position);
    __m512i high =
        _mm512_mask_loadu_epi16(belief.high, (__mmask32)(~b->lanes >> 32), column + position + 32);

    lane = _mm512_add_epi16(lane, _mm512_set1_epi16((short)(b->lift - position)));
    for (uint32_t i = 0; i < b->lift + QW_LDPC_INT8_LANES; i += 32) {
        __m512i turns = _mm512_mulhi_epu16(lane, inverse);
        __m512i from =
            _mm512_and_si512(several, _mm512_sub_epi16(lane, _mm512_mullo_epi16(turns, lift)));

        _mm512_storeu_si512(column + i, _mm512_permutex2var_epi16(low, from, high));
        lane = _mm512_add_epi16(lane, step);
    }
}

/* The beliefs from a position of a column on, and their repetitions: what went beyond the end
 * belongs to the beginning, what lies near the beginning is repeated behind the end. Masked stores
 * cannot be read again before they are in the cache: only where they must be. */
static inline void store_beliefs(const struct qw_ldpc_int8_block *b, int16_t *column,
                                 uint32_t position, struct pair belief)
{
    int16_t *at = column + position;

    if (b->lift < QW_LDPC_INT8_LANES) {
        store_short(b, column, position, belief);
        return;
    }
    if (~b->lanes == 0) {
        _mm512_storeu_si512(at, belief.low);
        _mm512_storeu_si512(at + 32, belief.high);
    } else {
        store_masked(at, belief, b->lanes);
    }
    if (position + QW_LDPC_INT8_LANES > b->lift) {
        store_masked(at - b->lift, belief, b->lanes & ~first_lanes(b->lift - position));
    }
    if (position < QW_LDPC_INT8_LANES) {
        store_masked(at + b->lift, belief, b->lanes & first_lanes(QW_LDPC_INT8_LANES - position));
    }
}

static void tell(const struct qw_ldpc_int8_block *b, struct sums s)
{
    const struct table fine = load_table(b->tables->fine);
    const struct table middle = load_table(b->tables->middle);
    const struct table coarse = load_table(b->tables->coarse);
    int8_t *message = b->message;
    const uint8_t *scratch = b->scratch;

    for (uint32_t i = 0; i < b->degree; i++) {
        struct pair heard = { _mm512_load_si512(scratch), _mm512_load_si512(scratch + 64) };
        struct pair doubt = {
            _mm512_sub_epi16(s.doubt.low, _mm512_load_si512(scratch + 128)),
            _mm512_sub_epi16(s.doubt.high, _mm512_load_si512(scratch + 192)),
        };
        __m512i y = _mm512_max_epu8(
            _mm512_max_epu8(look_up(fine, INDEX(doubt, 1)), look_up(middle, INDEX(doubt, 4))),
            look_up(coarse, INDEX(doubt, 8)));
        __m512i sign = _mm512_xor_si512(_mm512_packs_epi16(heard.low, heard.high), s.odd);
        struct pair say;

        y = _mm512_mask_sub_epi8(y, _mm512_movepi8_mask(sign), _mm512_setzero_si512(), y);
        say = widen(y);
        _mm512_storeu_si512(message, y);
        heard.low = _mm512_add_epi16(heard.low, say.low);
        heard.high = _mm512_add_epi16(heard.high, say.high);
        store_beliefs(b, b->belief + b->offset[i], qw_ldpc_int8_position(b, i), heard);
        scratch += QW_LDPC_INT8_SCRATCH;
        message += b->message_stride;
    }
}

static uint64_t run(const struct qw_ldpc_int8_block *block)
{
    struct sums s = listen(block);

    tell(block, s);
    return check_order(_mm512_movepi8_mask(s.wrong)) & block->lanes;
}

static void add(uint8_t *restrict sum, const uint8_t *restrict bit, size_t count)
{
    size_t i = 0;

    for (; i + 64 <= count; i += 64) {
        _mm512_storeu_si512(
            sum + i, _mm512_xor_si512(_mm512_loadu_si512(sum + i), _mm512_loadu_si512(bit + i)));
    }
    if (i < count) {
        __mmask64 rest = first_lanes((uint32_t)(count - i));

        _mm512_mask_storeu_epi8(sum + i, rest,
                                _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, sum + i),
                                                 _mm512_maskz_loadu_epi8(rest, bit + i)));
    }
}

static const struct qw_ldpc_int8_kernel vbmi = { "avx512vbmi", run, add };

const struct qw_ldpc_int8_kernel *qw_ldpc_int8_vbmi(void)
{
    return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512f")
               ? &vbmi
               : NULL;
}

#else

const struct qw_ldpc_int8_kernel *qw_ldpc_int8_vbmi(void)
{
    return NULL;
}

#endif
