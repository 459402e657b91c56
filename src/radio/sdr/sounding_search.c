/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/sdr/sounding_search.h"

#include "base/error.h"

/* A repetition of noise alone is exponential: one place in exp(16). */
static const double FALSE_ALARM_LN = 16.0;
/* Of full scale, per sample: below what a converter of 16 bits can tell from nothing, and above
 * what is left of strong samples in sums that they have gone out of. */
static const double QUIET = 1e-10;

struct sums { /* over the window that begins at a place */
    double re, im;
    double early, late; /* energies of both halves */
};

static size_t window_of(const struct qw_sounding *sounding)
{
    return sounding->size + sounding->field[0].prefix / 2;
}

size_t qw_sounding_search_reach(const struct qw_sounding *sounding)
{
    return 2 * window_of(sounding) + sounding->size;
}

static void add(struct sums *sums, const float complex *sample, size_t size, double sign)
{
    double a = (double)crealf(sample[0]);
    double b = (double)cimagf(sample[0]);
    double c = (double)crealf(sample[size]);
    double d = (double)cimagf(sample[size]);

    sums->re += sign * (a * c + b * d);
    sums->im += sign * (a * d - b * c);
    sums->early += sign * (a * a + b * b);
    sums->late += sign * (c * c + d * d);
}

static double power(const struct sums *sums)
{
    return sums->re * sums->re + sums->im * sums->im;
}

/* Share of the energy that repeats, 0..1. */
static double likeness(const struct qw_sounding *sounding, const struct sums *sums)
{
    double quiet = QUIET * (double)window_of(sounding);

    return sums->early > quiet && sums->late > quiet ? power(sums) / (sums->early * sums->late)
                                                     : 0.0;
}

/* The highest place within a window of the first one that passed. */
static size_t climb(const struct qw_sounding *sounding, const float complex *sample,
                    struct sums sums, size_t first)
{
    size_t window = window_of(sounding);
    size_t best = first;
    double highest = likeness(sounding, &sums);

    for (size_t n = first; n < first + window; n++) {
        double here;

        add(&sums, sample + n, sounding->size, -1.0);
        add(&sums, sample + n + window, sounding->size, 1.0);
        here = likeness(sounding, &sums);
        if (here > highest) {
            highest = here;
            best = n + 1;
        }
    }
    return best;
}

bool qw_sounding_search(const struct qw_sounding *sounding, const float complex *sample,
                        size_t count, size_t from, size_t *place)
{
    size_t window = window_of(sounding);
    size_t reach = qw_sounding_search_reach(sounding);
    double needed = FALSE_ALARM_LN / (double)window;
    struct sums sums = { 0 };

    qw_assert(sounding->field[0].repeats == 2);
    if (count < reach || from >= count - reach) {
        return false;
    }
    for (size_t i = 0; i < window; i++) {
        add(&sums, sample + from + i, sounding->size, 1.0);
    }
    for (size_t n = from; n < count - reach; n++) {
        if (power(&sums) > needed * sums.early * sums.late && likeness(sounding, &sums) > needed) {
            *place = climb(sounding, sample, sums, n);
            return true;
        }
        add(&sums, sample + n, sounding->size, -1.0);
        add(&sums, sample + n + window, sounding->size, 1.0);
    }
    return false;
}
