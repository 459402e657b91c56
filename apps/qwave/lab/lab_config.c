/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_config.h"

#include "radio_options.h"

#include <math.h>
#include <stdio.h>

static const double SNR_DB = 20.0;
static const double SECONDS = 120.0;
static const double FITTED_PROBES = 3000.0;
static const double CREDIT_MAX = 0.99; /* of a policy */
static const double INJECTED_MAX_DB = 60.0;

size_t lab_config_steps(const struct lab_options *options)
{
    if (options->sweep == LAB_SWEEP_NONE) {
        return 1;
    }
    return 1 +
           (size_t)floor((options->sweep_to - options->sweep_from) / options->sweep_step + 1e-9);
}

double lab_config_step_value(const struct lab_options *options, size_t step)
{
    return options->sweep_from + (double)step * options->sweep_step;
}

double lab_config_snr_db(const struct lab_options *options)
{
    if (!isnan(options->snr_db)) {
        return options->snr_db;
    }
    return options->measured != NULL && options->measured->is_fitted
               ? qw_fit_snr_db(&options->measured->fit, SNR_DB)
               : SNR_DB;
}

static double eve_of(const struct lab_options *options)
{
    double measured = options->measured != NULL && options->measured->is_fitted
                          ? options->measured->fit.parameter[QW_FIT_ANTENNAS].value
                          : (double)NAN;

    if (!isnan(options->eve_correlation)) {
        return options->eve_correlation;
    }
    return isnan(measured) ? 0.0 : measured;
}

/* What was asked for, as the carrier can; 0: nothing was. */
static double asked_interval_s(const struct lab_options *options)
{
    double asked_s = 1e-3 * options->interval_ms;

    if (isnan(asked_s)) {
        return 0.0;
    }
    return options->carrier->period_s > 0.0 ? qw_carrier_interval_s(options->carrier, asked_s)
                                            : asked_s;
}

static unsigned session_probes(const struct lab_options *options)
{
    if (options->session_probes > 0) {
        return options->session_probes;
    }
    return options->carrier->modes > QW_FEATURE_MODES ? LAB_SESSION_PROBES_WIDE
                                                      : LAB_SESSION_PROBES;
}

static struct qw_front_end_config front_end_of(const struct lab_options *options, double snr_db)
{
    bool has_phase = options->measured != NULL && !options->has_features
                         ? options->measured->channel.has_phase
                         : options->has_phase;

    return (struct qw_front_end_config){ .snr_db = snr_db,
                                         .has_phase = has_phase,
                                         .chain_ripple = options->chain_ripple,
                                         .phase_jitter_rad = options->jitter_deg * M_PI / 180.0,
                                         .detection_jitter_s = 1e-9 * options->detection_ns,
                                         .cfo_hz = options->cfo_hz,
                                         .sfo_ppm = options->sfo_ppm,
                                         .gap_s = options->carrier->gap_s,
                                         .spacing_hz = options->carrier->spacing_hz };
}

/* What an eavesdropper has is known of a simulated channel only. */
static double credited_of(const struct lab_options *options, double eve_correlation)
{
    if (!isnan(options->credited)) {
        return options->credited;
    }
    return options->capture_path != NULL || options->alice_path != NULL
               ? qw_plkg_policy_standard.eve_correlation
               : fmin(eve_correlation, CREDIT_MAX);
}

/* All of a repeater's power in one number, over the noise in it: where the channel itself comes
 * late or early has little of its own, a correlation would not pay for it (docs/adr/0080). */
static double repeated_db(const struct lab_options *options, const struct lab_plkg_config *made)
{
    const int16_t *tones;
    double count = (double)qw_csi_format_tones(options->carrier->format, &tones);

    return fmin(options->injected_db + made->channel.snr_db + 10.0 * log10(count), INJECTED_MAX_DB);
}

