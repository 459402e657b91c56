/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/fit/estimate.h"

#include <math.h>

enum { DELAY_STEPS = 400 };

static const double DELAY_MIN_S = 1e-9;
static const double DELAY_MAX_S = 3e-6;
static const double SMOOTH = 0.7; /* of a second lag over the first: noise can be told apart */
static const double MOVING_SHARE = 0.1; /* less: the standing pattern tells the delays better */
static const double HALF_TURN = 1.1262; /* J0(x)^2 = 1/2 */

/* An even function at 0 from its values at 1, 2, 3: exact to the fourth order. */
static double at_zero(const struct qw_fit_lag lag[static 3])
{
    return 1.5 * lag[0].covariance - 0.6 * lag[1].covariance + 0.1 * lag[2].covariance;
}

static bool is_smooth(const struct qw_fit_lag lag[static 3])
{
    return lag[0].pairs > 0.0 && lag[1].pairs > 0.0 && lag[2].pairs > 0.0 &&
           lag[0].covariance > 0.0 && lag[1].covariance > SMOOTH * lag[0].covariance;
}

/* Variance of the powers in three: what has a memory moves; what neighbouring tones share without a
 * memory is the receiver's doing, or a channel too fast for these frames; the rest is noise. */
static void split_variance(const struct qw_fit_moments *m, bool is_moving,
                           struct qw_fit_estimate *e)
{
    double by_tones = is_smooth(m->tone) ? at_zero(m->tone) : (double)NAN;
    double by_time = is_moving && is_smooth(m->time) ? at_zero(m->time) : (double)NAN;
    double noise;

    e->noise_power = NAN;
    if (is_moving && isnan(by_time) && m->time[0].covariance >= 0.5 * by_tones) {
        by_time = by_tones; /* a wide band tells the noise where sparse frames cannot */
    }
    e->moving_variance = isnan(by_time) ? 0.0 : by_time;
    e->value[QW_FIT_JITTER] = 10.0 * log10(1.0 + sqrt(fmax(by_tones - e->moving_variance, 0.0)));
    if (isnan(by_tones) && isnan(by_time) && is_moving) {
        return;
    }
    /* Noise of power s on a signal of power p: variance 2 p s + s^2, and p + s = 1. */
    noise = fmax(m->variance - fmax(fmax(by_tones, by_time), 0.0), 0.0);
    if (noise < 1.0) {
        e->noise_power = 1.0 - sqrt(1.0 - noise);
        e->noise_power /= 1.0 - e->noise_power;
        e->value[QW_FIT_SNR] = -10.0 * log10(fmax(e->noise_power, 1e-6));
    }
}

