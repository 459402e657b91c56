/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
/* Who reacts comes late: found where he is, never where he is not, and the two ways of simulating a
 * frame say the same of it. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/carrier/rf_front_end.h"
#include "radio/channel.h"
#include "radio/channel/injector.h"
#include "radio/onset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TONES = QW_CSI_HALF_TONES, EARLY = QW_CSI_EARLY_TONES };
enum { VALUES_MAX = QW_CHANNEL_CHAINS_MAX * QW_CHANNEL_TONES_MAX };

/* Which tones somebody adds to who knows what is compared. */
enum shape {
    ALL_TONES,
    BETWEEN,   /* none where the beginning has some */
    TWO_PATHS, /* the same with a second path 0.8 us later, which takes the first one out there */
    ONE_HALF   /* half of those between */
};

static const struct qw_onset_shape standard = { QW_CSI_LEGACY_20, 1, true };

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

/* One end of a session. */
struct session {
    const char *kind;
    double spread_s; /* 0: the kind's own */
    double speed_m_per_s, interval_s;
    double snr_db, cfo_hz;
    bool is_amplitude_only, is_sampled;
    double injected, reaction_s; /* power of the attacker's wave; 0: nobody */
    double attacked;             /* share of frames */
    uint32_t frames;
    uint64_t seed;
    const char *carrier; /* NULL: wifi20 */
    size_t antennas;     /* that receive; 0: one */
    enum shape shape;    /* of tones, not of samples */
};

struct bench {
    const struct session *session;
    struct qw_channel_profile profile, attacker;
    struct qw_channel *channel;
    struct qw_front_end *front_end;
    struct qw_rf_front_end *rf;
    const struct qw_carrier *carrier;
    const int16_t *tones;
    size_t tone_count, antennas;
    double complex wave[VALUES_MAX], value[VALUES_MAX];
    double complex tap[QW_CHANNEL_TAPS_MAX + QW_INJECTOR_PATHS];
    struct qw_csi_frame frame;
    /* A tampering receiver's or attacker's hand on each frame; may be NULL. */
    void (*alter)(struct bench *bench, struct qw_prng *prng);
    struct qw_prng prng;
};

static void open_rf(struct bench *bench, const struct qw_front_end_config *config)
{
    struct qw_rf_config rf = { .carrier = bench->carrier,
                               .profile = &bench->profile,
                               .injected = bench->session->injected > 0.0 ? &bench->attacker : NULL,
                               .reaction_s = bench->session->reaction_s,
                               .front_end = *config,
                               .converter_bits = QW_RF_CONVERTER_BITS,
                               .seed = bench->session->seed,
                               .stream = 3 };

    assert_int_equal(qw_rf_front_end_new(&rf, &bench->rf), QW_OK);
}

static struct bench *open_bench(const struct session *session)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct qw_channel_profile_options options = { .rice_factor = -1.0,
                                                  .delay_spread_s = session->spread_s };
    struct qw_front_end_config receiver =
        qw_front_end_calibrated(session->snr_db, !session->is_amplitude_only);
    struct qw_channel_config config = { .seed = session->seed,
                                        .speed_m_per_s = session->speed_m_per_s,
                                        .eve_distance_m = 1.0 };

    assert_non_null(bench);
    bench->session = session;
    bench->carrier = qw_carrier_find(session->carrier != NULL ? session->carrier : "wifi20");
    bench->antennas = session->antennas > 0 ? session->antennas : 1;
    assert_int_equal(
        qw_channel_profile_of(qw_channel_kind_find(session->kind), &options, &bench->profile),
        QW_OK);
    bench->attacker = bench->profile;
    bench->attacker.tap_count = QW_INJECTOR_PATHS;
    for (size_t p = 0; p < QW_INJECTOR_PATHS; p++) {
        bench->attacker.tap[p] = bench->profile.tap[0];
        bench->attacker.tap[p].delay_s = (double)p * QW_INJECTOR_PATH_S;
        bench->attacker.tap[p].power = 1.0 / QW_INJECTOR_PATHS;
    }
    config.profile = &bench->profile;
    config.tone_count = qw_csi_format_tones(bench->carrier->format, &config.tones);
    config.access_point_antennas = bench->antennas;
    config.antenna_spacing_m = 0.03;
    bench->tones = config.tones;
    bench->tone_count = config.tone_count;
    assert_int_equal(qw_channel_new(&config, &bench->channel), QW_OK);
    receiver.cfo_hz = session->cfo_hz;
    bench->front_end = calloc(1, sizeof *bench->front_end);
    assert_non_null(bench->front_end);
    qw_front_end_init(bench->front_end, session->seed, 2, &receiver, bench->tones,
                      bench->tone_count);
    if (session->is_sampled) {
        open_rf(bench, &receiver);
    }
    qw_prng_init(&bench->prng, session->seed, 9);
    return bench;
}

