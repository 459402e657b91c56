/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/gaussian_cells.h"

#include <math.h>

enum { REACH_SIGMAS = 8 };

#define LLR_MAX 30.0

double qw_gaussian_mass(double low, double high, double sigma)
{
    double scale = 1.0 / (sigma * 1.4142135623730951);

    if (low + high < 0.0) { /* mirror, so that erfc keeps its digits */
        return 0.5 * (erfc(-high * scale) - erfc(-low * scale));
    }
    return 0.5 * (erfc(low * scale) - erfc(high * scale));
}

/* A mean far outside, or one that is not a number, speaks for the outer cell and no louder. */
static double sane_mean(double mean, double sigma, double cells)
{
    double low = -REACH_SIGMAS * sigma;
    double high = cells + REACH_SIGMAS * sigma;

    if (!(mean > low)) {
        return low;
    }
    return mean < high ? mean : high;
}

static double cell_mass(double mean, double sigma, unsigned cell, unsigned cells)
{
    double low = cell == 0 ? -1e9 : (double)cell;
    double high = cell == cells - 1 ? 1e9 : (double)cell + 1.0;

    return qw_gaussian_mass(low - mean, high - mean, sigma);
}

float qw_gaussian_cells_llr(double mean, double sigma, unsigned depth, unsigned level,
                            unsigned lower_bits)
{
    unsigned cells = 1u << depth;
    unsigned spacing = 1u << level;
    long candidates = (long)(cells >> level);
    double mass[2] = { 0.0, 0.0 };
    double llr;
    long first;
    long last;

    mean = sane_mean(mean, sigma, (double)cells);
    first = (long)floor((mean - REACH_SIGMAS * sigma - lower_bits - 1.0) / spacing);
    last = (long)ceil((mean + REACH_SIGMAS * sigma - lower_bits) / spacing);
    /* At least the two nearest of all candidates, one of each kind. */
    first = first < 0 ? 0 : first;
    first = first > candidates - 2 ? candidates - 2 : first;
    last = last > candidates - 1 ? candidates - 1 : last;
    last = last < first + 1 ? first + 1 : last;
    for (long k = first; k <= last; k++) {
        mass[k & 1] += cell_mass(mean, sigma, lower_bits + (unsigned)k * spacing, cells);
    }
    llr = log((mass[0] + 1e-290) / (mass[1] + 1e-290));
    llr = llr < LLR_MAX ? llr : LLR_MAX;
    return (float)(llr > -LLR_MAX ? llr : -LLR_MAX);
}

unsigned qw_gaussian_cells_nearest(double mean, unsigned depth, unsigned levels,
                                   unsigned lower_bits)
{
    unsigned cells = 1u << depth;
    unsigned spacing = 1u << levels;
    double last = (double)(cells / spacing) - 1.0;
    double k;

    mean = sane_mean(mean, 1.0, (double)cells);
    k = floor((mean - 0.5 - lower_bits) / spacing + 0.5);
    k = k > 0.0 ? k : 0.0;
    return lower_bits + spacing * (unsigned)(k < last ? k : last);
}