/* x with J0(x)^2 = share, before the first zero. */
static double turns_at(double share)
{
    double low = 0.0;
    double high = 2.404825557695773;

    for (int i = 0; i < 50; i++) {
        double middle = 0.5 * (low + high);

        if (j0(middle) * j0(middle) > share) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Where the covariance over time falls below half of what it is at 0; what it is at the longest
 * distance when it never does. */
static void find_pace(const struct qw_fit_moments *m, struct qw_fit_estimate *e)
{
    double half = 0.5 * e->moving_variance;
    struct qw_fit_lag before = { 0.0, e->moving_variance, 1.0 };
    size_t i = 0;

    while (i < m->time_lags && (m->time[i].pairs == 0.0 || m->time[i].covariance >= half)) {
        before = m->time[i].pairs > 0.0 ? m->time[i] : before;
        i++;
    }
    if (i == m->time_lags) {
        e->pace = QW_FIT_PACE_TOO_SHORT;
        e->correlation_time_s = HALF_TURN * before.distance /
                                fmax(turns_at(before.covariance / e->moving_variance), 1e-6);
        return;
    }
    if (before.distance == 0.0) {
        e->pace = QW_FIT_PACE_TOO_SPARSE;
        e->moving_variance = 0.0;
        return;
    }
    e->pace = QW_FIT_PACE_TOLD;
    e->correlation_time_s = before.distance + (m->time[i].distance - before.distance) *
                                                  (before.covariance - half) /
                                                  (before.covariance - m->time[i].covariance);
    e->value[QW_FIT_CORRELATION_TIME] = 1e3 * e->correlation_time_s;
    e->value[QW_FIT_DOPPLER] = HALF_TURN / (2.0 * M_PI * e->correlation_time_s);
}

/* Variance of a cell's mean power over the time of the capture: what a longer one would still show
 * as movement. */
static double mean_variance(const struct qw_fit_moments *m, const struct qw_fit_estimate *e)
{
    double before_s = 0.0;
    double before = e->moving_variance;
    double area = 0.0;

    for (size_t i = 0; i < m->time_lags && before > 0.0; i++) {
        double now = fmax(m->time[i].covariance, 0.0);

        area += 0.5 * (before + now) * (m->time[i].distance - before_s);
        before = now;
        before_s = m->time[i].distance;
    }
    return fmin(2.0 * area / fmax(m->duration_s, 1e-9), e->moving_variance);
}

/* One steady wave, a standing pattern of many, and what moves: from the mean power 1, its variance
 * over time (2 D S + D^2) and the variance of its mean over the cells (S^2 - s^2). */
static void split_power(const struct qw_fit_moments *m, struct qw_fit_estimate *e)
{
    double noise = isnan(e->noise_power) ? 0.0 : e->noise_power;
    double signal = 1.0 / (1.0 + noise);
    double unseen = mean_variance(m, e);
    double variance = (e->moving_variance + unseen) / (signal * signal);
    double moving = 1.0 - sqrt(fmax(1.0 - variance, 0.0));
    double rest = 1.0 - moving;
    double pattern =
        m->mean_square - 1.0 - unseen - fmax(m->variance - e->moving_variance, 0.0) / m->frames;

    pattern = fmax(pattern, 0.0) / (signal * signal);
    e->value[QW_FIT_MOVING] = moving;
    e->value[QW_FIT_STEADY] = sqrt(fmax(rest * rest - pattern, 0.0));
    e->value[QW_FIT_STILL] = rest - e->value[QW_FIT_STEADY];
    e->value[QW_FIT_K] = moving > 0.0 && rest > 0.0
                             ? fmax(fmin(10.0 * log10(rest / moving), 60.0), -30.0)
                             : (double)NAN;
}

/* Squared distance, by numbers of pairs, of the covariances over tones from those of an exponential
 * profile of any power: 1 / (1 + x^2) of powers, its root of a standing pattern. */
static double delay_distance(const struct qw_fit_moments *m, bool is_moving, double delay_s)
{
    double mm = 0.0;
    double my = 0.0;
    double yy = 0.0;

    for (size_t i = 0; i < m->tone_lags; i++) {
        double x = 2.0 * M_PI * m->tone[i].distance * delay_s;
        double model = 1.0 / (1.0 + x * x);
        double y = is_moving ? m->tone[i].covariance : m->standing[i];

        model = is_moving ? model : sqrt(model);
        mm += m->tone[i].pairs * model * model;
        my += m->tone[i].pairs * model * y;
        yy += m->tone[i].pairs * y * y;
    }
    return my > 0.0 ? yy - my * my / mm : yy;
}

static double find_delay_s(const struct qw_fit_moments *m, bool is_moving)
{
    double step = log(DELAY_MAX_S / DELAY_MIN_S) / DELAY_STEPS;
    double best_s = DELAY_MIN_S;
    double best = delay_distance(m, is_moving, best_s);

    for (int i = 1; i <= DELAY_STEPS; i++) {
        double delay_s = DELAY_MIN_S * exp(i * step);
        double distance = delay_distance(m, is_moving, delay_s);

        if (distance < best) {
            best = distance;
            best_s = delay_s;
        }
    }
    return best_s;
}

void qw_fit_estimate_of(const struct qw_fit_moments *moments, bool is_moving,
                        struct qw_fit_estimate *estimate)
{
    *estimate = (struct qw_fit_estimate){ .pace = QW_FIT_PACE_TOO_SPARSE };
    for (size_t i = 0; i < QW_FIT_PARAMETERS; i++) {
        estimate->value[i] = NAN;
    }
    split_variance(moments, is_moving, estimate);
    if (estimate->moving_variance > 0.0) {
        find_pace(moments, estimate);
        if (!isnan(moments->cross)) {
            double squared = moments->cross / estimate->moving_variance;

            estimate->value[QW_FIT_ANTENNAS] = sqrt(fmin(fmax(squared, 0.0), 1.0));
        }
    }
    split_power(moments, estimate);
    estimate->value[QW_FIT_DELAY_SPREAD] =
        1e9 * find_delay_s(moments, estimate->value[QW_FIT_MOVING] >= MOVING_SHARE);
}
