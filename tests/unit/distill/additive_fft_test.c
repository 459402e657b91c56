/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
#include "distill/additive_fft.h"

#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAD = 8 };

/* In GF(2)[z] / (z^64 + z^4 + z^3 + z + 1), bit by bit. */
static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (unsigned i = 64; i-- > 0;) {
        product = product << 1 ^ (product >> 63 ? 0x1b : 0);
        product ^= b >> i & 1 ? a : 0;
    }
    return product;
}

static const struct qw_additive_fft *kernel_at(size_t number)
{
    const struct qw_additive_fft *const all[] = { &qw_additive_fft_portable,
                                                  qw_additive_fft_pclmul(),
                                                  qw_additive_fft_vpclmul() };

    return number < sizeof all / sizeof all[0] ? all[number] : NULL;
}

static uint64_t *new_values(size_t count)
{
    uint64_t *values = aligned_alloc(64, (count + 7) / 8 * 64);

    assert_non_null(values);
    memset(values, 0xee, count * sizeof *values);
    return values;
}

static void the_twiddle_factors_are_sums_of_a_cantor_basis(void **state)
{
    uint64_t *twiddle = new_values((size_t)1 << (QW_ADDITIVE_FFT_LOG_MAX - 1));
    uint64_t before = 1;

    (void)state;
    qw_additive_fft_twiddle(twiddle, QW_ADDITIVE_FFT_LOG_MAX);
    assert_int_equal(twiddle[0], 0);
    for (unsigned i = 0; i + 1 < QW_ADDITIVE_FFT_LOG_MAX; i++) {
        uint64_t element = twiddle[(size_t)1 << i];

        assert_int_equal(multiply(element, element) ^ element, before);
        before = element;
    }
    for (size_t c = 1; c < (size_t)1 << (QW_ADDITIVE_FFT_LOG_MAX - 1); c++) {
        assert_int_equal(twiddle[c], twiddle[c & (c - 1)] ^ twiddle[c & (~c + 1)]);
    }
    free(twiddle);
}

/* s_log by its recursion, s_{i+1} = s_i^2 + s_i: an exponent 2^i is bit i. */
static void wrap_is_the_second_highest_power_of_the_vanishing_polynomial(void **state)
{
    uint32_t powers = 1;

    (void)state;
    for (unsigned log = 1; log <= QW_ADDITIVE_FFT_LOG_MAX; log++) {
        uint32_t rest;

        powers ^= powers << 1;
        rest = powers ^ (uint32_t)1 << log;
        assert_true(rest != 0 && rest < (uint32_t)1 << log);
        assert_int_equal(qw_additive_fft_wrap(log), (size_t)1 << (31 - __builtin_clz(rest)));
    }
}

/* Point c is the sum of basis element j over the bits j of c; the portable kernel keeps their
 * order. */
static void values_are_those_of_the_polynomial(void **state)
{
    enum { LOG = 9, SIZE = 1 << LOG };
    uint64_t words[SIZE / 2];
    uint32_t limbs[SIZE];
    uint64_t *twiddle = new_values(SIZE / 2);
    uint64_t *values = new_values(SIZE);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    qw_additive_fft_twiddle(twiddle, LOG);
    for (size_t i = 0; i < SIZE; i += 2) {
        words[i / 2] = qw_prng_u64(&prng);
        limbs[i] = (uint32_t)words[i / 2];
        limbs[i + 1] = (uint32_t)(words[i / 2] >> 32);
    }
    qw_additive_fft_portable.forward(twiddle, LOG, 0, words, values);
    for (size_t c = 0; c < SIZE; c++) {
        uint64_t point = (c & 1) ^ twiddle[c / 2]; /* element 0 is 1 */
        uint64_t sum = 0;

        for (size_t i = SIZE; i-- > 0;) {
            sum = multiply(sum, point) ^ limbs[i];
        }
        assert_int_equal(values[c], sum);
    }
    free(twiddle);
    free(values);
}

