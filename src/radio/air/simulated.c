/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/medium.h"

#include "radio/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const qw_air_scene_names[] = {
    "indoor", "corridor", "outdoor", "static", "room", NULL
};

static const double ANTENNA_SPACING = 0.5; /* of a row, wavelengths */

struct simulated {
    uint64_t seed;
    double eve_distance_m;
    struct qw_air_channel given;
    struct qw_tuning tuning;
    size_t tones;
    struct qw_channel *channel[QW_TUNING_CHAINS_MAX]; /* by band: the same waves */
};

static double seconds(int64_t time_ns)
{
    return (double)time_ns * 1e-9;
}

/* Where the values of a band begin. */
static size_t place_of(const struct simulated *simulated, size_t band)
{
    return band * simulated->tuning.access_point_antennas * simulated->tuning.terminal_antennas *
           simulated->tones;
}

static bool hear_terminal(void *self, int64_t time_ns, double complex *access_point,
                          double complex *eve)
{
    struct simulated *simulated = self;

    for (size_t band = 0; band < simulated->tuning.bands; band++) {
        double time_s = seconds(time_ns) + (double)band * QW_TUNING_STEP_S;
        size_t place = place_of(simulated, band);

        qw_channel_link(simulated->channel[band], time_s, &access_point[place], NULL);
        qw_channel_short_link(simulated->channel[band], time_s, &eve[place]);
    }
    return true;
}

static void hear_access_point(void *self, int64_t time_ns, double complex *terminal,
                              double complex *eve)
{
    struct simulated *simulated = self;

    for (size_t band = 0; band < simulated->tuning.bands; band++) {
        double time_s = seconds(time_ns) + (double)band * QW_TUNING_STEP_S;
        size_t place = place_of(simulated, band);

        qw_channel_link(simulated->channel[band], time_s, &terminal[place], &eve[place]);
    }
}

static void free_channels(struct qw_channel **channel)
{
    for (size_t band = 0; band < QW_TUNING_CHAINS_MAX; band++) {
        qw_channel_free(channel[band]);
    }
}

static void free_simulated(void *self)
{
    struct simulated *simulated = self;

    free_channels(simulated->channel);
    free(simulated);
}

static qw_err new_channels(const struct simulated *simulated, const struct qw_tuning *tuning,
                           struct qw_channel **channel)
{
    const struct qw_carrier *carrier = tuning->carrier;
    struct qw_channel_config config = {
        .seed = simulated->seed,
        .profile = &simulated->given.profile,
        .speed_m_per_s = simulated->given.speed_m_per_s,
        .eve_distance_m = simulated->eve_distance_m,
        .access_point_antennas = tuning->access_point_antennas,
        .terminal_antennas = tuning->terminal_antennas,
        .antenna_spacing_m = ANTENNA_SPACING * QW_CHANNEL_LIGHT_M_PER_S / carrier->carrier_hz,
        .carrier_hz = carrier->carrier_hz,
        .spacing_hz = carrier->spacing_hz,
    };
    qw_err err = QW_OK;

    config.tone_count = qw_csi_format_tones(carrier->format, &config.tones);
    for (size_t band = 0; err == QW_OK && band < tuning->bands; band++) {
        config.offset_hz = (double)band * qw_tuning_band_hz(tuning);
        err = qw_channel_new(&config, &channel[band]);
    }
    return err;
}

/* Same seed, same geometry, same clock: other tones and antennas of one and the same place. */
static qw_err tune(struct qw_air_medium *medium, const struct qw_tuning *tuning)
{
    struct simulated *simulated = medium->self;
    struct qw_channel *channel[QW_TUNING_CHAINS_MAX] = { NULL };
    qw_err err = new_channels(simulated, tuning, channel);

    if (err != QW_OK) {
        free_channels(channel);
        return err;
    }
    free_channels(simulated->channel);
    memcpy(simulated->channel, channel, sizeof channel);
    simulated->tuning = *tuning;
    medium->tuning = *tuning;
    medium->format = tuning->carrier->format;
    medium->tone_count = (uint16_t)qw_csi_format_tones(medium->format, &medium->tones);
    simulated->tones = medium->tone_count;
    return QW_OK;
}

static qw_err scene_channel(enum qw_air_scene scene, struct qw_air_channel *channel)
{
    struct qw_channel_profile_options options = { .rice_factor = -1.0 };
    const struct qw_channel_kind *kind;

    if ((unsigned)scene > QW_AIR_ROOM) {
        return QW_ERR_ARG;
    }
    kind = qw_channel_kind_find(qw_air_scene_names[scene]);
    channel->speed_m_per_s = kind->speed_m_per_s;
    channel->has_phase = true;
    snprintf(channel->label, sizeof channel->label, "simulated radio, %s",
             qw_air_scene_names[scene]);
    return qw_channel_profile_of(kind, &options, &channel->profile);
}

qw_err qw_air_simulated_new(const struct qw_air_config *config, struct qw_air_medium *medium)
{
    struct qw_air_medium made = {
        .is_near_eve = true,
        .snr_db = config->snr_db,
        .session_gap_ns = 1000000000, /* a second's walk: nothing of the last fading is left */
        .tune = tune,
        .hear_terminal = hear_terminal,
        .hear_access_point = hear_access_point,
        .free = free_simulated,
    };
    struct simulated *simulated = calloc(1, sizeof *simulated);
    qw_err err = QW_OK;

    if (simulated == NULL) {
        return QW_ERR_NOMEM;
    }
    simulated->seed = config->seed;
    simulated->eve_distance_m = config->eve_distance_m;
    if (config->channel != NULL) {
        simulated->given = *config->channel;
    } else {
        err = scene_channel(config->scene, &simulated->given);
    }
    made.self = simulated;
    if (err == QW_OK) {
        err = tune(&made, &qw_tuning_standard);
    }
    if (err != QW_OK) {
        free_simulated(simulated);
        return err;
    }
    made.has_phase = simulated->given.has_phase;
    snprintf(made.label, sizeof made.label, "%s", simulated->given.label);
    *medium = made;
    return QW_OK;
}
