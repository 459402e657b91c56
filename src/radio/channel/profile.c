/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/channel/profile.h"

#include "radio/channel/profile_table.h"

#include <math.h>
#include <string.h>

enum { EXPONENTIAL_TAPS = 16 };

static const double EXPONENTIAL_SPAN = 5.5; /* delay spreads covered by the taps: the rest: 0.4 % */
static const double SPREAD_MAX_S = 10e-6;
static const double RICE_MAX = 1e6;

const struct qw_channel_kind *qw_channel_kind_find(const char *name)
{
    for (const struct qw_channel_kind *kind = qw_channel_kinds; kind->name != NULL; kind++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    return NULL;
}

/* Scales everything to power 1 and splits the first tap: steady rice times what is scattered. */
static void share_power(struct qw_channel_profile *profile, double rice_factor, double still_share)
{
    double scattered = profile->tap[0].power / (1.0 + rice_factor);
    double sum = 0.0;

    for (size_t i = 0; i < profile->tap_count; i++) {
        sum += profile->tap[i].power;
    }
    profile->steady_power = scattered * rice_factor / sum;
    profile->tap[0].power = scattered;
    for (size_t i = 0; i < profile->tap_count; i++) {
        double power = profile->tap[i].power / sum;

        profile->tap[i].still_power = still_share * power;
        profile->tap[i].power = (1.0 - still_share) * power;
    }
}

/* Powers e^(-i d) at delays i D; D is scaled so that the discrete, cut-off profile has exactly the
 * wanted rms. */
static void add_exponential(struct qw_channel_profile *profile, double delay_spread_s)
{
    double sum = 0.0;
    double mean = 0.0;
    double square = 0.0;

    profile->tap_count = EXPONENTIAL_TAPS;
    for (size_t i = 0; i < EXPONENTIAL_TAPS; i++) {
        double power = exp(-(double)i * EXPONENTIAL_SPAN / EXPONENTIAL_TAPS);

        profile->tap[i].power = power;
        sum += power;
        mean += power * (double)i;
        square += power * (double)(i * i);
    }
    mean /= sum;
    for (size_t i = 0; i < EXPONENTIAL_TAPS; i++) {
        profile->tap[i].delay_s = (double)i * delay_spread_s / sqrt(square / sum - mean * mean);
    }
}

static void add_table(struct qw_channel_profile *profile,
                      const struct qw_channel_delay_table *delays, double delay_spread_s)
{
    double unit_s = delays->unit_s > 0.0 ? delays->unit_s : delay_spread_s;

    profile->tap_count = delays->count;
    for (size_t i = 0; i < delays->count; i++) {
        profile->tap[i].delay_s = delays->delay[i] * unit_s;
        profile->tap[i].power = pow(10.0, delays->power_db[i] / 10.0);
    }
}

/* One tap for each delay of each cluster. */
static void add_clusters(struct qw_channel_profile *profile, const struct qw_channel_kind *kind,
                         bool has_angles)
{
    for (size_t c = 0; c < kind->cluster_count; c++) {
        const struct qw_channel_cluster *cluster = &kind->cluster[c];

        for (size_t i = 0; i < cluster->count; i++) {
            struct qw_channel_tap *tap = &profile->tap[profile->tap_count++];

            tap->delay_s = kind->delays->delay[cluster->first + i] * kind->delays->unit_s;
            tap->power = pow(10.0, cluster->power_db[i] / 10.0);
            tap->angle_rad = has_angles ? cluster->angle_deg * M_PI / 180.0 : 0.0;
            tap->spread_rad = has_angles ? cluster->spread_deg * M_PI / 180.0 : 0.0;
        }
    }
}

/* The steady part of TDL-D and E is one more wave of the published profile, and its spread of 1
 * counts it: the others fix their own rms. */
qw_err qw_channel_profile_of(const struct qw_channel_kind *kind,
                             const struct qw_channel_profile_options *options,
                             struct qw_channel_profile *profile)
{
    struct qw_channel_profile made = { .motion = kind->motion };
    double spread_s =
        options->delay_spread_s > 0.0 ? options->delay_spread_s : kind->delay_spread_s;
    double rice = options->rice_factor >= 0.0 ? options->rice_factor : kind->rice_factor;

    if (!(options->delay_spread_s >= 0.0) || !(spread_s <= SPREAD_MAX_S) ||
        isnan(options->rice_factor) || !(rice <= RICE_MAX) ||
        (options->delay_spread_s > 0.0 && !kind->is_scalable)) {
        return QW_ERR_ARG;
    }
    if (kind->cluster != NULL) {
        add_clusters(&made, kind, options->has_clusters);
        made.tap[0].power *= 1.0 + rice; /* published powers are those of the scattered part */
    } else if (kind->delays != NULL) {
        add_table(&made, kind->delays, spread_s);
        made.tap[0].power *= 1.0 + rice;
    } else if (spread_s > 0.0) {
        add_exponential(&made, spread_s);
    } else {
        made.tap_count = 1;
        made.tap[0].power = 1.0;
    }
    share_power(&made, rice, kind->still_share);
    *profile = made;
    return QW_OK;
}

qw_err qw_channel_profile_exponential(double delay_spread_s, double rice_factor,
                                      struct qw_channel_profile *profile)
{
    struct qw_channel_profile made = { .motion = QW_CHANNEL_WALK };

    if (!(delay_spread_s > 0.0) || !(delay_spread_s <= SPREAD_MAX_S) || !(rice_factor >= 0.0) ||
        !(rice_factor <= RICE_MAX)) {
        return QW_ERR_ARG;
    }
    add_exponential(&made, delay_spread_s);
    share_power(&made, rice_factor, 0.0);
    *profile = made;
    return QW_OK;
}

qw_err qw_channel_profile_check(const struct qw_channel_profile *profile)
{
    double sum = profile->steady_power;

    if (profile->tap_count == 0 || profile->tap_count > QW_CHANNEL_TAPS_MAX ||
        !(profile->steady_power >= 0.0) ||
        (profile->motion != QW_CHANNEL_WALK && profile->motion != QW_CHANNEL_PEOPLE)) {
        return QW_ERR_ARG;
    }
    for (size_t i = 0; i < profile->tap_count; i++) {
        const struct qw_channel_tap *tap = &profile->tap[i];

        if (!(tap->delay_s >= 0.0) || !isfinite(tap->delay_s) || !(tap->power >= 0.0) ||
            !(tap->still_power >= 0.0) || !isfinite(tap->angle_rad) || !(tap->spread_rad >= 0.0) ||
            !isfinite(tap->spread_rad)) {
            return QW_ERR_ARG;
        }
        sum += tap->power + tap->still_power;
    }
    return fabs(sum - 1.0) < 1e-9 ? QW_OK : QW_ERR_ARG;
}

double qw_channel_profile_moving_power(const struct qw_channel_profile *profile)
{
    double sum = 0.0;

    for (size_t i = 0; i < profile->tap_count; i++) {
        sum += profile->tap[i].power;
    }
    return sum;
}

double qw_channel_profile_delay_spread_s(const struct qw_channel_profile *profile)
{
    double mean = profile->steady_power * profile->tap[0].delay_s;
    double square = mean * profile->tap[0].delay_s;

    for (size_t i = 0; i < profile->tap_count; i++) {
        double power = profile->tap[i].power + profile->tap[i].still_power;

        mean += power * profile->tap[i].delay_s;
        square += power * profile->tap[i].delay_s * profile->tap[i].delay_s;
    }
    return sqrt(fmax(square - mean * mean, 0.0));
}

double complex qw_channel_profile_correlation(const struct qw_channel_profile *profile,
                                              double spacing_hz)
{
    double complex sum = 0.0;

    for (size_t i = 0; i < profile->tap_count; i++) {
        sum += profile->tap[i].power * cexp(2.0 * M_PI * I * spacing_hz * profile->tap[i].delay_s);
    }
    return sum;
}

/* Quantile of a Laplacian of this rms, cut at +-pi. */
double qw_channel_tap_angle(const struct qw_channel_tap *tap, double u)
{
    double scale = tap->spread_rad / sqrt(2.0);
    double inside;
    double side;

    if (tap->spread_rad == 0.0) {
        return 2.0 * M_PI * u;
    }
    inside = 1.0 - exp(-M_PI / scale); /* probability within +-pi before the cut */
    side = 2.0 * fabs(u - 0.5) * inside;
    return tap->angle_rad + copysign(-scale * log1p(-side), u - 0.5);
}
