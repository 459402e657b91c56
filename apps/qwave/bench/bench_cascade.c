/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/prng.h"
#include "distill/cascade.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Both ends of Cascade in one process, without a wire. The estimate that the ends agreed on is the
 * true rate. */

static const double rates[] = { 0.01, 0.02, 0.03, 0.05, 0.08, 0.11 };
static const struct {
    size_t bits;
    size_t frames;
} sizes[] = { { 10000, 1000 }, { 100000, 200 }, { 1000000, 50 } };
static const char *const variants[] = { "original", "optimised" };
enum {
    RATES = sizeof rates / sizeof rates[0],
    SIZES = sizeof sizes / sizeof sizes[0],
    VARIANTS = 2,
    FRAME_LEN_MAX = 1000000 / 8
};

struct ends {
    struct qw_cascade_asker *bob;
    struct qw_cascade_answerer *alice;
    struct qw_prng prng;
    uint8_t key[FRAME_LEN_MAX];
    uint8_t noisy[FRAME_LEN_MAX];
    uint8_t request[QW_CASCADE_MESSAGE_MAX];
    uint8_t reply[QW_CASCADE_MESSAGE_MAX];
};

static qw_err reconcile(struct ends *ends, double rate)
{
    uint32_t qber_ppm = (uint32_t)lround(rate * 1e6);
    size_t request_len = 0;
    size_t reply_len = 0;
    bool done = false;
    qw_err err = qw_cascade_answerer_begin(ends->alice, ends->key, qber_ppm);

    if (err == QW_OK) {
        err = qw_cascade_asker_begin(ends->bob, ends->noisy, qber_ppm);
    }
    while (err == QW_OK && !done) {
        err = qw_cascade_next(ends->bob, ends->reply, reply_len, ends->request,
                              sizeof ends->request, &request_len, &done);
        if (err == QW_OK) {
            err = qw_cascade_answer(ends->alice, ends->request, request_len, ends->reply,
                                    sizeof ends->reply, &reply_len);
        }
    }
    return err == QW_OK ? qw_cascade_asker_key(ends->bob, ends->noisy) : err;
}

static void measure(struct ends *ends, size_t size, size_t variant, double rate,
                    struct bench *bench)
{
    struct bench_row row = bench_row_of("cascade");
    double entropy = -rate * log2(rate) - (1 - rate) * log2(1 - rate);
    double leaked = 0, trips = 0, lost = 0;
    int64_t spent = 0;

    for (row.frames = 0; row.frames < sizes[size].frames; row.frames++) {
        const struct qw_cascade_report *report = qw_cascade_asker_report(ends->bob);
        int64_t start;
        qw_err err;

        bench_draw_frame(&ends->prng, sizes[size].bits, rate, ends->key, ends->noisy);
        start = qw_clock_cpu_ns();
        err = reconcile(ends, rate);
        spent += qw_clock_cpu_ns() - start;
        lost += err != QW_OK || qw_bits_distance(ends->key, ends->noisy, sizes[size].bits) > 0;
        leaked += (double)report->leaked_bits;
        trips += report->round_trips;
    }
    snprintf(row.impl, sizeof row.impl, "%s", variants[variant]);
    row.n_bits = sizes[size].bits;
    row.qber = rate;
    row.cpu_s = (double)spent / 1e9;
    row.throughput_mbps = (double)(row.n_bits * row.frames) / 1e6 / row.cpu_s;
    row.leaked_bits = leaked / (double)row.frames;
    row.efficiency_f = row.leaked_bits / ((double)row.n_bits * entropy);
    row.frame_error_rate = lost / (double)row.frames;
    row.round_trips = trips / (double)row.frames;
    row.messages = 2 * row.round_trips + 1; /* the last request has no reply */
    bench_add(bench, &row);
}

static qw_err run_size(struct ends *ends, size_t size, size_t variant, struct bench *bench)
{
    const struct qw_cascade_config config = { .bits = sizes[size].bits,
                                              .variant = variant == 0 ? QW_CASCADE_ORIGINAL
                                                                      : QW_CASCADE_OPTIMISED,
                                              .seed = BENCH_SEED };
    qw_err err = qw_cascade_asker_new(&config, &ends->bob);

    if (err == QW_OK) {
        err = qw_cascade_answerer_new(&config, &ends->alice);
    }
    for (size_t i = 0; err == QW_OK && i < RATES; i++) {
        bench_progress(bench, "cascade", (size * VARIANTS + variant) * RATES + i,
                       (size_t)SIZES * VARIANTS * RATES);
        measure(ends, size, variant, rates[i], bench);
    }
    qw_cascade_asker_free(ends->bob);
    qw_cascade_answerer_free(ends->alice);
    ends->bob = NULL;
    ends->alice = NULL;
    return err;
}

qw_err bench_cascade(struct bench *bench)
{
    struct ends *ends = calloc(1, sizeof *ends);
    qw_err err = QW_OK;

    if (ends == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&ends->prng, BENCH_SEED, 3);
    for (size_t size = 0; err == QW_OK && size < SIZES; size++) {
        for (size_t variant = 0; err == QW_OK && variant < VARIANTS; variant++) {
            err = run_size(ends, size, variant, bench);
        }
    }
    free(ends);
    return err;
}
