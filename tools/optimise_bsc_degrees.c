/* SPDX-License-Identifier: Apache-2.0 */
/* Finds degree distributions for the hard-bit codes of src/distill/ldpc_degrees_bsc.c: at a given
 * error rate the smallest leak (checks per bit) at which density evolution on the binary symmetric
 * channel lets decoding finish. Densities are kept on a grid, checks combined pair by pair; between
 * two runs of the evolution the shares move along the linear approximation that it gives. Seeded, so
 * a rerun gives the same figures on one machine; its output was copied to the table by hand.
 *
 *   cc -O3 -march=native -o optimise_bsc_degrees tools/optimise_bsc_degrees.c -lm
 *   optimise_bsc_degrees QBER CHECK_DEGREE [PROGRESS [CAP [DEGREE_MAX]]]
 *     CHECK_DEGREE  mean, from 3 (two neighbouring degrees are mixed)
 *     PROGRESS      error left after an iteration, relative, default 0.98: smaller decodes in fewer
 *     CAP           columns of degree 2 per check, default 0.95
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { K = 300, WIDTH = 2 * K + 1, DEGREES = 11, ITERATIONS_MAX = 400, ROUNDS = 40, MOVES = 60000 };

static const double UNIT = 0.08; /* of log-likelihood per step of the grid */
static const int degree[DEGREES] = { 2, 3, 4, 5, 6, 8, 10, 14, 20, 28, 40 };
static const double SLOW = 0.5;
static const double DONE = 1e-6; /* error probability */

struct density {
    double at[WIDTH]; /* of the message, given the bit is 0; index K is zero */
};

struct evolution {
    double qber;
    double progress;
    double cap;
    int check_degree; /* the smaller of two neighbours */
    double check_more; /* share of edges at check_degree + 1 */
    double share[DEGREES]; /* of the edges */
    int iterations;
    double before[ITERATIONS_MAX];           /* error of the messages into an iteration */
    double after[ITERATIONS_MAX][DEGREES];   /* and out of it, by degree */
    unsigned long long random;
};

static unsigned short sum_of[K + 1][K + 1]; /* what a check makes of two magnitudes */

static double uniform(struct evolution *e)
{
    e->random ^= e->random << 13;
    e->random ^= e->random >> 7;
    e->random ^= e->random << 17;
    return (double)(e->random >> 11) / 9007199254740992.0;
}

static void fill_sums(void)
{
    for (int i = 0; i <= K; i++) {
        for (int j = 0; j <= K; j++) {
            double t = tanh(i * UNIT / 2) * tanh(j * UNIT / 2);
            double l = t >= 1.0 ? K : log((1 + t) / (1 - t)) / UNIT;

            sum_of[i][j] = (unsigned short)(l > K ? K : lrint(l));
        }
    }
}

/* Sum and difference of the two signs' densities over magnitudes: what checks multiply. */
struct folded {
    double sum[K + 1];
    double difference[K + 1];
};

static void fold(const struct density *d, struct folded *f)
{
    f->sum[0] = d->at[K];
    f->difference[0] = 0.0;
    for (int k = 1; k <= K; k++) {
        f->sum[k] = d->at[K + k] + d->at[K - k];
        f->difference[k] = d->at[K + k] - d->at[K - k];
    }
}

static void unfold(const struct folded *f, struct density *d)
{
    d->at[K] = f->sum[0];
    for (int k = 1; k <= K; k++) {
        d->at[K + k] = (f->sum[k] + f->difference[k]) / 2;
        d->at[K - k] = (f->sum[k] - f->difference[k]) / 2;
    }
}

static void join(const struct folded *a, const struct folded *b, struct folded *out)
{
    struct folded r;

    memset(&r, 0, sizeof r);
    for (int i = 0; i <= K; i++) {
        if (a->sum[i] < 1e-14) {
            continue;
        }
        for (int j = 0; j <= K; j++) {
            int at = sum_of[i][j];

            r.sum[at] += a->sum[i] * b->sum[j];
            r.difference[at] += a->difference[i] * b->difference[j];
        }
    }
    *out = r;
}

