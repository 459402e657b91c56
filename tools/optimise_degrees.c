/* SPDX-License-Identifier: Apache-2.0 */
/* Finds degree distributions for the level codes of src/distill/ldpc_degrees.c: the smallest leak
 * (checks per bit) at which density evolution on the real channel of a level comes to an end, so
 * the threshold of belief propagation itself and not a Gaussian picture of it.
 *
 * Densities are kept on a grid of LLRs. Each round runs the evolution for the distribution at hand
 * and notes, for every iteration and column degree, the entropy that a column of this degree would
 * give; a hill climb then lowers the leak as far as these notes allow, inside a small step, as the
 * notes are true only near the distribution they come from. The search is seeded: a rerun gives the
 * same figures on one machine. Shares are copied from the output by hand.
 *
 *   cc -O3 -march=native -Isrc -o optimise_degrees tools/optimise_degrees.c
 *      src/distill/ldpc_degrees.c src/distill/gaussian_cells.c -lm
 *   optimise_degrees SIGMA LEVEL CHECK_DEGREE [CAP [ROUNDS [SHARE x 9]]]
 *
 * CHECK_DEGREE is the average, fractions are fine. CAP: columns of degree 2 per check, 0.95. The
 * start is SHARE, of columns, or the table's own profile; with ROUNDS 0 its threshold is printed,
 * found by moving the check degree. */
#include "distill/gaussian_cells.h"
#include "distill/ldpc_degrees.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HALF = 1000, /* steps from LLR 0 to the last */
    BINS = 2 * HALF + 1,
    TURN = 4096, /* points of the Fourier transform, >= 2 BINS - 1 */
    ITERATIONS_MAX = 600,
    CLIMB_STEPS = 5000,
    POWERS = 19
};

static const double STEP = 0.02;
static const double DONE = 1e-4;      /* entropy at which evolution has come to its end */
static const double PROGRESS = 0.005; /* least relative gain of an iteration */

struct density {
    double p[BINS]; /* given that the bit is 0 */
};

struct evolution {
    struct density channel;
    double entropy; /* of the channel */
    uint16_t box[HALF + 1][HALF + 1];
    double complex turn[TURN / 2];
    double cost[BINS]; /* entropy of an LLR */
    /* Notes of the last run. */
    size_t iterations;
    double before[ITERATIONS_MAX];
    double after[ITERATIONS_MAX][QW_LDPC_DEGREES];
    unsigned long long random;
};

static double uniform(struct evolution *e)
{
    e->random ^= e->random << 13;
    e->random ^= e->random >> 7;
    e->random ^= e->random << 17;
    return (double)(e->random >> 11) / 9007199254740992.0;
}

static double entropy_of(const struct evolution *e, const struct density *d)
{
    double sum = 0.0;

    for (int b = 0; b < BINS; b++) {
        sum += d->p[b] * e->cost[b];
    }
    return sum;
}

/* LLR density of a level given the bit is 0, over all places of the mean. */
static void fill_channel(struct evolution *e, double sigma, int level)
{
    double spacing = ldexp(1.0, level);
    int steps = 512 << level;
    double total = 0.0;

    for (int i = 0; i < steps; i++) {
        double u = 2.0 * spacing * (i + 0.5) / steps;
        double p[2] = { 0.0, 0.0 };
        double llr;

        for (int k = -40; k <= 41; k++) {
            p[k & 1] += qw_gaussian_mass(k * spacing - u, k * spacing + 1.0 - u, sigma);
        }
        total += p[0] + p[1];
        llr = fmax(-HALF * STEP, fmin(HALF * STEP, log((p[0] + 1e-300) / (p[1] + 1e-300))));
        e->channel.p[HALF + lrint(llr / STEP)] += p[0];
        e->channel.p[HALF - lrint(llr / STEP)] += p[1];
    }
    for (int b = 0; b < BINS; b++) {
        e->channel.p[b] /= total;
    }
}

