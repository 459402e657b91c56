/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/channel.h"

#include "base/prng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LINK_FAR, LINK_SHORT, LINK_COUNT, PLACES_MAX = 2 * QW_CHANNEL_CHAINS_MAX };

static const double SHORT_RICE_FACTOR = 10.0; /* two antennas beside each other */

struct wave {
    int64_t life;          /* how many waves have stood in this place before; -1: none yet */
    double rate_rad_per_s; /* Doppler */
    double phase_rad;      /* at time 0 */
    /* Phases relative to the first chain: the chains, then the eavesdropper's. */
    double complex to[PLACES_MAX];
};

struct link {
    struct wave wave[QW_CHANNEL_TAPS_MAX][QW_CHANNEL_WAVES];
    double complex still[QW_CHANNEL_TAPS_MAX][PLACES_MAX]; /* walls and furniture */
    struct wave steady;                                    /* first tap only */
    double birth[QW_CHANNEL_TAPS_MAX]; /* so that not all taps renew their waves together */
    double scale[QW_CHANNEL_TAPS_MAX]; /* of a wave's amplitude, by tap */
    double steady_amplitude;
    int id;
};

struct qw_channel {
    uint64_t seed;
    double speed_m_per_s;
    double eve_distance_m;
    double wave_number; /* radians per metre */
    double spacing_hz;
    double heading_rad; /* of the walk against the profile's angles */
    size_t tone_count;
    size_t access_point_antennas, terminal_antennas, chains;
    double antenna_spacing_m;
    double offset_hz;
    struct qw_channel_profile profile;
    double complex turn[QW_CHANNEL_TAPS_MAX][QW_CHANNEL_TONES_MAX]; /* exp(-j 2 pi f_tone delay) */
    struct link link[LINK_COUNT];
};

/* The eavesdropper's distance changes no delay: it is far below a sample. */
static void make_turns(struct qw_channel *channel, const int16_t *tones)
{
    for (size_t i = 0; i < channel->profile.tap_count; i++) {
        for (size_t k = 0; k < channel->tone_count; k++) {
            double frequency_hz = channel->offset_hz + channel->spacing_hz * tones[k];

            channel->turn[i][k] =
                cexp(-2.0 * M_PI * I * frequency_hz * channel->profile.tap[i].delay_s);
        }
    }
}

/* Direction of the wave at a place of a tap, against the walk: evenly over the distribution by
 * place, random within. */
static double draw_angle(const struct qw_channel *channel, const struct link *link, size_t place,
                         struct qw_prng *prng)
{
    const struct qw_channel_tap *tap = &channel->profile.tap[place / QW_CHANNEL_WAVES];
    double sector = (double)(place % QW_CHANNEL_WAVES) + qw_prng_uniform(prng);
    double u = sector / QW_CHANNEL_WAVES;

    return link->id == LINK_SHORT || tap->spread_rad == 0.0
               ? 2.0 * M_PI * u
               : qw_channel_tap_angle(tap, u) - channel->heading_rad;
}

/* What a wave's angles at both ends make of each place. */
static void set_places(const struct qw_channel *channel, double angle, double far_angle,
                       struct wave *wave)
{
    double across = channel->wave_number * sin(angle);
    double along = channel->wave_number * sin(far_angle);

    for (size_t a = 0; a < channel->access_point_antennas; a++) {
        double far_phase = along * (double)a * channel->antenna_spacing_m;

        for (size_t t = 0; t < channel->terminal_antennas; t++) {
            double phase = far_phase - across * (double)t * channel->antenna_spacing_m;
            size_t chain = a * channel->terminal_antennas + t;

            wave->to[chain] = cexp(I * phase);
            wave->to[channel->chains + chain] =
                cexp(I * (phase + across * channel->eve_distance_m));
        }
    }
}

/* The wave number life of one place, from the seed alone: no order of calls changes it. */
static void draw_wave(const struct qw_channel *channel, const struct link *link, size_t place,
                      int64_t life, struct wave *wave)
{
    uint64_t stream = (uint64_t)(link->id + 1) << 60 | (uint64_t)place << 44 | (uint64_t)life;
    double k = channel->wave_number;
    struct qw_prng prng;
    double angle;
    double slope;

    qw_prng_init(&prng, channel->seed, stream);
    angle = draw_angle(channel, link, place, &prng);
    slope = cos(angle);
    if (channel->profile.motion == QW_CHANNEL_PEOPLE) { /* to and from somebody who moves */
        slope = cos(2.0 * M_PI * qw_prng_uniform(&prng));
        slope += cos(2.0 * M_PI * qw_prng_uniform(&prng));
    } else if (link->id == LINK_SHORT) { /* both ends of this link move */
        slope += cos(2.0 * M_PI * qw_prng_uniform(&prng));
    }
    wave->life = life;
    wave->rate_rad_per_s = k * channel->speed_m_per_s * slope;
    wave->phase_rad = 2.0 * M_PI * qw_prng_uniform(&prng);
    set_places(channel, angle, 2.0 * M_PI * qw_prng_uniform(&prng), wave);
}

