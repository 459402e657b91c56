/* SPDX-License-Identifier: Apache-2.0 */
/* The additive transform, eight values at a time: VPCLMULQDQ and AVX-512. */
#include "distill/additive_fft.h"

#if defined(__x86_64__) && defined(__VPCLMULQDQ__) && defined(__AVX512F__)

#include "distill/additive_fft_basis.h"

#include <immintrin.h>

enum {
    LANES = 8,
    ROWS = 4,
    CACHED_LOG = 12
}; /* 2^12 values stay in a first-level cache of 32 KiB */

static __m512i load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static void store(void *p, __m512i value)
{
    _mm512_storeu_si512(p, value);
}

static __m512i xor3(__m512i a, __m512i b, __m512i c)
{
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/* base + the reduction of eight 128-bit sums: those of even values in even, of odd ones in odd. The
 * multiplier occupies a port for two cycles; shifts and additions run beside it. */
static __m512i add_reduced(__m512i base, __m512i even, __m512i odd)
{
    __m512i low = _mm512_unpacklo_epi64(even, odd);
    __m512i high = _mm512_unpackhi_epi64(even, odd);

    /* z^64 = z^4 + z^3 + z + 1 = (z + 1)(z^3 + 1); the bits that this pushes out at the top go
     * round once more. Bit 63 of high is never set. */
    high = xor3(high, _mm512_srli_epi64(high, 60), _mm512_srli_epi64(high, 61));
    high = _mm512_xor_si512(high, _mm512_slli_epi64(high, 1));
    return _mm512_xor_si512(xor3(base, low, high), _mm512_slli_epi64(high, 3));
}

static __m512i add_product(__m512i base, __m512i a, __m512i b)
{
    return add_reduced(base, _mm512_clmulepi64_epi128(a, b, 0x00),
                       _mm512_clmulepi64_epi128(a, b, 0x11));
}

static void forward_block(uint64_t *u, size_t half, uint64_t factor)
{
    __m512i t = _mm512_set1_epi64((long long)factor);
    uint64_t *v = u + half;

    for (size_t i = 0; i < half; i += LANES) {
        __m512i high = load(v + i);
        __m512i low = add_product(load(u + i), high, t);

        store(u + i, low);
        store(v + i, _mm512_xor_si512(high, low));
    }
}

static void inverse_block(uint64_t *u, size_t half, uint64_t factor)
{
    __m512i t = _mm512_set1_epi64((long long)factor);
    uint64_t *v = u + half;

    for (size_t i = 0; i < half; i += LANES) {
        __m512i low = load(u + i);
        __m512i high = _mm512_xor_si512(load(v + i), low);

        store(v + i, high);
        store(u + i, add_product(low, high, t));
    }
}

/* Factor 0: the first block of every layer. */
static void add_block(uint64_t *u, size_t half)
{
    for (size_t i = 0; i < half; i += LANES) {
        store(u + half + i, _mm512_xor_si512(load(u + half + i), load(u + i)));
    }
}

/* The factors of the last three layers for 16 values that start at value 16 c. */
struct tail_factors {
    __m512i four, two, one;
};

static struct tail_factors tail_factors(const uint64_t *twiddle, size_t c)
{
    const __m512i four = _mm512_set_epi64(1, 1, 1, 1, 0, 0, 0, 0);
    const __m512i two = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
    __m512i t = load(twiddle + 8 * c);
    __m512i start = load(twiddle);

    return (struct tail_factors){
        _mm512_xor_si512(_mm512_permutexvar_epi64(four, start),
                         _mm512_set1_epi64((long long)twiddle[2 * c])),
        _mm512_xor_si512(_mm512_permutexvar_epi64(two, start),
                         _mm512_set1_epi64((long long)twiddle[4 * c])),
        t,
    };
}

/* Lanes 0 1 of u, 0 1 of v, 4 5 of u, 4 5 of v; and the others. Its own inverse. */
static void swap_pairs(__m512i *u, __m512i *v)
{
    const __m512i low = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0);
    const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    __m512i a = _mm512_permutex2var_epi64(*u, low, *v);

    *v = _mm512_permutex2var_epi64(*u, high, *v);
    *u = a;
}

