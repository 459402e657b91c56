/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/known_law.h"

#include <math.h>
#include <string.h>

static const struct qw_known_number alone = { .variance = 2.5, .left = 1.0, .width = 0.3 };
static const struct qw_known_number watched = { .variance = 2.5, .left = 0.3, .width = 0.3 };

static double density(double x, double variance)
{
    return exp(-x * x / (2.0 * variance)) / sqrt(2.0 * M_PI * variance);
}

static void alone_the_bits_are_the_likelihood_and_nothing_but_the_hash_is_lost(void **state)
{
    (void)state;
    for (double x = -4.0; x <= 4.0; x += 0.5) {
        double surprisal = -log2(density(x, alone.variance) * alone.width);

        assert_true(fabs(qw_known_law_bits(&alone, 2.0, x) - surprisal) < 1e-9);
        assert_true(fabs(qw_known_law_bits(&alone, 1.3, x) - surprisal) < 1e-9);
    }
    /* 2 log2(1 / (2 eps)) */
    assert_true(fabs(qw_known_law_loss_bits(&alone, 1, 200, 2.0, -65.0) - 128.0) < 1e-9);
    assert_true(qw_known_law_order(&alone, 1, 200, -65.0) == 2.0);
}

static void the_mean_of_the_bits_is_the_entropy_given_the_eavesdropper(void **state)
{
    double entropy = 0.5 * log2(2.0 * M_PI * M_E * 0.3 * 2.5) - log2(0.3);
    double sum = 0.0;

    (void)state;
    for (double x = -20.0; x < 20.0; x += 0.001) {
        sum += 0.001 * density(x, watched.variance) * qw_known_law_bits(&watched, 1.5, x);
    }
    assert_true(fabs(qw_known_law_entropy_bits(&watched) - entropy) < 1e-9);
    assert_true(fabs(sum - entropy) < 1e-6);
}

/* E over what she knows of the integral of 2^((order - 1) bits) f(x | known)^order, by sums: what
 * the loss of one number must come to. */
static double tilted_mass(const struct qw_known_number *n, double order)
{
    double known = (1.0 - n->left) * n->variance;
    double unknown = n->left * n->variance;
    double step = 0.05;
    double sum = 0.0;

    for (double m = -24.0; m < 24.0; m += step) {
        for (double w = -12.0; w < 12.0; w += step) {
            double cell = density(w, unknown) * n->width;

            sum += step * step / n->width * density(m, known) *
                   pow(2.0, (order - 1.0) * qw_known_law_bits(n, order, m + w)) * pow(cell, order);
        }
    }
    return sum;
}

static void the_loss_is_what_the_integral_of_the_proof_comes_to(void **state)
{
    static const double left[] = { 0.05, 0.3, 0.8 };
    static const double order[] = { 1.1, 1.5, 2.0 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct qw_known_number n = { .variance = 2.5, .left = left[i], .width = 0.3 };
            double a = order[k];
            double hash = a / (a - 1.0) * 10.0 - 2.0;
            double loss = qw_known_law_loss_bits(&n, 1, 1, a, -10.0) - hash;

            assert_true(fabs(loss - log2(tilted_mass(&n, a)) / (a - 1.0)) < 1e-4);
            assert_true(loss > 0.0);
        }
    }
}

static void the_order_loses_least(void **state)
{
    double best = qw_known_law_order(&watched, 1, 2000, -65.0);
    double least = qw_known_law_loss_bits(&watched, 1, 2000, best, -65.0);

    (void)state;
    assert_true(best > 1.0 && best < 2.0);
    for (double order = 1.02; order <= 2.0; order += 0.02) {
        assert_true(qw_known_law_loss_bits(&watched, 1, 2000, order, -65.0) > least - 0.1);
    }
}

/* A whole key in the small: two numbers in 64 cells each, all strings and what she knows on a grid,
 * hashed by Toeplitz matrices drawn at random. Distance of (key, matrix, what she knows) from a
 * uniform key, of keys that are made. */
enum { CELLS = 64, STRING_BITS = 12, STRINGS = 1 << STRING_BITS, PARTS = 8, MATRICES = 100 };
enum { KEY_BITS_MAX = 7 };

struct small {
    const struct qw_known_number *number;
    double order;
    double least; /* bits of a string that a key is made of */
    unsigned key_bits;
    struct qw_prng prng;
};

/* Probability of each cell given what she knows, split by how much the numbers in it say, since the
 * choice is by the number and not by the cell: bits and mass of PARTS points. */
static void list_points(const struct small *small, double known, double *bits, double *mass)
{
    const struct qw_known_number *n = small->number;

    for (size_t i = 0; i < (size_t)CELLS * PARTS; i++) {
        double x = (((double)i + 0.5) / PARTS - CELLS / 2.0) * n->width;

        bits[i] = qw_known_law_bits(n, small->order, x);
        mass[i] = n->width / PARTS * density(x - known, n->left * n->variance);
    }
}