/* What a check says that combines count messages. */
static void check_power(const struct folded *one, int count, struct folded *out)
{
    struct folded power = *one;
    bool begun = false;

    for (; count > 0; count >>= 1) {
        if (count & 1) {
            if (begun) {
                join(out, &power, out);
            } else {
                *out = power;
                begun = true;
            }
        }
        if (count > 1) {
            join(&power, &power, &power);
        }
    }
}

static void add_messages(const struct density *a, const struct density *b, struct density *out)
{
    static double wide[2 * WIDTH];
    struct density r;

    memset(wide, 0, sizeof wide);
    for (int i = 0; i < WIDTH; i++) {
        double w = a->at[i];

        if (w < 1e-16) {
            continue;
        }
        for (int j = 0; j < WIDTH; j++) {
            wide[i + j] += w * b->at[j];
        }
    }
    memset(&r, 0, sizeof r);
    for (int i = 0; i < 2 * WIDTH - 1; i++) {
        int at = i - K;

        r.at[at < 0 ? 0 : at >= WIDTH ? WIDTH - 1 : at] += wide[i];
    }
    *out = r;
}

static double error_of(const struct density *d)
{
    double error = d->at[K] / 2;

    for (int i = 0; i < K; i++) {
        error += d->at[i];
    }
    return error;
}

static void channel(const struct evolution *e, struct density *d)
{
    double l = log((1 - e->qber) / e->qber) / UNIT;
    int low = (int)floor(l);
    double up = l - low;

    memset(d, 0, sizeof *d);
    d->at[K + low] = (1 - e->qber) * (1 - up);
    d->at[K + low + 1] = (1 - e->qber) * up;
    d->at[K - low] = e->qber * (1 - up);
    d->at[K - low - 1] = e->qber * up;
}

/* A part of the edges takes the new message, the others keep the old one: same fixed points, but
 * steps small enough for the linear approximation. Sums drift apart from 1 tenfold an iteration
 * unless they are put back. */
static void blend(struct density *message, const struct density *next)
{
    double total = 0.0;

    for (int k = 0; k < WIDTH; k++) {
        message->at[k] += SLOW * (next->at[k] - message->at[k]);
        total += message->at[k];
    }
    for (int k = 0; k < WIDTH; k++) {
        message->at[k] /= total;
    }
}

/* Runs until the error is DONE or progress ends; fills before and after. */
static bool evolve(struct evolution *e)
{
    struct density first;
    struct density message;

    channel(e, &first);
    message = first;
    e->iterations = 0;
    while (e->iterations < ITERATIONS_MAX) {
        struct folded one;
        struct folded fewer;
        struct folded more;
        struct density said;
        struct density sum = first;
        struct density next;
        double error = error_of(&message);
        int count = 1;

        if (error < DONE) {
            return true;
        }
        if (e->iterations > 3 && error > 0.9999 * e->before[e->iterations - 1]) {
            return false;
        }
        e->before[e->iterations] = error;
        fold(&message, &one);
        check_power(&one, e->check_degree - 1, &fewer);
        join(&fewer, &one, &more);
        for (int k = 0; k <= K; k++) {
            fewer.sum[k] += e->check_more * (more.sum[k] - fewer.sum[k]);
            fewer.difference[k] += e->check_more * (more.difference[k] - fewer.difference[k]);
        }
        unfold(&fewer, &said);
        memset(&next, 0, sizeof next);
        for (int i = 0; i < DEGREES; i++) {
            for (; count < degree[i]; count++) {
                add_messages(&sum, &said, &sum);
            }
            e->after[e->iterations][i] = error_of(&sum);
            for (int k = 0; k < WIDTH; k++) {
                next.at[k] += e->share[i] * sum.at[k];
            }
        }
        blend(&message, &next);
        e->iterations++;
    }
    return false;
}

/* Columns per edge. */
static double columns_of(const double *share)
{
    double sum = 0.0;

    for (int i = 0; i < DEGREES; i++) {
        sum += share[i] / degree[i];
    }
    return sum;
}

static double checks_of(const struct evolution *e)
{
    return (1 - e->check_more) / e->check_degree + e->check_more / (e->check_degree + 1);
}

