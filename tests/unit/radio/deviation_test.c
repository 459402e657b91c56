/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W12 */
/* Noise that all numbers share is found in all of them; what a number has of its own stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/deviation.h"

#include <math.h>
#include <stdlib.h>

enum { DIMS = 16, PROBES = 62, SESSIONS = 200 };

struct truth {
    double variance[DIMS];
    double square[DIMS]; /* of what the other end cannot tell */
};

/* Two receivers of noise 1 each, modes from 30 dB down to 6 dB. */
static struct truth channel(double own_spread, struct qw_prng *prng)
{
    struct truth truth;

    for (size_t d = 0; d < DIMS; d++) {
        double power = pow(10.0, 3.0 - 2.4 * (double)d / (DIMS - 1));

        truth.variance[d] = power + 1.0;
        truth.square[d] = 1.0 + power / (power + 1.0);
        truth.square[d] *= exp(own_spread * qw_prng_gaussian(prng));
    }
    return truth;
}

static void estimate(const struct truth *truth, struct qw_prng *prng, double *deviation)
{
    for (size_t d = 0; d < DIMS; d++) {
        double sum = 0.0;

        for (int i = 0; i < PROBES; i++) {
            double value = qw_prng_gaussian(prng);

            sum += value * value;
        }
        deviation[d] = sqrt(truth->square[d] * sum / PROBES);
    }
}

/* Mean square of what a number's deviation is wrong by, over the deviation. */
static double error_of(const struct truth *truth, const double *deviation)
{
    double sum = 0.0;

    for (size_t d = 0; d < DIMS; d++) {
        double off = deviation[d] / sqrt(truth->square[d]) - 1.0;

        sum += off * off / DIMS;
    }
    return sum;
}

static void errors(double own_spread, uint64_t seed, double *apart, double *pooled)
{
    struct qw_prng prng;

    qw_prng_init(&prng, seed, 1);
    *apart = 0.0;
    *pooled = 0.0;
    for (int i = 0; i < SESSIONS; i++) {
        struct truth truth = channel(own_spread, &prng);
        double deviation[DIMS];

        estimate(&truth, &prng, deviation);
        *apart += error_of(&truth, deviation) / SESSIONS;
        qw_deviation_pool(truth.variance, DIMS, PROBES, deviation);
        *pooled += error_of(&truth, deviation) / SESSIONS;
    }
}

static void shared_noise_is_known_from_all_numbers(void **state)
{
    double apart, pooled;

    (void)state;
    errors(0.0, 1, &apart, &pooled);
    print_message("off by %.3f apart, %.3f together\n", sqrt(apart), sqrt(pooled));
    assert_true(apart > 0.8 / (2.0 * PROBES));
    assert_true(pooled < 0.35 * apart);
}

/* The hardware of numbers that differ by half is not averaged away. */
static void what_is_a_numbers_own_stays(void **state)
{
    double apart, pooled;

    (void)state;
    errors(0.8, 2, &apart, &pooled);
    assert_true(pooled < 1.1 * apart);
    errors(0.2, 3, &apart, &pooled);
    assert_true(pooled < apart);
}

static void weak_numbers_and_few_numbers_are_left_alone(void **state)
{
    double variance[DIMS];
    double deviation[DIMS];

    (void)state;
    for (size_t d = 0; d < DIMS; d++) {
        variance[d] = d < 3 ? 100.0 : 1.5;
        deviation[d] = d < 3 ? 1.0 + (double)d : 1.0 + 0.01 * (double)d;
    }
    qw_deviation_pool(variance, DIMS, PROBES, deviation);
    for (size_t d = 0; d < DIMS; d++) {
        assert_true(deviation[d] == (d < 3 ? 1.0 + (double)d : 1.0 + 0.01 * (double)d));
    }
    variance[3] = 100.0; /* now there are four */
    qw_deviation_pool(variance, DIMS, PROBES, deviation);
    assert_true(deviation[0] != 1.0);
    assert_true(deviation[4] == 1.04);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_noise_is_known_from_all_numbers),
        cmocka_unit_test(what_is_a_numbers_own_stays),
        cmocka_unit_test(weak_numbers_and_few_numbers_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
