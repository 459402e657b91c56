/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/channel.h"

#include "base/prng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LINK_FAR, LINK_SHORT, LINK_COUNT };

static const double PROFILE_SPAN = 5.5; /* delay spreads covered by the taps: the rest is 0.4 % */
static const double SHORT_RICE_FACTOR = 10.0; /* two antennas beside each other */

struct wave {
    int64_t life;          /* how many waves have stood in this place before; -1: none yet */
    double rate_rad_per_s; /* Doppler */
    double phase_rad;      /* at time 0 */
    double complex to_eve; /* the eavesdropper's phase relative to the terminal's */
};

struct link {
    struct wave wave[QW_CHANNEL_TAPS][QW_CHANNEL_WAVES];
    struct wave steady;            /* first tap only */
    double birth[QW_CHANNEL_TAPS]; /* so that not all taps renew their waves together */
    double rice_factor;
    int id;
};

struct qw_channel {
    uint64_t seed;
    double speed_m_per_s;
    double eve_distance_m;
    size_t tone_count;
    double power[QW_CHANNEL_TAPS];                              /* sum 1 */
    double complex turn[QW_CHANNEL_TAPS][QW_CHANNEL_TONES_MAX]; /* exp(-j 2 pi f_tone delay_tap) */
    struct link link[LINK_COUNT];
};

static double wave_number(void)
{
    return 2.0 * M_PI * QW_CHANNEL_CARRIER_HZ / QW_CHANNEL_LIGHT_M_PER_S;
}

/* Powers e^(-i d) at delays i D; D is scaled so that the discrete, cut-off profile has exactly the
 * wanted rms. The eavesdropper's distance changes no delay: it is far below a sample. */
static void make_profile(struct qw_channel *channel, const struct qw_channel_config *config)
{
    double sum = 0.0;
    double mean = 0.0;
    double square = 0.0;

    for (size_t i = 0; i < QW_CHANNEL_TAPS; i++) {
        channel->power[i] = exp(-(double)i * PROFILE_SPAN / QW_CHANNEL_TAPS);
        sum += channel->power[i];
    }
    for (size_t i = 0; i < QW_CHANNEL_TAPS; i++) {
        channel->power[i] /= sum;
        mean += channel->power[i] * (double)i;
        square += channel->power[i] * (double)(i * i);
    }
    for (size_t i = 0; i < QW_CHANNEL_TAPS; i++) {
        double delay_s = (double)i * config->delay_spread_s / sqrt(square - mean * mean);

        for (size_t k = 0; k < config->tone_count; k++) {
            double frequency_hz = QW_CHANNEL_TONE_SPACING_HZ * config->tones[k];

            channel->turn[i][k] = cexp(-2.0 * M_PI * I * frequency_hz * delay_s);
        }
    }
}

/* The wave number life of one place, from the seed alone: no order of calls changes it. Angles are
 * spread over the circle by place, random within. */
static void draw_wave(const struct qw_channel *channel, const struct link *link, size_t place,
                      int64_t life, struct wave *wave)
{
    uint64_t stream = (uint64_t)(link->id + 1) << 60 | (uint64_t)place << 44 | (uint64_t)life;
    double k = wave_number();
    struct qw_prng prng;
    double sector;
    double angle;
    double slope;

    qw_prng_init(&prng, channel->seed, stream);
    sector = (double)(place % QW_CHANNEL_WAVES) + qw_prng_uniform(&prng);
    angle = 2.0 * M_PI * sector / QW_CHANNEL_WAVES;
    slope = cos(angle);
    if (link->id == LINK_SHORT) { /* both ends of this link move */
        slope += cos(2.0 * M_PI * qw_prng_uniform(&prng));
    }
    wave->life = life;
    wave->rate_rad_per_s = k * channel->speed_m_per_s * slope;
    wave->phase_rad = 2.0 * M_PI * qw_prng_uniform(&prng);
    wave->to_eve = cexp(I * k * channel->eve_distance_m * sin(angle));
}

