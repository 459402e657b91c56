/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/syndrome/plan.h"

#include "distill/syndrome.h"

#include <math.h>

enum {
    QBER_MIN_PPM = 1000,
    COLUMNS_MIN = 64,
    COLUMNS_MAX = 1024,
    LIFT_FULL = 64,  /* checks that are worked on at once */
    LIFT_LONG = 512, /* from here on speed does not depend on the lift */
    ROWS_MIN = 40,   /* fewer leave no room for the strong columns */
    ROWS_MIN_LONG = 64,
    ROWS_MIN_SHORT = 16, /* at any price in speed */
    LIFT_SHORT = 32,
    WEAK_DEGREE = 3,
    VISITS_MAX = 4000
};

/* Fitted to measurements (docs/adr/0024-syndrome-codes-grown-for-the-frame.md). */
#define ONE_MESSAGE 2.6 /* deviations of what the errors cost */
#define LEAST_LEAK 0.3
#define FAST 1.2 /* times the entropy: from here on more checks hardly shorten the search */

static bool wants_more_columns(size_t bits, size_t checks, size_t columns)
{
    size_t lift = bits / columns;
    size_t rows = columns * checks / bits;

    return columns < COLUMNS_MAX && ((rows < ROWS_MIN_SHORT && lift >= LIFT_SHORT) ||
                                     (rows < ROWS_MIN && lift >= 2 * LIFT_FULL) ||
                                     (rows < ROWS_MIN_LONG && lift >= LIFT_LONG));
}

struct qw_ldpc_shape qw_syndrome_shape(size_t bits, size_t checks)
{
    struct qw_ldpc_shape shape = { .bits = bits,
                                   .weak_degree = WEAK_DEGREE,
                                   .visits_max = VISITS_MAX };
    size_t columns = COLUMNS_MIN;
    size_t lift;

    while (wants_more_columns(bits, checks, columns)) {
        columns *= 2;
    }
    lift = (bits + columns - 1) / columns;
    if (lift >= LIFT_FULL) {
        lift = (lift + LIFT_FULL / 2) / LIFT_FULL * LIFT_FULL;
    }
    shape.lift = (uint32_t)lift;
    shape.columns = (uint32_t)((bits + lift - 1) / lift);
    shape.rows = (uint32_t)((checks + lift - 1) / lift);
    return shape;
}

/* Leak over n h(Q) from which endless frames decode: density evolution of the profiles. */
static double threshold(double qber)
{
    static const struct {
        double qber;
        double f;
    } at[] = { { 0.005, 1.0633 }, { 0.01, 1.0539 }, { 0.02, 1.0535 }, { 0.03, 1.0463 },
               { 0.05, 1.0372 },  { 0.08, 1.0350 }, { 0.11, 1.0336 }, { 0.15, 1.0435 } };
    size_t i = 1;

    while (i + 1 < sizeof at / sizeof at[0] && at[i].qber < qber) {
        i++;
    }
    return at[i - 1].f +
           (at[i].f - at[i - 1].f) * (qber - at[i - 1].qber) / (at[i].qber - at[i - 1].qber);
}

/* What a frame of n bits loses against an endless one, in units of f: all of them by their length,
 * those with few checks by the few rows of their base graph, at least as many as at 16384 bits. */
static double short_loss(double n, double qber)
{
    double rows = 0.0053 * pow(qber / 0.01, -1.1);

    return 0.015 * pow(n / 262144, -0.36) +
           (n > 16384 ? rows * 262144 / n : rows * 16 * pow(n / 16384, -0.36));
}

size_t qw_syndrome_checks(size_t bits, uint32_t qber_ppm, enum qw_syndrome_aim aim)
{
    double n = (double)bits;
    double q = (qber_ppm < QBER_MIN_PPM ? QBER_MIN_PPM : qber_ppm) / 1e6;
    double entropy = -q * log2(q) - (1 - q) * log2(1 - q);
    double deviation =
        sqrt(n * q * (1 - q)) * log2((1 - q) / q); /* of what the errors cost, bits */
    double margin = aim == QW_SYNDROME_LEAST_LEAK ? LEAST_LEAK : ONE_MESSAGE;
    double checks = n * entropy * (threshold(q) + short_loss(n, q)) + margin * deviation;

    checks = aim == QW_SYNDROME_FAST ? fmax(checks, FAST * n * entropy) : checks;
    return checks >= n ? bits : (size_t)ceil(checks);
}

qw_err qw_syndrome_code_new(size_t bits, size_t checks, struct qw_ldpc_code **code)
{
    struct qw_ldpc_degree_count counts[QW_SYNDROME_DEGREES];
    struct qw_ldpc_shape shape;

    if (bits < 1 || bits > QW_SYNDROME_BITS_MAX || checks < 1 || checks > bits) {
        return QW_ERR_ARG;
    }
    shape = qw_syndrome_shape(bits, checks);
    qw_syndrome_degrees(&shape, counts);
    return qw_ldpc_code_grow(&shape, counts, QW_SYNDROME_DEGREES, code);
}
