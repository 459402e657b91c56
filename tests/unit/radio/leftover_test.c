/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
/* The bound against closed forms, against the exact moment of the sum of squares, and against whole
 * small keys: strings of four numbers whose length is estimated from the string itself. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/leftover.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct qw_leftover all_secret(double n, double correlation, double failure_log2)
{
    return (struct qw_leftover){ n, n, n, correlation, failure_log2 };
}

/* Nothing known to the eavesdropper: the string's own likelihood is all there is to estimate, and
 * it costs nothing but the hash. */
static void an_own_likelihood_costs_the_hash_alone(void **state)
{
    (void)state;
    for (double n = 8.0; n < 1e6; n *= 7.0) {
        struct qw_leftover leftover = all_secret(n, 0.0, -65.0);

        assert_true(fabs(qw_leftover_loss_bits(&leftover) - 128.0) < 1e-6);
    }
}

/* n/2 log2(1 + (alpha - 1) rho^2) + alpha / (alpha - 1) log2(1 / eps) - 2 at its least. */
static void known_parts_cost_their_share(void **state)
{
    (void)state;
    for (double rho = 0.1; rho < 1.0; rho += 0.1) {
        struct qw_leftover leftover = all_secret(2000.0, rho, -65.0);
        double least = INFINITY;

        for (double above = 0.001; above <= 1.0; above += 0.001) {
            least = fmin(least, 1000.0 * log2(1.0 + above * rho * rho) +
                                    (1.0 + above) / above * 65.0 - 2.0);
        }
        assert_true(fabs(qw_leftover_loss_bits(&leftover) - least) < 0.002 * least);
    }
}

static void less_that_is_secret_costs_more(void **state)
{
    struct qw_leftover one = all_secret(2000.0, 0.0, -65.0);
    double last = qw_leftover_loss_bits(&one);

    (void)state;
    for (double secret = 1900.0; secret >= 0.0; secret -= 100.0) {
        one.secret_numbers = secret;
        assert_true(qw_leftover_loss_bits(&one) > last);
        last = qw_leftover_loss_bits(&one);
    }
    /* Nothing but open numbers: the doubt about the estimate and the string's own fluctuation. */
    assert_true(last > 1.4 * sqrt(2000.0 * 65.0 * log(2.0)) + 128.0);
    assert_true(last < 2.2 * sqrt(2000.0 * 65.0 * log(2.0)) + 128.0);
    one.measured_numbers = 1e7; /* as good as known: the string's fluctuation alone */
    assert_true(qw_leftover_loss_bits(&one) < 0.75 * last);
}

/* ln E[(scale A + B)^power], A and B chi-squares of so many degrees: their sum is independent of
 * A's share in it, over which is summed. */
static double moment_ln(double secret, double open, double scale, double power)
{
    enum { STEPS = 20000 };
    double half = 0.5 * (secret + open);
    double norm = lgamma(half) - lgamma(0.5 * secret) - lgamma(0.5 * open);
    double mean = 0.0;

    for (int i = 0; i < STEPS; i++) {
        double share = (i + 0.5) / STEPS;

        mean +=
            exp(norm + (0.5 * secret - 1.0) * log(share) + (0.5 * open - 1.0) * log(1.0 - share) +
                power * log(1.0 - (1.0 - scale) * share)) /
            STEPS;
    }
    return power * log(2.0) + lgamma(half + power) - lgamma(half) + log(mean);
}

/* ADR 0155, step 4, with the moment itself: what step 5 bounds, by a few bits. */
static void the_moment_is_bounded_and_closely(void **state)
{
    const double n = 400.0;

    (void)state;
    for (double secret = 100.0; secret < n; secret += 100.0) {
        for (double rho = 0.0; rho < 1.0; rho += 0.45) {
            struct qw_leftover leftover = { 350.0, n, secret, rho, -65.0 };
            double exact = INFINITY;

            for (double above = 0.01; above <= 1.0; above += 0.01) {
                double power = 0.5 * above * 350.0;
                double scale = rho * rho + (1.0 - rho * rho) / (1.0 + above);
                double ln = power - 175.0 * log(1.0 + above) - power * log(n) +
                            moment_ln(secret, n - secret, scale, power);

                exact = fmin(exact, ln / log(2.0) / above + (1.0 + above) / above * 65.0 - 2.0);
            }
            assert_true(qw_leftover_loss_bits(&leftover) > exact - 0.5); /* steps of the order */
            assert_true(qw_leftover_loss_bits(&leftover) < exact + 4.0);
        }
    }
}

enum { NUMBERS = 4, CELL_BITS = 3, CELLS = 1 << CELL_BITS, STRING_BITS = NUMBERS * CELL_BITS };
enum { STRINGS = 1 << STRING_BITS, LENGTHS = STRING_BITS + 1, SEEDS = 24 };

/* What one string of a given announced length happens how often with, of all draws. */
struct counted {
    double share[LENGTHS][STRINGS];
};