static void make_link(struct qw_channel *channel, int id, double rice_factor)
{
    struct link *link = &channel->link[id];
    struct qw_prng prng;
    double angle;

    link->id = id;
    link->rice_factor = rice_factor;
    qw_prng_init(&prng, channel->seed, (uint64_t)(id + 1) << 60 | (uint64_t)1 << 59);
    for (size_t i = 0; i < QW_CHANNEL_TAPS; i++) {
        link->birth[i] = qw_prng_uniform(&prng);
        for (size_t p = 0; p < QW_CHANNEL_WAVES; p++) {
            draw_wave(channel, link, i * QW_CHANNEL_WAVES + p, 0, &link->wave[i][p]);
        }
    }
    angle = 2.0 * M_PI * qw_prng_uniform(&prng);
    link->steady.phase_rad = 2.0 * M_PI * qw_prng_uniform(&prng);
    link->steady.rate_rad_per_s =
        id == LINK_SHORT ? 0.0 : wave_number() * channel->speed_m_per_s * cos(angle);
    link->steady.to_eve = cexp(I * wave_number() * channel->eve_distance_m * sin(angle));
}

qw_err qw_channel_new(const struct qw_channel_config *config, struct qw_channel **channel)
{
    struct qw_channel *made;

    if (config->tone_count == 0 || config->tone_count > QW_CHANNEL_TONES_MAX ||
        !(config->delay_spread_s > 0.0) || !(config->speed_m_per_s >= 0.0) ||
        !(config->rice_factor >= 0.0) || !(config->eve_distance_m >= 0.0)) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->seed = config->seed;
    made->speed_m_per_s = config->speed_m_per_s;
    made->eve_distance_m = config->eve_distance_m;
    made->tone_count = config->tone_count;
    make_profile(made, config);
    make_link(made, LINK_FAR, config->rice_factor);
    make_link(made, LINK_SHORT, SHORT_RICE_FACTOR);
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

/* One tap at the terminal and at the eavesdropper: the same waves, two places. */
static void evaluate_tap(struct qw_channel *channel, struct link *link, size_t tap, double time_s,
                         double complex at[static 2])
{
    double steady = tap == 0 ? link->rice_factor : 0.0;
    double scattered_power = channel->power[tap] / (1.0 + steady);
    double scale = sqrt(scattered_power / QW_CHANNEL_WAVES);

    at[0] = 0.0;
    at[1] = 0.0;
    for (size_t p = 0; p < QW_CHANNEL_WAVES; p++) {
        struct wave *wave = &link->wave[tap][p];
        double amplitude = wave_amplitude(channel, link, tap, p, time_s, wave);
        double complex value = amplitude * wave_phasor(wave, time_s);

        at[0] += value;
        at[1] += value * wave->to_eve;
    }
    at[0] *= scale;
    at[1] *= scale;
    if (steady > 0.0) {
        double complex value = sqrt(scattered_power * steady) * wave_phasor(&link->steady, time_s);

        at[0] += value;
        at[1] += value * link->steady.to_eve;
    }
}

static void add_tap(const struct qw_channel *channel, size_t tap, double complex value,
                    double complex *tones)
{
    for (size_t k = 0; k < channel->tone_count; k++) {
        tones[k] += value * channel->turn[tap][k];
    }
}

void qw_channel_link(struct qw_channel *channel, double time_s, double complex *terminal,
                     double complex *eve)
{
    for (size_t k = 0; k < channel->tone_count; k++) {
        terminal[k] = 0.0;
        if (eve != NULL) {
            eve[k] = 0.0;
        }
    }
    for (size_t i = 0; i < QW_CHANNEL_TAPS; i++) {
        double complex at[2];

        evaluate_tap(channel, &channel->link[LINK_FAR], i, time_s, at);
        add_tap(channel, i, at[0], terminal);
        if (eve != NULL) {
            add_tap(channel, i, at[1], eve);
        }
    }
}

void qw_channel_short_link(struct qw_channel *channel, double time_s, double complex *eve)
{
    for (size_t k = 0; k < channel->tone_count; k++) {
        eve[k] = 0.0;
    }
    for (size_t i = 0; i < QW_CHANNEL_TAPS; i++) {
        double complex at[2];

        evaluate_tap(channel, &channel->link[LINK_SHORT], i, time_s, at);
        add_tap(channel, i, at[0], eve);
    }
}
