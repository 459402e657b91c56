/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_DISTILL_GAUSSIAN_SOURCE_H
#define QW_TEST_DISTILL_GAUSSIAN_SOURCE_H

#include "base/prng.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* X and Y of variance 1 as two ends at one signal-to-noise ratio see them, quantised so that the
 * deviation of X given Y is sigma cells and 4 deviations of X fit on each side. */
struct gaussian_source {
    double rho;
    double conditional; /* deviation of X given Y */
    double cell;
    double sigma;
    unsigned depth;
    double excess; /* factor on the noise that the receiver does not know of */
};

static inline struct gaussian_source gaussian_source_at(double snr_db, double sigma)
{
    struct gaussian_source s;
    double snr = pow(10.0, snr_db / 10.0);

    s.rho = snr / (1.0 + snr);
    s.conditional = sqrt(1.0 - s.rho * s.rho);
    s.cell = s.conditional / sigma;
    s.sigma = sigma;
    s.depth = (unsigned)ceil(log2(8.0 / s.cell));
    s.excess = 1.0;
    return s;
}

static inline double gaussian_source_information(const struct gaussian_source *s)
{
    return -log2(s->conditional);
}

/* Entropy of the quantised symbol. */
static inline double gaussian_source_entropy(const struct gaussian_source *s)
{
    long cells = 1L << s->depth;
    double sum = 0.0;

    for (long q = 0; q < cells; q++) {
        double low = ((double)(q - cells / 2)) * s->cell / sqrt(2.0);
        double high = low + s->cell / sqrt(2.0);
        double p = 0.5 * ((q == cells - 1 ? 0.0 : -erfc(high)) + (q == 0 ? 2.0 : erfc(low)));

        sum -= p > 0.0 ? p * log2(p) : 0.0;
    }
    return sum;
}

/* symbol, mean [size: n x 1] */
static inline void gaussian_source_draw(const struct gaussian_source *s, struct qw_prng *prng,
                                        uint16_t *symbol, float *mean, size_t n)
{
    double cells = ldexp(1.0, (int)s->depth);

    for (size_t j = 0; j < n; j++) {
        double x = qw_prng_gaussian(prng);
        double y = s->rho * x + s->excess * s->conditional * qw_prng_gaussian(prng);
        double q = floor(x / s->cell + cells / 2);

        q = q < 0.0 ? 0.0 : q;
        symbol[j] = (uint16_t)(q > cells - 1 ? cells - 1 : q);
        mean[j] = (float)(s->rho * y / s->cell + cells / 2);
    }
}

#endif
