/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
/* Many sessions of which everything is known: Gaussian fading of a known spectrum, white noise, and
 * an eavesdropper of a known correlation. The account sees one draw of the access point's numbers;
 * the exact conditional entropy of the key's numbers given the disclosed ones and the
 * eavesdropper's is a ratio of determinants. The account may never be above it. By its own budget
 * it is with a probability below 2^-66 per run; a hundred thousand runs would show a budget that is
 * wrong by fourteen decades. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/prng.h"
#include "radio/account.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES = 328, BLOCK = 32, MODES = 2, DIMS = 2 * MODES, WIDTH = 100 };

static const double SCALE = 4096.0;
static const double EVE_NOISE = 1e-4;
static unsigned runs_per_case = 4;
static bool is_long = false; /* with an argument, the runs per case: all cases */

enum spectrum { CLARKE, PEOPLE, MARKOV, BELL };

/* What an injector adds: something new in each probe, in every other one, or a fading of its own.
 */
enum wave { NO_WAVE, FRESH, ALTERNATING, FADING };

struct channel_case {
    enum spectrum spectrum;
    double speed;  /* turns per probe, or memory */
    double noise;  /* of the access point's receiver over the power of the first mode */
    double rho;    /* of the eavesdropper's channel with the link's */
    double credit; /* what policy credits */
    enum wave wave;
    double injected;          /* its power over the noise, in each number */
    double credited_injected; /* likewise */
};

static double autocorrelation(const struct channel_case *c, double lag)
{
    double x = 2.0 * M_PI * c->speed * lag;

    switch (c->spectrum) {
    case CLARKE:
        return j0(x);
    case PEOPLE:
        return j0(x) * j0(x);
    case MARKOV:
        return pow(c->speed, lag);
    default:
        return exp(-x / 3.0); /* 1 / (1 + 9 f^2) of the speed */
    }
}

/* Lower factor of a symmetric positive matrix, in place; log2 of its determinant. */
static double factor(double *matrix, size_t n)
{
    double log_determinant = 0.0;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k <= i; k++) {
            double sum = matrix[i * n + k];

            for (size_t m = 0; m < k; m++) {
                sum -= matrix[i * n + m] * matrix[k * n + m];
            }
            if (i == k) {
                assert_true(sum > 0.0);
                matrix[i * n + i] = sqrt(sum);
                log_determinant += log2(sum);
            } else {
                matrix[i * n + k] = sum / matrix[k * n + k];
            }
        }
    }
    return log_determinant;
}

struct known {                           /* of one mode of one case */
    double draw[PROBES * PROBES];        /* factor of the covariance of X */
    double conditional[PROBES * PROBES]; /* covariance of X given all of Z */
};

/* Cov(X | Z) = R + s - rho^2 R (R + e)^-1 R, all of one mode of this power. */
static void know(const struct channel_case *c, double power, struct known *known)
{
    double *eve = calloc(PROBES * PROBES, sizeof *eve);
    double *half = calloc(PROBES * PROBES, sizeof *half); /* L^-1 R, by columns */

    for (size_t i = 0; i < PROBES; i++) {
        for (size_t k = 0; k < PROBES; k++) {
            double r = power * autocorrelation(c, fabs((double)i - (double)k));

            eve[i * PROBES + k] = r + (i == k ? EVE_NOISE : 0.0);
            known->draw[i * PROBES + k] = r + (i == k ? c->noise : 0.0);
            half[k * PROBES + i] = r;
        }
    }
    factor(eve, PROBES);
    for (size_t k = 0; k < PROBES; k++) {
        double *column = &half[k * PROBES];

        for (size_t i = 0; i < PROBES; i++) {
            for (size_t m = 0; m < i; m++) {
                column[i] -= eve[i * PROBES + m] * column[m];
            }
            column[i] /= eve[i * PROBES + i];
        }
    }
    for (size_t i = 0; i < PROBES; i++) {
        for (size_t k = 0; k <= i; k++) {
            double told = 0.0;

            for (size_t m = 0; m < PROBES; m++) {
                told += half[i * PROBES + m] * half[k * PROBES + m];
            }
            known->conditional[i * PROBES + k] =
                known->draw[i * PROBES + k] - c->rho * c->rho * told;
        }
    }
    factor(known->draw, PROBES);
    free(eve);
    free(half);
}

/* h(X_key | X_disclosed, Z) of both parts of the mode, fixed-point units. */
static double true_entropy(const struct known *known, const bool *is_disclosed, size_t disclosed)
{
    double *all = malloc(PROBES * PROBES * sizeof *all);
    double *part = malloc(disclosed * disclosed * sizeof *part + 1);
    double count = (double)(PROBES - disclosed);
    size_t row = 0;
    double bits;

    memcpy(all, known->conditional, PROBES * PROBES * sizeof *all);
    for (size_t i = 0; i < PROBES; i++) {
        size_t column = 0;

        if (!is_disclosed[i]) {
            continue;
        }
        for (size_t k = 0; k <= i; k++) {
            if (is_disclosed[k]) {
                part[row * disclosed + column++] = known->conditional[i * PROBES + k];
            }
        }
        row++;
    }
    bits = factor(all, PROBES) - factor(part, disclosed) + count * log2(M_PI * M_E) +
           2.0 * count * log2(SCALE);
    free(all);
    free(part);
    return bits;
}