static void close_bench(struct bench *bench)
{
    qw_rf_front_end_free(bench->rf);
    qw_channel_free(bench->channel);
    free(bench->front_end);
    free(bench);
}

/* What is added to tone number k of a wave. */
static double complex part_of(enum shape shape, int tone)
{
    switch (shape) {
    case BETWEEN:
        return tone % 4 == 0 ? 0.0 : 1.0;
    case TWO_PATHS:
        return (1.0 - cexp(-0.5 * M_PI * I * tone)) / sqrt(2.0);
    case ONE_HALF:
        return (tone & 3) == 1 || (tone & 7) == 2 ? 1.0 : 0.0;
    default:
        return 1.0;
    }
}

static void make_wave(struct bench *bench, uint32_t probe, double power)
{
    const struct session *s = bench->session;

    for (size_t chain = 0; chain < bench->antennas; chain++) {
        double complex *wave = &bench->wave[chain * bench->tone_count];

        qw_injector_wave(s->seed + chain, probe, power, bench->tones, bench->tone_count,
                         QW_CHANNEL_TONE_SPACING_HZ, wave);
        for (size_t k = 0; k < bench->tone_count; k++) {
            wave[k] *= part_of(s->shape, bench->tones[k]);
        }
    }
}

/* False: the frame was not found in the noise. */
static bool hear(struct bench *bench, uint32_t probe)
{
    const struct session *s = bench->session;
    double time_s = 1.0 + probe * s->interval_s;
    double power = qw_prng_uniform(&bench->prng) < s->attacked ? s->injected : 0.0;
    struct qw_front_end_late late = { bench->wave, s->reaction_s };

    if (bench->rf != NULL) {
        qw_channel_link_taps(bench->channel, time_s, bench->tap, NULL);
        qw_injector_paths(s->seed, probe, power, &bench->tap[bench->profile.tap_count]);
        return qw_rf_front_end_measure(bench->rf, bench->tap, &bench->frame, NULL);
    }
    qw_channel_link(bench->channel, time_s, bench->value, NULL);
    make_wave(bench, probe, power);
    qw_csi_frame_set_tones(&bench->frame, bench->carrier->format);
    bench->frame.rx_count = (uint8_t)bench->antennas;
    bench->frame.tx_count = 1;
    bench->frame.band_count = 1;
    qw_front_end_measure_onset(bench->front_end, bench->value,
                               s->injected > 0.0 ? &late : &(struct qw_front_end_late){ NULL, 0.0 },
                               &bench->frame);
    return true;
}

static struct qw_onset_verdict run(const struct session *session,
                                   void (*alter)(struct bench *bench, struct qw_prng *prng))
{
    struct bench *bench = open_bench(session);
    struct qw_onset_verdict verdict;
    struct qw_onset_shape shape = { bench->carrier->format, bench->antennas,
                                    !session->is_amplitude_only };
    struct qw_onset *onset = NULL;

    assert_int_equal(qw_onset_new(session->frames, &shape, &onset), QW_OK);
    for (uint32_t i = 0; i < session->frames; i++) {
        if (!hear(bench, i)) {
            continue;
        }
        assert_true(bench->frame.has_early);
        if (alter != NULL) {
            alter(bench, &bench->prng);
        }
        qw_onset_put(onset, i, &bench->frame);
    }
    qw_onset_judge(onset, &verdict);
    qw_onset_free(onset);
    close_bench(bench);
    return verdict;
}

/* A false alarm has a probability of 2^-21 at most. Channels that are slow, fast, long, at rest;
 * weak, strong, with frequency errors, without a common clock; gain control of 1 dB steps in all of
 * them. */
