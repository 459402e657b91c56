/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/prng.h"
#include "distill/ldpc_int8.h"
#include "distill/syndrome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Both ends of syndrome reconciliation in one process, without a wire. The estimate that the ends
 * have is the true rate. A frame is lost when it is given up or wrong. */

static const double rates[] = { 0.01, 0.02, 0.03, 0.05, 0.08, 0.11 };
static const struct {
    size_t bits;
    size_t frames;
} sizes[] = { { 1024, 1000 },  { 4096, 1000 }, { 16384, 1000 },
              { 65536, 1000 }, { 262144, 50 }, { 1048576, 50 } };
static const struct {
    enum qw_syndrome_aim aim;
    const char *name;
    size_t bits_min; /* not measured for shorter frames */
} aims[] = { { QW_SYNDROME_ONE_MESSAGE, "one message", 0 },
             { QW_SYNDROME_FAST, "fast", 16384 },
             { QW_SYNDROME_LEAST_LEAK, "least leak", 65536 } };
enum {
    RATES = sizeof rates / sizeof rates[0],
    SIZES = sizeof sizes / sizeof sizes[0],
    AIMS = sizeof aims / sizeof aims[0],
    FRAME_LEN_MAX = QW_SYNDROME_BITS_MAX / 8
};

struct ends {
    struct qw_syndrome_sender *alice;
    struct qw_syndrome_receiver *bob;
    struct qw_prng prng;
    uint8_t key[FRAME_LEN_MAX];
    uint8_t noisy[FRAME_LEN_MAX];
    uint8_t message[QW_SYNDROME_MESSAGE_MAX];
    uint8_t request[QW_SYNDROME_MESSAGE_MAX];
};

static qw_err reconcile(struct ends *ends, uint32_t qber_ppm)
{
    size_t message_len = 0;
    size_t request_len = 0;
    bool done = false;
    qw_err err = qw_syndrome_sender_begin(ends->alice, ends->key, ends->message,
                                          sizeof ends->message, &message_len);

    if (err == QW_OK) {
        err = qw_syndrome_receiver_begin(ends->bob, ends->noisy, qber_ppm);
    }
    while (err == QW_OK && !done) {
        err = qw_syndrome_next(ends->bob, ends->message, message_len, ends->request,
                               sizeof ends->request, &request_len, &done);
        if (err == QW_OK) {
            err = qw_syndrome_answer(ends->alice, ends->request, request_len, ends->message,
                                     sizeof ends->message, &message_len);
        }
    }
    return err == QW_OK ? qw_syndrome_receiver_key(ends->bob, ends->noisy) : err;
}

static void measure(struct ends *ends, size_t bits, size_t frames, double rate, const char *aim,
                    struct bench *bench)
{
    struct bench_row row = bench_row_of("ldpc");
    uint32_t qber_ppm = (uint32_t)lround(rate * 1e6);
    double entropy = -rate * log2(rate) - (1 - rate) * log2(1 - rate);
    double leaked = 0, trips = 0, lost = 0;
    int64_t spent = 0;

    for (row.frames = 0; row.frames < frames; row.frames++) {
        const struct qw_syndrome_report *report = qw_syndrome_receiver_report(ends->bob);
        int64_t start;
        qw_err err;

        bench_draw_frame(&ends->prng, bits, rate, ends->key, ends->noisy);
        start = qw_clock_cpu_ns();
        err = reconcile(ends, qber_ppm);
        spent += qw_clock_cpu_ns() - start;
        lost += err != QW_OK || qw_bits_distance(ends->key, ends->noisy, bits) > 0;
        leaked += (double)report->leaked_bits;
        trips += report->round_trips;
    }
    snprintf(row.impl, sizeof row.impl, "%s, %s", aim,
             qw_ldpc_int8_kernel_name(qw_ldpc_int8_kernel_best()));
    row.n_bits = bits;
    row.qber = rate;
    row.cpu_s = (double)spent / 1e9;
    row.throughput_mbps = (double)(bits * frames) / 1e6 / row.cpu_s;
    row.leaked_bits = leaked / (double)frames;
    row.efficiency_f = row.leaked_bits / ((double)bits * entropy);
    row.frame_error_rate = lost / (double)frames;
    row.round_trips = trips / (double)frames;
    row.messages = 2 + 2 * row.round_trips; /* the syndrome and the end; questions and answers */
    bench_add(bench, &row);
}

static qw_err run_one(struct ends *ends, size_t size, size_t aim, double rate, struct bench *bench)
{
    size_t bits = sizes[size].bits;
    uint32_t qber_ppm = (uint32_t)lround(rate * 1e6);
    struct qw_syndrome_config config = { bits, qw_syndrome_checks(bits, qber_ppm, aims[aim].aim) };
    qw_err err = qw_syndrome_sender_new(&config, &ends->alice);

    if (err == QW_OK) {
        err = qw_syndrome_receiver_new(&config, &ends->bob);
    }
    if (err == QW_OK) {
        measure(ends, bits, sizes[size].frames, rate, aims[aim].name, bench);
    }
    qw_syndrome_sender_free(ends->alice);
    qw_syndrome_receiver_free(ends->bob);
    ends->alice = NULL;
    ends->bob = NULL;
    return err;
}

qw_err bench_ldpc(struct bench *bench)
{
    struct ends *ends = calloc(1, sizeof *ends);
    qw_err err = QW_OK;

    if (ends == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&ends->prng, BENCH_SEED, 5);
    for (size_t size = 0; size < SIZES; size++) {
        for (size_t aim = 0; aim < AIMS; aim++) {
            for (size_t i = 0; err == QW_OK && i < RATES; i++) {
                bench_progress(bench, "ldpc", (size * AIMS + aim) * RATES + i,
                               (size_t)SIZES * AIMS * RATES);
                if (sizes[size].bits >= aims[aim].bits_min) {
                    err = run_one(ends, size, aim, rates[i], bench);
                }
            }
        }
    }
    free(ends);
    return err;
}