/* Distances 4, 2 and 1 inside 16 values, which are left in the order that this takes. */
static void forward_tail(uint64_t *values, const uint64_t *twiddle, size_t c)
{
    struct tail_factors t = tail_factors(twiddle, c);
    __m512i a = load(values);
    __m512i b = load(values + 8);
    __m512i u = _mm512_shuffle_i64x2(a, b, 0x44);
    __m512i v = _mm512_shuffle_i64x2(a, b, 0xee);

    u = add_product(u, v, t.four);
    v = _mm512_xor_si512(v, u);
    swap_pairs(&u, &v);
    u = add_product(u, v, t.two);
    v = _mm512_xor_si512(v, u);
    a = _mm512_unpacklo_epi64(u, v);
    b = _mm512_unpackhi_epi64(u, v);
    a = add_product(a, b, t.one);
    store(values, a);
    store(values + 8, _mm512_xor_si512(b, a));
}

static void inverse_tail(uint64_t *values, const uint64_t *twiddle, size_t c)
{
    struct tail_factors t = tail_factors(twiddle, c);
    __m512i a = load(values);
    __m512i b = _mm512_xor_si512(load(values + 8), a);
    __m512i u, v;

    a = add_product(a, b, t.one);
    u = _mm512_unpacklo_epi64(a, b);
    v = _mm512_xor_si512(_mm512_unpackhi_epi64(a, b), u);
    u = add_product(u, v, t.two);
    swap_pairs(&u, &v);
    v = _mm512_xor_si512(v, u);
    u = add_product(u, v, t.four);
    store(values, _mm512_shuffle_i64x2(u, v, 0x44));
    store(values + 8, _mm512_shuffle_i64x2(u, v, 0xee));
}

/* The part of the transform inside block c of 2^log values. Large blocks depth first: their halves
 * come to rest in the cache. */
static void forward_layers(const uint64_t *twiddle, unsigned log, uint64_t *values, size_t c)
{
    size_t size = (size_t)1 << log;

    if (log > CACHED_LOG) {
        c > 0 ? forward_block(values, size / 2, twiddle[c]) : add_block(values, size / 2);
        forward_layers(twiddle, log - 1, values, 2 * c);
        forward_layers(twiddle, log - 1, values + size / 2, 2 * c + 1);
        return;
    }
    for (size_t half = size / 2, blocks = 1; half >= LANES; half /= 2, blocks *= 2) {
        for (size_t i = 0; i < blocks; i++) {
            uint64_t *u = values + 2 * half * i;

            c + i > 0 ? forward_block(u, half, twiddle[blocks * c + i]) : add_block(u, half);
        }
    }
    for (size_t i = 0; i < size / 16; i++) {
        forward_tail(values + 16 * i, twiddle, size / 16 * c + i);
    }
}

static void inverse_layers(const uint64_t *twiddle, unsigned log, uint64_t *values, size_t c)
{
    size_t size = (size_t)1 << log;

    if (log > CACHED_LOG) {
        inverse_layers(twiddle, log - 1, values, 2 * c);
        inverse_layers(twiddle, log - 1, values + size / 2, 2 * c + 1);
        c > 0 ? inverse_block(values, size / 2, twiddle[c]) : add_block(values, size / 2);
        return;
    }
    for (size_t i = 0; i < size / 16; i++) {
        inverse_tail(values + 16 * i, twiddle, size / 16 * c + i);
    }
    for (size_t half = LANES, blocks = size / 16; half < size; half *= 2, blocks /= 2) {
        for (size_t i = 0; i < blocks; i++) {
            uint64_t *u = values + 2 * half * i;

            c + i > 0 ? inverse_block(u, half, twiddle[blocks * c + i]) : add_block(u, half);
        }
    }
}

