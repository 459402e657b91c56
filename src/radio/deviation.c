/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/deviation.h"

#include <math.h>
#include <stdbool.h>

enum { ROUNDS = 8, POOLED_MIN = 4 };

/* Square of what cannot be told of a number of this variance: both receivers' noise, as far as the
 * number's own part in it does not help, and what grows with the channel. */
struct noise {
    double receivers;
    double growing; /* over the variance */
};

static bool is_pooled(double variance, double deviation)
{
    return variance >= 2.0 * deviation * deviation;
}

/* With the noise n = receivers / 2 of one end in it, n (2 variance - n) / variance. */
static double share_of(double receivers, double variance)
{
    return 1.0 - 0.25 * receivers / variance;
}

static double square_of(const struct noise *noise, double variance)
{
    return noise->receivers * share_of(noise->receivers, variance) + noise->growing * variance;
}

/* Sums of a least squares fit of the squares, each over what the round before made of it. */
struct sums {
    double count, ss, sv, vv, sd, vd;
};

static struct sums sum_up(const double *variance, const double *deviation, size_t dims,
                          const struct noise *noise)
{
    struct sums sums = { 0.0, 0.0, 0.0, 0.0, 0.0, 0.0 };

    for (size_t d = 0; d < dims; d++) {
        if (is_pooled(variance[d], deviation[d])) {
            double square = deviation[d] * deviation[d];
            double over = noise->receivers > 0.0 ? square_of(noise, variance[d]) : square;
            double share = share_of(noise->receivers, variance[d]) / over;
            double growing = variance[d] / over;

            sums.count += 1.0;
            sums.ss += share * share;
            sums.sv += share * growing;
            sums.vv += growing * growing;
            sums.sd += share * square / over;
            sums.vd += growing * square / over;
        }
    }
    return sums;
}

/* false: too few numbers, or none of them says that receivers have noise. */
static bool fit(const double *variance, const double *deviation, size_t dims, struct noise *noise)
{
    *noise = (struct noise){ 0.0, 0.0 };
    for (int round = 0; round < ROUNDS; round++) {
        struct sums s = sum_up(variance, deviation, dims, noise);
        double determinant = s.ss * s.vv - s.sv * s.sv;

        if (s.count < POOLED_MIN) {
            return false;
        }
        noise->growing =
            determinant > 1e-9 * s.ss * s.vv ? (s.ss * s.vd - s.sv * s.sd) / determinant : 0.0;
        noise->growing = fmax(noise->growing, 0.0);
        noise->receivers = (s.sd - noise->growing * s.sv) / s.ss;
        if (noise->receivers <= 0.0) {
            return false;
        }
    }
    return true;
}

static double own_ln(double variance, double deviation, const struct noise *noise)
{
    return log(deviation * deviation / square_of(noise, variance));
}

/* Which part of its difference from the others is a number's own: what they differ by beyond
 * chance, over all that they differ by. */
static double own_part(const double *variance, const double *deviation, size_t dims,
                       const struct noise *noise, double chance)
{
    double square_sum = 0.0;
    double count = 0.0;
    double spread;

    for (size_t d = 0; d < dims; d++) {
        if (is_pooled(variance[d], deviation[d])) {
            double off = own_ln(variance[d], deviation[d], noise);

            square_sum += off * off;
            count += 1.0;
        }
    }
    spread = square_sum / (count - 1.0);
    return spread > chance ? (spread - chance) / spread : 0.0;
}

void qw_deviation_pool(const double *variance, size_t dims, double freedom, double *deviation)
{
    struct noise noise;
    double own;

    if (!fit(variance, deviation, dims, &noise)) {
        return;
    }
    own = own_part(variance, deviation, dims, &noise, 2.0 / freedom);
    for (size_t d = 0; d < dims; d++) {
        if (is_pooled(variance[d], deviation[d])) {
            double off = own_ln(variance[d], deviation[d], &noise);

            deviation[d] = sqrt(square_of(&noise, variance[d]) * exp(own * off));
        }
    }
}
