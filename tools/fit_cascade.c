/* SPDX-License-Identifier: Apache-2.0 */
/* Fits the block sizes of Cascade: for each frame length and error rate of a grid it looks for the
 * first and second block size, and for the number of open questions below which the next pass may
 * begin, that leak least while the mean number of round trips stays below a limit. Prints the table
 * of src/distill/cascade/plan.c. Deterministic; takes about four minutes of one core.
 *
 *   cc -O3 -std=c17 -Isrc -o fit_cascade tools/fit_cascade.c src/distill/cascade*.c \
 *       src/base/{bits,bytes,error,prng,secret,wire}.c -lm && ./fit_cascade */
#define _DEFAULT_SOURCE
#include "base/prng.h"
#include "distill/cascade/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRIALS = 160, BITS_PER_TRIAL = 4000000, ROUND_TRIPS_WANTED = 138, PPM = 1000000 };

static const size_t frame_bits[] = { 10000, 100000, 1000000 };
static const uint32_t rate_ppm[] = { 2000,  5000,  10000, 15000,  20000, 30000,
                                     40000, 50000, 80000, 110000, 150000 };

struct outcome {
    double efficiency;
    double round_trips;
    unsigned lost;
};

struct bench {
    struct qw_cascade_asker *asker;
    struct qw_cascade_answerer *answerer;
    size_t bits;
    uint8_t *key; /* all zeros: the errors are all that matters */
    uint8_t *noisy;
    uint8_t request[QW_CASCADE_MESSAGE_MAX];
    uint8_t reply[QW_CASCADE_MESSAGE_MAX];
};

static void must(bool holds)
{
    if (!holds) {
        fprintf(stderr, "fit_cascade: out of memory, or a broken plan\n");
        exit(1);
    }
}

static void draw_errors(struct bench *b, struct qw_prng *prng, double rate)
{
    double step = log1p(-rate);

    for (size_t i = 0; i < (b->bits + 7) / 8; i++) {
        b->noisy[i] = 0;
    }
    for (double at = 0;; at++) {
        at += floor(log(1.0 - qw_prng_uniform(prng)) / step);
        if (at >= (double)b->bits) {
            return;
        }
        b->noisy[(size_t)at / 8] |= (uint8_t)(0x80 >> (size_t)at % 8);
    }
}

static bool reconcile(struct bench *b, uint32_t qber_ppm, const struct qw_cascade_plan *plan)
{
    size_t len = 0;
    size_t reply_len = 0;
    bool is_done = false;
    qw_err err;

    must(qw_cascade_answerer_begin_plan(b->answerer, b->key, qber_ppm, plan) == QW_OK);
    must(qw_cascade_asker_begin_plan(b->asker, b->noisy, qber_ppm, plan) == QW_OK);
    do {
        err = qw_cascade_next(b->asker, b->reply, reply_len, b->request, sizeof b->request, &len,
                              &is_done);
        if (err == QW_OK) {
            err = qw_cascade_answer(b->answerer, b->request, len, b->reply, sizeof b->reply,
                                    &reply_len);
        }
    } while (err == QW_OK && !is_done);
    if (err != QW_OK || qw_cascade_asker_key(b->asker, b->noisy) != QW_OK) {
        return false;
    }
    for (size_t i = 0; i < (b->bits + 7) / 8; i++) {
        if (b->noisy[i] != 0) {
            return false;
        }
    }
    return true;
}

static struct outcome try(struct bench *b, uint32_t qber_ppm, struct qw_cascade_fit fit)
{
    struct outcome sum = { 0, 0, 0 };
    struct qw_cascade_plan plan;
    struct qw_prng prng;
    double q = (double)qber_ppm / PPM;
    double entropy = -q * log2(q) - (1 - q) * log2(1 - q);
    size_t frames = BITS_PER_TRIAL / b->bits;

    qw_cascade_plan_fitted(b->bits, qber_ppm, fit, &plan);
    qw_prng_init(&prng, 7, qber_ppm); /* the same errors for every trial */
    for (size_t i = 0; i < frames; i++) {
        draw_errors(b, &prng, q);
        sum.lost += !reconcile(b, qber_ppm, &plan);
        sum.efficiency += (double)qw_cascade_asker_report(b->asker)->leaked_bits;
        sum.round_trips += qw_cascade_asker_report(b->asker)->round_trips;
    }
    sum.efficiency /= (double)frames * (double)b->bits * entropy;
    sum.round_trips /= (double)frames;
    return sum;
}

static double cost(struct outcome outcome)
{
    double over = outcome.round_trips - ROUND_TRIPS_WANTED;

    return outcome.efficiency + (over > 0 ? 0.002 * over : 0);
}

static uint16_t near(struct qw_prng *prng, uint16_t value, double spread, uint16_t low,
                     uint16_t high)
{
    double moved =
        value * (1 + spread * (2 * qw_prng_uniform(prng) - 1)) + 4 * qw_prng_uniform(prng) - 2;

    return (uint16_t)(moved < low ? low : moved > high ? high : moved);
}

static void fit_one(struct bench *b, uint32_t qber_ppm)
{
    struct qw_cascade_fit best = { 900, 350, 10 };
    struct outcome best_outcome = try(b, qber_ppm, best);
    struct qw_prng prng;

    qw_prng_init(&prng, 11, qber_ppm);
    for (int i = 0; i < TRIALS; i++) {
        double spread = i < TRIALS / 2 ? 0.3 : 0.08;
        struct qw_cascade_fit fit = { near(&prng, best.first, spread, 500, 1500),
                                      near(&prng, best.second, spread, 200, 1000),
                                      near(&prng, best.early, 2 * spread, 0, 200) };
        struct outcome outcome = try(b, qber_ppm, fit);

        if (cost(outcome) < cost(best_outcome)) {
            best = fit;
            best_outcome = outcome;
        }
    }
    printf("{ %u, %u, %u }, /* %.1f %%: f %.4f, %.0f round trips, %u of %d lost */\n", best.first,
           best.second, best.early, qber_ppm / 1e4, best_outcome.efficiency,
           best_outcome.round_trips, best_outcome.lost, (int)(BITS_PER_TRIAL / b->bits));
    fflush(stdout);
}

int main(void)
{
    static struct bench b;

    for (size_t n = 0; n < sizeof frame_bits / sizeof frame_bits[0]; n++) {
        struct qw_cascade_config config = { frame_bits[n], QW_CASCADE_OPTIMISED, 1 };

        b.bits = frame_bits[n];
        b.key = calloc(b.bits / 8 + 1, 1);
        b.noisy = calloc(b.bits / 8 + 1, 1);
        must(b.key != NULL && b.noisy != NULL);
        must(qw_cascade_asker_new(&config, &b.asker) == QW_OK);
        must(qw_cascade_answerer_new(&config, &b.answerer) == QW_OK);
        printf("/* %zu bits */\n", b.bits);
        for (size_t i = 0; i < sizeof rate_ppm / sizeof rate_ppm[0]; i++) {
            fit_one(&b, rate_ppm[i]);
        }
        qw_cascade_asker_free(b.asker);
        qw_cascade_answerer_free(b.answerer);
        free(b.key);
        free(b.noisy);
    }
    return 0;
}