/* Other waves, that never change. */
static void draw_still(const struct qw_channel *channel, struct link *link, size_t tap)
{
    double scale = sqrt(channel->profile.tap[tap].still_power / QW_CHANNEL_WAVES);
    struct wave wave;

    for (size_t p = 0; scale > 0.0 && p < QW_CHANNEL_WAVES; p++) {
        double complex value;

        draw_wave(channel, link, tap * QW_CHANNEL_WAVES + p, (int64_t)1 << 43, &wave);
        value = scale * cexp(I * wave.phase_rad);
        for (size_t i = 0; i < 2 * channel->chains; i++) {
            link->still[tap][i] += value * wave.to[i];
        }
    }
}

static void draw_steady(const struct qw_channel *channel, struct link *link, struct qw_prng *prng)
{
    double k = channel->wave_number;
    double angle = 2.0 * M_PI * qw_prng_uniform(prng);
    bool is_moving = link->id == LINK_FAR && channel->profile.motion == QW_CHANNEL_WALK;

    link->steady.phase_rad = 2.0 * M_PI * qw_prng_uniform(prng);
    link->steady.rate_rad_per_s = is_moving ? k * channel->speed_m_per_s * cos(angle) : 0.0;
    set_places(channel, angle, 2.0 * M_PI * qw_prng_uniform(prng), &link->steady);
}

/* The short link has the far one's delays, and a steady wave of its own in the first tap. */
static void make_link(struct qw_channel *channel, int id)
{
    const struct qw_channel_profile *profile = &channel->profile;
    struct link *link = &channel->link[id];
    double first = profile->tap[0].power + profile->steady_power;
    struct qw_prng prng;

    link->id = id;
    qw_prng_init(&prng, channel->seed, (uint64_t)(id + 1) << 60 | (uint64_t)1 << 59);
    for (size_t i = 0; i < profile->tap_count; i++) {
        link->birth[i] = qw_prng_uniform(&prng);
        link->scale[i] = sqrt(profile->tap[i].power / QW_CHANNEL_WAVES);
        for (size_t p = 0; p < QW_CHANNEL_WAVES; p++) {
            draw_wave(channel, link, i * QW_CHANNEL_WAVES + p, 0, &link->wave[i][p]);
        }
        draw_still(channel, link, i);
    }
    link->steady_amplitude = sqrt(profile->steady_power);
    if (id == LINK_SHORT) {
        link->scale[0] = sqrt(first / (1.0 + SHORT_RICE_FACTOR) / QW_CHANNEL_WAVES);
        link->steady_amplitude = sqrt(first * SHORT_RICE_FACTOR / (1.0 + SHORT_RICE_FACTOR));
    }
    draw_steady(channel, link, &prng);
}

static bool antennas_ok(const struct qw_channel_config *config)
{
    return config->access_point_antennas <= QW_CHANNEL_CHAINS_MAX &&
           config->terminal_antennas <= QW_CHANNEL_CHAINS_MAX &&
           config->access_point_antennas * config->terminal_antennas <= QW_CHANNEL_CHAINS_MAX &&
           config->antenna_spacing_m >= 0.0 && isfinite(config->antenna_spacing_m) &&
           isfinite(config->offset_hz);
}

static void set_antennas(struct qw_channel *channel, const struct qw_channel_config *config)
{
    channel->access_point_antennas =
        config->access_point_antennas > 0 ? config->access_point_antennas : 1;
    channel->terminal_antennas = config->terminal_antennas > 0 ? config->terminal_antennas : 1;
    channel->chains = channel->access_point_antennas * channel->terminal_antennas;
    channel->antenna_spacing_m = config->antenna_spacing_m;
    channel->offset_hz = config->offset_hz;
}

qw_err qw_channel_new(const struct qw_channel_config *config, struct qw_channel **channel)
{
    struct qw_channel *made;
    struct qw_prng prng;

    if (config->tone_count == 0 || config->tone_count > QW_CHANNEL_TONES_MAX ||
        qw_channel_profile_check(config->profile) != QW_OK || !(config->speed_m_per_s >= 0.0) ||
        !isfinite(config->speed_m_per_s) || !(config->eve_distance_m >= 0.0) ||
        !isfinite(config->eve_distance_m) || !(config->carrier_hz >= 0.0) ||
        !isfinite(config->carrier_hz) || !(config->spacing_hz >= 0.0) ||
        !isfinite(config->spacing_hz) || !antennas_ok(config)) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->seed = config->seed;
    made->speed_m_per_s = config->speed_m_per_s;
    made->eve_distance_m = config->eve_distance_m;
    made->wave_number = 2.0 * M_PI *
                        (config->carrier_hz > 0.0 ? config->carrier_hz : QW_CHANNEL_CARRIER_HZ) /
                        QW_CHANNEL_LIGHT_M_PER_S;
    made->spacing_hz = config->spacing_hz > 0.0 ? config->spacing_hz : QW_CHANNEL_TONE_SPACING_HZ;
    made->tone_count = config->tone_count;
    set_antennas(made, config);
    made->profile = *config->profile;
    qw_prng_init(&prng, config->seed, UINT64_MAX);
    made->heading_rad = 2.0 * M_PI * qw_prng_uniform(&prng);
    make_turns(made, config->tones);
    make_link(made, LINK_FAR);
    make_link(made, LINK_SHORT);
    *channel = made;
    return QW_OK;
}

