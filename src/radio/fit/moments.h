/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_FIT_MOMENTS_H
#define QW_RADIO_FIT_MOMENTS_H

#include "radio/fit/series.h"

/* Moments of the powers |H|^2 of a series, over time, tones and antennas. Powers know nothing of
 * the phases that a commodity card draws anew for each frame, and for Gaussian fading their
 * covariances are squares of those of the channel. */
enum { QW_FIT_LAGS_MAX = 48 };

struct qw_fit_powers; /* of a series: every chain at mean power 1, receiver's gain taken out */

/* Reads series, keeps nothing of it. QW_ERR_NOMEM. */
qw_err qw_fit_powers_new(const struct qw_fit_series *series,
                         struct qw_fit_powers **powers) QW_MUST_USE;
void qw_fit_powers_free(struct qw_fit_powers *powers); /* NULL is fine */

/* True: frames were scaled to the level that was reported of them. False: to the same power, since
 * no level was reported, it moved by less than 3 dB, or it jumped more than it moved. */
bool qw_fit_powers_has_level(const struct qw_fit_powers *powers);

struct qw_fit_lag {  /* covariance of one number with itself at a distance */
    double distance; /* seconds, or hertz */
    double covariance;
    double pairs; /* that went into it, 0: unknown */
};

struct qw_fit_moments {
    double frames, cells; /* a cell is one tone of one antenna */
    double duration_s;
    double mean_square; /* over cells, of a cell's mean power over time (their mean is 1) */
    double variance;    /* over time, mean over cells; with the receivers' noise */
    double cross;       /* covariance of the first two antennas; NaN: one antenna */
    size_t time_lags, tone_lags;
    struct qw_fit_lag time[QW_FIT_LAGS_MAX];  /* [0] one interval, [1] two, [2] three, ... */
    struct qw_fit_lag tone[QW_FIT_TONES_MAX]; /* [i]: (i + 1) times the commonest spacing */
    double standing[QW_FIT_TONES_MAX]; /* the same distances: |sum of h h*| of a frame over that at
                                          distance 0, mean over frames */
};

/* Of all frames but those from..to-1. powers and series belong together; not thread-safe (scratch
 * memory in powers). QW_ERR_ARG: fewer than half of QW_FIT_FRAMES_MIN frames are left. */
qw_err qw_fit_moments_of(struct qw_fit_powers *powers, const struct qw_fit_series *series,
                         size_t from, size_t to, struct qw_fit_moments *moments) QW_MUST_USE;

#endif
