/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CHANNEL_PROFILE_H
#define QW_RADIO_CHANNEL_PROFILE_H

#include "base/error.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

/* What a simulated channel is made of: delays, powers, angles at the terminal, and what moves. One
 * table of kinds; the generator is radio/channel.h [W9]. */
enum { QW_CHANNEL_TAPS_MAX = 64 };

struct qw_channel_tap {
    double delay_s;
    double power;       /* scattered and moving */
    double still_power; /* scattered by what stands still */
    double angle_rad;   /* mean direction of its waves at the terminal */
    double spread_rad;  /* rms of a Laplacian around it; 0: from everywhere alike */
};

enum qw_channel_motion {
    QW_CHANNEL_WALK,  /* the terminal moves on a straight line */
    QW_CHANNEL_PEOPLE /* both ends stand; waves reflected by moving people change length */
};

struct qw_channel_profile {
    enum qw_channel_motion motion;
    double steady_power; /* one unscattered wave at the first tap's delay */
    size_t tap_count;    /* 1..QW_CHANNEL_TAPS_MAX */
    struct qw_channel_tap tap[QW_CHANNEL_TAPS_MAX]; /* all powers together are 1 */
};

/* One line of the table. */
struct qw_channel_cluster;
struct qw_channel_delay_table;
struct qw_channel_kind {
    const char *name;      /* "tgn-d" */
    const char *text;      /* for people, with the source */
    double delay_spread_s; /* rms, when nothing else is said; 0: a single tap */
    bool is_scalable;      /* another delay spread may be asked for */
    double speed_m_per_s;  /* when nothing else is said */
    double rice_factor;    /* steady over scattered power in the first tap */
    double still_share;    /* of the scattered power: walls and furniture */
    enum qw_channel_motion motion;
    const struct qw_channel_delay_table *delays; /* NULL: exponential, or a single tap */
    const struct qw_channel_cluster *cluster;    /* NULL: no angles of its own  [cluster_count] */
    size_t cluster_count;
};

extern const struct qw_channel_kind qw_channel_kinds[];               /* ends with a NULL name */
const struct qw_channel_kind *qw_channel_kind_find(const char *name); /* NULL: none of that name */

struct qw_channel_profile_options {
    double delay_spread_s; /* 0: the kind's own; QW_ERR_ARG for a kind that is not scalable */
    double rice_factor;    /* negative: the kind's own */
    bool has_clusters;     /* the kind's own angles; false: every tap from everywhere alike */
};

/* QW_ERR_ARG: a spread above 10 us or of a fixed or single-tap kind, a number that is none. */
qw_err qw_channel_profile_of(const struct qw_channel_kind *kind,
                             const struct qw_channel_profile_options *options,
                             struct qw_channel_profile *profile) QW_MUST_USE;

/* Sixteen taps of an exponential profile cut off at 5.5 delay spreads and scaled to exactly this
 * rms (> 0), with a steady part over the scattered part of the first tap (>= 0). QW_ERR_ARG. */
qw_err qw_channel_profile_exponential(double delay_spread_s, double rice_factor,
                                      struct qw_channel_profile *profile) QW_MUST_USE;

/* QW_ERR_ARG unless everything in it is finite, not negative, and the powers add up to 1. */
qw_err qw_channel_profile_check(const struct qw_channel_profile *profile) QW_MUST_USE;

/* Power that moves; the rest is worth nothing to a key. */
double qw_channel_profile_moving_power(const struct qw_channel_profile *profile);
/* rms delay spread of everything in it. */
double qw_channel_profile_delay_spread_s(const struct qw_channel_profile *profile);
/* E[H(f) H*(f + spacing)] of everything but the steady wave and what stands still. */
double complex qw_channel_profile_correlation(const struct qw_channel_profile *profile,
                                              double spacing_hz);

/* Direction of the wave at quantile u in (0, 1) of a tap's angular distribution, radians. */
double qw_channel_tap_angle(const struct qw_channel_tap *tap, double u);

#endif
