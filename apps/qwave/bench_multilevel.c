/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include "base/clock.h"
#include "base/prng.h"
#include "distill/multilevel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both ends of soft reconciliation: X and Y of variance 1, as two ends at one signal-to-noise ratio
 * see the same Gaussian value. X is cut into cells of its deviation given Y / SIGMA_CELLS, over at
 * least four deviations on each side. */

static const double SIGMA_CELLS = 2.5;
static const struct {
    size_t n;
    size_t blocks;
} sizes[] = { { 1024, 500 }, { 4096, 200 }, { 16384, 40 }, { 65536, 20 } };
static const double snrs_db[] = { 5, 10, 15, 20, 25 };
enum {
    SIZES = sizeof sizes / sizeof sizes[0],
    SNRS = sizeof snrs_db / sizeof snrs_db[0],
    N_MAX = 65536
};

struct source {
    double rho;
    double conditional; /* deviation of X given Y */
    double cell;
    unsigned depth;
    double entropy;     /* of the symbol, bits */
    double information; /* of X about Y, bits */
};

struct ends {
    struct qw_multilevel *sender;
    struct qw_multilevel *receiver;
    struct qw_prng prng;
    uint8_t depth[N_MAX];
    uint16_t symbol[N_MAX];
    uint16_t word[N_MAX];
    float mean[N_MAX];
    uint8_t message[2 * N_MAX]; /* more than any: at most 14 levels of which few are sent plain */
};

/* Sums over blocks; [0] after the first message, [1] after all that were needed. */
struct sums {
    double right[2];
    double leaked[2];       /* of all blocks */
    double leaked_right[2]; /* of those that came out right */
    double more;            /* messages after the first */
    int64_t spent_ns[2];
};

static struct source source_at(double snr_db)
{
    double snr = pow(10, snr_db / 10);
    struct source s = { .rho = snr / (1 + snr) };
    long cells;

    s.conditional = sqrt(1 - s.rho * s.rho);
    s.cell = s.conditional / SIGMA_CELLS;
    s.depth = (unsigned)ceil(log2(8 / s.cell));
    s.information = -log2(s.conditional);
    cells = 1L << s.depth;
    for (long q = 0; q < cells; q++) {
        double low = (double)(q - cells / 2) * s.cell / sqrt(2);
        double high = low + s.cell / sqrt(2);
        double p = 0.5 * ((q == 0 ? 2 : erfc(low)) - (q == cells - 1 ? 0 : erfc(high)));

        s.entropy -= p > 0 ? p * log2(p) : 0;
    }
    return s;
}

static void draw(struct ends *ends, const struct source *s, size_t n)
{
    double cells = ldexp(1, (int)s->depth);

    for (size_t j = 0; j < n; j++) {
        double x = qw_prng_gaussian(&ends->prng);
        double y = s->rho * x + s->conditional * qw_prng_gaussian(&ends->prng);
        double q = fmin(fmax(floor(x / s->cell + cells / 2), 0), cells - 1);

        ends->symbol[j] = (uint16_t)q;
        ends->mean[j] = (float)(s->rho * y / s->cell + cells / 2);
    }
}

static bool is_right(const struct ends *ends, qw_err err, size_t n)
{
    size_t equal = 0;

    while (equal < n && ends->word[equal] == ends->symbol[equal]) {
        equal++;
    }
    return err == QW_OK && equal == n;
}

