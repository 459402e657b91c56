/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/medium.h"

#include "radio/channel.h"

#include <stdio.h>
#include <stdlib.h>

const char *const qw_air_scene_names[] = { "indoor", "corridor", "outdoor", "static", NULL };

static double seconds(int64_t time_ns)
{
    return (double)time_ns * 1e-9;
}

static bool hear_terminal(void *self, int64_t time_ns, double complex *access_point,
                          double complex *eve)
{
    qw_channel_link(self, seconds(time_ns), access_point, NULL);
    qw_channel_short_link(self, seconds(time_ns), eve);
    return true;
}

static void hear_access_point(void *self, int64_t time_ns, double complex *terminal,
                              double complex *eve)
{
    qw_channel_link(self, seconds(time_ns), terminal, eve);
}

static void free_channel(void *self)
{
    qw_channel_free(self);
}

static qw_err scene_channel(enum qw_air_scene scene, struct qw_air_channel *channel)
{
    struct qw_channel_profile_options options = { .rice_factor = -1.0 };
    const struct qw_channel_kind *kind;

    if ((unsigned)scene > QW_AIR_STATIC) {
        return QW_ERR_ARG;
    }
    kind = qw_channel_kind_find(qw_air_scene_names[scene]);
    channel->speed_m_per_s = kind->speed_m_per_s;
    channel->has_phase = true;
    snprintf(channel->label, sizeof channel->label, "simulated Wi-Fi 20 MHz, %s",
             qw_air_scene_names[scene]);
    return qw_channel_profile_of(kind, &options, &channel->profile);
}

qw_err qw_air_simulated_new(const struct qw_air_config *config, struct qw_air_medium *medium)
{
    struct qw_air_medium made = {
        .is_near_eve = true,
        .snr_db = config->snr_db,
        .session_gap_ns = 1000000000, /* a second's walk: nothing of the last fading is left */
        .format = QW_CSI_LEGACY_20,
        .hear_terminal = hear_terminal,
        .hear_access_point = hear_access_point,
        .free = free_channel,
    };
    struct qw_air_channel given;
    struct qw_channel *channel;
    qw_err err = QW_OK;

    if (config->channel != NULL) {
        given = *config->channel;
    } else {
        err = scene_channel(config->scene, &given);
    }
    if (err != QW_OK) {
        return err;
    }
    made.tone_count = (uint16_t)qw_csi_format_tones(made.format, &made.tones);
    err = qw_channel_new(
        &(struct qw_channel_config){
            .seed = config->seed,
            .profile = &given.profile,
            .speed_m_per_s = given.speed_m_per_s,
            .eve_distance_m = config->eve_distance_m,
            .tones = made.tones,
            .tone_count = made.tone_count,
        },
        &channel);
    if (err != QW_OK) {
        return err;
    }
    made.self = channel;
    made.has_phase = given.has_phase;
    snprintf(made.label, sizeof made.label, "%s", given.label);
    *medium = made;
    return QW_OK;
}