void qw_channel_free(struct qw_channel *channel)
{
    free(channel);
}

/* Amplitude of a wave now: it swells and fades as sqrt(30) u (1 - u) over its life u = 0..1, which
 * has mean square 1. A wave whose life is over gives its place to the next one, at amplitude 0. */
static double wave_amplitude(const struct qw_channel *channel, const struct link *link, size_t tap,
                             size_t p, double time_s, struct wave *wave)
{
    double age;
    double life;

    if (channel->speed_m_per_s == 0.0) {
        return 1.0;
    }
    age = time_s * channel->speed_m_per_s / QW_CHANNEL_WAVE_PATH_M +
          ((double)(p * 13 % QW_CHANNEL_WAVES) + link->birth[tap]) / QW_CHANNEL_WAVES;
    life = floor(age);
    if ((int64_t)life != wave->life) {
        draw_wave(channel, link, tap * QW_CHANNEL_WAVES + p, (int64_t)life, wave);
    }
    age -= life;
    return sqrt(30.0) * age * (1.0 - age);
}

static double complex wave_phasor(const struct wave *wave, double time_s)
{
    double phase = wave->phase_rad + wave->rate_rad_per_s * time_s;

    return cos(phase) + I * sin(phase);
}

/* One tap at all places, first the link's and then the eavesdropper's: the same waves. */
static void evaluate_tap(struct qw_channel *channel, struct link *link, size_t tap, double time_s,
                         double complex at[static PLACES_MAX])
{
    size_t places = 2 * channel->chains;

    for (size_t i = 0; i < places; i++) {
        at[i] = 0.0;
    }
    for (size_t p = 0; p < QW_CHANNEL_WAVES; p++) {
        struct wave *wave = &link->wave[tap][p];
        double amplitude = wave_amplitude(channel, link, tap, p, time_s, wave);
        double complex value = amplitude * wave_phasor(wave, time_s);

        for (size_t i = 0; i < places; i++) {
            at[i] += value * wave->to[i];
        }
    }
    for (size_t i = 0; i < places; i++) {
        at[i] = link->scale[tap] * at[i] + link->still[tap][i];
    }
    if (tap == 0 && link->steady_amplitude > 0.0) {
        double complex value = link->steady_amplitude * wave_phasor(&link->steady, time_s);

        for (size_t i = 0; i < places; i++) {
            at[i] += value * link->steady.to[i];
        }
    }
}

static void add_tap(const struct qw_channel *channel, size_t tap, double complex value,
                    double complex *tones)
{
    for (size_t k = 0; k < channel->tone_count; k++) {
        tones[k] += value * channel->turn[tap][k];
    }
}

static void add_chains(const struct qw_channel *channel, size_t tap, const double complex *at,
                       double complex *tones)
{
    for (size_t chain = 0; chain < channel->chains; chain++) {
        add_tap(channel, tap, at[chain], &tones[chain * channel->tone_count]);
    }
}

static void clear_chains(const struct qw_channel *channel, double complex *tones)
{
    for (size_t k = 0; k < channel->chains * channel->tone_count; k++) {
        tones[k] = 0.0;
    }
}

void qw_channel_link(struct qw_channel *channel, double time_s, double complex *terminal,
                     double complex *eve)
{
    clear_chains(channel, terminal);
    if (eve != NULL) {
        clear_chains(channel, eve);
    }
    for (size_t i = 0; i < channel->profile.tap_count; i++) {
        double complex at[PLACES_MAX];

        evaluate_tap(channel, &channel->link[LINK_FAR], i, time_s, at);
        add_chains(channel, i, at, terminal);
        if (eve != NULL) {
            add_chains(channel, i, &at[channel->chains], eve);
        }
    }
}

void qw_channel_short_link(struct qw_channel *channel, double time_s, double complex *eve)
{
    clear_chains(channel, eve);
    for (size_t i = 0; i < channel->profile.tap_count; i++) {
        double complex at[PLACES_MAX];

        evaluate_tap(channel, &channel->link[LINK_SHORT], i, time_s, at);
        add_chains(channel, i, at, eve);
    }
}

void qw_channel_link_taps(struct qw_channel *channel, double time_s, double complex *terminal,
                          double complex *eve)
{
    for (size_t i = 0; i < channel->profile.tap_count; i++) {
        double complex at[PLACES_MAX];

        evaluate_tap(channel, &channel->link[LINK_FAR], i, time_s, at);
        terminal[i] = at[0];
        if (eve != NULL) {
            eve[i] = at[channel->chains];
        }
    }
}

void qw_channel_short_link_taps(struct qw_channel *channel, double time_s, double complex *eve)
{
    for (size_t i = 0; i < channel->profile.tap_count; i++) {
        double complex at[PLACES_MAX];

        evaluate_tap(channel, &channel->link[LINK_SHORT], i, time_s, at);
        eve[i] = at[0];
    }
}
