/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W13 */
/* Fading has a spectrum with sharp edges, and a few lags do not see how predictable that makes it.
 * Oracle: the prediction error of the exact covariance, by Durbin's recursion over all lags. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/prng.h"
#include "radio/account.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES = 1400, DIMS = 6, WIDTH = 50 };

static const double SCALE = 20000.0;

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

/* Draws dims independent series of covariance J0(2 pi doppler k) + noise [k = 0] and gives the mean
 * of 1/2 log2 of the innovation variance at the end, where every lag is used. */
static double draw_fading(double doppler, double noise, uint64_t seed, struct qw_feature_set *set)
{
    double *covariance = calloc(PROBES, sizeof *covariance);
    double *weight = calloc(PROBES, sizeof *weight);
    double *next = calloc(PROBES, sizeof *next);
    double(*series)[DIMS] = calloc(PROBES, sizeof *series);
    struct qw_prng prng;
    double variance;

    qw_prng_init(&prng, seed, 1);
    for (int k = 0; k < PROBES; k++) {
        covariance[k] = j0(2.0 * M_PI * doppler * k) + (k == 0 ? noise : 0.0);
    }
    variance = covariance[0];
    for (int i = 0; i < PROBES; i++) {
        if (i > 0) {
            double reflection = covariance[i];

            for (int k = 0; k < i - 1; k++) {
                reflection -= weight[k] * covariance[i - 1 - k];
            }
            reflection /= variance;
            for (int k = 0; k < i - 1; k++) {
                next[k] = weight[k] - reflection * weight[i - 2 - k];
            }
            next[i - 1] = reflection;
            memcpy(weight, next, (size_t)i * sizeof *weight);
            variance *= 1.0 - reflection * reflection;
        }
        for (int d = 0; d < DIMS; d++) {
            double value = sqrt(variance) * qw_prng_gaussian(&prng);

            for (int k = 0; k < i; k++) {
                value += weight[k] * series[i - 1 - k][d];
            }
            series[i][d] = value;
            set->fixed[i * DIMS + d] = (int32_t)lrint(value * SCALE);
        }
        qw_bit_set(set->heard, (size_t)i, true);
    }
    free(covariance);
    free(weight);
    free(next);
    free(series);
    return 0.5 * log2(variance * SCALE * SCALE);
}

static struct qw_feature_set *new_set(void)
{
    struct qw_feature_set *set;

    assert_int_equal(qw_feature_set_new(PROBES, &set), QW_OK);
    set->stride = DIMS;
    set->plan.group = 2;
    return set;
}

static void account_is_never_above_the_truth_on_a_fading_spectrum(void **state)
{
    static const double dopplers[] = { 0.08, 0.2, 0.3, 0.39, 0.45, 0.52 };
    static const double noises[] = { 0.3, 0.03, 0.003, 0.0005 };
    static const uint32_t width[DIMS] = { WIDTH, WIDTH, WIDTH, WIDTH, WIDTH, WIDTH };
    double worst = -1e9;

    (void)state;
    for (size_t f = 0; f < sizeof dopplers / sizeof dopplers[0]; f++) {
        for (size_t n = 0; n < sizeof noises / sizeof noises[0]; n++) {
            struct qw_feature_set *set = new_set();
            double truth = DIMS * (draw_fading(dopplers[f], noises[n], 77 + f * 10 + n, set) +
                                   0.5 * log2(2.0 * M_PI * M_E) - log2(WIDTH));
            struct qw_innovation innovation;
            struct qw_account account;
            struct qw_account_input input = { .innovation = &innovation,
                                              .width = width,
                                              .has_phase = true,
                                              .key_pairs = 1000,
                                              .epsilon_log2 = -64.0 };

            assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_OK);
            qw_account_of(&input, &account);
            if (account.pair_bits >= truth) {
                print_message("Doppler %.2f noise %.4f: %.2f above\n", dopplers[f], noises[n],
                              account.pair_bits - truth);
            }
            assert_true(account.pair_bits < truth);
            worst = fmax(worst, account.pair_bits - truth);
            qw_feature_set_free(set);
        }
    }
    print_message("closest to the truth: %.2f bit per probe of %d numbers\n", worst, DIMS);
}

/* Why the lags are many: three of them, as often used, promise bits that are not there. */
static void three_lags_would_promise_too_much(void **state)
{
    struct qw_feature_set *set = new_set();
    double truth = DIMS * draw_fading(0.39, 0.003, 5, set);
    struct qw_innovation innovation;

    (void)state;
    assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_OK);
    assert_int_equal(innovation.lags, QW_INNOVATION_LAGS_MAX);
    assert_true(innovation.order_log2[3] > truth + 0.5 * DIMS);
    assert_true(innovation.order_log2[innovation.lags] < truth + 0.2 * DIMS);
    qw_feature_set_free(set);
}

static void more_lags_never_predict_worse(void **state)
{
    struct qw_feature_set *set = new_set();
    struct qw_innovation innovation;

    (void)state;
    draw_fading(0.2, 0.01, 6, set);
    assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_OK);
    for (size_t lags = 1; lags <= innovation.lags; lags++) {
        /* 0.05: the correction for the number of weights may move it up a little */
        assert_true(innovation.order_log2[lags] < innovation.order_log2[lags - 1] + 0.05);
    }
    qw_feature_set_free(set);
}