static void check_round_trip(const struct qw_additive_fft *fft, struct qw_prng *prng, unsigned log,
                             int half)
{
    size_t size = (size_t)1 << log;
    uint64_t *twiddle = new_values(size / 2);
    uint64_t *words = new_values(size / 2);
    uint64_t *values = new_values(size);
    uint64_t *before = new_values(size / 2);

    memset(words, 0, size / 2 * sizeof *words);
    qw_prng_bytes(prng, words, (half ? size / 4 : size / 2) * sizeof *words);
    memcpy(before, words, size / 2 * sizeof *words);
    qw_additive_fft_twiddle(twiddle, log);
    fft->forward(twiddle, log, half, words, values);
    fft->inverse(twiddle, log, values);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(values[i], before[i / 2] >> (i % 2 * 32) & UINT32_MAX);
    }
    free(twiddle);
    free(words);
    free(values);
    free(before);
}

static void the_inverse_takes_every_size_back(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (size_t k = 0; k < 3; k++) {
        for (unsigned log = QW_ADDITIVE_FFT_LOG_MIN; log <= QW_ADDITIVE_FFT_LOG_MAX; log++) {
            /* the portable kernel takes seconds for the long ones */
            if (kernel_at(k) != NULL && (k > 0 || log <= 14)) {
                check_round_trip(kernel_at(k), &prng, log, 0);
                check_round_trip(kernel_at(k), &prng, log, 1);
            }
        }
    }
}

enum { LOG = 8, SIZE = 1 << LOG, HALF = SIZE / 2, STRIDE = SIZE + PAD, ROWS = 7, TERMS = 3 };

static uint64_t limb_at(const uint64_t *words, size_t i)
{
    return words[i / 2] >> (i % 2 * 32) & UINT32_MAX;
}

/* sum += x y as polynomials of limbs; two limbs multiply without reduction. */
static void add_slow_product(uint64_t *sum, const uint64_t *x, const uint64_t *y)
{
    for (size_t i = 0; i < HALF; i++) {
        for (size_t j = 0; j < HALF; j++) {
            sum[i + j] ^= multiply(limb_at(x, i), limb_at(y, j));
        }
    }
}

static void check_sums(const struct qw_additive_fft *fft, size_t rows, size_t terms)
{
    static uint64_t a_words[ROWS + TERMS][HALF], b_words[TERMS][HALF], expected[SIZE];
    uint64_t *twiddle = new_values(HALF);
    uint64_t *values = new_values((ROWS + 2 * TERMS + ROWS) * STRIDE);
    uint64_t *b = values + (ROWS + TERMS) * STRIDE;
    uint64_t *sums = b + TERMS * STRIDE;
    uint64_t copy[HALF];
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), 3);
    qw_additive_fft_twiddle(twiddle, LOG);
    for (size_t i = 0; i < ROWS + TERMS; i++) {
        qw_prng_bytes(&prng, a_words[i], HALF / 2 * sizeof copy[0]);
        memcpy(copy, a_words[i], sizeof copy);
        fft->forward(twiddle, LOG, 1, copy, values + i * STRIDE);
    }
    for (size_t i = 0; i < TERMS; i++) {
        qw_prng_bytes(&prng, b_words[i], HALF / 2 * sizeof copy[0]);
        memcpy(copy, b_words[i], sizeof copy);
        fft->forward(twiddle, LOG, 1, copy, b + i * STRIDE);
    }
    for (size_t i = 0; i < SIZE; i += QW_ADDITIVE_FFT_GROUP) {
        fft->sums_of_products(sums + i, values + (terms - 1) * STRIDE + i, b + i, rows, terms,
                              STRIDE);
    }
    for (size_t k = 0; k < rows; k++) {
        memset(expected, 0, sizeof expected);
        for (size_t j = 0; j < terms; j++) {
            add_slow_product(expected, a_words[terms - 1 + k - j], b_words[j]);
        }
        fft->inverse(twiddle, LOG, sums + k * STRIDE);
        assert_memory_equal(sums + k * STRIDE, expected, sizeof expected);
    }
    free(twiddle);
    free(values);
}

static void sums_of_products_are_those_of_the_polynomials(void **state)
{
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        if (kernel_at(k) != NULL) {
            check_sums(kernel_at(k), 1, 1);
            check_sums(kernel_at(k), 4, TERMS);
            check_sums(kernel_at(k), ROWS, TERMS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_twiddle_factors_are_sums_of_a_cantor_basis),
        cmocka_unit_test(wrap_is_the_second_highest_power_of_the_vanishing_polynomial),
        cmocka_unit_test(values_are_those_of_the_polynomial),
        cmocka_unit_test(the_inverse_takes_every_size_back),
        cmocka_unit_test(sums_of_products_are_those_of_the_polynomials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
