/* SPDX-License-Identifier: Apache-2.0 */
/* 32 checks at a time: AVX2. Tables are looked up 16 entries at a time, as many as are not zero.
 * Packed order as in kernel_vbmi.c; blocks that are not full go to the portable kernel. */
#include "distill/ldpc_int8/kernel.h"

#if defined(__x86_64__) && defined(__AVX2__)

#include <immintrin.h>

enum { HALF = 32, PART = 16, PARTS_MAX = QW_LDPC_INT8_TABLE / PART };

/* Two vectors: of the first and of the second 16 checks. */
struct pair {
    __m256i low;
    __m256i high;
};

struct table {
    unsigned parts; /* up to the last that is not zero */
    __m256i part[PARTS_MAX];
};

static void load_table(const uint8_t table[static QW_LDPC_INT8_TABLE], struct table *out)
{
    out->parts = 0;
    for (unsigned i = 0; i < PARTS_MAX; i++) {
        __m128i part = _mm_loadu_si128((const __m128i *)(table + i * PART));

        out->part[i] = _mm256_broadcastsi128_si256(part);
        if (!_mm_testz_si128(part, part)) {
            out->parts = i + 1;
        }
    }
}

static __m256i look_up(const struct table *table, __m256i index)
{
    const __m256i beyond = _mm256_set1_epi8(0x70);
    __m256i found = _mm256_setzero_si256();

    for (unsigned i = 0; i < table->parts; i++) {
        /* An index of another part gets its top bit set, for which the shuffle gives zero. */
        __m256i own =
            _mm256_adds_epu8(_mm256_xor_si256(index, _mm256_set1_epi8((char)(i * PART))), beyond);

        found = _mm256_or_si256(found, _mm256_shuffle_epi8(table->part[i], own));
    }
    return found;
}

static struct pair widen(__m256i bytes)
{
    __m256i zero = _mm256_setzero_si256();

    return (struct pair){ _mm256_srai_epi16(_mm256_unpacklo_epi8(zero, bytes), 8),
                          _mm256_srai_epi16(_mm256_unpackhi_epi8(zero, bytes), 8) };
}

static __m256i load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

static void store(void *at, __m256i value)
{
    _mm256_storeu_si256((__m256i *)at, value);
}

/* All ones in the bytes (packed order) whose bit is set in mask (check order). */
static __m256i spread(uint32_t mask)
{
    const __m256i which = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1,
                                           1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201ull);
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)mask), which);

    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
}

/* The sign bits of packed bytes, in check order: middle two bytes change places. */
static uint32_t signs(__m256i bytes)
{
    uint32_t mask = (uint32_t)_mm256_movemask_epi8(bytes);

    return (mask & 0xff0000ffu) | (mask >> 8 & 0xff00u) | (mask & 0xff00u) << 8;
}

struct kit {
    struct table doubt_low;
    struct table doubt_high;
    struct table fine;
    struct table middle;
    struct table coarse;
};

struct sums {
    struct pair doubt;
    __m256i odd; /* in the sign bits, packed order */
    __m256i wrong;
};

static struct sums listen(const struct qw_ldpc_int8_block *b, const struct kit *kit, uint32_t from)
{
    const __m256i least = _mm256_set1_epi8(-127);
    const int8_t *message = b->message + from;
    uint8_t *scratch = b->scratch;
    struct sums s;

    s.doubt = (struct pair){ _mm256_setzero_si256(), _mm256_setzero_si256() };
    s.odd = spread((uint32_t)(b->syndrome >> from));
    s.wrong = s.odd;
    for (uint32_t i = 0; i < b->degree; i++) {
        const int16_t *at = b->belief + b->offset[i] + qw_ldpc_int8_position(b, i) + from;
        struct pair belief = { load(at), load(at + PART) };
        struct pair said = widen(load(message));
        struct pair heard = { _mm256_sub_epi16(belief.low, said.low),
                              _mm256_sub_epi16(belief.high, said.high) };
        __m256i x = _mm256_max_epi8(_mm256_packs_epi16(heard.low, heard.high), least);
        __m256i magnitude = _mm256_abs_epi8(x);
        __m256i doubt_low = look_up(&kit->doubt_low, magnitude);
        __m256i doubt_high = look_up(&kit->doubt_high, magnitude);
        struct pair doubt = { _mm256_unpacklo_epi8(doubt_low, doubt_high),
                              _mm256_unpackhi_epi8(doubt_low, doubt_high) };

        s.doubt.low = _mm256_adds_epu16(s.doubt.low, doubt.low);
        s.doubt.high = _mm256_adds_epu16(s.doubt.high, doubt.high);
        s.odd = _mm256_xor_si256(s.odd, x);
        s.wrong = _mm256_xor_si256(s.wrong, _mm256_packs_epi16(belief.low, belief.high));
        store(scratch, heard.low);
        store(scratch + 32, heard.high);
        store(scratch + 64, doubt.low);
        store(scratch + 96, doubt.high);
        scratch += QW_LDPC_INT8_SCRATCH;
        message += b->message_stride;
    }
    return s;
}

