/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/pace/interval.h"

#include <math.h>

enum { NUMBERS = 8, LAGS_MAX = QW_PACE_PROBES / 20 }; /* twenty coherence times in a look */

static const double MOVES = 0.3; /* correlation of neighbours, noise included */
/* A tenth is left at 0.35 Doppler periods of a walk and 0.3 of people. Nothing is left at half a
 * period, but people have waves of twice the Doppler, which that would fold. */
static const double FADED = 0.1;

struct means {
    double of[NUMBERS];
    size_t count;
};

static size_t numbers_of(const struct qw_feature_set *set)
{
    return set->stride < NUMBERS ? set->stride : NUMBERS;
}

static struct means take_means(const struct qw_feature_set *set)
{
    struct means means = { .count = numbers_of(set) };
    double heard = 0.0;

    for (uint32_t i = 0; i < set->probes; i++) {
        if (qw_feature_set_has(set, i)) {
            heard += 1.0;
            for (size_t d = 0; d < means.count; d++) {
                means.of[d] += qw_feature_set_row(set, i)[d];
            }
        }
    }
    for (size_t d = 0; d < means.count; d++) {
        means.of[d] /= fmax(heard, 1.0);
    }
    return means;
}

/* Mean product of the fluctuations lag probes apart. */
static double common(const struct qw_feature_set *set, const struct means *means, uint32_t lag)
{
    double pairs = 0.0;
    double sum = 0.0;

    for (uint32_t i = lag; i < set->probes; i++) {
        if (qw_feature_set_has(set, i) && qw_feature_set_has(set, i - lag)) {
            const int32_t *now = qw_feature_set_row(set, i);
            const int32_t *then = qw_feature_set_row(set, i - lag);

            pairs += 1.0;
            for (size_t d = 0; d < means->count; d++) {
                sum += (now[d] - means->of[d]) * (then[d] - means->of[d]);
            }
        }
    }
    return sum / fmax(pairs, 1.0);
}

double qw_pace_interval_s(const struct qw_feature_set *set, double interval_s)
{
    struct means means = take_means(set);
    double all = common(set, &means, 0);
    double last = common(set, &means, 1);
    double still;

    if (!(last > MOVES * all)) {
        return interval_s; /* fresh already, or nothing but noise: the session will tell */
    }
    still =
        last + fmax(last - common(set, &means, 2), 0.0) / 3.0; /* without the noise: a parabola */
    for (uint32_t lag = 2; lag <= LAGS_MAX; lag++) {
        double now = common(set, &means, lag);

        if (now < FADED * still) {
            double part = (last - FADED * still) / (last - now);

            return ((double)lag - 1.0 + fmin(fmax(part, 0.0), 1.0)) * interval_s;
        }
        last = now;
    }
    return 0.0;
}