/* A wave that the attacker knows, on top of all numbers of the mode: the truth given what she knows
 * stays what it was. No wave has a spectrum above what is credited at any frequency. */
static void add_wave(const struct channel_case *c, size_t mode, struct qw_prng *prng,
                     struct qw_feature_set *set)
{
    double deviation = SCALE * sqrt(0.5 * c->injected * c->noise);
    double memory = 0.0;
    double at[2] = { 0.0, 0.0 };

    if (c->wave == NO_WAVE) {
        return;
    }
    if (c->wave ==
        FADING) { /* the peak of its spectrum over its power is (1 + memory) / (1 - memory) */
        memory = 0.8;
        deviation *= sqrt((1.0 - memory) / (1.0 + memory));
    }
    if (c->wave == ALTERNATING) { /* white, and stronger as long as it is there */
        deviation *= M_SQRT2;
    }
    for (size_t i = 0; i < PROBES; i++) {
        for (size_t part = 0; part < 2; part++) {
            double fresh = deviation * qw_prng_gaussian(prng);

            at[part] = memory * at[part] + sqrt(1.0 - memory * memory) * fresh;
            if (c->wave != ALTERNATING || i % 2 == 0) {
                set->fixed[i * DIMS + 2 * mode + part] += (int32_t)lrint(at[part]);
            }
        }
    }
}

static void draw(const struct known *known, size_t mode, struct qw_prng *prng,
                 struct qw_feature_set *set)
{
    double white[2][PROBES];

    for (size_t i = 0; i < 2 * PROBES; i++) {
        white[i % 2][i / 2] = qw_prng_gaussian(prng) * sqrt(0.5);
    }
    for (size_t i = 0; i < PROBES; i++) {
        for (size_t part = 0; part < 2; part++) {
            double value = 0.0;

            for (size_t m = 0; m <= i; m++) {
                value += known->draw[i * PROBES + m] * white[part][m];
            }
            set->fixed[i * DIMS + 2 * mode + part] = (int32_t)lrint(SCALE * value);
        }
    }
}

/* Two or three blocks, sometimes neighbours. */
static size_t disclose(struct qw_prng *prng, bool *is_disclosed, uint32_t *run, size_t *run_count)
{
    size_t count = 0;

    memset(is_disclosed, 0, PROBES * sizeof *is_disclosed);
    for (size_t b = 0; b < 3; b++) {
        size_t first = BLOCK * (size_t)qw_prng_below(prng, PROBES / BLOCK);

        for (size_t i = first; i < first + BLOCK; i++) {
            is_disclosed[i] = true;
        }
    }
    *run_count = 0;
    for (size_t i = 0; i < PROBES; i++) {
        if (is_disclosed[i]) {
            if (i == 0 || !is_disclosed[i - 1]) {
                run[(*run_count)++] = 0;
            }
            run[*run_count - 1]++;
            count++;
        }
    }
    return count;
}

struct margins {
    double least, sum; /* bits per probe that the account is below the truth */
    double kept;       /* of the truth that the account keeps */
    size_t runs, above;
};

static void run_case(const struct channel_case *c, struct qw_prng *prng, struct margins *margins)
{
    static const uint32_t width[DIMS] = { WIDTH, WIDTH, WIDTH, WIDTH };
    struct known *known = calloc(MODES, sizeof *known);
    struct qw_feature_set *set;
    bool is_disclosed[PROBES];
    uint32_t run[PROBES];
    size_t run_count;
    size_t disclosed = disclose(prng, is_disclosed, run, &run_count);
    double key_pairs = (double)(PROBES - disclosed);
    double truth = -key_pairs * DIMS * log2(WIDTH);

    assert_int_equal(qw_feature_set_new(PROBES, &set), QW_OK);
    set->stride = DIMS;
    set->plan.group = 2;
    for (uint32_t i = 0; i < PROBES; i++) {
        qw_bit_set(set->heard, i, true);
    }
    for (size_t mode = 0; mode < MODES; mode++) {
        know(c, mode == 0 ? 1.0 : 0.1, &known[mode]);
        truth += true_entropy(&known[mode], is_disclosed, disclosed);
    }
    for (unsigned i = 0; i < runs_per_case; i++) {
        struct qw_innovation innovation;
        struct qw_account_input input = { .innovation = &innovation,
                                          .width = width,
                                          .has_phase = true,
                                          .key_pairs = PROBES - disclosed,
                                          .run = run,
                                          .run_count = run_count,
                                          .eve_correlation = c->credit,
                                          .injected_ratio = c->credited_injected,
                                          .epsilon_log2 = -64.0 };
        struct qw_account account;
        double below;

        for (size_t mode = 0; mode < MODES; mode++) {
            draw(&known[mode], mode, prng, set);
            add_wave(c, mode, prng, set);
        }
        assert_int_equal(qw_innovation_estimate(set, DIMS, &innovation), QW_OK);
        qw_account_of(&input, &account);
        below = (truth - account.entropy_bits) / key_pairs;
        margins->above += account.entropy_bits > fmax(truth, 0.0) ? 1 : 0;
        margins->least = fmin(margins->least, account.entropy_bits > 0.0 ? below : INFINITY);
        margins->sum += below;
        margins->kept += truth > 0.0 ? account.entropy_bits / truth : 0.0;
        margins->runs++;
    }
    qw_feature_set_free(set);
    free(known);
}