static const struct session honest[] = {
    { "tgn-d", 0.0, 1.5, 0.02, 20.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0,
      ALL_TONES },
    { "tgn-d", 0.0, 1.5, 0.02, 5.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0, ALL_TONES },
    { "tgn-f", 0.0, 1.5, 0.02, 30.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0,
      ALL_TONES },
    { "tdl-c", 300e-9, 1.5, 0.02, 35.0, 0.0, false, false, 0.0, 0.0, 0.0, 700, 1, NULL, 0,
      ALL_TONES },
    { "tgn-d", 0.0, 50.0, 0.02, 30.0, 0.0, false, false, 0.0, 0.0, 0.0, 700, 1, NULL, 0,
      ALL_TONES },
    { "tgn-d", 0.0, 1.5, 0.02, 25.0, 1000.0, false, false, 0.0, 0.0, 0.0, 700, 1, NULL, 0,
      ALL_TONES },
    { "static", 0.0, 0.0, 0.02, 40.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0,
      ALL_TONES },
    { "room", 0.0, 0.03, 0.02, 25.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0,
      ALL_TONES },
    { "tgn-d", 0.0, 1.5, 0.02, 20.0, 0.0, true, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0, ALL_TONES },
    { "tdl-e", 50e-9, 1.5, 0.02, 5.0, 0.0, true, false, 0.0, 0.0, 0.0, 1000, 1, NULL, 0,
      ALL_TONES },
    { "tgn-d", 0.0, 1.5, 0.02, 20.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0, ALL_TONES },
    { "tgn-d", 0.0, 1.5, 0.02, 5.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0, ALL_TONES },
    { "tgn-f", 0.0, 50.0, 0.02, 35.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0, ALL_TONES },
    { "static", 0.0, 0.0, 0.02, 40.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0, ALL_TONES },
    { "exponential", 400e-9, 1.5, 0.02, 35.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0,
      ALL_TONES },
    { "tgn-d", 0.0, 1.5, 0.02, 5.0, 0.0, true, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0, ALL_TONES },
    { "tgn-d", 0.0, 50.0, 0.02, 30.0, 0.0, true, true, 0.0, 0.0, 0.0, 700, 1, NULL, 0, ALL_TONES },
};
enum { HONEST = sizeof honest / sizeof honest[0], ROUNDS = 12, WIDE_ROUNDS = 1 };

/* What else knows its beginning. Behind 33 us a frequency that is left over turns three times as
 * far. */
static const struct {
    const char *carrier;
    size_t antennas;
    double cfo_share;
    uint64_t rounds;
    size_t step; /* through the table */
    bool is_sampled_too;
} radios[] = {
    { "wifi20", 1, 1.0, ROUNDS, 1, true },        { "wifi20", 3, 1.0, WIDE_ROUNDS, 2, false },
    { "wifi40", 1, 0.35, WIDE_ROUNDS, 1, true },  { "wifi80", 1, 0.35, WIDE_ROUNDS, 1, true },
    { "wifi80", 4, 0.35, WIDE_ROUNDS, 4, false },
};

static void honest_sessions_are_never_suspected(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof radios / sizeof radios[0]; r++) {
        double largest = -INFINITY;
        unsigned count = 0;

        for (size_t i = 0; i < HONEST * radios[r].rounds; i += radios[r].step) {
            struct session session = honest[i % HONEST];
            struct qw_onset_verdict verdict;

            session.seed = 1 + i / HONEST;
            session.carrier = radios[r].carrier;
            session.antennas = radios[r].antennas;
            session.cfo_hz *= radios[r].cfo_share;
            if (session.is_sampled && !radios[r].is_sampled_too) {
                continue;
            }
            verdict = run(&session, NULL);
            assert_true(verdict.is_made);
            assert_false(verdict.is_found);
            largest = fmax(largest, verdict.deviations);
            count++;
        }
        print_message("%s, %zu antennas: %u sessions, %.2f deviations at most\n", radios[r].carrier,
                      radios[r].antennas, count, largest);
        assert_true(largest < 4.5); /* the limit has room */
    }
}

static struct session attacked(const char *kind, double injected_db, bool is_sampled)
{
    return (struct session){ .kind = kind,
                             .speed_m_per_s = strcmp(kind, "static") == 0 ? 0.0 : 1.5,
                             .interval_s = 0.02,
                             .snr_db = 20.0,
                             .is_sampled = is_sampled,
                             .injected = pow(10.0, injected_db / 10.0),
                             .reaction_s = 2e-6,
                             .attacked = 1.0,
                             .frames = 1000,
                             .seed = 5 };
}

