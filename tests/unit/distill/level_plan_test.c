/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 */
#include "distill/level_plan.h"

#include "distill/level_entropy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { LEVELS = 14 };

/* Both ends round the entropy to a whole number. If a value lay at a boundary, the last bit of erfc
 * on one machine could change the code; arithmetic agrees to about 1e-12. */
static void no_entropy_lies_near_a_rounding_boundary(void **state)
{
    double nearest = 1.0;

    (void)state;
    for (unsigned sigma = 16; sigma <= 256; sigma++) {
        for (unsigned level = 0; level < LEVELS; level++) {
            double units;
            double distance;

            if ((64u << level) * 2 >= 25 * sigma) {
                break; /* free: no entropy is asked for */
            }
            units = qw_level_entropy(sigma / 64.0, level) * QW_LEVEL_ENTROPY_UNITS;
            distance = fabs(units - floor(units) - 0.5);
            nearest = distance < nearest ? distance : nearest;
        }
    }
    printf("nearest to a boundary: %g of a unit\n", nearest);
    assert_true(nearest > 1e-6);
}

/* Independent of the integration: 0 <= H <= 1, rising with sigma, falling with level; and the sum
 * over all levels is the entropy of the whole symbol, which tends to that of a Gaussian,
 * log2(sigma sqrt(2 pi e)). */
static void entropies_add_up_to_that_of_a_gaussian(void **state)
{
    (void)state;
    for (double sigma = 1.0; sigma <= 4.0; sigma += 0.5) {
        double sum = 0.0;

        for (unsigned level = 0; level < 9; level++) {
            double entropy = qw_level_entropy(sigma, level);

            assert_true(entropy >= 0.0 && entropy <= 1.0 + 1e-9);
            assert_true(qw_level_entropy(sigma * 1.1, level) >= entropy - 1e-9);
            sum += entropy;
        }
        /* the cell's own averaging adds about 1 / (24 sigma^2 ln 2) */
        assert_true(sum > log2(sigma * 4.132731354) - 1e-6);
        assert_true(sum < log2(sigma * 4.132731354) + 0.065 / sigma / sigma);
    }
}

static void levels_go_from_plain_over_coded_to_free(void **state)
{
    (void)state;
    for (unsigned sigma = 16; sigma <= 256; sigma++) {
        enum qw_level_kind last = QW_LEVEL_PLAIN;
        unsigned coded = 0;

        for (unsigned level = 0; level < LEVELS; level++) {
            struct qw_level_plan plan =
                qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, sigma, level, 10000);

            assert_true(plan.kind >= last);
            last = plan.kind;
            coded += plan.kind == QW_LEVEL_CODED;
            if (plan.kind == QW_LEVEL_CODED) {
                assert_true(plan.checks >
                            10000 * qw_level_entropy_units(sigma, level) / QW_LEVEL_ENTROPY_UNITS);
                assert_true(plan.checks < 10000);
                assert_true(plan.more > 0 && 3 * plan.more < 10000);
            }
        }
        assert_int_equal(last, QW_LEVEL_FREE);
        assert_true(coded <= 4); /* radio/plkg/run.h counts on it */
    }
}

static void the_usual_deviation_has_one_plain_and_three_coded_levels(void **state)
{
    static const enum qw_level_kind kinds[] = { QW_LEVEL_PLAIN, QW_LEVEL_CODED, QW_LEVEL_CODED,
                                                QW_LEVEL_CODED, QW_LEVEL_FREE };

    (void)state;
    for (unsigned level = 0; level < sizeof kinds / sizeof kinds[0]; level++) {
        assert_int_equal(qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, 64, level, 20000).kind,
                         kinds[level]);
    }
}

static void longer_blocks_need_a_smaller_share(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 2; level++) {
        double last = 1.0;

        for (size_t bits = 4096; bits <= 131072; bits *= 2) {
            double share = (double)qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, 64, level, bits).checks /
                           (double)bits;

            assert_true(share < last);
            last = share;
        }
    }
}

static void a_lean_message_says_less_and_asks_for_less_at_a_time(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 2; level++) {
        for (size_t bits = 4096; bits <= 131072; bits *= 2) {
            struct qw_level_plan one = qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, 64, level, bits);
            struct qw_level_plan lean = qw_level_plan_for(QW_LEVEL_LEAN, 64, level, bits);

            assert_int_equal(one.kind, lean.kind);
            assert_true(lean.checks < one.checks);
            assert_true(lean.more < one.more);
            assert_true(lean.checks >
                        bits * qw_level_entropy_units(64, level) / QW_LEVEL_ENTROPY_UNITS);
        }
    }
}

/* Errors that a level may have without a word about it: at most 1e-3 per block, 0.25 with a check.
 */
static void a_level_is_let_off_only_when_its_errors_are_rare(void **state)
{
    (void)state;
    for (unsigned sigma = 16; sigma <= 256; sigma++) {
        for (size_t bits = 64; bits <= 131072; bits *= 2) {
            for (unsigned level = 0; level < LEVELS; level++) {
                struct qw_level_plan plan =
                    qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, sigma, level, bits);
                double distance = ldexp(64.0, (int)level) / sigma;
                double errors = (double)bits * erfc(distance / sqrt(8.0));

                assert_true(plan.kind != QW_LEVEL_FREE || errors < 1.1e-3);
                assert_true(plan.kind != QW_LEVEL_CHECKED || errors < 0.3);
            }
        }
    }
}

static void a_handful_of_bits_is_sent_as_it_is(void **state)
{
    (void)state;
    for (size_t bits = 1; bits < 16; bits++) {
        assert_int_equal(qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, 64, 1, bits).kind, QW_LEVEL_PLAIN);
        assert_int_equal(qw_level_plan_for(QW_LEVEL_ONE_MESSAGE, 64, 5, bits).kind, QW_LEVEL_FREE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_entropy_lies_near_a_rounding_boundary),
        cmocka_unit_test(entropies_add_up_to_that_of_a_gaussian),
        cmocka_unit_test(levels_go_from_plain_over_coded_to_free),
        cmocka_unit_test(the_usual_deviation_has_one_plain_and_three_coded_levels),
        cmocka_unit_test(longer_blocks_need_a_smaller_share),
        cmocka_unit_test(a_lean_message_says_less_and_asks_for_less_at_a_time),
        cmocka_unit_test(a_level_is_let_off_only_when_its_errors_are_rare),
        cmocka_unit_test(a_handful_of_bits_is_sent_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