static const double speeds[][7] = {
    [CLARKE] = { 0.08, 0.2, 0.3, 0.39, 0.45, 0.52, 1.3 },
    [PEOPLE] = { 0.05, 0.1, 0.2, 0.26, 0.3, 0.5, 1.3 },
    [MARKOV] = { 0.0, 0.3, 0.6, 0.8, 0.9, 0.97, 0.99 },
    [BELL] = { 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0 },
};
static const double noises[] = { 0.1, 0.01, 0.001 };
static const double correlations[] = { 0.0, 0.5, 0.9 };

/* 252 cases, or the 84 at 20 dB. */
static void the_account_is_never_above_the_true_entropy(void **state)
{
    struct margins margins = { .least = INFINITY };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 11, 1);
    for (size_t s = CLARKE; s <= BELL; s++) {
        for (size_t v = 0; v < 7; v++) {
            for (size_t i = is_long ? 0 : 3; i < (is_long ? 9 : 6); i++) {
                struct channel_case c = { .spectrum = (enum spectrum)s,
                                          .speed = speeds[s][v],
                                          .noise = noises[i / 3],
                                          .rho = correlations[i % 3],
                                          .credit = correlations[i % 3] };

                run_case(&c, &prng, &margins);
            }
        }
    }
    print_message("%zu runs, %zu above; below the truth by %.2f bits per probe at least, %.2f on "
                  "the average; %.0f %% of it kept\n",
                  margins.runs, margins.above, margins.least, margins.sum / (double)margins.runs,
                  100.0 * margins.kept / (double)margins.runs);
    assert_int_equal(margins.above, 0);
    assert_true(margins.kept > 0.2 * (double)margins.runs); /* not by refusing everything */
}

/* The comparison has teeth: crediting nothing to an eavesdropper at 0.9 is caught nearly always. */
static void an_account_that_credits_too_little_is_seen(void **state)
{
    struct channel_case c = {
        .spectrum = CLARKE, .speed = 0.52, .noise = 0.01, .rho = 0.9, .credit = 0.0
    };
    struct margins margins = { .least = INFINITY };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 12, 1);
    run_case(&c, &prng, &margins);
    assert_int_equal(margins.above, margins.runs);
}

static const double injections[] = { 1.0, 10.0, 1000.0 };

/* [W9] From fading that fills the band to a room at rest, where the wave is all that moves. */
static void what_an_injector_adds_is_paid_for(void **state)
{
    static const double moving[] = { 0.52, 0.3, 0.08, 0.001 };
    struct margins margins = { .least = INFINITY };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 13, 1);
    for (size_t v = 0; v < 4; v++) {
        for (size_t i = 0; i < (is_long ? 9 : 3); i++) {
            struct channel_case c = { .spectrum = CLARKE,
                                      .speed = moving[v],
                                      .noise = is_long ? noises[i / 3] : 0.001,
                                      .rho = i % 2 == 0 ? 0.0 : 0.5,
                                      .credit = i % 2 == 0 ? 0.0 : 0.5,
                                      .wave = (enum wave)(FRESH + i % 3),
                                      .injected = injections[(v + i) % 3],
                                      .credited_injected = injections[(v + i) % 3] };

            run_case(&c, &prng, &margins);
        }
    }
    print_message("%zu runs, %zu above, %.0f %% of the truth kept\n", margins.runs, margins.above,
                  100.0 * margins.kept / (double)margins.runs);
    assert_int_equal(margins.above, 0);
    assert_true(margins.kept > 0.05 * (double)margins.runs);
}

/* A correlation of 0.9 is not enough where the channel is predictable and the wave is not, though
 * the wave has a tenth of the power that moves. */
static void an_injector_that_is_not_credited_is_seen(void **state)
{
    struct channel_case c = { .spectrum = CLARKE,
                              .speed = 0.08,
                              .noise = 0.001,
                              .credit = 0.9,
                              .wave = FRESH,
                              .injected = 100.0 };
    struct margins margins = { .least = INFINITY };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 14, 1);
    run_case(&c, &prng, &margins);
    assert_int_equal(margins.above, margins.runs);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_account_is_never_above_the_true_entropy),
        cmocka_unit_test(an_account_that_credits_too_little_is_seen),
        cmocka_unit_test(what_an_injector_adds_is_paid_for),
        cmocka_unit_test(an_injector_that_is_not_credited_is_seen),
    };

    if (argc == 2) {
        runs_per_case = (unsigned)strtoul(argv[1], NULL, 10);
        is_long = true;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