/* At rest a wave 8 dB below the noise of a tone, beside a walker one 5 dB above it. */
static void who_reacts_is_found_far_below_the_channel(void **state)
{
    (void)state;
    for (int is_sampled = 0; is_sampled < 2; is_sampled++) {
        for (uint64_t seed = 1; seed <= 4; seed++) {
            struct session still = attacked("static", -28.0, is_sampled == 1);
            struct session walking = attacked("tgn-d", -15.0, is_sampled == 1);
            struct session amplitudes = attacked("static", -22.0, is_sampled == 1);

            still.seed = walking.seed = amplitudes.seed = seed;
            amplitudes.is_amplitude_only = true;
            assert_true(run(&still, NULL).is_found);
            assert_true(run(&walking, NULL).is_found);
            assert_true(run(&amplitudes, NULL).is_found);
        }
    }
}

/* The wider the band, the weaker. */
static void who_reacts_to_wide_frames_and_to_several_antennas_is_found(void **state)
{
    (void)state;
    for (size_t r = 1; r < sizeof radios / sizeof radios[0]; r++) {
        for (int is_sampled = 0; is_sampled <= (radios[r].is_sampled_too ? 1 : 0); is_sampled++) {
            struct session still = attacked("static", -30.0, is_sampled == 1);
            struct session walking = attacked("tgn-d", -15.0, is_sampled == 1);

            still.carrier = walking.carrier = radios[r].carrier;
            still.antennas = walking.antennas = radios[r].antennas;
            still.frames = walking.frames = 700;
            assert_true(run(&still, NULL).deviations > QW_ONSET_LIMIT);
            walking.is_amplitude_only = true;
            assert_true(run(&walking, NULL).deviations > QW_ONSET_LIMIT);
            still.reaction_s = 0.1e-6; /* from the first sample on */
            assert_false(run(&still, NULL).is_found);
        }
    }
}

/* [ADR 0153] Whoever sends nothing where the beginning has some is in no product with it. */
static void who_leaves_out_the_tones_of_the_beginning_is_found(void **state)
{
    static const char *const carriers[] = { "wifi20", "wifi40", "wifi80" };

    (void)state;
    for (size_t c = 0; c < sizeof carriers / sizeof carriers[0]; c++) {
        for (int shape = BETWEEN; shape <= TWO_PATHS; shape++) {
            for (int is_amplitude_only = 0; is_amplitude_only < 2; is_amplitude_only++) {
                struct session still = attacked("static", -15.0, false);
                struct session walking = attacked("tgn-d", 7.0, false);

                still.carrier = walking.carrier = carriers[c];
                still.shape = walking.shape = (enum shape)shape;
                still.is_amplitude_only = walking.is_amplitude_only = is_amplitude_only == 1;
                still.frames = walking.frames = 700;
                assert_true(run(&still, NULL).deviations > QW_ONSET_LIMIT);
                assert_true(run(&walking, NULL).is_found);
            }
        }
    }
}

/* Of one symbol he may part the tones as of two he may part the symbols. */
static void who_hides_in_half_of_the_tones_is_found(void **state)
{
    (void)state;
    for (int is_amplitude_only = 0; is_amplitude_only < 2; is_amplitude_only++) {
        struct session session = attacked("static", -10.0, false);
        struct qw_onset_verdict verdict;

        session.carrier = "wifi40";
        session.shape = ONE_HALF;
        session.is_amplitude_only = is_amplitude_only == 1;
        verdict = run(&session, NULL);
        assert_true(verdict.is_found);
    }
}

/* In one frame of ten only, and as slow as can be. */
static void some_frames_are_enough(void **state)
{
    struct session session = attacked("static", 0.0, false);

    (void)state;
    session.attacked = 0.1;
    session.reaction_s = 9e-6;
    assert_true(run(&session, NULL).is_found);
}

/* Nobody that quick waits for anything: policy credits him. */
static void who_is_there_from_the_first_sample_on_is_not_seen(void **state)
{
    (void)state;
    for (int is_sampled = 0; is_sampled < 2; is_sampled++) {
        struct session session = attacked("static", 0.0, is_sampled == 1);

        session.reaction_s = 0.1e-6;
        assert_false(run(&session, NULL).is_found);
    }
}

