/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/level_entropy.h"

#include "distill/gaussian_cells.h"

#include <math.h>

enum { STEPS_PER_CELL = 32, REACH_SIGMAS = 9 };

/* Mass of the cells offset + k * period, k over all integers, seen from a mean at 0. */
static double comb_mass(double offset, double period, double sigma)
{
    long first = (long)floor((-REACH_SIGMAS * sigma - 1.0 - offset) / period);
    long last = (long)ceil((REACH_SIGMAS * sigma - offset) / period);
    double sum = 0.0;

    for (long k = first; k <= last; k++) {
        double low = offset + (double)k * period;

        sum += qw_gaussian_mass(low, low + 1.0, sigma);
    }
    return sum;
}

/* By symmetry the lower bits may be taken as zero: the mean runs over one period of 2^(level + 1)
 * cells, and 2^level choices of lower bits count alike. The integrand is periodic and smooth, so
 * equal steps converge fast. */
double qw_level_entropy(double sigma_cells, unsigned level)
{
    double spacing = ldexp(1.0, (int)level);
    double period = 2.0 * spacing;
    long steps = lround(period) * STEPS_PER_CELL;
    double sum = 0.0;

    for (long i = 0; i < steps; i++) {
        double mean = ((double)i + 0.5) / STEPS_PER_CELL;
        double zero = comb_mass(-mean, period, sigma_cells);
        double one = comb_mass(spacing - mean, period, sigma_cells);

        if (zero > 0.0 && one > 0.0) {
            sum -= zero * log2(zero / (zero + one)) + one * log2(one / (zero + one));
        }
    }
    return sum / (double)steps * spacing;
}
