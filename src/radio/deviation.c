/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/deviation.h"

#include <math.h>
#include <stdbool.h>

enum { ROUNDS = 8, POOLED_MIN = 4 };

static bool is_pooled(double variance, double deviation)
{
    return variance >= 2.0 * deviation * deviation;
}

/* Of a number of this variance, the part of both receivers' noise that it cannot be told by: with
 * the noise of one end n = noise / 2 in it, n (2 variance - n) / variance. */
static double share_of(double noise, double variance)
{
    return 1.0 - 0.25 * noise / variance;
}

/* Square of a number's deviation over what that share makes of the noise, as a logarithm. */
static double own_ln(double variance, double deviation, double noise)
{
    return log(deviation * deviation / (noise * share_of(noise, variance)));
}

/* Noise of both receivers together: the numbers' mean logarithm; 0: too few numbers say so. */
static double noise_of(const double *variance, const double *deviation, size_t dims)
{
    double noise = 0.0;

    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0.0;
        double count = 0.0;

        for (size_t d = 0; d < dims; d++) {
            if (is_pooled(variance[d], deviation[d])) {
                sum += log(deviation[d] * deviation[d] / share_of(noise, variance[d]));
                count += 1.0;
            }
        }
        if (count < POOLED_MIN) {
            return 0.0;
        }
        noise = exp(sum / count);
    }
    return noise;
}

/* Which part of its difference from the others is a number's own: what they differ by beyond
 * chance, over all that they differ by. */
static double own_part(const double *variance, const double *deviation, size_t dims, double noise,
                       double chance)
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
    double noise = noise_of(variance, deviation, dims);
    double own;

    if (noise <= 0.0) {
        return;
    }
    own = own_part(variance, deviation, dims, noise, 2.0 / freedom);
    for (size_t d = 0; d < dims; d++) {
        if (is_pooled(variance[d], deviation[d])) {
            double off = own_ln(variance[d], deviation[d], noise);

            deviation[d] = sqrt(noise * share_of(noise, variance[d]) * exp(own * off));
        }
    }
}