static void fill_tables(struct evolution *e)
{
    for (int i = 0; i <= HALF; i++) {
        for (int j = 0; j <= HALF; j++) {
            double t = tanh(i * STEP / 2.0) * tanh(j * STEP / 2.0);

            e->box[i][j] = (uint16_t)fmin(HALF, rint(2.0 * atanh(fmin(t, 1.0 - 1e-15)) / STEP));
        }
    }
    for (int k = 0; k < TURN / 2; k++) {
        e->turn[k] = cexp(-2.0 * M_PI * I * k / TURN);
    }
    for (int b = 0; b < BINS; b++) {
        e->cost[b] = log2(1.0 + exp(-(b - HALF) * STEP));
    }
}

/* In place, decimation in frequency: the output is in bit-reversed order, which products do not
 * mind; the way back undoes it. */
static void transform(const struct evolution *e, double complex *x)
{
    for (int half = TURN / 2; half > 0; half /= 2) {
        for (int start = 0; start < TURN; start += 2 * half) {
            for (int i = 0; i < half; i++) {
                double complex a = x[start + i];
                double complex b = x[start + i + half];

                x[start + i] = a + b;
                x[start + i + half] = (a - b) * e->turn[i * (TURN / 2 / half)];
            }
        }
    }
}

static void transform_back(const struct evolution *e, double complex *x)
{
    for (int half = 1; half < TURN; half *= 2) {
        for (int start = 0; start < TURN; start += 2 * half) {
            for (int i = 0; i < half; i++) {
                double complex a = x[start + i];
                double complex b = x[start + i + half] * conj(e->turn[i * (TURN / 2 / half)]);

                x[start + i] = a + b;
                x[start + i + half] = a - b;
            }
        }
    }
}

/* Rounding would grow by the product of the degrees in each iteration. */
static void normalise(struct density *d)
{
    double total = 0.0;

    for (int b = 0; b < BINS; b++) {
        total += d->p[b];
    }
    for (int b = 0; b < BINS; b++) {
        d->p[b] /= total;
    }
}

/* Density of a sum of two LLRs; what lies outside counts as the last step. */
static void add(const struct evolution *e, const struct density *a, const struct density *b,
                struct density *sum)
{
    static double complex x[TURN];
    static double complex y[TURN];

    memset(x, 0, sizeof x);
    memset(y, 0, sizeof y);
    for (int i = 0; i < BINS; i++) {
        x[i] = a->p[i];
        y[i] = b->p[i];
    }
    transform(e, x);
    transform(e, y);
    for (int i = 0; i < TURN; i++) {
        x[i] *= y[i] / TURN;
    }
    transform_back(e, x);
    memset(sum, 0, sizeof *sum);
    for (int i = 0; i < 2 * BINS - 1; i++) {
        int at = i - HALF;

        at = at < 0 ? 0 : at;
        sum->p[at < BINS ? at : BINS - 1] += fmax(creal(x[i]), 0.0);
    }
    normalise(sum);
}

/* A density as mass per magnitude, and the surplus of the right sign: what checks multiply. */
struct folded {
    double mass[HALF + 1];
    double surplus[HALF + 1];
};

static void combine(const struct evolution *e, const struct folded *a, const struct folded *b,
                    struct folded *out)
{
    struct folded sum;

    memset(&sum, 0, sizeof sum);
    for (int i = 0; i <= HALF; i++) {
        if (a->mass[i] < 1e-16) {
            continue;
        }
        for (int j = 0; j <= HALF; j++) {
            sum.mass[e->box[i][j]] += a->mass[i] * b->mass[j];
            sum.surplus[e->box[i][j]] += a->surplus[i] * b->surplus[j];
        }
    }
    *out = sum;
}

static void power(const struct evolution *e, const struct folded *base, int exponent,
                  struct folded *out)
{
    struct folded square = *base;
    bool has = false;

    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 == 1) {
            if (has) {
                combine(e, out, &square, out);
            } else {
                *out = square;
            }
            has = true;
        }
        if (exponent > 1) {
            combine(e, &square, &square, &square);
        }
    }
}

/* Messages of checks of two neighbouring degrees. */
static void check(const struct evolution *e, const struct density *in, double degree,
                  struct density *out)
{
    struct folded f;
    struct folded low;
    struct folded high;
    int whole = (int)degree;
    double edges = (degree - whole) * (whole + 1) / degree; /* at the higher degree */