/* What she sent she knows: credited unless something else was said. */
static void apply_attack(const struct lab_options *options, struct lab_plkg_config *made)
{
    double known;

    made->channel.attack = options->attack;
    made->channel.injected_power = pow(10.0, options->injected_db / 10.0);
    made->channel.repeater_delay_s = 1e-9 * options->repeater_ns;
    made->channel.reaction_s = 1e-6 * options->reaction_us;
    made->credited_injection = isnan(options->credited_injection)
                                   ? 0.0
                                   : qw_plkg_policy_injected(options->credited_injection);
    if (options->attack == LAB_ATTACK_NONE || !isnan(options->credited) ||
        !isnan(options->credited_injection)) {
        return;
    }
    if (options->attack == LAB_ATTACK_REPEAT) {
        made->credited_injection = qw_plkg_policy_injected(repeated_db(options, made));
        return;
    }
    known = lab_attack_correlation(made->channel.injected_power, made->eve_correlation,
                                   made->channel.speed_m_per_s);
    made->credited = fmin(fmax(made->credited, known), CREDIT_MAX);
}

qw_err lab_config_make(const struct lab_options *options, size_t step,
                       struct lab_plkg_config *config)
{
    double swept = lab_config_step_value(options, step);
    double snr_db = options->sweep == LAB_SWEEP_SNR ? swept : lab_config_snr_db(options);
    double speed =
        isnan(options->speed_m_per_s) ? options->kind->speed_m_per_s : options->speed_m_per_s;
    double eve = options->sweep == LAB_SWEEP_EVE ? swept : eve_of(options);
    struct lab_plkg_config made = { .eve_correlation = eve,
                                    .credited = credited_of(options, eve),
                                    .seconds = isnan(options->seconds) ? SECONDS : options->seconds,
                                    .session_probes = session_probes(options),
                                    .has_eve = options->has_eve,
                                    .is_replayed = options->is_replayed };
    qw_err err = qw_channel_profile_of(options->kind, &options->profile, &made.channel.profile);

    if (err != QW_OK) {
        return err;
    }
    speed = options->sweep == LAB_SWEEP_SPEED ? swept : speed;
    made.channel.kind = options->kind;
    made.channel.carrier = options->carrier;
    made.channel.is_sampled = options->is_sampled;
    made.channel.is_gap_open = options->is_gap_open;
    made.channel.speed_m_per_s = speed;
    made.channel.snr_db = snr_db;
    made.channel.eve_distance_m = lab_plkg_eve_distance_m(eve, options->carrier->carrier_hz);
    made.channel.interval_s = asked_interval_s(options);
    if (made.channel.interval_s == 0.0) {
        made.channel.interval_s = radio_fresh_interval_s(options->carrier, speed);
    }
    made.channel.loss = options->loss;
    made.channel.front_end = front_end_of(options, snr_db);
    made.channel.access_point_antennas = options->access_point_antennas;
    made.channel.terminal_antennas = options->terminal_antennas;
    made.channel.bands = options->bands;
    made.channel.antenna_spacing_m =
        options->antenna_spacing * QW_CHANNEL_LIGHT_M_PER_S / QW_CHANNEL_CARRIER_HZ;
    made.channel.band_spacing_hz = 1e6 * options->band_spacing_mhz;
    made.surface_power = isnan(options->surface_db) ? 0.0 : pow(10.0, options->surface_db / 10.0);
    made.is_paced = options->is_paced;
    made.surface_period = options->surface_period;
    made.is_credit_given = !isnan(options->credited);
    made.channel.seed = options->seed;
    snprintf(made.channel.label, sizeof made.channel.label, "simulated channel %s%s",
             options->kind->name, made.surface_power > 0.0 ? " with a reflecting surface" : "");
    if (options->measured != NULL) {
        made.channel.kind = NULL;
        lab_measured_apply(options->measured,
                           isnan(options->interval_ms) ? 0.0 : 1e-3 * options->interval_ms, &made);
        if (options->measured->is_fitted && isnan(options->seconds)) {
            made.seconds = fmax(SECONDS, FITTED_PROBES * made.channel.interval_s);
        }
    }
    apply_attack(options, &made);
    *config = made;
    return QW_OK;
}
