/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "base/clock.h"
#include "base/prng.h"
#include "distill/multilevel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both ends of soft reconciliation: X and Y of variance 1, as two ends at one signal-to-noise ratio
 * see the same Gaussian value. X is cut into cells of its deviation given Y / SIGMA_CELLS, over at
 * least four deviations on each side. Each point twice: with a first message that is nearly always
 * enough, and with a lean one. */

static const double SIGMA_CELLS = 3.25;
static const struct {
    size_t n;
    size_t blocks;
} sizes[] = { { 1024, 1000 }, { 16384, 24 }, { 65536, 6 }, { 131072, 3 } };
static const double snrs_db[] = { 5, 10, 15, 20, 25 };
static const char *const thrift_names[] = {
    [QW_LEVEL_ONE_MESSAGE] = "one message", [QW_LEVEL_LEAN] = "lean"
};
enum {
    SIZES = sizeof sizes / sizeof sizes[0],
    SNRS = sizeof snrs_db / sizeof snrs_db[0],
    THRIFTS = sizeof thrift_names / sizeof thrift_names[0],
    N_MAX = QW_MULTILEVEL_COEFFICIENTS_MAX
};

struct source {
    double snr_db;
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

/* Sums over blocks. */
struct sums {
    double right;
    double leaked;       /* of all blocks, every MORE included */
    double leaked_right; /* of those that came out right */
    double more;         /* messages after the first */
    int64_t spent_ns;
};

static struct source source_at(double snr_db)
{
    double snr = pow(10, snr_db / 10);
    struct source s = { .snr_db = snr_db, .rho = snr / (1 + snr) };
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

/* Verification is the session's; here the right word is known. A request names one of five levels
 * or none: 3 bits, which count as leaked. */
static qw_err run_block(struct ends *ends, size_t n, struct sums *sums)
{
    enum { REQUEST_BITS = 3 };
    double leaked = (double)qw_multilevel_leak_bits(ends->sender);
    int64_t start = qw_clock_cpu_ns();
    qw_err err;
    bool right;

    qw_multilevel_encode(ends->sender, ends->symbol, ends->message);
    err = qw_multilevel_decode(ends->receiver, ends->mean, ends->message,
                               qw_multilevel_message_len(ends->sender), ends->word);
    right = is_right(ends, err, n);
    while (!right) {
        size_t level = qw_multilevel_wanted(ends->receiver);
        size_t len = qw_multilevel_more_len(ends->sender, level);

        if (level == QW_MULTILEVEL_DEPTH_MAX) {
            break;
        }
        leaked += (double)qw_multilevel_more_bits(ends->sender, level) + REQUEST_BITS;
        err = qw_multilevel_encode_more(ends->sender, level, ends->symbol, ends->message);
        if (err != QW_OK) {
            return err;
        }
        sums->more++;
        err = qw_multilevel_decode_more(ends->receiver, level, ends->mean, ends->message, len,
                                        ends->word);
        right = is_right(ends, err, n);
    }
    sums->spent_ns += qw_clock_cpu_ns() - start;
    sums->right += right;
    sums->leaked += leaked;
    sums->leaked_right += right ? leaked : 0;
    return QW_OK;
}

/* A lost block loses all its bits, and its leakage with them. */
static void add_row(const struct source *s, size_t size, enum qw_level_thrift thrift,
                    const struct sums *sums, struct bench *bench)
{
    struct bench_row row = bench_row_of("multilevel");
    double blocks = (double)sizes[size].blocks;
    double n = (double)sizes[size].n;

    snprintf(row.impl, sizeof row.impl, "%zu coefficients, %s", sizes[size].n,
             thrift_names[thrift]);
    row.n_bits = (uint64_t)llround(n * s->entropy);
    row.snr_db = s->snr_db;
    row.frames = sizes[size].blocks;
    row.cpu_s = (double)sums->spent_ns / 1e9;
    row.throughput_mbps = blocks * n * s->entropy / 1e6 / row.cpu_s;
    row.beta = (sums->right * n * s->entropy - sums->leaked_right) / (blocks * n * s->information);
    row.frame_error_rate = 1 - sums->right / blocks;
    row.round_trips = sums->more / blocks;
    row.messages = 1 + 2 * row.round_trips;
    row.leaked_bits = sums->leaked / blocks;
    bench_add(bench, &row);
}

static qw_err measure(struct ends *ends, size_t size, double snr_db, enum qw_level_thrift thrift,
                      struct bench *bench)
{
    struct source source = source_at(snr_db);
    struct sums sums = { .more = 0 };
    size_t n = sizes[size].n;
    qw_err err;

    memset(ends->depth, (int)source.depth, n);
    err = qw_multilevel_new(ends->depth, n, SIGMA_CELLS, thrift, &ends->sender);
    if (err == QW_OK) {
        err = qw_multilevel_new(ends->depth, n, SIGMA_CELLS, thrift, &ends->receiver);
    }
    if (err == QW_OK && qw_multilevel_message_len(ends->sender) > sizeof ends->message) {
        err = QW_ERR_SPACE;
    }
    for (size_t i = 0; err == QW_OK && i < sizes[size].blocks; i++) {
        draw(ends, &source, n);
        err = run_block(ends, n, &sums);
    }
    if (err == QW_OK) {
        add_row(&source, size, thrift, &sums, bench);
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
    for (size_t i = 0; err == QW_OK && i < (size_t)SIZES * SNRS * THRIFTS; i++) {
        bench_progress(bench, "multilevel", i, (size_t)SIZES * SNRS * THRIFTS);
        err = measure(ends, i / THRIFTS / SNRS, snrs_db[i / THRIFTS % SNRS],
                      (enum qw_level_thrift)(i % THRIFTS), bench);
    }
    free(ends);
    return err;
}