/* Index of a sum of doubts into a table with steps of 2^shift. */
#define INDEX(doubt, shift) \
    _mm256_min_epu8(_mm256_packus_epi16(_mm256_srli_epi16((doubt).low, shift), \
                                        _mm256_srli_epi16((doubt).high, shift)), \
                    _mm256_set1_epi8(QW_LDPC_INT8_TABLE - 1))

/* 16 beliefs from a position of a column on, with their repetitions. A full block has a lift of 64
 * at least, so there is one at most. */
static void store_beliefs(const struct qw_ldpc_int8_block *b, int16_t *at, uint32_t position,
                          __m256i beliefs)
{
    int16_t copy[PART];

    store(at, beliefs);
    if (position >= QW_LDPC_INT8_LANES && position + PART <= b->lift) {
        return;
    }
    store(copy, beliefs);
    for (uint32_t k = 0; k < PART; k++) {
        if (position + k >= b->lift) {
            at[(ptrdiff_t)k - (ptrdiff_t)b->lift] = copy[k];
        } else if (position + k < QW_LDPC_INT8_LANES) {
            at[k + b->lift] = copy[k];
        }
    }
}

static void tell(const struct qw_ldpc_int8_block *b, const struct kit *kit, struct sums s,
                 uint32_t from)
{
    int8_t *message = b->message + from;
    const uint8_t *scratch = b->scratch;

    for (uint32_t i = 0; i < b->degree; i++) {
        int16_t *at = b->belief + b->offset[i] + qw_ldpc_int8_position(b, i) + from;
        struct pair heard = { load(scratch), load(scratch + 32) };
        struct pair doubt = { _mm256_sub_epi16(s.doubt.low, load(scratch + 64)),
                              _mm256_sub_epi16(s.doubt.high, load(scratch + 96)) };
        __m256i y = _mm256_max_epu8(_mm256_max_epu8(look_up(&kit->fine, INDEX(doubt, 1)),
                                                    look_up(&kit->middle, INDEX(doubt, 4))),
                                    look_up(&kit->coarse, INDEX(doubt, 8)));
        __m256i sign = _mm256_xor_si256(_mm256_packs_epi16(heard.low, heard.high), s.odd);
        __m256i minus = _mm256_cmpgt_epi8(_mm256_setzero_si256(), sign);
        struct pair say;

        y = _mm256_sub_epi8(_mm256_xor_si256(y, minus), minus);
        say = widen(y);
        store(message, y);
        store_beliefs(b, at, qw_ldpc_int8_position(b, i) + from,
                      _mm256_add_epi16(heard.low, say.low));
        store_beliefs(b, at + PART, qw_ldpc_int8_position(b, i) + from + PART,
                      _mm256_add_epi16(heard.high, say.high));
        scratch += QW_LDPC_INT8_SCRATCH;
        message += b->message_stride;
    }
}

static uint64_t run(const struct qw_ldpc_int8_block *block)
{
    struct kit kit;
    uint64_t unsatisfied = 0;

    if (~block->lanes != 0) {
        return qw_ldpc_int8_portable.run(block);
    }
    load_table(block->tables->doubt_low, &kit.doubt_low);
    load_table(block->tables->doubt_high, &kit.doubt_high);
    load_table(block->tables->fine, &kit.fine);
    load_table(block->tables->middle, &kit.middle);
    load_table(block->tables->coarse, &kit.coarse);
    for (uint32_t from = 0; from < QW_LDPC_INT8_LANES; from += HALF) {
        struct sums s = listen(block, &kit, from);

        tell(block, &kit, s, from);
        unsatisfied |= (uint64_t)signs(s.wrong) << from;
    }
    return unsatisfied;
}

static void add(uint8_t *restrict sum, const uint8_t *restrict bit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum[i] ^= bit[i];
    }
}

static const struct qw_ldpc_int8_kernel avx2 = { "avx2", run, add };

const struct qw_ldpc_int8_kernel *qw_ldpc_int8_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? &avx2 : NULL;
}

#else

const struct qw_ldpc_int8_kernel *qw_ldpc_int8_avx2(void)
{
    return NULL;
}

#endif