    f.mass[0] = in->p[HALF];
    f.surplus[0] = 0.0;
    for (int i = 1; i <= HALF; i++) {
        f.mass[i] = in->p[HALF + i] + in->p[HALF - i];
        f.surplus[i] = in->p[HALF + i] - in->p[HALF - i];
    }
    power(e, &f, whole - 1, &low);
    combine(e, &low, &f, &high);
    out->p[HALF] = (1.0 - edges) * low.mass[0] + edges * high.mass[0];
    for (int i = 1; i <= HALF; i++) {
        double mass = (1.0 - edges) * low.mass[i] + edges * high.mass[i];
        double surplus = (1.0 - edges) * low.surplus[i] + edges * high.surplus[i];

        out->p[HALF + i] = (mass + surplus) / 2.0;
        out->p[HALF - i] = (mass - surplus) / 2.0;
    }
}

/* Messages of columns: by degree their entropies, and together the next density. */
static void columns(const struct evolution *e, const struct density *in, const double *share,
                    double *entropy, struct density *out)
{
    struct density sum = *in; /* of degree - 1 messages */
    struct density next;
    int messages = 1;

    memset(out, 0, sizeof *out);
    for (int d = 0; d < QW_LDPC_DEGREES; d++) {
        for (; messages < qw_ldpc_degree[d] - 1;) {
            int left = qw_ldpc_degree[d] - 1 - messages;

            if (left >= messages) {
                add(e, &sum, &sum, &next);
                messages *= 2;
            } else {
                add(e, &sum, in, &next);
                messages++;
            }
            sum = next;
        }
        add(e, &sum, &e->channel, &next);
        entropy[d] = entropy_of(e, &next);
        for (int b = 0; b < BINS; b++) {
            out->p[b] += share[d] * next.p[b];
        }
    }
    normalise(out);
}

/* True when evolution comes to its end. share: of edges. */
static bool evolve(struct evolution *e, const double *share, double check_degree)
{
    struct density message = e->channel;
    struct density answer;

    for (e->iterations = 0; e->iterations < ITERATIONS_MAX; e->iterations++) {
        double entropy = entropy_of(e, &message);

        e->before[e->iterations] = entropy;
        if (entropy < DONE) {
            return true;
        }
        if (e->iterations > 10 && entropy > e->before[e->iterations - 1] * (1.0 - 3e-4)) {
            return false;
        }
        check(e, &message, check_degree, &answer);
        columns(e, &answer, share, e->after[e->iterations], &message);
    }
    return false;
}

static double columns_per_edge(const double *share)
{
    double sum = 0.0;

    for (int d = 0; d < QW_LDPC_DEGREES; d++) {
        sum += share[d] / qw_ldpc_degree[d];
    }
    return sum;
}

/* Columns per edge, less penalties for stops, columns of degree 2, and leaving the start.
 */
static double value(const struct evolution *e, const double *share, const double *start,
                    const double *limit, double penalty)
{
    double sum = columns_per_edge(share);
    double moved = 0.0;
    double over = share[0] / 2.0 - limit[1];

    for (int d = 0; d < QW_LDPC_DEGREES; d++) {
        moved += fabs(share[d] - start[d]);
    }
    moved -= limit[0];
    sum -= moved > 0.0 ? 10.0 * moved : 0.0;
    sum -= over > 0.0 ? 10.0 * over : 0.0;
    for (size_t i = 0; i < e->iterations; i++) {
        double entropy = 0.0;
        double lack;

        for (int d = 0; d < QW_LDPC_DEGREES; d++) {
            entropy += share[d] * e->after[i][d];
        }
        lack = entropy / e->before[i] - (1.0 - PROGRESS);
        sum -= lack > 0.0 ? penalty * lack * lack : 0.0;
    }
    return sum;
}

