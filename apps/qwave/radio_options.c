/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "radio_options.h"

#include "crypto/random.h"
#include "radio/channel.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double FRESH_TURNS = 0.52;
static const double INTERVAL_MAX_S = 10.0;

void radio_options_init(struct radio_options *options)
{
    *options = (struct radio_options){
        .air = { .scene = QW_AIR_INDOOR,
                 .snr_db = 25,
                 .loss = 0.01,
                 .eve_distance_m = 0.3,
                 .capture_snr_db = 25 },
    };
}

bool radio_parse_number(const char *text, unsigned long long max, unsigned long long *number)
{
    char *end = NULL;
    unsigned long long value;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || value > max) {
        return false;
    }
    *number = value;
    return true;
}

static double parse_real(const char *name, const char *text, double min, double max,
                         struct argp_state *state)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value < min || value > max) {
        argp_error(state, "--%s is %g..%g, not '%s'", name, min, max, text);
    }
    return value;
}

static enum qw_air_scene parse_scene(const char *text, struct argp_state *state)
{
    for (int i = 0; qw_air_scene_names[i] != NULL; i++) {
        if (strcmp(text, qw_air_scene_names[i]) == 0) {
            return (enum qw_air_scene)i;
        }
    }
    argp_error(state, "--scene is indoor, corridor, outdoor, static or room, not '%s'", text);
    return QW_AIR_STATIC;
}

static void add_capture(struct radio_options *options, const char *path, struct argp_state *state)
{
    if (options->air.capture_count == RADIO_CAPTURES_MAX) {
        argp_error(state, "at most %d captures", RADIO_CAPTURES_MAX);
        return;
    }
    options->captures[options->air.capture_count++] = path;
}

error_t radio_options_parse(struct radio_options *options, int key, char *value,
                            struct argp_state *state)
{
    unsigned long long number = 0;

    switch (key) {
    case OPTION_SCENE:
        options->air.scene = parse_scene(value, state);
        return 0;
    case OPTION_SEED:
        if (!radio_parse_number(value, UINT64_MAX, &number)) {
            argp_error(state, "--seed is a number, not '%s'", value);
        }
        options->air.seed = number;
        options->has_seed = true;
        return 0;
    case OPTION_SNR:
        options->air.snr_db = parse_real("snr-db", value, 0, 50, state);
        options->air.capture_snr_db = options->air.snr_db;
        options->has_snr = true;
        return 0;
    case OPTION_LOSS:
        options->air.loss = parse_real("loss", value, 0, 0.5, state);
        return 0;
    case OPTION_EVE:
        options->air.eve_distance_m = parse_real("eve-distance-m", value, 0.001, 100, state);
        return 0;
    case OPTION_CAPTURE:
        add_capture(options, value, state);
        return 0;
    case OPTION_FIT:
        options->fit_path = value;
        return 0;
    case ARGP_KEY_END:
        if (options->fit_path != NULL && options->air.capture_count > 0) {
            argp_error(state, "--fit simulates a channel, --capture replays one: not both");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

double radio_fresh_interval_s(const struct qw_carrier *carrier, double speed_m_per_s)
{
    double doppler_hz = speed_m_per_s * carrier->carrier_hz / QW_CHANNEL_LIGHT_M_PER_S;

    return doppler_hz == 0.0
               ? carrier->interval_min_s
               : qw_carrier_interval_s(carrier, fmin(FRESH_TURNS / doppler_hz, INTERVAL_MAX_S));
}

const char *radio_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

qw_err radio_fit_channel(const char *path, struct qw_fit *fit, struct qw_air_channel *channel,
                         char error[static 256])
{
    qw_err err = qw_fit_file(path, fit, error);

    if (err != QW_OK) {
        return err;
    }
    *channel = (struct qw_air_channel){ .has_phase = qw_fit_has_phase(fit) };
    qw_fit_channel(fit, &channel->profile, &channel->speed_m_per_s);
    snprintf(channel->label, sizeof channel->label, "simulated channel, fitted to %.60s",
             radio_file_name(path));
    for (char *c = channel->label; *c != '\0'; c++) { /* the label crosses a wire as ASCII */
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
    return QW_OK;
}

static qw_err fit_channel(struct radio_options *options)
{
    struct qw_fit fit;
    qw_err err = radio_fit_channel(options->fit_path, &fit, &options->fitted, options->error);

    if (err == QW_OK) {
        options->air.channel = &options->fitted;
        options->air.snr_db =
            options->has_snr ? options->air.snr_db : qw_fit_snr_db(&fit, options->air.snr_db);
    }
    return err;
}

qw_err radio_options_config(struct radio_options *options, struct qw_air_config *config)
{
    if (!options->has_seed) {
        qw_err err = qw_random_bytes(&options->air.seed, sizeof options->air.seed);

        if (err != QW_OK) {
            snprintf(options->error, sizeof options->error, "no random seed");
            return err;
        }
        options->air.seed &= UINT32_MAX; /* short enough to type again */
        options->has_seed = true;
    }
    if (options->fit_path != NULL) {
        qw_err err = fit_channel(options);

        if (err != QW_OK) {
            return err;
        }
    }
    *config = options->air;
    config->captures = options->air.capture_count > 0 ? options->captures : NULL;
    return QW_OK;
}
