/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/least_squares.h"

#include <math.h>
#include <stdlib.h>

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

static void finds_the_weights_of_an_exact_relation(void **state)
{
    struct qw_least_squares *squares;
    struct qw_prng prng;
    double weight[3];

    (void)state;
    qw_prng_init(&prng, 1, 1);
    assert_int_equal(qw_least_squares_new(3, &squares), QW_OK);
    for (int i = 0; i < 50; i++) {
        double a = qw_prng_gaussian(&prng);
        double b = qw_prng_gaussian(&prng);

        qw_least_squares_add(squares, (double[]){ 1.0, a, b, 4.0 - 2.0 * a + 0.5 * b });
    }
    assert_int_equal(qw_least_squares_rows(squares), 50);
    qw_least_squares_solve(squares);
    qw_least_squares_weights(squares, weight);
    assert_true(fabs(weight[0] - 4.0) < 1e-9);
    assert_true(fabs(weight[1] + 2.0) < 1e-9);
    assert_true(fabs(weight[2] - 0.5) < 1e-9);
    assert_true(qw_least_squares_residual(squares, 3) < 1e-9);
    qw_least_squares_free(squares);
}

/* Oracle: the residual on the constant alone is the sum of squares about the mean. */
static void tells_the_residual_of_every_shorter_list(void **state)
{
    struct qw_least_squares *squares;
    struct qw_prng prng;
    double sum = 0.0;
    double square_sum = 0.0;
    double last;

    (void)state;
    qw_prng_init(&prng, 2, 1);
    assert_int_equal(qw_least_squares_new(4, &squares), QW_OK);
    for (int i = 0; i < 100; i++) {
        double a = qw_prng_gaussian(&prng);
        double b = qw_prng_gaussian(&prng);
        double c = qw_prng_gaussian(&prng);
        double y = 1.0 + a + 0.3 * b + qw_prng_gaussian(&prng);

        qw_least_squares_add(squares, (double[]){ 1.0, a, b, c, y });
        sum += y;
        square_sum += y * y;
    }
    qw_least_squares_solve(squares);
    assert_true(fabs(qw_least_squares_residual(squares, 0) - square_sum) < 1e-8);
    assert_true(fabs(qw_least_squares_residual(squares, 1) - (square_sum - sum * sum / 100.0)) <
                1e-8);
    last = square_sum;
    for (size_t count = 1; count <= 4; count++) { /* law: more regressors never fit worse */
        assert_true(qw_least_squares_residual(squares, count) <= last + 1e-9);
        last = qw_least_squares_residual(squares, count);
    }
    qw_least_squares_free(squares);
}

static void leaves_out_a_regressor_that_the_others_determine(void **state)
{
    struct qw_least_squares *squares;
    struct qw_prng prng;
    double weight[3];

    (void)state;
    qw_prng_init(&prng, 3, 1);
    assert_int_equal(qw_least_squares_new(3, &squares), QW_OK);
    for (int i = 0; i < 30; i++) {
        double a = qw_prng_gaussian(&prng);

        qw_least_squares_add(squares, (double[]){ 1.0, a, 2.0 * a, 3.0 * a + 1.0 });
    }
    qw_least_squares_solve(squares);
    qw_least_squares_weights(squares, weight);
    assert_true(weight[2] == 0.0);
    assert_true(fabs(weight[1] - 3.0) < 1e-6);
    assert_true(isfinite(qw_least_squares_residual(squares, 3)));
    qw_least_squares_free(squares);
}

static void forgets_on_reset(void **state)
{
    struct qw_least_squares *squares;

    (void)state;
    assert_int_equal(qw_least_squares_new(2, &squares), QW_OK);
    qw_least_squares_add(squares, (double[]){ 1.0, 2.0, 3.0 });
    qw_least_squares_reset(squares, 1);
    assert_int_equal(qw_least_squares_rows(squares), 0);
    qw_least_squares_add(squares, (double[]){ 2.0, 4.0 });
    qw_least_squares_solve(squares);
    assert_true(fabs(qw_least_squares_residual(squares, 0) - 16.0) < 1e-12);
    assert_true(qw_least_squares_residual(squares, 1) < 1e-12);
    qw_least_squares_free(squares);
}

static void refuses_more_regressors_than_it_can_hold(void **state)
{
    struct qw_least_squares *squares = NULL;

    (void)state;
    assert_int_equal(qw_least_squares_new(QW_LEAST_SQUARES_MAX + 1, &squares), QW_ERR_ARG);
    assert_null(squares);
    assert_int_equal(qw_least_squares_new(QW_LEAST_SQUARES_MAX, &squares), QW_OK);
    qw_least_squares_free(squares);
    qw_least_squares_free(NULL);
}

static void survives_every_failing_allocation(void **state)
{
    struct qw_least_squares *squares = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        err = qw_least_squares_new(5, &squares);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && squares == NULL));
    }
    fail_at = 0;
    qw_least_squares_free(squares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_weights_of_an_exact_relation),
        cmocka_unit_test(tells_the_residual_of_every_shorter_list),
        cmocka_unit_test(leaves_out_a_regressor_that_the_others_determine),
        cmocka_unit_test(forgets_on_reset),
        cmocka_unit_test(refuses_more_regressors_than_it_can_hold),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
