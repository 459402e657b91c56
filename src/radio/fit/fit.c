/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/fit/fit.h"

#include "radio/channel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS = 8 };

static const double LIMIT_DEVIATIONS = 2.365; /* 97.5 % of Student's t with 7 degrees of freedom */
static const double FADES_FEW = 10.0;
static const double MOVES_SHARE = 0.01; /* of the variance of powers, below which nothing moves */
static const double COHERENT = 0.5;     /* resultant length from which phases hang together */
static const double STILL_SHARE = 0.1;  /* of a pattern that people leave, not a walk */
static const double SNR_MIN_DB = 0.0;
static const double SNR_MAX_DB = 50.0;
static const double JITTER_DB = 0.3;
static const double RESOLVED_TURNS = 0.2; /* band times delay spread */

#define NAME(name, json, text) json,
#define TEXT(name, json, text) text,
const char *const qw_fit_parameter_names[] = { QW_FIT_PARAMETER_TABLE(NAME) };
const char *const qw_fit_parameter_texts[] = { QW_FIT_PARAMETER_TABLE(TEXT) };
const char *const qw_fit_remark_names[] = { QW_FIT_REMARK_TABLE(NAME) };
const char *const qw_fit_remark_texts[] = { QW_FIT_REMARK_TABLE(TEXT) };
#undef NAME
#undef TEXT

/* Each block left out in turn. */
struct jackknife {
    struct qw_fit_moments whole;
    struct qw_fit_moments part[BLOCKS];
};

static qw_err take_moments(struct qw_fit_powers *powers, const struct qw_fit_series *series,
                           struct jackknife *jackknife)
{
    qw_err err = qw_fit_moments_of(powers, series, 0, 0, &jackknife->whole);

    for (size_t b = 0; err == QW_OK && b < BLOCKS; b++) {
        err = qw_fit_moments_of(powers, series, b * series->count / BLOCKS,
                                (b + 1) * series->count / BLOCKS, &jackknife->part[b]);
    }
    return err;
}

/* Deviation of an estimate from those of the parts; NaN when one of them cannot tell it. */
static double deviation_of(const double part[static BLOCKS])
{
    double mean = 0.0;
    double square = 0.0;

    for (size_t b = 0; b < BLOCKS; b++) {
        mean += part[b] / BLOCKS;
    }
    for (size_t b = 0; b < BLOCKS; b++) {
        square += (part[b] - mean) * (part[b] - mean);
    }
    return sqrt(square * (BLOCKS - 1.0) / BLOCKS);
}

/* Movement has a memory: a covariance of neighbours in time beyond its limits and a hundredth of
 * all variance. */
static bool is_moving(const struct jackknife *jackknife)
{
    double part[BLOCKS];
    double covariance = jackknife->whole.time[0].covariance;

    for (size_t b = 0; b < BLOCKS; b++) {
        part[b] = jackknife->part[b].time[0].covariance;
    }
    return covariance > MOVES_SHARE * jackknife->whole.variance &&
           covariance > LIMIT_DEVIATIONS * deviation_of(part);
}

static void set_parameters(const struct jackknife *jackknife, bool moves,
                           struct qw_fit_estimate *whole, struct qw_fit *fit)
{
    struct qw_fit_estimate part[BLOCKS];

    qw_fit_estimate_of(&jackknife->whole, moves, whole);
    for (size_t b = 0; b < BLOCKS; b++) {
        qw_fit_estimate_of(&jackknife->part[b], moves, &part[b]);
    }
    for (size_t i = 0; i < QW_FIT_PARAMETERS; i++) {
        double values[BLOCKS];
        double reach;

        for (size_t b = 0; b < BLOCKS; b++) {
            values[b] = part[b].value[i];
        }
        reach = LIMIT_DEVIATIONS * deviation_of(values);
        fit->parameter[i] = (struct qw_fit_value){ whole->value[i], whole->value[i] - reach,
                                                   whole->value[i] + reach };
    }
}

