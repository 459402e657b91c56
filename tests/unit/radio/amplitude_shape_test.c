/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/amplitude/shape.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 2000, DIMS_MAX = 6 };

enum kind { GAUSSIAN, EXPONENTIAL, COSINE, CIRCLE, PARABOLA, THREE_OF_ONE_WAVE };

static double draw_one(enum kind kind, struct qw_prng *prng)
{
    switch (kind) {
    case EXPONENTIAL:
        return -log(1.0 - qw_prng_uniform(prng));
    case COSINE:
        return cos(2.0 * M_PI * qw_prng_uniform(prng));
    default:
        return qw_prng_gaussian(prng);
    }
}

static void fill(enum kind kind, struct qw_prng *prng, double *row, size_t dims)
{
    double angle = 2.0 * M_PI * qw_prng_uniform(prng);
    double noise = 0.03;

    for (size_t d = 0; d < dims; d++) {
        row[d] = draw_one(kind, prng);
    }
    if (kind == CIRCLE) {
        row[0] = cos(angle) + noise * qw_prng_gaussian(prng);
        row[1] = sin(angle) + noise * qw_prng_gaussian(prng);
    } else if (kind == PARABOLA) {
        row[1] = (row[0] * row[0] - 1.0) + noise * qw_prng_gaussian(prng);
    } else if (kind == THREE_OF_ONE_WAVE) {
        row[2] = row[0] * row[0] + row[1] * row[1] - 2.0 + noise * qw_prng_gaussian(prng);
    }
}

static double bits(enum kind kind, size_t rows, size_t dims, uint64_t seed)
{
    double *residual = malloc(rows * dims * sizeof *residual);
    struct qw_prng prng;
    double found;

    qw_prng_init(&prng, seed, 1);
    for (size_t i = 0; i < rows; i++) {
        fill(kind, &prng, &residual[i * dims], dims);
    }
    found = qw_shape_bits(residual, rows, dims);
    free(residual);
    return found;
}

static double slack(size_t rows, size_t dims)
{
    return M_LOG2E * 9.4 * sqrt((0.5 * (double)dims + 0.5) / (double)rows);
}

/* Honest numbers pay what chance may be, and no more than twice it. */
static void gaussian_numbers_pay_for_chance_only(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        for (size_t dims = 1; dims <= 3; dims++) {
            double found = bits(GAUSSIAN, ROWS, dims, seed);

            assert_true(found > 0.3 * slack(ROWS, dims) && found < 1.7 * slack(ROWS, dims));
        }
        assert_true(bits(GAUSSIAN, ROWS, DIMS_MAX, seed) < 1.7 * slack(ROWS, DIMS_MAX));
    }
}

/* ln(sqrt(2 pi e)) - 1 nats, and log2(sqrt(pi e)) - log2(pi). */
static void known_shapes_are_charged_in_full(void **state)
{
    double exponential = 0.5 * log2(2.0 * M_PI * M_E) - M_LOG2E;
    double cosine = 0.5 * log2(M_PI * M_E) - log2(M_PI / 2.0);

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        assert_true(bits(EXPONENTIAL, ROWS, 1, seed) > exponential);
        assert_true(bits(COSINE, ROWS, 1, seed) > cosine);
        assert_true(bits(EXPONENTIAL, ROWS, 1, seed) < exponential + 2.0 * slack(ROWS, 1));
        assert_true(bits(COSINE, ROWS, 1, seed) < cosine + 2.0 * slack(ROWS, 1));
    }
}

/* Uncorrelated, and yet the last number is a function of the others up to a noise of -30 dB. The
 * true amounts: Gaussian bits of the variances less those of the parameter and the noise. */
static void functions_of_other_numbers_are_seen(void **state)
{
    double noise = log2(0.03);
    /* h(angle) + h(noise across a circle of radius 1), against two Gaussians of variance 1/2 */
    double circle = log2(M_PI * M_E) - log2(2.0 * M_PI) - 0.5 * log2(2.0 * M_PI * M_E) - noise;

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        /* of a number of variance 2, and of variance 4 */
        assert_true(bits(PARABOLA, ROWS, 2, seed) > 0.5 - noise - 0.3);
        assert_true(bits(CIRCLE, ROWS, 2, seed) > circle - 0.3);
        assert_true(bits(THREE_OF_ONE_WAVE, ROWS, 3, seed) > 2.5);
    }
}

static void few_rows_and_many_rows(void **state)
{
    (void)state;
    assert_true(bits(GAUSSIAN, 64, 2, 1) > bits(GAUSSIAN, ROWS, 2, 1));
    assert_true(isfinite(bits(GAUSSIAN, 3 * QW_SHAPE_ROWS_MAX + 7, 2, 1)));
}

static void numbers_that_never_change_hold_nothing(void **state)
{
    double residual[64 * 2] = { 0.0 };

    (void)state;
    assert_true(qw_shape_bits(residual, 64, 2) > 40.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_numbers_pay_for_chance_only),
        cmocka_unit_test(known_shapes_are_charged_in_full),
        cmocka_unit_test(functions_of_other_numbers_are_seen),
        cmocka_unit_test(few_rows_and_many_rows),
        cmocka_unit_test(numbers_that_never_change_hold_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
