/* SPDX-License-Identifier: Apache-2.0 */
/* The inner product with the carry-less multiplication of x86-64. */
#include "distill/clmul.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

static void multiply_base(uint64_t *product, const uint64_t *a, const uint64_t *b, size_t words)
{
    memset(product, 0, 2 * words * sizeof *product);
    for (size_t i = 0; i < words; i++) {
        __m128i x = _mm_cvtsi64_si128((long long)a[i]);

        for (size_t j = 0; j < words; j++) {
            __m128i y = _mm_cvtsi64_si128((long long)b[j]);
            __m128i *at = (__m128i *)(void *)(product + i + j);

            _mm_storeu_si128(at, _mm_xor_si128(_mm_loadu_si128(at), _mm_clmulepi64_si128(x, y, 0)));
        }
    }
}

static const struct qw_clmul pclmul = { "pclmul", multiply_base };

const struct qw_clmul *qw_clmul_pclmul(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") ? &pclmul : NULL;
}
#else
const struct qw_clmul *qw_clmul_pclmul(void)
{
    return NULL;
}
#endif
