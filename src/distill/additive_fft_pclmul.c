/* SPDX-License-Identifier: Apache-2.0 */
/* The additive transform, two values at a time: PCLMULQDQ and SSE4.1. */
#include "distill/additive_fft.h"

#if defined(__x86_64__) && defined(__PCLMUL__)

#include "distill/additive_fft_basis.h"

#include <immintrin.h>

enum { LANES = 2 };

static __m128i load(const void *p)
{
    return _mm_loadu_si128(p);
}

static void store(void *p, __m128i value)
{
    _mm_storeu_si128(p, value);
}

/* base + the reduction of two 128-bit sums. */
static __m128i add_reduced(__m128i base, __m128i even, __m128i odd)
{
    __m128i low = _mm_unpacklo_epi64(even, odd);
    __m128i high = _mm_unpackhi_epi64(even, odd);

    /* z^64 = z^4 + z^3 + z + 1 = (z + 1)(z^3 + 1); the bits that this pushes out at the top go
     * round once more. Bit 63 of high is never set. */
    high = _mm_xor_si128(high, _mm_xor_si128(_mm_srli_epi64(high, 60), _mm_srli_epi64(high, 61)));
    high = _mm_xor_si128(high, _mm_slli_epi64(high, 1));
    high = _mm_xor_si128(high, _mm_slli_epi64(high, 3));
    return _mm_xor_si128(base, _mm_xor_si128(low, high));
}

static __m128i add_product(__m128i base, __m128i a, __m128i b)
{
    return add_reduced(base, _mm_clmulepi64_si128(a, b, 0x00), _mm_clmulepi64_si128(a, b, 0x11));
}

static void forward_block(uint64_t *u, size_t half, uint64_t factor)
{
    __m128i t = _mm_set1_epi64x((long long)factor);
    uint64_t *v = u + half;

    for (size_t i = 0; i < half; i += LANES) {
        __m128i high = load(v + i);
        __m128i low = add_product(load(u + i), high, t);

        store(u + i, low);
        store(v + i, _mm_xor_si128(high, low));
    }
}

static void inverse_block(uint64_t *u, size_t half, uint64_t factor)
{
    __m128i t = _mm_set1_epi64x((long long)factor);
    uint64_t *v = u + half;

    for (size_t i = 0; i < half; i += LANES) {
        __m128i low = load(u + i);
        __m128i high = _mm_xor_si128(load(v + i), low);

        store(v + i, high);
        store(u + i, add_product(low, high, t));
    }
}

/* Distance 1 inside four values, which are left as two even and two odd ones. */
static void forward_tail(uint64_t *values, const uint64_t *factors)
{
    __m128i a = load(values);
    __m128i b = load(values + 2);
    __m128i u = _mm_unpacklo_epi64(a, b);
    __m128i v = _mm_unpackhi_epi64(a, b);

    u = add_product(u, v, load(factors));
    store(values, u);
    store(values + 2, _mm_xor_si128(v, u));
}

static void inverse_tail(uint64_t *values, const uint64_t *factors)
{
    __m128i u = load(values);
    __m128i v = _mm_xor_si128(load(values + 2), u);

    u = add_product(u, v, load(factors));
    store(values, _mm_unpacklo_epi64(u, v));
    store(values + 2, _mm_unpackhi_epi64(u, v));
}

static void add(uint8_t *to, const uint8_t *from, size_t len)
{
    size_t i = 0;

    for (; i + 16 <= len; i += 16) {
        store(to + i, _mm_xor_si128(load(to + i), load(from + i)));
    }
    for (; i < len; i++) {
        to[i] ^= from[i];
    }
}

static const struct qw_additive_fft_basis basis = { add, NULL, NULL };

static void forward(const uint64_t *twiddle, unsigned log, int half, uint64_t *words,
                    uint64_t *values)
{
    size_t size = (size_t)1 << log;

    qw_basis_change(&basis, (uint8_t *)words, half ? log - 1 : log, 4, 0);
    for (size_t i = 0; i < size; i += LANES) {
        store(values + i, _mm_cvtepu32_epi64(_mm_loadl_epi64((const void *)(words + i / 2))));
    }
    for (size_t distance = size / 2; distance >= LANES; distance /= 2) {
        for (size_t c = 0; c < size / (2 * distance); c++) {
            forward_block(values + 2 * distance * c, distance, twiddle[c]);
        }
    }
    for (size_t i = 0; i < size; i += 4) {
        forward_tail(values + i, twiddle + i / 2);
    }
}

static void inverse(const uint64_t *twiddle, unsigned log, uint64_t *values)
{
    size_t size = (size_t)1 << log;

    for (size_t i = 0; i < size; i += 4) {
        inverse_tail(values + i, twiddle + i / 2);
    }
    for (size_t distance = LANES; distance < size; distance *= 2) {
        for (size_t c = 0; c < size / (2 * distance); c++) {
            inverse_block(values + 2 * distance * c, distance, twiddle[c]);
        }
    }
    qw_basis_restore(&basis, (uint8_t *)values, log, sizeof *values, 0);
}

static void sum_of_products(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t terms,
                            size_t stride)
{
    for (size_t i = 0; i < QW_ADDITIVE_FFT_GROUP; i += LANES) {
        const uint64_t *x = a + i;
        const uint64_t *y = b + i;
        __m128i even = _mm_setzero_si128();
        __m128i odd = _mm_setzero_si128();

        for (size_t j = 0; j < terms; j++, x -= stride, y += stride) {
            __m128i u = load(x);
            __m128i v = load(y);

            even = _mm_xor_si128(even, _mm_clmulepi64_si128(u, v, 0x00));
            odd = _mm_xor_si128(odd, _mm_clmulepi64_si128(u, v, 0x11));
        }
        store(sum + i, add_reduced(_mm_setzero_si128(), even, odd));
    }
}

static void sums_of_products(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t rows,
                             size_t terms, size_t stride)
{
    for (size_t k = 0; k < rows; k++) {
        sum_of_products(sum + k * stride, a + k * stride, b, terms, stride);
    }
}

static const struct qw_additive_fft pclmul = { "pclmul", forward, inverse, sums_of_products };

const struct qw_additive_fft *qw_additive_fft_pclmul(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") ? &pclmul : NULL;
}
#else
const struct qw_additive_fft *qw_additive_fft_pclmul(void)
{
    return NULL;
}
#endif
