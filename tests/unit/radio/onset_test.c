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

enum { TONES = QW_CSI_EARLY_VALUES, EARLY = QW_CSI_EARLY_TONES };

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
};

struct bench {
    const struct session *session;
    struct qw_channel_profile profile, attacker;
    struct qw_channel *channel;
    struct qw_front_end *front_end;
    struct qw_rf_front_end *rf;
    const int16_t *tones;
    double complex wave[TONES], value[TONES];
    double complex tap[QW_CHANNEL_TAPS_MAX + QW_INJECTOR_PATHS];
    struct qw_csi_frame frame;
    /* A tampering receiver's or attacker's hand on each frame; may be NULL. */
    void (*alter)(struct bench *bench, struct qw_prng *prng);
    struct qw_prng prng;
};

static void open_rf(struct bench *bench, const struct qw_front_end_config *config)
{
    struct qw_rf_config rf = { .carrier = qw_carrier_find("wifi20"),
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
    config.tone_count = qw_csi_format_tones(QW_CSI_LEGACY_20, &config.tones);
    bench->tones = config.tones;
    assert_int_equal(qw_channel_new(&config, &bench->channel), QW_OK);
    receiver.cfo_hz = session->cfo_hz;
    bench->front_end = calloc(1, sizeof *bench->front_end);
    assert_non_null(bench->front_end);
    qw_front_end_init(bench->front_end, session->seed, 2, &receiver, bench->tones, TONES);
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
    qw_injector_wave(s->seed, probe, power, bench->tones, TONES, QW_CHANNEL_TONE_SPACING_HZ,
                     bench->wave);
    qw_csi_frame_set_tones(&bench->frame, QW_CSI_LEGACY_20);
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
    struct qw_onset *onset = NULL;

    assert_int_equal(qw_onset_new(session->frames, &onset), QW_OK);
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
    qw_onset_judge(onset, !session->is_amplitude_only, &verdict);
    qw_onset_free(onset);
    close_bench(bench);
    return verdict;
}

/* A false alarm has a probability of 2^-21 at most. Channels that are slow, fast, long, at rest;
 * weak, strong, with frequency errors, without a common clock; gain control of 1 dB steps in all of
 * them. */
static const struct session honest[] = {
    { "tgn-d", 0.0, 1.5, 0.02, 20.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "tgn-d", 0.0, 1.5, 0.02, 5.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "tgn-f", 0.0, 1.5, 0.02, 30.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "tdl-c", 300e-9, 1.5, 0.02, 35.0, 0.0, false, false, 0.0, 0.0, 0.0, 700, 1 },
    { "tgn-d", 0.0, 50.0, 0.02, 30.0, 0.0, false, false, 0.0, 0.0, 0.0, 700, 1 },
    { "tgn-d", 0.0, 1.5, 0.02, 25.0, 1000.0, false, false, 0.0, 0.0, 0.0, 700, 1 },
    { "static", 0.0, 0.0, 0.02, 40.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "room", 0.0, 0.03, 0.02, 25.0, 0.0, false, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "tgn-d", 0.0, 1.5, 0.02, 20.0, 0.0, true, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "tdl-e", 50e-9, 1.5, 0.02, 5.0, 0.0, true, false, 0.0, 0.0, 0.0, 1000, 1 },
    { "tgn-d", 0.0, 1.5, 0.02, 20.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1 },
    { "tgn-d", 0.0, 1.5, 0.02, 5.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1 },
    { "tgn-f", 0.0, 50.0, 0.02, 35.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1 },
    { "static", 0.0, 0.0, 0.02, 40.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1 },
    { "exponential", 400e-9, 1.5, 0.02, 35.0, 0.0, false, true, 0.0, 0.0, 0.0, 700, 1 },
    { "tgn-d", 0.0, 1.5, 0.02, 5.0, 0.0, true, true, 0.0, 0.0, 0.0, 700, 1 },
    { "tgn-d", 0.0, 50.0, 0.02, 30.0, 0.0, true, true, 0.0, 0.0, 0.0, 700, 1 },
};
enum { HONEST = sizeof honest / sizeof honest[0], ROUNDS = 12 };

static void honest_sessions_are_never_suspected(void **state)
{
    double largest = -INFINITY;

    (void)state;
    for (size_t i = 0; i < HONEST; i++) {
        for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
            struct session session = honest[i];
            struct qw_onset_verdict verdict;

            session.seed = seed;
            verdict = run(&session, NULL);
            assert_true(verdict.is_made);
            assert_false(verdict.is_found);
            largest = fmax(largest, verdict.deviations);
        }
    }
    print_message("%d sessions, %.2f deviations at most\n", HONEST * ROUNDS, largest);
    assert_true(largest < 4.5); /* the limit has room */
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

        assert_int_equal(qw_onset_new(QW_ONSET_FRAMES_MIN + 1, &onset), QW_OK);
        for (uint32_t k = 0; k < QW_ONSET_FRAMES_MIN; k++) {
            qw_onset_put(onset, k, good);
            qw_onset_put(onset, k, good); /* a second one is dropped */
        }
        qw_onset_put(onset, QW_ONSET_FRAMES_MIN + 1, good); /* no such probe */
        qw_onset_judge(onset, true, &verdict);
        assert_true(verdict.is_made);
        bench->frame = *good;
        bench->frame.format = i == 0 ? QW_CSI_HT_20 : QW_CSI_LEGACY_20;
        bench->frame.tone_count = i == 1 ? 51 : 52;
        bench->frame.rx_count = i == 2 ? 2 : 1;
        bench->frame.early[3] = i == 3 ? NAN : 1.0f;
        bench->frame.half[3] = i == 4 ? INFINITY : 1.0f;
        qw_onset_put(onset, QW_ONSET_FRAMES_MIN, &bench->frame);
        qw_onset_judge(onset, true, &verdict);
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
    assert_int_equal(qw_onset_new(0, &onset), QW_ERR_ARG);
    assert_int_equal(qw_onset_new((1 << 20) + 1, &onset), QW_ERR_ARG);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        err = qw_onset_new(300, &onset);
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
