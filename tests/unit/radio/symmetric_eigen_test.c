/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/symmetric_eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fail_at, allocations;

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

enum { N = 40 };

/* A random unitary matrix times chosen values times its inverse, by random reflections. */
static void hermitian_with(const double *value, double complex *matrix, struct qw_prng *prng)
{
    memset(matrix, 0, N * N * sizeof *matrix);
    for (size_t i = 0; i < N; i++) {
        matrix[i * N + i] = value[i];
    }
    for (size_t round = 0; round < N; round++) {
        double complex u[N];
        double norm = 0.0;

        for (size_t i = 0; i < N; i++) {
            u[i] = qw_prng_gaussian(prng) + I * qw_prng_gaussian(prng);
            norm += creal(u[i] * conj(u[i]));
        }
        for (size_t side = 0; side < 2; side++) { /* (1 - 2 u u*) M, then the same from the right */
            for (size_t k = 0; k < N; k++) {
                double complex sum = 0.0;

                for (size_t i = 0; i < N; i++) {
                    sum += side == 0 ? conj(u[i]) * matrix[i * N + k] : matrix[k * N + i] * u[i];
                }
                for (size_t i = 0; i < N; i++) {
                    if (side == 0) {
                        matrix[i * N + k] -= 2.0 / norm * u[i] * sum;
                    } else {
                        matrix[k * N + i] -= 2.0 / norm * sum * conj(u[i]);
                    }
                }
            }
        }
    }
}

static void finds_the_values_a_matrix_was_made_of(void **state)
{
    double value[N];
    double found[N];
    double complex matrix[N * N];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 5, 1);
    for (size_t i = 0; i < N; i++) { /* six decades, two equal ones, negative ones */
        value[i] = i < 30 ? exp(-0.5 * (double)i) : -0.1 * (double)(i - 29);
    }
    value[7] = value[6];
    hermitian_with(value, matrix, &prng);
    assert_int_equal(qw_hermitian_eigenvalues(matrix, N, found), QW_OK);
    for (size_t i = 0; i < N; i++) {
        assert_true(fabs(found[i] - value[i]) < 1e-12);
    }
}

/* The second difference on a string with fixed ends: 2 - 2 cos(k pi / (n + 1)). */
static void agrees_with_a_closed_form(void **state)
{
    double matrix[N * N] = { 0.0 };
    double found[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        matrix[i * N + i] = 2.0;
        if (i > 0) {
            matrix[i * N + i - 1] = -1.0;
        }
    }
    assert_int_equal(qw_symmetric_eigenvalues(matrix, N, found), QW_OK);
    for (size_t i = 0; i < N; i++) {
        assert_true(fabs(found[i] - (2.0 - 2.0 * cos(M_PI * (double)(N - i) / (N + 1)))) < 1e-13);
    }
}

static void small_and_trivial_matrices(void **state)
{
    double one[1] = { -3.0 };
    double two[4] = { 2.0, 99.0, 1.0, 2.0 }; /* the upper half is not read */
    double zero[9] = { 0.0 };
    double value[3];

    (void)state;
    assert_int_equal(qw_symmetric_eigenvalues(one, 1, value), QW_OK);
    assert_true(value[0] == -3.0);
    assert_int_equal(qw_symmetric_eigenvalues(two, 2, value), QW_OK);
    assert_true(fabs(value[0] - 3.0) < 1e-15 && fabs(value[1] - 1.0) < 1e-15);
    assert_int_equal(qw_symmetric_eigenvalues(zero, 3, value), QW_OK);
    assert_true(value[0] == 0.0 && value[1] == 0.0 && value[2] == 0.0);
}

static void refuses_what_is_no_matrix(void **state)
{
    double broken[4] = { 1.0, 0.0, (double)NAN, 1.0 };
    double value[2] = { 7.0, 7.0 };

    (void)state;
    assert_int_equal(qw_symmetric_eigenvalues(broken, 2, value), QW_ERR_ARG);
    assert_int_equal(qw_symmetric_eigenvalues(broken, 0, value), QW_ERR_ARG);
    assert_int_equal(qw_hermitian_eigenvalues(NULL, 0, value), QW_ERR_ARG);
    assert_true(value[0] == 7.0 && value[1] == 7.0);
}

static void says_when_memory_is_short(void **state)
{
    double complex matrix[4] = { 1.0, 0.0, 0.5, 1.0 };
    double value[2];
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        allocations = 0;
        err = qw_hermitian_eigenvalues(matrix, 2, value);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    fail_at = 0;
    assert_true(fabs(value[0] - 1.5) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_values_a_matrix_was_made_of),
        cmocka_unit_test(agrees_with_a_closed_form),
        cmocka_unit_test(small_and_trivial_matrices),
        cmocka_unit_test(refuses_what_is_no_matrix),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
