/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/trace/lab_antennas.h"

#include "radio/carrier/rf_front_end.h"
#include "radio/channel/injector.h"

#include <math.h>
#include <stdlib.h>

enum { VALUES_MAX = QW_CHANNEL_CHAINS_MAX * QW_CHANNEL_TONES_MAX };

static const double EVE_SNR_DB = 40.0;
static const uint64_t NOISE_SEED = UINT64_C(0xa11ce);
static const uint64_t REPEATER_SEED = UINT64_C(0x7e9ea7e7);
static const double REPEATER_M_PER_S = 1.5; /* at least: she carries it */

enum who { ACCESS_POINT, TERMINAL, EVE, RECEIVERS };

struct lab_antennas {
    const struct lab_channel *config;
    struct qw_channel
        *channel[QW_CHANNEL_CHAINS_MAX]; /* one per band, same waves; NULL: replayed */
    struct qw_channel *repeater;         /* from the attacker's to the end that moves; NULL: none */
    struct qw_front_end front_end[RECEIVERS];
    struct qw_rf_front_end *rf[RECEIVERS]; /* instead when waveforms are sent */
    struct qw_prng loss;
    const int16_t *tones;
    size_t tone_count;
    double complex far[VALUES_MAX], near[VALUES_MAX], turned[VALUES_MAX];
    double complex wave[VALUES_MAX]; /* what an attacker adds */
    uint64_t injected_from;          /* number of the first probe, of all sessions */
};

static enum who receiver_of(enum qw_air_view view)
{
    if (qw_air_view_is_eve(view)) {
        return EVE;
    }
    return view == QW_AIR_VIEW_TERMINAL ? TERMINAL : ACCESS_POINT;
}

/* What a receiver is reached by: the eavesdropper by the near end of the waves. */
static const double complex *waves_of(const struct lab_antennas *antennas, enum qw_air_view view)
{
    return qw_air_view_is_eve(view) ? antennas->near : antennas->far;
}

bool lab_antennas_lose(struct lab_antennas *antennas, double loss)
{
    return qw_prng_uniform(&antennas->loss) < loss;
}

/* Behind those of the channel: what an attacker adds to the waveform. */
static void add_attacker_taps(struct lab_antennas *antennas, double time_s, uint32_t probe,
                              double complex *tap)
{
    const struct lab_channel *config = antennas->config;
    double complex *own = &tap[config->profile.tap_count];

    if (antennas->repeater == NULL) {
        qw_injector_paths(config->seed, antennas->injected_from + probe, config->injected_power,
                          own);
        return;
    }
    qw_channel_link_taps(antennas->repeater, time_s, own, NULL);
    for (size_t l = 0; l < config->profile.tap_count; l++) {
        own[l] *= sqrt(config->injected_power);
    }
}

/* What arrives over each tap. */
static void find_taps(struct lab_antennas *antennas, enum qw_air_view view, double time_s,
                      uint32_t probe)
{
    struct qw_channel *channel = antennas->channel[0];

    if (view == QW_AIR_VIEW_EVE_UP) {
        qw_channel_short_link_taps(channel, time_s, antennas->near);
        return;
    }
    qw_channel_link_taps(channel, time_s, antennas->far,
                         qw_air_view_is_eve(view) ? antennas->near : NULL);
    if (antennas->config->attack != LAB_ATTACK_NONE) {
        add_attacker_taps(antennas, time_s, probe, antennas->far);
    }
}

bool lab_antennas_measure(struct lab_antennas *antennas, enum qw_air_view view, double time_s,
                          uint32_t probe, struct qw_csi_frame *frame)
{
    enum who who = receiver_of(view);
    struct qw_channel *channel = antennas->channel[0];

    if (antennas->rf[who] != NULL) {
        find_taps(antennas, view, time_s, probe);
        return qw_rf_front_end_measure(antennas->rf[who], waves_of(antennas, view), frame, NULL);
    }
    if (view == QW_AIR_VIEW_EVE_UP) {
        qw_channel_short_link(channel, time_s, antennas->near);
    } else {
        qw_channel_link(channel, time_s, antennas->far, who == EVE ? antennas->near : NULL);
    }
    qw_front_end_measure(&antennas->front_end[who], waves_of(antennas, view), frame);
    return true;
}

/* Switched between two probes. What the eavesdropper hears of the terminal does not go by it. */
static void add_surface(struct lab_antennas *antennas, double time_s, size_t at, bool is_down)
{
    const struct lab_channel *config = antennas->config;
    uint64_t probe = (uint64_t)floor(time_s / config->interval_s + 1e-3);

    qw_surface_add(config->surface, probe, antennas->tones, antennas->tone_count,
                   &antennas->far[at], is_down ? &antennas->near[at] : NULL);
}