/* Of what only the two kinds of simulation know: noise of a beginning and of the difference of the
 * symbols, and how much of a wave that comes after so long is in a beginning. */
struct levels {
    double early_noise, half_noise, early_wave;
};

static double square(double complex value)
{
    return creal(value * conj(value));
}

static struct levels levels_of(const struct session *session)
{
    struct bench *bench = open_bench(session);
    struct levels levels = { 0 };

    for (uint32_t i = 0; i < session->frames; i++) {
        double gain;
        size_t e = 0;

        assert_true(hear(bench, i));
        gain = pow(10.0, -(double)bench->frame.agc_db / 20.0);
        qw_channel_link(bench->channel, 1.0 + i * session->interval_s, bench->value, NULL);
        qw_injector_wave(session->seed, i, session->injected, bench->tones, TONES,
                         QW_CHANNEL_TONE_SPACING_HZ, bench->wave);
        for (size_t k = 0; k < TONES; k++) {
            levels.half_noise += square(gain * (double complex)bench->frame.half[k]) / TONES;
            if (bench->tones[k] % 4 == 0) {
                double complex left =
                    gain * (double complex)bench->frame.early[e] - bench->value[k];

                levels.early_noise += square(left) / EARLY;
                levels.early_wave += creal(left * conj(bench->wave[k])) / EARLY;
                e++;
            }
        }
    }
    levels.early_noise /= session->frames;
    levels.half_noise /= session->frames;
    levels.early_wave /= session->frames * session->injected;
    close_bench(bench);
    return levels;
}

static void both_kinds_of_simulation_say_the_same(void **state)
{
    struct session session = attacked("static", -20.0, false);

    (void)state;
    for (double reaction_us = 0.0; reaction_us < 2.0; reaction_us += 0.3) {
        struct levels tones, samples;

        session.reaction_s = 1e-6 * reaction_us;
        session.is_sampled = false;
        tones = levels_of(&session);
        session.is_sampled = true;
        samples = levels_of(&session);
        print_message(
            "%.1f us: noise %.3f and %.3f, %.3f and %.3f of the channel's; wave %.2f and %.2f\n",
            reaction_us, 100.0 * tones.early_noise, 100.0 * samples.early_noise,
            100.0 * tones.half_noise, 100.0 * samples.half_noise, tones.early_wave,
            samples.early_wave);
        assert_true(fabs(samples.half_noise / tones.half_noise - 1.0) < 0.05);
        /* A wave's echoes begin later than its first path, and the window where the strongest path
         * does. */
        assert_true(fabs(samples.early_wave - tones.early_wave) < 0.25);
    }
    /* Nobody in it: noise alone, at 20 dB per tone. */
    session.reaction_s = 9e-6;
    for (int is_sampled = 0; is_sampled < 2; is_sampled++) {
        struct levels levels;

        session.is_sampled = is_sampled == 1;
        levels = levels_of(&session);
        assert_true(fabs(levels.early_noise / 0.01846 - 1.0) < 0.08);
        assert_true(fabs(levels.early_wave) < 0.02);
    }
}

static void blind(struct bench *bench, struct qw_prng *prng)
{
    bench->frame.has_early = qw_prng_uniform(prng) < 0.99;
}

/* The two symbols against each other, with the wave's own power: the mean has the wave, the sum of
 * products has none. */
static void shape(struct bench *bench, float sign)
{
    float gain = (float)pow(10.0, (double)bench->frame.agc_db / 20.0);

    for (size_t k = 0; k < TONES; k++) {
        bench->frame.half[k] += sign * gain * (float complex)bench->wave[k];
    }
}

static void in_the_first(struct bench *bench, struct qw_prng *prng)
{
    (void)prng;
    shape(bench, 1.0f);
}

static void in_the_second(struct bench *bench, struct qw_prng *prng)
{
    (void)prng;
    shape(bench, -1.0f);
}

/* Noise over every beginning. */
static void disturb(struct bench *bench, struct qw_prng *prng)
{
    for (size_t e = 0; e < EARLY; e++) {
        bench->frame.early[e] += (float)qw_prng_gaussian(prng) + (float)qw_prng_gaussian(prng) * I;
    }
}

