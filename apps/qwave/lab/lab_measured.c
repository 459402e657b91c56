/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/lab_measured.h"

#include "lab/lab_paired.h"
#include "radio/plkg/message.h"
#include "radio_options.h"

#include <math.h>
#include <stdio.h>

static const double NO_NOISE_DB = 200.0;
static const double REPLAY_INTERVAL_S = 0.005; /* at least; a capture's own when that is longer */

const char lab_measured_one_sided[] =
    "one-sided: a capture of one receiver is no measurement of two ends and gives no key";

qw_err lab_measured_fit(const char *path, struct lab_measured *measured, char error[static 256])
{
    struct lab_measured made = { .is_fitted = true };
    qw_err err = radio_fit_channel(path, &made.fit, &made.channel, error);

    if (err == QW_OK) {
        *measured = made;
    }
    return err;
}

qw_err lab_measured_replay(const char *path, struct lab_measured *measured, char error[static 256])
{
    struct qw_air_config config = { .captures = &path, .capture_count = 1 };
    struct lab_measured made = { .is_fitted = false };
    qw_err err = qw_air_replayed_new(&config, &made.medium, error);

    if (err == QW_OK) {
        *measured = made;
    }
    return err;
}

qw_err lab_measured_pair(const char *alice, const char *bob, struct lab_measured *measured,
                         char error[static 256])
{
    struct lab_measured made = { .is_paired = true };
    qw_err err = lab_paired_new(alice, bob, &made.medium, error);

    if (err == QW_OK) {
        *measured = made;
    }
    return err;
}

void lab_measured_close(struct lab_measured *measured)
{
    if (measured != NULL && measured->medium.free != NULL) {
        measured->medium.free(measured->medium.self);
        measured->medium.free = NULL;
    }
}

static void apply_replay(struct lab_measured *measured, double interval_s,
                         struct lab_plkg_config *config)
{
    double own_s = 1e-9 * (double)measured->medium.session_gap_ns;
    double duration_s = 1e-9 * (double)measured->medium.duration_ns;
    double probes;

    config->channel.medium = &measured->medium;
    config->channel.front_end.has_phase = measured->medium.has_phase;
    config->channel.interval_s = interval_s > 0.0 ? interval_s : fmax(own_s, REPLAY_INTERVAL_S);
    if (measured->is_paired) { /* each pair is a probe, with the noise that it has */
        config->is_two_sided = true;
        config->has_eve = false;
        config->channel.interval_s = own_s;
        config->channel.front_end = (struct qw_front_end_config){ .snr_db = NO_NOISE_DB };
    }
    probes = floor(duration_s / config->channel.interval_s) + 1.0;
    probes = fmin(fmax(probes, QW_PLKG_PROBES_MIN), QW_PLKG_PROBES_MAX);
    config->session_probes = (uint32_t)probes; /* one session, to the last record */
    config->seconds = probes * config->channel.interval_s;
    snprintf(config->channel.label, sizeof config->channel.label, "%s", measured->medium.label);
}

void lab_measured_apply(struct lab_measured *measured, double interval_s,
                        struct lab_plkg_config *config)
{
    if (!measured->is_fitted) {
        apply_replay(measured, interval_s, config);
        return;
    }
    config->channel.profile = measured->channel.profile;
    config->channel.speed_m_per_s = measured->channel.speed_m_per_s;
    config->channel.interval_s =
        interval_s > 0.0
            ? interval_s
            : radio_fresh_interval_s(config->channel.carrier, measured->channel.speed_m_per_s);
    snprintf(config->channel.label, sizeof config->channel.label, "%s", measured->channel.label);
}
