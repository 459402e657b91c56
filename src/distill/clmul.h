/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CLMUL_H
#define QW_DISTILL_CLMUL_H

#include <stddef.h>
#include <stdint.h>

/* Products of binary polynomials in 64-bit words; bit k of word w is the coefficient of
 * z^(64 w + k). Every kernel gives identical bits in time that depends on sizes only. */
struct qw_clmul {
    const char *name;
    /* product [size: 2 x words] = a [size: words] x b [size: words]; must not overlap. words is
     * small (at most QW_CLMUL_BASE_WORDS): the inner step of the Karatsuba product. */
    void (*multiply_base)(uint64_t *product, const uint64_t *a, const uint64_t *b, size_t words);
};

enum { QW_CLMUL_BASE_WORDS = 12 };

extern const struct qw_clmul qw_clmul_portable;

/* NULL where the instruction is absent. */
const struct qw_clmul *qw_clmul_pclmul(void);

/* product [size: 2 x words] = a x b by Karatsuba; scratch [size: qw_clmul_scratch_words(words)]. No
 * two of the four may overlap. */
void qw_clmul_multiply(const struct qw_clmul *kernel, uint64_t *product, const uint64_t *a,
                       const uint64_t *b, size_t words, uint64_t *scratch);
size_t qw_clmul_scratch_words(size_t words);

#endif