/* Cells of one deviation, four to either side; beyond them nothing is made, as in a session. */
static bool string_of(const double *number, unsigned *string)
{
    *string = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        double cell = floor(number[i]) + CELLS / 2;

        if (cell < 0.0 || cell >= CELLS) {
            return false;
        }
        *string = *string << CELL_BITS | (unsigned)cell;
    }
    return true;
}

/* Estimated from the draw alone, as the account does: the mean square, and what Eve leaves of it.
 */
static size_t length_of(const double *number, double correlation, double loss_bits)
{
    double square_sum = 0.0;
    double bits;

    for (size_t i = 0; i < NUMBERS; i++) {
        square_sum += number[i] * number[i];
    }
    bits = 0.5 * NUMBERS *
           log2(2.0 * M_PI * M_E * square_sum / NUMBERS * (1.0 - correlation * correlation));
    bits = floor(fmin(bits, STRING_BITS) - loss_bits);
    return bits > 0.0 ? (size_t)bits : 0;
}

/* Bits of the key by a Toeplitz matrix drawn at random: parity of the string under each row. */
static unsigned hash(uint32_t seed, unsigned string, size_t length)
{
    unsigned key = 0;

    for (size_t row = 0; row < length; row++) {
        unsigned mask = seed >> row & (STRINGS - 1);

        key = key << 1 | (unsigned)__builtin_parity(mask & string);
    }
    return key;
}

static double distance_of(const struct counted *counted, size_t length, uint32_t seed)
{
    double share[STRINGS] = { 0.0 };
    double all = 0.0;
    double distance = 0.0;
    size_t keys = (size_t)1 << length;

    for (unsigned string = 0; string < STRINGS; string++) {
        share[hash(seed, string, length)] += counted->share[length][string];
        all += counted->share[length][string];
    }
    for (size_t key = 0; key < keys; key++) {
        distance += 0.5 * fabs(share[key] - all / (double)keys);
    }
    return distance;
}

/* Distance from uniform of the key, given what Eve knows, the announced length and the seed; and
 * the mean length. Her part of the numbers is drawn a few times and then fixed. */
static double distance_from_uniform(double correlation, double loss_bits, double *mean_length)
{
    enum { PARTS = 6, DRAWS = 150000 };
    struct counted *counted = malloc(sizeof *counted);
    double own = sqrt(1.0 - correlation * correlation);
    double deviation = 1.5; /* cells */
    double distance = 0.0;
    struct qw_prng prng;

    assert_non_null(counted);
    qw_prng_init(&prng, 155, (uint64_t)(100.0 * correlation));
    *mean_length = 0.0;
    for (int part = 0; part < PARTS; part++) {
        double known[NUMBERS];

        memset(counted, 0, sizeof *counted);
        for (size_t i = 0; i < NUMBERS; i++) {
            known[i] = correlation * deviation * qw_prng_gaussian(&prng);
        }
        for (int draw = 0; draw < DRAWS; draw++) {
            double number[NUMBERS];
            unsigned string;

            for (size_t i = 0; i < NUMBERS; i++) {
                number[i] = known[i] + own * deviation * qw_prng_gaussian(&prng);
            }
            if (string_of(number, &string)) {
                size_t length = length_of(number, correlation, loss_bits);

                counted->share[length][string] += 1.0 / DRAWS;
                *mean_length += (double)length / DRAWS / PARTS;
            }
        }
        for (size_t length = 1; length < LENGTHS; length++) {
            for (int seed = 0; seed < SEEDS; seed++) {
                distance +=
                    distance_of(counted, length, (uint32_t)qw_prng_u64(&prng)) / SEEDS / PARTS;
            }
        }
    }
    free(counted);
    return distance;
}

/* The whole claim on keys of a few bits: with what is announced paid for, a key is as near to
 * uniform as was asked. Without the loss it is not. */
static void small_keys_are_as_uniform_as_asked(void **state)
{
    static const double correlations[] = { 0.0, 0.7 };

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct qw_leftover leftover = all_secret(NUMBERS, correlations[c], -2.0);
        double announced = log2(LENGTHS);
        double loss = qw_leftover_loss_bits(&leftover) + announced;
        double length, distance;

        distance = distance_from_uniform(correlations[c], loss, &length);
        print_message("correlation %.1f: %.2f bits lost, %.2f left, %.4f from uniform\n",
                      correlations[c], loss, length, distance);
        assert_true(length > 0.3);
        assert_true(distance < 0.25);
        distance = distance_from_uniform(correlations[c], 0.0, &length);
        print_message("nothing lost: %.2f bits, %.4f from uniform\n", length, distance);
        assert_true(distance > 0.25);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_own_likelihood_costs_the_hash_alone),
        cmocka_unit_test(known_parts_cost_their_share),
        cmocka_unit_test(less_that_is_secret_costs_more),
        cmocka_unit_test(the_moment_is_bounded_and_closely),
        cmocka_unit_test(small_keys_are_as_uniform_as_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