/* Both ends will measure one and the same wave on top of the channel; the attacker knows it. */
static void prepare_wave(struct lab_antennas *antennas, double time_s, bool is_down, uint32_t probe)
{
    const struct lab_channel *config = antennas->config;
    size_t chains = config->access_point_antennas * config->terminal_antennas;
    double complex *wave = antennas->wave;

    if (antennas->repeater != NULL) {
        qw_channel_link(antennas->repeater, time_s, wave, NULL);
        qw_injector_repeat(wave, config->injected_power, config->repeater_delay_s, antennas->tones,
                           antennas->tone_count, config->carrier->spacing_hz, wave);
    } else {
        for (size_t chain = 0; chain < chains; chain++) { /* over paths of its own */
            qw_injector_wave(config->seed + chain, antennas->injected_from + probe,
                             config->injected_power, antennas->tones, antennas->tone_count,
                             config->carrier->spacing_hz, &wave[chain * antennas->tone_count]);
        }
    }
    for (size_t k = 0; !is_down && k < chains * antennas->tone_count; k++) {
        antennas->near[k] = wave[k]; /* worth more to her than what she hears of the terminal */
    }
}

/* By the clock nobody comes late; a repeater does by its delay, and whoever listens by his
 * reaction. */
static double reaction_of(const struct lab_channel *config)
{
    switch (config->attack) {
    case LAB_ATTACK_REPEAT:
        return config->repeater_delay_s;
    case LAB_ATTACK_INJECT_AFTER_HEARING:
        return config->reaction_s;
    default:
        return 0.0;
    }
}

void lab_antennas_sweep(struct lab_antennas *antennas, double time_s, bool is_down, uint32_t probe)
{
    const struct lab_channel *config = antennas->config;
    size_t per_band =
        config->access_point_antennas * config->terminal_antennas * antennas->tone_count;

    for (size_t band = 0; band < config->bands; band++) {
        double complex *near = &antennas->near[band * per_band];
        double at_s = time_s + (double)band * QW_TUNING_STEP_S;

        qw_channel_link(antennas->channel[band], at_s, &antennas->far[band * per_band],
                        is_down ? near : NULL);
        if (!is_down) {
            qw_channel_short_link(antennas->channel[band], at_s, near);
        }
        if (config->surface != NULL) {
            add_surface(antennas, at_s, band * per_band, is_down);
        }
    }
    if (config->attack != LAB_ATTACK_NONE) {
        prepare_wave(antennas, time_s, is_down, probe);
    }
}

void lab_antennas_measure_sweep(struct lab_antennas *antennas, enum qw_air_view view,
                                struct qw_csi_frame *frame)
{
    const double complex *waves = waves_of(antennas, view);
    bool is_attacked = antennas->config->attack != LAB_ATTACK_NONE && !qw_air_view_is_eve(view);
    struct qw_front_end_late late = { is_attacked ? antennas->wave : NULL,
                                      reaction_of(antennas->config) };

    if (qw_csi_frame_early_count(frame) > 0) { /* one antenna sends: chains are in order */
        qw_front_end_measure_onset(&antennas->front_end[receiver_of(view)], waves, &late, frame);
        return;
    }
    for (size_t k = 0; is_attacked && k < qw_csi_frame_value_count(frame); k++) {
        antennas->far[k] += antennas->wave[k];
    }
    if (qw_air_view_is_down(view)) {
        struct qw_tuning tuning = lab_channel_tuning(antennas->config);

        qw_tuning_turn(&tuning, antennas->tone_count, waves, antennas->turned);
        waves = antennas->turned;
    }
    qw_front_end_measure_chains(&antennas->front_end[receiver_of(view)], waves, frame);
}

bool lab_antennas_replay(struct lab_antennas *antennas, double time_s, bool is_down)
{
    struct qw_air_medium *medium = antennas->config->medium;
    int64_t time_ns = llround(1e9 * time_s);

    if (is_down) {
        medium->hear_access_point(medium->self, time_ns, antennas->far, antennas->near);
        return true;
    }
    return medium->hear_terminal(medium->self, time_ns, antennas->far, antennas->near);
}

void lab_antennas_measure_replay(struct lab_antennas *antennas, enum qw_air_view view,
                                 struct qw_csi_frame *frame)
{
    qw_front_end_measure(&antennas->front_end[receiver_of(view)], waves_of(antennas, view), frame);
}

void lab_antennas_free(struct lab_antennas *antennas)
{
    if (antennas != NULL) {
        for (size_t who = 0; who < RECEIVERS; who++) {
            qw_rf_front_end_free(antennas->rf[who]);
        }
        for (size_t band = 0; band < QW_CHANNEL_CHAINS_MAX; band++) {
            qw_channel_free(antennas->channel[band]);
        }
        qw_channel_free(antennas->repeater);
        free(antennas);
    }
}