static void falls_back_to_fewer_lags_when_probes_are_lost(void **state)
{
    struct qw_feature_set *set = new_set();
    struct qw_innovation innovation;

    (void)state;
    draw_fading(0.2, 0.01, 6, set);
    for (size_t i = 0; i < PROBES; i += 27) {
        qw_bit_set(set->heard, i, false);
    }
    assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_OK);
    assert_int_equal(innovation.lags, QW_INNOVATION_LAGS_MIN);
    for (size_t i = 0; i < PROBES; i += 9) {
        qw_bit_set(set->heard, i, false);
    }
    assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_ERR_EXHAUSTED);
    qw_feature_set_free(set);
}

static void survives_every_failing_allocation(void **state)
{
    struct qw_feature_set *set = new_set();
    struct qw_innovation innovation = { .dims = 99 };
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    draw_fading(0.2, 0.01, 6, set);
    set->plan.group = 1; /* residuals are kept for their shape */
    assert_int_equal(qw_innovation_estimate(set, DIMS / 2 + 1, &innovation), QW_ERR_ARG);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        err = qw_innovation_estimate(set, DIMS / 2, &innovation); /* the others are powers */
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && innovation.dims == 99));
    }
    fail_at = 0;
    qw_feature_set_free(set);
}

/* White Gaussian noise of deviation 100 that jumps between two levels every 29 probes in its first
 * number when jump > 0; the true entropy, for whoever knows the plan, is that of the noise. */
static double deviation_with_jumps(double jump, uint64_t seed)
{
    struct qw_innovation innovation;
    struct qw_feature_set *set;
    struct qw_prng prng;

    assert_int_equal(qw_feature_set_new(PROBES, &set), QW_OK);
    set->stride = DIMS;
    set->plan.group = 2;
    qw_prng_init(&prng, seed, 3);
    for (uint32_t i = 0; i < PROBES; i++) {
        qw_bit_set(set->heard, i, true);
        for (size_t d = 0; d < DIMS; d++) {
            double level = d == 0 && i / 29 % 2 == 1 ? jump : 0.0;

            set->fixed[i * DIMS + d] = (int32_t)lrint(level + 100.0 * qw_prng_gaussian(&prng));
        }
    }
    assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_OK);
    qw_feature_set_free(set);
    return innovation.deviation_log2 - DIMS * log2(100.0);
}

/* A jump of 100 deviations every 29 probes: 1/2 log2(1 + 10^4 / 29) = 4.2 bits of variance, were it
 * white. What is left, 0.6 bit of one number, is what a linear prediction smears beyond ADR 0158.
 */
static void rare_jumps_count_less_than_their_variance(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double quiet = deviation_with_jumps(0.0, seed);
        double jumping = deviation_with_jumps(10000.0, seed);

        print_message("without jumps %.2f, with jumps %.2f bits above the noise\n", quiet, jumping);
        assert_true(fabs(quiet) < 0.3);
        assert_true(jumping < 1.0);
    }
}

/* An antenna in the track of another hears one probe later what that one heard, with noise of its
 * own (deviation 10 each): two fresh numbers of deviation 100 per probe and two of noise. */
static double deviation_of_a_follower(size_t chains)
{
    struct qw_innovation innovation;
    struct qw_feature_set *set;
    double last[2] = { 0.0, 0.0 };
    struct qw_prng prng;

    assert_int_equal(qw_feature_set_new(PROBES, &set), QW_OK);
    set->stride = 4;
    set->plan.group = 2;
    set->plan.chains = chains;
    qw_prng_init(&prng, 5, 9);
    for (uint32_t i = 0; i < PROBES; i++) {
        qw_bit_set(set->heard, i, true);
        for (size_t part = 0; part < 2; part++) {
            double fresh = 1000.0 * qw_prng_gaussian(&prng);

            set->fixed[i * 4 + part] = (int32_t)lrint(fresh + 10.0 * qw_prng_gaussian(&prng));
            set->fixed[i * 4 + 2 + part] =
                (int32_t)lrint(last[part] + 10.0 * qw_prng_gaussian(&prng));
            last[part] = fresh;
        }
    }
    assert_int_equal(qw_innovation_estimate(set, 4, &innovation), QW_OK);
    qw_feature_set_free(set);
    return innovation.deviation_log2;
}

static void what_another_antenna_heard_before_is_no_secret(void **state)
{
    double truth = 2.0 * log2(1000.0) + 2.0 * log2(10.0 * sqrt(2.0));

    (void)state;
    assert_true(fabs(deviation_of_a_follower(2) - truth) < 0.3);
    assert_true(deviation_of_a_follower(1) > truth + 10.0); /* were the two not one mode */
}

/* Six deviations: 200 Gaussian sessions of six numbers are not charged once. The mean of the
 * logarithm of 14 segments of 96 rows is 0.0075 bits below the truth for each number. */
static void gaussian_residuals_are_not_charged(void **state)
{
    double sum = 0.0;

    (void)state;
    for (uint64_t seed = 100; seed < 300; seed++) {
        double above = deviation_with_jumps(0.0, seed);

        assert_true(fabs(above) < 0.5);
        sum += above / 200.0;
    }
    print_message("mean %.3f bits of six numbers\n", sum);
    assert_true(fabs(sum) < 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account_is_never_above_the_truth_on_a_fading_spectrum),
        cmocka_unit_test(three_lags_would_promise_too_much),
        cmocka_unit_test(more_lags_never_predict_worse),
        cmocka_unit_test(falls_back_to_fewer_lags_when_probes_are_lost),
        cmocka_unit_test(rare_jumps_count_less_than_their_variance),
        cmocka_unit_test(what_another_antenna_heard_before_is_no_secret),
        cmocka_unit_test(gaussian_residuals_are_not_charged),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
