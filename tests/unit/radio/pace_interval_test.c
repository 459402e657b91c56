/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W12 */
/* Fixed seeds: a channel is drawn as a sum of waves of known Doppler. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/prng.h"
#include "radio/pace/interval.h"

#include <complex.h>
#include <math.h>

enum { WAVES = 40, STRIDE = 16 };

/* doppler: of the fastest wave, in periods per probe. */
static double interval_of(double doppler, double noise, double loss, uint64_t seed)
{
    struct qw_feature_set *set;
    struct qw_prng prng;
    double interval_s;

    assert_int_equal(qw_feature_set_new(QW_PACE_PROBES, &set), QW_OK);
    set->stride = STRIDE;
    set->plan.group = 2;
    qw_prng_init(&prng, seed, 1);
    for (size_t d = 0; d < STRIDE; d += 2) {
        double turn[WAVES];
        double phase[WAVES];

        for (size_t w = 0; w < WAVES; w++) {
            turn[w] = doppler * cos(2.0 * M_PI * qw_prng_uniform(&prng));
            phase[w] = 2.0 * M_PI * qw_prng_uniform(&prng);
        }
        for (uint32_t i = 0; i < QW_PACE_PROBES; i++) {
            double complex value = 40.0;

            for (size_t w = 0; w < WAVES; w++) {
                value += cexp(I * (2.0 * M_PI * turn[w] * i + phase[w])) / sqrt(WAVES);
            }
            set->fixed[i * STRIDE + d] =
                (int32_t)(4096.0 * (creal(value) + noise * qw_prng_gaussian(&prng)));
            set->fixed[i * STRIDE + d + 1] =
                (int32_t)(4096.0 * (cimag(value) + noise * qw_prng_gaussian(&prng)));
        }
    }
    for (uint32_t i = 0; i < QW_PACE_PROBES; i++) {
        qw_bit_set(set->heard, i, qw_prng_uniform(&prng) >= loss);
    }
    interval_s = qw_pace_interval_s(set, 0.1);
    qw_feature_set_free(set);
    return interval_s;
}

static void about_a_third_of_a_doppler_period(void **state)
{
    static const double doppler[] = { 0.05, 0.08, 0.12, 0.2 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            double periods = interval_of(doppler[i], 0.1, 0.05, seed) / 0.1 * doppler[i];

            assert_true(periods > 0.25 && periods < 0.5);
        }
    }
}

static void a_slow_channel_needs_a_longer_look(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        assert_true(interval_of(0.004, 0.1, 0.0, seed) == 0.0);
        assert_true(interval_of(0.004 * QW_PACE_STEP * 2, 0.1, 0.0, seed) > 0.0);
    }
}

static void what_is_fresh_or_only_noise_stays_as_it_is(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        assert_true(interval_of(0.45, 0.1, 0.0, seed) == 0.1);
        assert_true(interval_of(0.0, 1.0, 0.0, seed) == 0.1);
    }
}

static void nothing_was_heard(void **state)
{
    (void)state;
    assert_true(interval_of(0.1, 0.1, 1.1, 1) == 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(about_a_third_of_a_doppler_period),
        cmocka_unit_test(a_slow_channel_needs_a_longer_look),
        cmocka_unit_test(what_is_fresh_or_only_noise_stays_as_it_is),
        cmocka_unit_test(nothing_was_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