static qw_err open_channels(struct lab_antennas *antennas)
{
    const struct lab_channel *config = antennas->config;
    struct qw_channel_config channel = { .seed = config->seed,
                                         .profile = &config->profile,
                                         .speed_m_per_s = config->speed_m_per_s,
                                         .eve_distance_m = config->eve_distance_m,
                                         .tones = antennas->tones,
                                         .tone_count = antennas->tone_count,
                                         .access_point_antennas = config->access_point_antennas,
                                         .terminal_antennas = config->terminal_antennas,
                                         .antenna_spacing_m = config->antenna_spacing_m,
                                         .carrier_hz = config->carrier->carrier_hz,
                                         .spacing_hz = config->carrier->spacing_hz };
    qw_err err = QW_OK;

    for (size_t band = 0; err == QW_OK && band < config->bands; band++) {
        channel.offset_hz = (double)band * config->band_spacing_hz;
        err = qw_channel_new(&channel, &antennas->channel[band]);
    }
    if (err == QW_OK && config->attack == LAB_ATTACK_REPEAT) {
        channel.seed = config->seed ^ REPEATER_SEED;
        channel.offset_hz = 0.0;
        channel.speed_m_per_s = fmax(config->speed_m_per_s, REPEATER_M_PER_S);
        err = qw_channel_new(&channel, &antennas->repeater);
    }
    return err;
}

/* The delays by which an attacker's wave comes. */
static void find_attacker_profile(const struct lab_channel *config,
                                  struct qw_channel_profile *profile)
{
    *profile = config->profile;
    if (config->attack == LAB_ATTACK_REPEAT) {
        for (size_t l = 0; l < profile->tap_count; l++) {
            profile->tap[l].delay_s += config->repeater_delay_s;
        }
        return;
    }
    profile->tap_count = QW_INJECTOR_PATHS;
    profile->steady_power = 0.0;
    for (size_t p = 0; p < QW_INJECTOR_PATHS; p++) {
        profile->tap[p] = config->profile.tap[0];
        profile->tap[p].delay_s = (double)p * QW_INJECTOR_PATH_S;
        profile->tap[p].power = 1.0 / QW_INJECTOR_PATHS;
    }
}

static qw_err open_waveforms(struct lab_antennas *antennas, const struct qw_front_end_config *eve,
                             uint64_t stream)
{
    const struct lab_channel *config = antennas->config;
    struct qw_channel_profile attacker;
    qw_err err = QW_OK;

    find_attacker_profile(config, &attacker);
    for (size_t who = 0; err == QW_OK && who < RECEIVERS; who++) {
        bool is_attacked = who != EVE && config->attack != LAB_ATTACK_NONE;
        struct qw_rf_config rf = { .carrier = config->carrier,
                                   .profile = &config->profile,
                                   .injected = is_attacked ? &attacker : NULL,
                                   .reaction_s = reaction_of(config),
                                   .front_end = who == EVE ? *eve : config->front_end,
                                   .converter_bits = QW_RF_CONVERTER_BITS,
                                   .seed = config->seed ^ NOISE_SEED,
                                   .stream = stream + who };

        err = qw_rf_front_end_new(&rf, &antennas->rf[who]);
    }
    return err;
}

static qw_err open_receivers(struct lab_antennas *antennas, uint64_t stream)
{
    const struct lab_channel *config = antennas->config;
    struct qw_front_end_config eve = qw_front_end_calibrated(EVE_SNR_DB, true);

    eve.has_phase = config->front_end.has_phase;
    eve.gap_s = config->front_end.gap_s;
    eve.spacing_hz = config->front_end.spacing_hz;
    for (size_t who = 0; who < RECEIVERS; who++) {
        qw_front_end_init(&antennas->front_end[who], config->seed ^ NOISE_SEED, stream + who,
                          who == EVE ? &eve : &config->front_end, antennas->tones,
                          antennas->tone_count);
    }
    qw_prng_init(&antennas->loss, config->seed ^ NOISE_SEED, stream + RECEIVERS);
    return config->is_sampled && config->medium == NULL ? open_waveforms(antennas, &eve, stream)
                                                        : QW_OK;
}

qw_err lab_antennas_new(const struct lab_channel *channel, double start_s, uint64_t noise_stream,
                        struct lab_antennas **antennas)
{
    bool is_single =
        channel->access_point_antennas * channel->terminal_antennas * channel->bands == 1;
    bool waits = channel->attack == LAB_ATTACK_INJECT_AFTER_HEARING;
    struct lab_antennas *made;
    qw_err err;

    if ((channel->surface != NULL && !is_single) ||
        (channel->attack != LAB_ATTACK_NONE && !(waits ? channel->bands == 1 : is_single))) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->config = channel;
    made->tone_count = qw_csi_format_tones(lab_channel_format(channel), &made->tones);
    made->injected_from = (uint64_t)llround(start_s / channel->interval_s);
    err = open_receivers(made, (RECEIVERS + 1) * noise_stream);
    if (err == QW_OK && channel->medium == NULL) {
        err = open_channels(made);
    }
    if (err != QW_OK) {
        lab_antennas_free(made);
        return err;
    }
    *antennas = made;
    return QW_OK;
}
