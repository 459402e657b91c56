/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 */
#include "distill/gaussian_cells.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

/* The same ratio from the definition: a sum over all cells by fine steps of the density. */
static double reference_llr(double mean, double sigma, unsigned depth, unsigned level,
                            unsigned lower)
{
    enum { STEPS = 400 };
    unsigned cells = 1u << depth;
    double mass[2] = { 0.0, 0.0 };

    for (unsigned q = 0; q < cells; q++) {
        double low = q == 0 ? -12.0 * sigma : 0.0;
        double high = q == cells - 1 ? 1.0 + 12.0 * sigma : 1.0;

        if ((q & ((1u << level) - 1)) != lower) {
            continue;
        }
        for (int i = 0; i < STEPS; i++) {
            double x = q + low + (high - low) * (i + 0.5) / STEPS - mean;

            mass[q >> level & 1] += exp(-x * x / (2 * sigma * sigma)) * (high - low);
        }
    }
    return log(mass[0] / mass[1]);
}

static void agrees_with_the_integral_of_the_density(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 4; level++) {
        for (unsigned lower = 0; lower < 1u << level; lower++) {
            for (double mean = -1.5; mean < 18.0; mean += 0.37) {
                double expected = reference_llr(mean, 1.1, 4, level, lower);
                double got = (double)qw_gaussian_cells_llr(mean, 1.1, 4, level, lower);

                if (fabs(expected) < 28.0) {
                    assert_true(fabs(got - expected) < 0.01 + 0.01 * fabs(expected));
                } else {
                    assert_true(got * expected > 0.0);
                }
            }
        }
    }
}

static void any_belief_gives_a_finite_ratio(void **state)
{
    static const double means[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, 1e300, -1e300,
                                    0.0,         1e-300,           16384.0,           8191.5 };
    static const double sigmas[] = { 0.25, 1.0, 4.0 };

    (void)state;
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        for (size_t s = 0; s < sizeof sigmas / sizeof sigmas[0]; s++) {
            for (unsigned depth = 1; depth <= 14; depth++) {
                for (unsigned level = 0; level < depth; level++) {
                    float llr =
                        qw_gaussian_cells_llr(means[i], sigmas[s], depth, level, (1u << level) - 1);

                    assert_true(llr >= -30.0f && llr <= 30.0f);
                }
            }
        }
    }
}

static void the_nearest_symbol_is_the_nearest(void **state)
{
    (void)state;
    for (unsigned levels = 0; levels <= 5; levels++) {
        for (unsigned lower = 0; lower < 1u << levels; lower++) {
            for (double mean = -3.0; mean < 36.0; mean += 0.13) {
                unsigned best = lower;

                for (unsigned q = lower; q < 32; q += 1u << levels) {
                    best = fabs(q + 0.5 - mean) < fabs(best + 0.5 - mean) ? q : best;
                }
                assert_int_equal(qw_gaussian_cells_nearest(mean, 5, levels, lower), best);
            }
        }
    }
    assert_int_equal(qw_gaussian_cells_nearest((double)INFINITY, 5, 2, 3), 31);
    assert_int_equal(qw_gaussian_cells_nearest((double)NAN, 5, 2, 3), 3);
}

static void mass_keeps_its_digits_in_both_tails(void **state)
{
    (void)state;
    assert_true(fabs(qw_gaussian_mass(-1.0, 1.0, 1.0) - 0.6826894921370859) < 1e-12);
    for (double low = 1.0; low < 20.0; low += 1.3) {
        double right = qw_gaussian_mass(low, low + 1.0, 1.0);
        double left = qw_gaussian_mass(-low - 1.0, -low, 1.0);

        assert_true(right > 0.0);
        assert_true(fabs(right - left) < 1e-12 * right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_integral_of_the_density),
        cmocka_unit_test(any_belief_gives_a_finite_ratio),
        cmocka_unit_test(the_nearest_symbol_is_the_nearest),
        cmocka_unit_test(mass_keeps_its_digits_in_both_tails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