/* limit: how far from the start, and the cap on columns of degree 2 per edge. */
static void climb(struct evolution *e, double *share, const double *limit)
{
    double start[QW_LDPC_DEGREES];

    memcpy(start, share, sizeof start);
    for (double penalty = 1.0; penalty < 1e5; penalty *= 3.0) {
        double best = value(e, share, start, limit, penalty);

        for (int i = 0; i < CLIMB_STEPS; i++) {
            double trial[QW_LDPC_DEGREES];
            double trial_value;

            memcpy(trial, share, sizeof trial);
            for (int moves = 1 + (int)(3.0 * uniform(e)); moves > 0; moves--) {
                int from = (int)(QW_LDPC_DEGREES * uniform(e));
                int to = (int)(QW_LDPC_DEGREES * uniform(e));
                double amount = fmin(trial[from], limit[0] * pow(10.0, -4.0 * uniform(e)));

                trial[from] -= amount;
                trial[to] += amount;
            }
            trial_value = value(e, trial, start, limit, penalty);
            if (trial_value > best) {
                best = trial_value;
                memcpy(share, trial, sizeof trial);
            }
        }
    }
}

static void print(const struct evolution *e, const double *share, double check_degree)
{
    double total = columns_per_edge(share);

    printf("H %.4f leak %.4f excess %.4f checks of degree %.2f, %zu iterations, columns:",
           e->entropy, 1.0 / check_degree / total, 1.0 / check_degree / total - e->entropy,
           check_degree, e->iterations);
    for (int d = 0; d < QW_LDPC_DEGREES; d++) {
        printf(" %.0f", 10000.0 * share[d] / qw_ldpc_degree[d] / total);
    }
    printf("\n");
    fflush(stdout);
}

/* The largest check degree at which the distribution still works. */
static double threshold(struct evolution *e, const double *share, double low, double high)
{
    for (int i = 0; i < 9; i++) {
        double middle = (low + high) / 2.0;

        if (evolve(e, share, middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void optimise(struct evolution *e, double *share, double check_degree, double cap,
                     int rounds)
{
    double good[QW_LDPC_DEGREES];
    double limit[2] = { 0.08, cap / check_degree };
    bool has = false;

    memcpy(good, share, sizeof good);
    for (int round = 0; round < rounds && limit[0] > 0.004; round++) {
        if (evolve(e, share, check_degree)) {
            memcpy(good, share, sizeof good);
            has = true;
            print(e, share, check_degree);
        } else if (!has) {
            return; /* the start is no start at this degree */
        } else {
            memcpy(share, good, sizeof good);
            limit[0] /= 2.0;
            evolve(e, share, check_degree);
        }
        climb(e, share, limit);
    }
    memcpy(share, good, sizeof good);
}

static void start_from(int argc, char **argv, double leak, double *share)
{
    uint32_t count[QW_LDPC_DEGREES];
    double total = 0.0;

    qw_ldpc_degree_counts((uint32_t)(leak * 10000.0), 10000, count);
    for (int d = 0; d < QW_LDPC_DEGREES; d++) {
        share[d] = argc > 6 + d ? strtod(argv[6 + d], NULL) : count[d];
        share[d] *= qw_ldpc_degree[d];
        total += share[d];
    }
    for (int d = 0; d < QW_LDPC_DEGREES; d++) {
        share[d] /= total;
    }
}

int main(int argc, char **argv)
{
    struct evolution *e = calloc(1, sizeof *e);
    double share[QW_LDPC_DEGREES];
    double check_degree;
    int rounds;

    if (argc < 4 || e == NULL) {
        fprintf(stderr,
                "usage: optimise_degrees SIGMA LEVEL CHECK_DEGREE [CAP [ROUNDS [SHARE x 9]]]\n");
        return 2;
    }
    e->random = 88172645463325252u;
    fill_tables(e);
    fill_channel(e, strtod(argv[1], NULL), (int)strtol(argv[2], NULL, 10));
    e->entropy = entropy_of(e, &e->channel);
    check_degree = strtod(argv[3], NULL);
    rounds = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 20;
    start_from(argc, argv, e->entropy + 0.01, share);
    if (rounds == 0) {
        check_degree = threshold(e, share, check_degree * 0.8, check_degree);
        evolve(e, share, check_degree);
        print(e, share, check_degree);
    } else {
        optimise(e, share, check_degree, argc > 4 ? strtod(argv[4], NULL) : 0.95, rounds);
    }
    free(e);
    return 0;
}