static qw_err run_block(struct ends *ends, size_t n, struct sums *sums)
{
    double leaked = (double)qw_multilevel_leak_bits(ends->sender);
    int64_t start = qw_clock_cpu_ns();
    qw_err err;
    bool right;

    qw_multilevel_encode(ends->sender, ends->symbol, ends->message);
    err = qw_multilevel_decode(ends->receiver, ends->mean, ends->message,
                               qw_multilevel_message_len(ends->sender), ends->word);
    right = is_right(ends, err, n);
    sums->spent_ns[0] += qw_clock_cpu_ns() - start;
    sums->right[0] += right;
    sums->leaked[0] += leaked;
    sums->leaked_right[0] += right ? leaked : 0;
    for (int i = 0; !right && i < QW_MULTILEVEL_MORE_MAX; i++) {
        size_t len = qw_multilevel_more_len(ends->sender);

        leaked += (double)qw_multilevel_more_bits(ends->sender);
        err = qw_multilevel_encode_more(ends->sender, ends->symbol, ends->message);
        if (err != QW_OK) {
            return err;
        }
        sums->more++;
        err = qw_multilevel_decode_more(ends->receiver, ends->mean, ends->message, len, ends->word);
        right = is_right(ends, err, n);
    }
    sums->spent_ns[1] += qw_clock_cpu_ns() - start;
    sums->right[1] += right;
    sums->leaked[1] += leaked;
    sums->leaked_right[1] += right ? leaked : 0;
    return QW_OK;
}

/* A lost block loses all its bits, and its leakage with them. */
static void add_row(const struct source *s, size_t size, double snr_db, const struct sums *sums,
                    int with_more, struct bench *bench)
{
    struct bench_row row = bench_row_of("multilevel");
    double blocks = (double)sizes[size].blocks;
    double n = (double)sizes[size].n;

    snprintf(row.impl, sizeof row.impl, "%zu coefficients, %s", sizes[size].n,
             with_more ? "more on demand" : "one message");
    row.n_bits = (uint64_t)llround(n * s->entropy);
    row.snr_db = snr_db;
    row.frames = sizes[size].blocks;
    row.cpu_s = (double)sums->spent_ns[with_more] / 1e9;
    row.throughput_mbps = blocks * n * s->entropy / 1e6 / row.cpu_s;
    row.beta = (sums->right[with_more] * n * s->entropy - sums->leaked_right[with_more]) /
               (blocks * n * s->information);
    row.frame_error_rate = 1 - sums->right[with_more] / blocks;
    row.round_trips = with_more ? sums->more / blocks : 0;
    row.messages = 1 + 2 * row.round_trips;
    row.leaked_bits = sums->leaked[with_more] / blocks;
    bench_add(bench, &row);
}

static qw_err measure(struct ends *ends, size_t size, double snr_db, struct bench *bench)
{
    struct source source = source_at(snr_db);
    struct sums sums = { .more = 0 };
    size_t n = sizes[size].n;
    qw_err err;

    memset(ends->depth, (int)source.depth, n);
    err = qw_multilevel_new(ends->depth, n, SIGMA_CELLS, &ends->sender);
    if (err == QW_OK) {
        err = qw_multilevel_new(ends->depth, n, SIGMA_CELLS, &ends->receiver);
    }
    if (err == QW_OK && (qw_multilevel_message_len(ends->sender) > sizeof ends->message ||
                         qw_multilevel_more_len(ends->sender) > sizeof ends->message)) {
        err = QW_ERR_SPACE;
    }
    for (size_t i = 0; err == QW_OK && i < sizes[size].blocks; i++) {
        draw(ends, &source, n);
        err = run_block(ends, n, &sums);
    }
    if (err == QW_OK) {
        add_row(&source, size, snr_db, &sums, 0, bench);
        add_row(&source, size, snr_db, &sums, 1, bench);
    }
    qw_multilevel_free(ends->sender);
    qw_multilevel_free(ends->receiver);
    ends->sender = NULL;
    ends->receiver = NULL;
    return err;
}

qw_err bench_multilevel(struct bench *bench)
{
    struct ends *ends = calloc(1, sizeof *ends);
    qw_err err = QW_OK;

    if (ends == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&ends->prng, BENCH_SEED, 4);
    for (size_t size = 0; err == QW_OK && size < SIZES; size++) {
        for (size_t i = 0; err == QW_OK && i < SNRS; i++) {
            bench_progress(bench, "multilevel", size * SNRS + i, (size_t)SIZES * SNRS);
            err = measure(ends, size, snrs_db[i], bench);
        }
    }
    free(ends);
    return err;
}