static void who_hides_is_found(void **state)
{
    struct session shaped = attacked("static", -10.0, false);
    struct session disturbed = attacked("static", -30.0, false);
    struct qw_onset_verdict verdict;

    (void)state;
    for (size_t i = 0; i < 4; i++) { /* in the first symbol alone, or in the second */
        shaped.is_amplitude_only = i >= 2;
        verdict = run(&shaped, i % 2 == 0 ? in_the_first : in_the_second);
        print_message("shaped: %.1f deviations\n", verdict.deviations);
        assert_true(verdict.is_found && verdict.deviations < QW_ONSET_LIMIT);
    }
    verdict = run(&disturbed, disturb);
    print_message("disturbed: %.1f deviations\n", verdict.deviations);
    assert_true(verdict.is_found && verdict.deviations < QW_ONSET_LIMIT);
}

static void what_cannot_be_told_is_not_passed(void **state)
{
    struct session session = attacked("static", 0.0, false);
    struct qw_onset_verdict verdict;

    (void)state;
    verdict = run(&session, blind);
    assert_false(verdict.is_made);
    assert_false(verdict.is_found);
    session.frames = QW_ONSET_FRAMES_MIN - 1;
    assert_false(run(&session, NULL).is_made);
    session.frames = QW_ONSET_FRAMES_MIN;
    assert_true(run(&session, NULL).is_made);
}

static void other_shapes_and_bad_values_are_not_taken(void **state)
{
    struct session session = attacked("static", 0.0, false);
    struct bench *bench = open_bench(&session);
    struct qw_csi_frame *good = calloc(1, sizeof *good);

    (void)state;
    assert_non_null(good);
    assert_true(hear(bench, 0));
    *good = bench->frame;
    for (int i = 0; i < 5; i++) {
        struct qw_onset *onset = NULL;
        struct qw_onset_verdict verdict;

        assert_int_equal(qw_onset_new(QW_ONSET_FRAMES_MIN + 1, &standard, &onset), QW_OK);
        for (uint32_t k = 0; k < QW_ONSET_FRAMES_MIN; k++) {
            qw_onset_put(onset, k, good);
            qw_onset_put(onset, k, good); /* a second one is dropped */
        }
        qw_onset_put(onset, QW_ONSET_FRAMES_MIN + 1, good); /* no such probe */
        qw_onset_judge(onset, &verdict);
        assert_true(verdict.is_made);
        bench->frame = *good;
        bench->frame.format = i == 0 ? QW_CSI_HT_20 : QW_CSI_LEGACY_20;
        bench->frame.tone_count = i == 1 ? 51 : 52;
        bench->frame.rx_count = i == 2 ? 2 : 1;
        bench->frame.early[3] = i == 3 ? NAN : 1.0f;
        bench->frame.half[3] = i == 4 ? INFINITY : 1.0f;
        qw_onset_put(onset, QW_ONSET_FRAMES_MIN, &bench->frame);
        qw_onset_judge(onset, &verdict);
        assert_false(verdict.is_made);
        qw_onset_free(onset);
    }
    free(good);
    close_bench(bench);
}

static void refuses_bad_numbers_and_survives_every_failing_allocation(void **state)
{
    struct qw_onset *onset = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_onset_new(0, &standard, &onset), QW_ERR_ARG);
    assert_int_equal(qw_onset_new((1 << 20) + 1, &standard, &onset), QW_ERR_ARG);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_at = n;
        err = qw_onset_new(300, &standard, &onset);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && onset == NULL));
    }
    fail_at = 0;
    qw_onset_free(onset);
    qw_onset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_sessions_are_never_suspected),
        cmocka_unit_test(who_reacts_is_found_far_below_the_channel),
        cmocka_unit_test(who_reacts_to_wide_frames_and_to_several_antennas_is_found),
        cmocka_unit_test(who_leaves_out_the_tones_of_the_beginning_is_found),
        cmocka_unit_test(who_hides_in_half_of_the_tones_is_found),
        cmocka_unit_test(some_frames_are_enough),
        cmocka_unit_test(who_is_there_from_the_first_sample_on_is_not_seen),
        cmocka_unit_test(both_kinds_of_simulation_say_the_same),
        cmocka_unit_test(who_hides_is_found),
        cmocka_unit_test(what_cannot_be_told_is_not_passed),
        cmocka_unit_test(other_shapes_and_bad_values_are_not_taken),
        cmocka_unit_test(refuses_bad_numbers_and_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