/* Phase of the whole band from one frame to the next, where they are neighbours in time. */
static void find_phase(const struct qw_fit_series *series, struct qw_fit *fit)
{
    size_t len = series->chain_count * series->tone_count;
    double complex resultant = 0.0;
    double pairs = 0.0;

    for (size_t i = 1; i < series->count; i++) {
        const float complex *now = &series->value[i * len];
        const float complex *before = now - len;
        double complex sum = 0.0;

        if (2 * (series->time_ns[i] - series->time_ns[i - 1]) > 3 * series->interval_ns) {
            continue;
        }
        for (size_t k = 0; k < series->tone_count; k++) {
            sum += (double complex)(now[k] * conjf(before[k]));
        }
        if (cabs(sum) > 0.0) {
            resultant += sum / cabs(sum);
            pairs += 1.0;
        }
    }
    fit->phase_pairs = pairs;
    fit->phase_resultant = pairs > 0.0 ? cabs(resultant) / pairs : (double)NAN;
}

static void find_gain(const struct qw_fit_series *series, struct qw_fit *fit)
{
    fit->gain_min_db = NAN;
    fit->gain_max_db = NAN;
    for (size_t i = 0; i < series->count; i++) {
        fit->gain_min_db = fmin(fit->gain_min_db, (double)series->gain_db[i]);
        fit->gain_max_db = fmax(fit->gain_max_db, (double)series->gain_db[i]);
        if (i > 0 && fabsf(series->gain_db[i] - series->gain_db[i - 1]) > 0.0f) {
            fit->gain_changes++; /* a gain that was not reported changes nothing */
        }
    }
}

static void describe(const struct qw_fit_series *series, struct qw_fit *fit)
{
    fit->format = series->format;
    fit->measured_tones = series->measured_tones;
    fit->frames = series->count;
    fit->chains = series->chain_count;
    fit->tones = series->tone_count;
    fit->other_frames = series->other_frames;
    fit->skipped_records = series->skipped_records;
    fit->clock_steps = series->clock_steps;
    fit->duration_s = series->duration_s;
    fit->interval_s = 1e-9 * (double)series->interval_ns;
    fit->tone_spacing_hz = series->spacing_hz;
    fit->tone_first = series->tone[0];
    fit->tone_last = series->tone[series->tone_count - 1];
    /* Rounding to whole numbers: 1/12 in each part. */
    fit->rounding_snr_db =
        series->is_whole ? 10.0 * log10(fmax(6.0 * series->mean_power, 1.0)) : (double)NAN;
    find_phase(series, fit);
    find_gain(series, fit);
}

/* Covariances as parts of that at distance 0, from a moving channel only. */
static void keep_lags(const struct qw_fit_moments *moments, const struct qw_fit_estimate *estimate,
                      struct qw_fit *fit)
{
    if (estimate->moving_variance <= 0.0) {
        return;
    }
    for (size_t i = 0; i < moments->time_lags; i++) {
        if (moments->time[i].pairs > 0.0) {
            fit->time[fit->time_lags] = moments->time[i];
            fit->time[fit->time_lags++].covariance /= estimate->moving_variance;
        }
    }
    for (size_t i = 0; i < moments->tone_lags; i++) {
        if (moments->tone[i].pairs > 0.0) {
            fit->tone[fit->tone_lags] = moments->tone[i];
            fit->tone[fit->tone_lags++].covariance /= estimate->moving_variance;
        }
    }
}

static void remark(const struct qw_fit_estimate *estimate, bool moves, bool has_level,
                   struct qw_fit *fit)
{
    bool is_slow = !moves || estimate->pace == QW_FIT_PACE_TOO_SHORT ||
                   estimate->correlation_time_s > 2.0 * fit->interval_s;
    double band_hz = fit->tone_spacing_hz * (fit->tone_last - fit->tone_first);
    double snr_db = fit->parameter[QW_FIT_SNR].value;
    bool *r = fit->remark;

