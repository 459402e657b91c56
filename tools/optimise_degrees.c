/* SPDX-License-Identifier: Apache-2.0 */
/* Finds degree distributions for the level codes of src/distill/ldpc_degrees.c: the smallest leak
 * (checks per bit) at which EXIT analysis lets decoding finish, on the real channel of a level.
 * Messages are taken as Gaussian, checks by the usual duality; the search is a seeded hill climb,
 * so a rerun gives the same figures on one machine. The shares were copied from its output by hand,
 * the smallest ones folded into their neighbours.
 *
 *   cc -O2 -Isrc -o optimise_degrees tools/optimise_degrees.c -lm
 *   optimise_degrees SIGMA LEVEL [CAP]    CAP: columns of degree 2 per check, default 0.95
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 120, BINS = 401, DEGREES = 9, NODES = 41, STEPS = 2500 };

static const int degree[DEGREES] = { 2, 3, 4, 5, 6, 8, 10, 14, 20 };

struct analysis {
    double weight[BINS];         /* of the channel's LLR, -20..20 in steps of 0.1 */
    double entropy;              /* of the level, bits */
    double curve[DEGREES][GRID]; /* information out of a column, per degree */
    double grid[GRID];           /* information into it */
    double need[GRID];           /* information that the checks want for it */
    double cap;                  /* on the share of edges at degree 2, halved */
    unsigned long long random;
};

static double uniform(struct analysis *a)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 7;
    a->random ^= a->random << 17;
    return (double)(a->random >> 11) / 9007199254740992.0;
}

static double mass(double low, double high, double sigma)
{
    double scale = 1.0 / (sigma * sqrt(2.0));

    if (low > 0.0) {
        return 0.5 * (erfc(low * scale) - erfc(high * scale));
    }
    return 0.5 * (erfc(-high * scale) - erfc(-low * scale));
}

/* Information of a Gaussian LLR of deviation s, and back (ten Brink's approximation). */
static double information(double s)
{
    return s < 1e-9 ? 0.0 : pow(1.0 - exp2(-0.3073 * pow(s, 1.787)), 1.1064);
}

static double deviation(double i)
{
    if (i <= 0.0) {
        return 0.0;
    }
    return i >= 1.0 ? 40.0 : pow(-log2(1.0 - pow(i, 1.0 / 1.1064)) / 0.3073, 1.0 / 1.787);
}

/* LLR density of a level given the bit is 0, over all places of the mean. */
static void fill_channel(struct analysis *a, double sigma, int level)
{
    double spacing = ldexp(1.0, level);
    int steps = 128 << level;
    double total = 0.0;

    for (int i = 0; i < steps; i++) {
        double u = 2.0 * spacing * (i + 0.5) / steps;
        double p[2] = { 0.0, 0.0 };
        double llr;

        for (int k = -40; k <= 41; k++) {
            p[k & 1] += mass(k * spacing - u, k * spacing + 1.0 - u, sigma);
        }
        total += p[0] + p[1];
        if (p[0] < 1e-30 || p[1] < 1e-30) {
            a->weight[BINS - 1] += p[0] + p[1];
            continue;
        }
        llr = fmax(-20.0, fmin(20.0, log(p[0] / p[1])));
        a->entropy -= p[0] * log2(p[0] / (p[0] + p[1])) + p[1] * log2(p[1] / (p[0] + p[1]));
        a->weight[lrint((20.0 + llr) * 10.0)] += p[0];
        a->weight[lrint((20.0 - llr) * 10.0)] += p[1];
    }
    a->entropy /= total;
    for (int b = 0; b < BINS; b++) {
        a->weight[b] /= total;
    }
}

static double column_information(const struct analysis *a, double mean)
{
    double sum = 0.0;

    for (int q = 0; q < NODES; q++) {
        double z = -5.0 + 10.0 * q / (NODES - 1);
        double w = exp(-z * z / 2.0) / sqrt(2.0 * M_PI) * 10.0 / (NODES - 1);
        double x = mean + sqrt(2.0 * mean) * z;

        for (int b = 0; b < BINS; b++) {
            double llr = (b - 200) / 10.0 + x;

            if (a->weight[b] > 0.0) {
                sum += w * a->weight[b] * (llr > 40.0 ? 1.0 : 1.0 - log2(1.0 + exp(-llr)));
            }
        }
    }
    return sum;
}