/* Of all strings that a key is made of [STRINGS]. */
static void list_strings(const struct small *small, const double known[2], double *made)
{
    static double bits[2][CELLS * PARTS], mass[2][CELLS * PARTS];

    list_points(small, known[0], bits[0], mass[0]);
    list_points(small, known[1], bits[1], mass[1]);
    memset(made, 0, STRINGS * sizeof *made);
    for (size_t i = 0; i < (size_t)CELLS * PARTS; i++) {
        for (size_t k = 0; k < (size_t)CELLS * PARTS; k++) {
            if (bits[0][i] + bits[1][k] >= small->least) {
                made[i / PARTS * CELLS + k / PARTS] += mass[0][i] * mass[1][k];
            }
        }
    }
}

static unsigned hash(const struct small *small, uint64_t seed, uint32_t string)
{
    unsigned key = 0;

    for (unsigned i = 0; i < small->key_bits; i++) {
        uint32_t row = (uint32_t)(seed >> i) & (STRINGS - 1);

        key |= (unsigned)(__builtin_popcount(row & string) & 1) << i;
    }
    return key;
}

static double distance_of(struct small *small, const double *made)
{
    double sum = 0.0;

    for (int m = 0; m < MATRICES; m++) {
        uint64_t seed = qw_prng_u64(&small->prng);
        double key[1 << KEY_BITS_MAX] = { 0.0 };
        double all = 0.0;

        for (uint32_t s = 0; s < STRINGS; s++) {
            key[hash(small, seed, s)] += made[s];
            all += made[s];
        }
        for (unsigned k = 0; k < 1u << small->key_bits; k++) {
            sum += 0.5 * fabs(key[k] - all / (1u << small->key_bits));
        }
    }
    return sum / MATRICES;
}

/* looks: values of what she knows, drawn; 1 where that is nothing. */
static double distance(struct small *small, int looks)
{
    static double made[STRINGS];
    double deviation = sqrt((1.0 - small->number->left) * small->number->variance);
    double sum = 0.0;

    qw_prng_init(&small->prng, 1, 0);
    for (int i = 0; i < looks; i++) {
        double known[2];

        known[0] = deviation * qw_prng_gaussian(&small->prng);
        known[1] = deviation * qw_prng_gaussian(&small->prng);
        list_strings(small, known, made);
        sum += distance_of(small, made);
    }
    return sum / looks;
}

enum { SMALL_EPSILON_LOG2 = -5 };

/* stretch: bits more than the account gives. */
static double distance_at(const struct qw_known_number *number, double order, unsigned stretch,
                          int looks)
{
    double loss = qw_known_law_loss_bits(number, 1, 2, order, SMALL_EPSILON_LOG2);
    struct small small = {
        .number = number, .order = order, .least = 1 + loss, .key_bits = 1 + stretch
    };

    return distance(&small, looks);
}

static void check_small(const struct qw_known_number *number, double order, int looks)
{
    double kept = distance_at(number, order, 0, looks);

    assert_true(kept > 0.0 && kept <= ldexp(1.0, SMALL_EPSILON_LOG2));
}

static void a_small_key_is_as_near_to_uniform_as_promised(void **state)
{
    static const struct qw_known_number wide = { .variance = 81.0, .left = 1.0, .width = 1.0 };

    (void)state;
    check_small(&wide, 2.0, 1);
}

static void so_is_one_of_which_the_eavesdropper_knows_a_part(void **state)
{
    static const struct qw_known_number wide = { .variance = 100.0, .left = 0.6, .width = 1.0 };

    (void)state;
    check_small(&wide, 2.0, 40);
    check_small(&wide, 1.7, 40);
}

static void six_bits_more_than_the_account_gives_are_not(void **state)
{
    static const struct qw_known_number all = { .variance = 81.0, .left = 1.0, .width = 1.0 };
    static const struct qw_known_number part = { .variance = 100.0, .left = 0.6, .width = 1.0 };

    (void)state;
    assert_true(distance_at(&all, 2.0, 6, 1) > ldexp(1.0, SMALL_EPSILON_LOG2));
    assert_true(distance_at(&part, 2.0, 6, 40) > ldexp(1.0, SMALL_EPSILON_LOG2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_the_bits_are_the_likelihood_and_nothing_but_the_hash_is_lost),
        cmocka_unit_test(the_mean_of_the_bits_is_the_entropy_given_the_eavesdropper),
        cmocka_unit_test(the_loss_is_what_the_integral_of_the_proof_comes_to),
        cmocka_unit_test(the_order_loses_least),
        cmocka_unit_test(a_small_key_is_as_near_to_uniform_as_promised),
        cmocka_unit_test(so_is_one_of_which_the_eavesdropper_knows_a_part),
        cmocka_unit_test(six_bits_more_than_the_account_gives_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