static bool finishes(const struct evolution *e, const double *share)
{
    if (share[0] / 2 > e->cap * checks_of(e)) {
        return false;
    }
    for (int k = 0; k < e->iterations; k++) {
        double error = 0.0;

        for (int i = 0; i < DEGREES; i++) {
            error += share[i] * e->after[k][i];
        }
        if (error > e->progress * e->before[k]) {
            return false;
        }
    }
    return true;
}

/* Moves edges between degrees as long as the linear approximation says that decoding finishes. */
static void climb(struct evolution *e, double reach, int degrees)
{
    double start[DEGREES];

    memcpy(start, e->share, sizeof start);
    for (int move = 0; move < MOVES; move++) {
        double share[DEGREES];
        int from[2] = { (int)(uniform(e) * degrees), (int)(uniform(e) * degrees) };
        int to[2] = { (int)(uniform(e) * degrees), (int)(uniform(e) * degrees) };
        bool ok = true;

        memcpy(share, e->share, sizeof share);
        for (int m = 0; m < 2; m++) {
            double step = reach * pow(10.0, -3.0 * uniform(e));

            share[from[m]] -= step;
            share[to[m]] += step;
        }
        for (int i = 0; i < degrees; i++) {
            ok = ok && share[i] >= 0.0 && fabs(share[i] - start[i]) <= reach;
        }
        if (ok && columns_of(share) > columns_of(e->share) && finishes(e, share)) {
            memcpy(e->share, share, sizeof share);
        }
    }
}

/* Fewer and fewer weak columns, until decoding finishes. */
static bool find_start(struct evolution *e, int degrees)
{
    for (double weak = 0.8; weak > 0.05; weak *= 0.85) {
        memset(e->share, 0, sizeof e->share);
        e->share[0] = 0.2 * weak;
        e->share[1] = 0.8 * weak;
        e->share[degrees - 2] = (1 - weak) / 2;
        e->share[degrees - 1] = (1 - weak) / 2;
        if (evolve(e)) {
            return true;
        }
    }
    return false;
}

static double entropy(double q)
{
    return -q * log2(q) - (1 - q) * log2(1 - q);
}

static void report(const struct evolution *e, int iterations)
{
    double leak = checks_of(e) / columns_of(e->share);

    printf("qber %.4f leak %.4f f %.4f check degree %.2f iterations %d columns", e->qber, leak,
           leak / entropy(e->qber), e->check_degree + e->check_more, iterations);
    for (int i = 0; i < DEGREES; i++) {
        printf(" %d:%.0f", degree[i], 10000 * e->share[i] / degree[i] / columns_of(e->share));
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct evolution e;
    double mean = argc > 2 ? atof(argv[2]) : 0.0;
    double reach = 0.05;
    int degrees = DEGREES;
    double best[DEGREES];
    int iterations = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: optimise_bsc_degrees QBER CHECK_DEGREE [PROGRESS [CAP [DEGREE_MAX]]]\n");
        return 2;
    }
    e.qber = atof(argv[1]);
    e.check_degree = (int)mean;
    e.check_more = (mean - e.check_degree) * (e.check_degree + 1) / mean; /* of edges */
    e.progress = argc > 3 ? atof(argv[3]) : 0.98;
    e.cap = argc > 4 ? atof(argv[4]) : 0.95;
    while (argc > 5 && degrees > 3 && degree[degrees - 1] > atoi(argv[5])) {
        degrees--;
    }
    e.random = 0x2545f4914f6cdd1d;
    fill_sums();
    if (!find_start(&e, degrees)) {
        fprintf(stderr, "nothing decodes at this check degree\n");
        return 1;
    }
    memcpy(best, e.share, sizeof best);
    for (int round = 0; round < ROUNDS && reach > 0.001; round++) {
        if (!evolve(&e)) {
            memcpy(e.share, best, sizeof best);
            reach /= 2;
            evolve(&e);
        } else {
            memcpy(best, e.share, sizeof best);
            iterations = e.iterations;
        }
        climb(&e, reach, degrees);
    }
    memcpy(e.share, best, sizeof best);
    report(&e, iterations);
    return 0;
}