static void fill_curves(struct analysis *a)
{
    for (int g = 0; g < GRID; g++) {
        double t = (g + 0.5) / GRID;
        double mean;

        a->grid[g] = t < 0.9 ? t : 1.0 - pow(10.0, -1.0 - (t - 0.9) * 30.0);
        mean = pow(deviation(a->grid[g]), 2.0) / 2.0;
        for (int d = 0; d < DEGREES; d++) {
            a->curve[d][g] = column_information(a, mean * (degree[d] - 1));
        }
    }
}

/* Sum of share / degree, less a penalty for every place where decoding would stop. */
static double value(const struct analysis *a, const double *share, double penalty, double *worst)
{
    double over = share[0] / 2.0 - a->cap;
    double sum = over > 0.0 ? -100.0 * penalty * over * over : 0.0;

    *worst = 1.0;
    for (int d = 0; d < DEGREES; d++) {
        sum += share[d] / degree[d];
    }
    for (int g = 0; g < GRID; g++) {
        double slack = -a->need[g];

        for (int d = 0; d < DEGREES; d++) {
            slack += share[d] * a->curve[d][g];
        }
        *worst = slack < *worst ? slack : *worst;
        if (slack < 0.0) {
            sum -= penalty * pow(slack / (1.0 - a->grid[g]), 2.0);
        }
    }
    return sum;
}

static double climb(struct analysis *a, double *share)
{
    double worst = 0.0;

    for (double penalty = 10.0; penalty < 1e6; penalty *= 3.0) {
        double best = value(a, share, penalty, &worst);

        for (int i = 0; i < STEPS; i++) {
            double trial[DEGREES];
            double trial_worst;
            double trial_value;

            memcpy(trial, share, sizeof trial);
            for (int moves = 1 + (int)(3.0 * uniform(a)); moves > 0; moves--) {
                int from = (int)(DEGREES * uniform(a));
                int to = (int)(DEGREES * uniform(a));
                double amount = trial[from] * pow(10.0, -4.0 * uniform(a));

                trial[from] -= amount;
                trial[to] += amount;
            }
            trial_value = value(a, trial, penalty, &trial_worst);
            if (trial_value > best) {
                best = trial_value;
                worst = trial_worst;
                memcpy(share, trial, sizeof trial);
            }
        }
    }
    return worst;
}

int main(int argc, char **argv)
{
    static struct analysis a;
    double best[DEGREES] = { 0.0 };
    double best_leak = 9.0;
    double cap;

    if (argc < 3) {
        fprintf(stderr, "usage: optimise_degrees SIGMA LEVEL [CAP]\n");
        return 2;
    }
    cap = argc > 3 ? strtod(argv[3], NULL) : 0.95;
    a.random = 88172645463325252u;
    fill_channel(&a, strtod(argv[1], NULL), (int)strtol(argv[2], NULL, 10));
    fill_curves(&a);
    for (double checks = 2.2; checks < 600.0; checks *= 1.04) { /* columns per check */
        double share[DEGREES];
        double sum = 0.0;
        double worst;

        a.cap = cap / checks;
        for (int g = 0; g < GRID; g++) {
            a.need[g] = 1.0 - information(deviation(1.0 - a.grid[g]) / sqrt(checks - 1.0));
        }
        for (int d = 0; d < DEGREES; d++) {
            share[d] = 1.0 / DEGREES;
        }
        worst = climb(&a, share);
        for (int d = 0; d < DEGREES; d++) {
            sum += share[d] / degree[d];
        }
        if (worst > -1e-3 && 1.0 / checks / sum < best_leak) {
            best_leak = 1.0 / checks / sum;
            memcpy(best, share, sizeof best);
        }
    }
    printf("H %.4f leak %.4f, share of columns:", a.entropy, best_leak);
    for (int d = 0; d < DEGREES; d++) {
        double sum = 0.0;

        for (int k = 0; k < DEGREES; k++) {
            sum += best[k] / degree[k];
        }
        printf(" %d:%.4f", degree[d], best[d] / degree[d] / sum);
    }
    printf("\n");
    return 0;
}