/* Any length that is a multiple of four bytes. */
static void add(uint8_t *to, const uint8_t *from, size_t len)
{
    size_t i = 0;

    for (; i + 64 <= len; i += 64) {
        store(to + i, _mm512_xor_si512(load(to + i), load(from + i)));
    }
    if (i < len) {
        __mmask16 rest = (__mmask16)((1u << (len - i) / 4) - 1);

        _mm512_mask_storeu_epi32(to + i, rest,
                                 _mm512_xor_si512(_mm512_maskz_loadu_epi32(rest, to + i),
                                                  _mm512_maskz_loadu_epi32(rest, from + i)));
    }
}

/* Adds to the lanes of `to` the lane `distance` places up. */
static __m512i add_limbs(__m512i limbs, __mmask16 to, int distance)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i from = _mm512_add_epi32(lane, _mm512_set1_epi32(distance));

    return _mm512_xor_si512(limbs, _mm512_maskz_permutexvar_epi32(to, from, limbs));
}

/* qw_basis_change of 16 limbs: expansion in powers of y^4 + y, then of y^2 + y in the digits and in
 * the sequence of digits. */
static __m512i change_sixteen(__m512i limbs)
{
    limbs = add_limbs(limbs, 0x0300, 6);
    limbs = add_limbs(limbs, 0x00fc, 6);
    limbs = add_limbs(limbs, 0x1010, 3);
    limbs = add_limbs(limbs, 0x0e0e, 3);
    limbs = add_limbs(limbs, 0x4444, 1);
    limbs = add_limbs(limbs, 0x2222, 1);
    limbs = add_limbs(limbs, 0x0f00, 4);
    limbs = add_limbs(limbs, 0x00f0, 4);
    return limbs;
}

static void sixteen_limbs(uint8_t *elements)
{
    store(elements, change_sixteen(load(elements)));
}

/* qw_basis_divide of 2 x half vectors of limbs, shift counted in limbs, in registers. */
static void divide_vectors(__m512i *low, size_t half, int shift)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i *high = low + half;
    __m512i up = _mm512_add_epi32(lane, _mm512_set1_epi32(16 - shift));
    __m512i before = _mm512_setzero_si512();

    high[0] = _mm512_xor_si512(high[0], _mm512_permutex2var_epi32(high[half - 1], up, before));
    for (size_t i = 0; i < half; i++) {
        low[i] = _mm512_xor_si512(low[i], _mm512_permutex2var_epi32(before, up, high[i]));
        before = high[i];
    }
}

static const struct qw_additive_fft_basis of_vectors = { add, NULL, NULL };

static void row_of_limbs(uint8_t *elements)
{
    enum { VECTORS = 16 };
    __m512i row[VECTORS];

    for (size_t i = 0; i < VECTORS; i++) {
        row[i] = load(elements + 64 * i);
    }
    for (size_t half = VECTORS / 2; half >= 1; half /= 2) {
        for (size_t i = 0; i < VECTORS; i += 2 * half) {
            divide_vectors(row + i, half, (int)half);
        }
    }
    for (size_t i = 0; i < VECTORS; i++) {
        store(elements + 64 * i, change_sixteen(row[i]));
    }
    qw_basis_change(&of_vectors, elements, 4, 64, 0);
}

static __m512i add_values(__m512i values, __mmask8 to, int distance)
{
    const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    __m512i from = _mm512_add_epi64(lane, _mm512_set1_epi64(distance));

    return _mm512_xor_si512(values, _mm512_maskz_permutexvar_epi64(to, from, values));
}

/* qw_basis_restore of 16 values: the same steps in the opposite order. */
static void sixteen_values(uint8_t *elements)
{
    __m512i a = load(elements);
    __m512i b = load(elements + 64);

    a = _mm512_xor_si512(a, _mm512_maskz_shuffle_i64x2(0xf0, b, b, 0x44));
    b = add_values(b, 0x0f, 4);
    a = add_values(add_values(a, 0x22, 1), 0x44, 1);
    b = add_values(add_values(b, 0x22, 1), 0x44, 1);
    a = add_values(add_values(a, 0x0e, 3), 0x10, 3);
    b = add_values(add_values(b, 0x0e, 3), 0x10, 3);
    a = _mm512_xor_si512(a, _mm512_maskz_alignr_epi64(0xfc, b, b, 6));
    b = add_values(b, 0x03, 6);
    store(elements, a);
    store(elements + 64, b);
}

