/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
#include "distill/clmul.h"

#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Shift and add, bit by bit. */
static void reference(uint64_t *product, const uint64_t *a, const uint64_t *b, size_t words)
{
    memset(product, 0, 2 * words * sizeof *product);
    for (size_t i = 0; i < 64 * words; i++) {
        for (size_t j = 0; j < 64 * words; j++) {
            uint64_t bit = (a[i / 64] >> i % 64 & 1) & (b[j / 64] >> j % 64 & 1);

            product[(i + j) / 64] ^= bit << (i + j) % 64;
        }
    }
}

static void check(const struct qw_clmul *kernel, const uint64_t *a, const uint64_t *b, size_t words)
{
    uint64_t *expected = test_malloc(2 * words * sizeof *expected);
    uint64_t *product = test_malloc(2 * words * sizeof *product);
    uint64_t *scratch = test_malloc((qw_clmul_scratch_words(words) + 1) * sizeof *scratch);

    reference(expected, a, b, words);
    memset(product, 0xee, 2 * words * sizeof *product);
    qw_clmul_multiply(kernel, product, a, b, words, scratch);
    assert_memory_equal(product, expected, 2 * words * sizeof *product);
    test_free(expected);
    test_free(product);
    test_free(scratch);
}

/* Every length over two steps of Karatsuba, so odd splits at both. */
static void check_lengths(const struct qw_clmul *kernel)
{
    enum { WORDS_MAX = 4 * QW_CLMUL_BASE_WORDS + 3 };
    uint64_t a[WORDS_MAX], b[WORDS_MAX];
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), 1);
    for (size_t words = 1; words <= WORDS_MAX; words++) {
        qw_prng_bytes(&prng, a, sizeof a);
        qw_prng_bytes(&prng, b, sizeof b);
        check(kernel, a, b, words);
    }
    memset(a, 0xff, sizeof a); /* the most carries between the holes of the portable kernel */
    check(kernel, a, a, 1);
    check(kernel, a, a, WORDS_MAX);
}

static void portable_products_are_the_sums_of_shifts(void **state)
{
    (void)state;
    check_lengths(&qw_clmul_portable);
}

static void pclmul_products_are_the_sums_of_shifts(void **state)
{
    (void)state;
    if (qw_clmul_pclmul() == NULL) {
        print_message("no PCLMULQDQ on this machine\n");
        skip();
    }
    check_lengths(qw_clmul_pclmul());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portable_products_are_the_sums_of_shifts),
        cmocka_unit_test(pclmul_products_are_the_sums_of_shifts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