    r[QW_FIT_REMARK_PHASE_UNTOLD] = !qw_fit_has_phase(fit) && !is_slow;
    r[QW_FIT_REMARK_NO_PHASE] = !qw_fit_has_phase(fit) && is_slow;
    r[QW_FIT_REMARK_STILL] = !moves;
    r[QW_FIT_REMARK_JITTER] = fit->parameter[QW_FIT_JITTER].value > JITTER_DB;
    r[QW_FIT_REMARK_SHORT] = moves && estimate->pace == QW_FIT_PACE_TOO_SHORT;
    r[QW_FIT_REMARK_ROUGH_SPEED] = fit->parameter[QW_FIT_CORRELATION_TIME].low <= 0.0;
    r[QW_FIT_REMARK_FEW_FADES] = moves && fit->fades < FADES_FEW;
    r[QW_FIT_REMARK_NO_NOISE] = isnan(snr_db);
    r[QW_FIT_REMARK_ROUNDING] = snr_db > fit->rounding_snr_db - 3.0;
    r[QW_FIT_REMARK_NO_LEVEL] = !has_level;
    r[QW_FIT_REMARK_FLAT] =
        1e-9 * fit->parameter[QW_FIT_DELAY_SPREAD].value * band_hz < RESOLVED_TURNS;
    r[QW_FIT_REMARK_STANDING] = fit->parameter[QW_FIT_MOVING].value < 0.1;
}

static void finish(const struct jackknife *jackknife, bool has_level, struct qw_fit *fit)
{
    struct qw_fit_estimate whole;
    bool moves = is_moving(jackknife);

    set_parameters(jackknife, moves, &whole, fit);
    moves = moves && whole.moving_variance > 0.0;
    if (moves) {
        fit->fades = fit->duration_s / (2.0 * whole.correlation_time_s);
        fit->channel_doppler_hz = 1.1262 / (2.0 * M_PI * whole.correlation_time_s);
    }
    keep_lags(&jackknife->whole, &whole, fit);
    remark(&whole, moves, has_level, fit);
}

qw_err qw_fit_series(const struct qw_fit_series *series, struct qw_fit *fit)
{
    struct jackknife *jackknife = calloc(1, sizeof *jackknife);
    struct qw_fit_powers *powers = NULL;
    struct qw_fit made = { 0 };
    qw_err err = jackknife == NULL ? QW_ERR_NOMEM : qw_fit_powers_new(series, &powers);

    if (err == QW_OK) {
        err = take_moments(powers, series, jackknife);
    }
    if (err == QW_OK) {
        describe(series, &made);
        finish(jackknife, qw_fit_powers_has_level(powers), &made);
        *fit = made;
    }
    qw_fit_powers_free(powers);
    free(jackknife);
    return err;
}

qw_err qw_fit_file(const char *path, struct qw_fit *fit, char error[static 256])
{
    struct qw_fit_series *series;
    qw_err err = qw_fit_series_load(path, &series, error);

    if (err == QW_OK) {
        err = qw_fit_series(series, fit);
        qw_fit_series_free(series);
        if (err != QW_OK) {
            snprintf(error, 256, "%s", qw_err_text(err));
        }
    }
    return err;
}

void qw_fit_channel(const struct qw_fit *fit, struct qw_channel_profile *profile,
                    double *speed_m_per_s)
{
    double delay_s = 1e-9 * fit->parameter[QW_FIT_DELAY_SPREAD].value;
    bool moves = fit->channel_doppler_hz > 0.0;
    double moving = moves ? fit->parameter[QW_FIT_MOVING].value : 0.0;
    double steady = fit->parameter[QW_FIT_STEADY].value;
    double still = 1.0 - moving - steady;
    qw_err err = qw_channel_profile_exponential(delay_s, 0.0, profile);

    qw_assert(err == QW_OK);
    if (moves && still < STILL_SHARE) { /* one that walks leaves no pattern standing */
        steady += still;
        still = 0.0;
    }
    for (size_t i = 0; i < profile->tap_count; i++) {
        double power = profile->tap[i].power;

        profile->tap[i].power = moving * power;
        profile->tap[i].still_power = still * power;
    }
    profile->steady_power = steady;
    profile->motion = still > 0.0 ? QW_CHANNEL_PEOPLE : QW_CHANNEL_WALK;
    *speed_m_per_s = fit->channel_doppler_hz * QW_CHANNEL_LIGHT_M_PER_S / QW_CHANNEL_CARRIER_HZ;
}

bool qw_fit_has_phase(const struct qw_fit *fit)
{
    return fit->phase_resultant >= COHERENT;
}

double qw_fit_snr_db(const struct qw_fit *fit, double otherwise_db)
{
    double snr_db = fit->parameter[QW_FIT_SNR].value;

    return isnan(snr_db) ? otherwise_db : fmin(fmax(snr_db, SNR_MIN_DB), SNR_MAX_DB);
}
