/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/carrier/dft.h"

#include <math.h>
#include <stdlib.h>

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

static void fill(double complex *value, size_t size, uint64_t seed)
{
    struct qw_prng prng;

    qw_prng_init(&prng, seed, 1);
    for (size_t i = 0; i < size; i++) {
        value[i] = qw_prng_gaussian(&prng) + I * qw_prng_gaussian(&prng);
    }
}

/* The reference is the formula. */
static void transforms_as_the_formula_says(void **state)
{
    double complex value[128];
    double complex copy[128];

    (void)state;
    for (size_t size = QW_DFT_SIZE_MIN; size <= 128; size *= 2) {
        struct qw_dft *dft = NULL;

        assert_int_equal(qw_dft_new(size, &dft), QW_OK);
        fill(value, size, size);
        for (size_t i = 0; i < size; i++) {
            copy[i] = value[i];
        }
        qw_dft_forward(dft, value);
        for (size_t k = 0; k < size; k++) {
            double complex sum = 0.0;

            for (size_t n = 0; n < size; n++) {
                sum += copy[n] * cexp(-2.0 * M_PI * I * (double)(k * n % size) / (double)size);
            }
            assert_true(cabs(sum - value[k]) < 1e-10);
        }
        qw_dft_free(dft);
    }
}

static void backward_undoes_forward(void **state)
{
    double complex *value = calloc(QW_DFT_SIZE_MAX, sizeof *value);
    double complex *copy = calloc(QW_DFT_SIZE_MAX, sizeof *copy);

    (void)state;
    assert_true(value != NULL && copy != NULL);
    for (size_t size = QW_DFT_SIZE_MIN; size <= QW_DFT_SIZE_MAX; size *= 2) {
        struct qw_dft *dft = NULL;

        assert_int_equal(qw_dft_new(size, &dft), QW_OK);
        fill(value, size, 3);
        fill(copy, size, 3);
        qw_dft_forward(dft, value);
        qw_dft_backward(dft, value);
        for (size_t i = 0; i < size; i++) {
            assert_true(cabs(value[i] / (double)size - copy[i]) < 1e-12);
        }
        qw_dft_free(dft);
    }
    free(value);
    free(copy);
}

static void refuses_what_is_no_power_of_two_and_survives_a_failing_allocation(void **state)
{
    static const size_t bad[] = { 0, 1, 3, 100, QW_DFT_SIZE_MAX + 1, 2 * QW_DFT_SIZE_MAX };
    struct qw_dft *dft = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_dft_new(bad[i], &dft), QW_ERR_ARG);
    }
    fail_at = 1;
    assert_int_equal(qw_dft_new(64, &dft), QW_ERR_NOMEM);
    assert_null(dft);
    fail_at = 0;
    qw_dft_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_as_the_formula_says),
        cmocka_unit_test(backward_undoes_forward),
        cmocka_unit_test(refuses_what_is_no_power_of_two_and_survives_a_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