static const struct qw_additive_fft_basis from_powers = { add, sixteen_limbs, row_of_limbs };
static const struct qw_additive_fft_basis to_powers = { add, sixteen_values, NULL };

static void forward(const uint64_t *twiddle, unsigned log, int half, uint64_t *words,
                    uint64_t *values)
{
    size_t middle = (size_t)1 << (log - 1);

    qw_basis_change(&from_powers, (uint8_t *)words, half ? log - 1 : log, 4, 4);
    for (size_t i = 0; i < middle; i += LANES) { /* the first layer: its only factor is 0 */
        __m512i u = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const void *)(words + i / 2)));
        __m512i v =
            _mm512_cvtepu32_epi64(_mm256_loadu_si256((const void *)(words + (middle + i) / 2)));

        store(values + i, u);
        store(values + middle + i, _mm512_xor_si512(u, v));
    }
    forward_layers(twiddle, log - 1, values, 0);
    forward_layers(twiddle, log - 1, values + middle, 1);
}

static void inverse(const uint64_t *twiddle, unsigned log, uint64_t *values)
{
    inverse_layers(twiddle, log, values, 0);
    qw_basis_restore(&to_powers, (uint8_t *)values, log, 8, 8);
}

/* Eight values of one row. */
static void add_row(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t terms,
                    size_t stride)
{
    __m512i even = _mm512_setzero_si512();
    __m512i odd = _mm512_setzero_si512();

    for (size_t j = 0; j < terms; j++, a -= stride, b += stride) {
        __m512i u = load(a);
        __m512i v = load(b);

        even = _mm512_xor_si512(even, _mm512_clmulepi64_epi128(u, v, 0x00));
        odd = _mm512_xor_si512(odd, _mm512_clmulepi64_epi128(u, v, 0x11));
    }
    store(sum, add_reduced(_mm512_setzero_si512(), even, odd));
}

/* Eight values of four rows: the factor of one row is the factor of the next row one term later, so
 * that two loads serve eight multiplications. */
static void add_four_rows(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t terms,
                          size_t stride)
{
    __m512i window[ROWS], even[ROWS], odd[ROWS];

    for (size_t k = 0; k < ROWS; k++) {
        window[k] = k > 0 ? load(a + k * stride) : _mm512_setzero_si512();
        even[k] = _mm512_setzero_si512();
        odd[k] = _mm512_setzero_si512();
    }
    for (size_t j = 0; j < terms; j++, a -= stride, b += stride) {
        __m512i v = load(b);

        window[0] = load(a);
        for (size_t k = 0; k < ROWS; k++) {
            even[k] = _mm512_xor_si512(even[k], _mm512_clmulepi64_epi128(window[k], v, 0x00));
            odd[k] = _mm512_xor_si512(odd[k], _mm512_clmulepi64_epi128(window[k], v, 0x11));
        }
        for (size_t k = ROWS - 1; k > 0; k--) {
            window[k] = window[k - 1];
        }
    }
    for (size_t k = 0; k < ROWS; k++) {
        store(sum + k * stride, add_reduced(_mm512_setzero_si512(), even[k], odd[k]));
    }
}

static void sums_of_products(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t rows,
                             size_t terms, size_t stride)
{
    for (size_t i = 0; i < QW_ADDITIVE_FFT_GROUP; i += LANES) {
        size_t k = 0;

        for (; k + ROWS <= rows; k += ROWS) {
            add_four_rows(sum + k * stride + i, a + k * stride + i, b + i, terms, stride);
        }
        for (; k < rows; k++) {
            add_row(sum + k * stride + i, a + k * stride + i, b + i, terms, stride);
        }
    }
}

static const struct qw_additive_fft vpclmul = { "vpclmul", forward, inverse, sums_of_products };

const struct qw_additive_fft *qw_additive_fft_vpclmul(void)
{
    return __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
               ? &vpclmul
               : NULL;
}
#else
const struct qw_additive_fft *qw_additive_fft_vpclmul(void)
{
    return NULL;
}
#endif
