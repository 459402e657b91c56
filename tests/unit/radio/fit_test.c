/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W15 */
/* A capture written from a channel of known parameters gives these parameters back; what cannot be
 * told is said; what is no channel is refused. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/channel.h"
#include "radio/fit/fit.h"
#include "radio/front_end.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_PER_FRAME = 1 << 13 };

static int fail_at; /* the n-th allocation from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

/* What a capture is made from. */
struct scene {
    const char *kind;
    double delay_spread_s, rice_factor; /* 0 and -1: the kind's own */
    double speed_m_per_s;
    double snr_db;
    double eve_distance_m; /* of the second antenna */
    size_t frames;
    double interval_s;
    bool has_phase;
    enum qw_csi_format format;
};

struct file { /* in memory */
    uint8_t *bytes;
    size_t len, cap;
    struct qw_capture_reader reader;
};

static void open_file(struct file *file, size_t frames)
{
    const struct qw_capture_importer *ours = qw_capture_importer_of(QW_CAPTURE_QWAVE);

    file->cap = frames * BYTES_PER_FRAME + 4096;
    file->bytes = malloc(file->cap);
    assert_non_null(file->bytes);
    file->len = ours->head(file->bytes, file->cap);
}

static void add_frame(struct file *file, const struct qw_csi_frame *frame)
{
    const struct qw_capture_importer *ours = qw_capture_importer_of(QW_CAPTURE_QWAVE);
    size_t len = ours->encode(frame, file->bytes + file->len, file->cap - file->len);

    assert_true(len > 0);
    file->len += len;
}

static void finish_file(struct file *file)
{
    assert_int_equal(
        qw_capture_reader_open(&file->reader, QW_CAPTURE_QWAVE, file->bytes, file->len), QW_OK);
}

/* One receiver with two antennas: the terminal's place, and the eavesdropper's. */
static void measure(const struct scene *scene, struct qw_channel *channel,
                    struct qw_front_end front_end[2], size_t index, struct qw_csi_frame *frame,
                    struct qw_csi_frame *second)
{
    double complex at[2][QW_CHANNEL_TONES_MAX];
    double time_s = (double)index * scene->interval_s;
    float scale;

    qw_csi_frame_clear(frame);
    qw_csi_frame_set_tones(frame, scene->format);
    *second = *frame;
    qw_channel_link(channel, time_s, at[0], at[1]);
    qw_front_end_measure(&front_end[0], at[0], frame);
    qw_front_end_measure(&front_end[1], at[1], second);
    scale = powf(10.0f, (frame->agc_db - second->agc_db) / 20.0f);
    for (size_t k = 0; k < frame->tone_count; k++) {
        frame->value[frame->tone_count + k] = scale * second->value[k];
    }
    /* The level is that of both together. */
    frame->rssi_dbm = 10.0f * log10f(powf(10.0f, frame->rssi_dbm / 10.0f) +
                                     powf(10.0f, second->rssi_dbm / 10.0f));
    frame->rx_count = 2;
    frame->time_ns = llround(time_s * 1e9);
    frame->sequence = index;
    frame->flags = QW_CSI_HAS_TIME | QW_CSI_HAS_RSSI | QW_CSI_HAS_AGC;
}

static void make_file(const struct scene *scene, uint64_t seed, struct file *file)
{
    const struct qw_channel_kind *kind = qw_channel_kind_find(scene->kind);
    struct qw_channel_profile_options options = { .delay_spread_s = scene->delay_spread_s,
                                                  .rice_factor = scene->rice_factor };
    struct qw_front_end_config receiver = qw_front_end_calibrated(scene->snr_db, scene->has_phase);
    struct qw_channel_profile profile;
    struct qw_channel_config config = { .seed = seed,
                                        .profile = &profile,
                                        .speed_m_per_s = scene->speed_m_per_s,
                                        .eve_distance_m = scene->eve_distance_m };
    struct qw_csi_frame *frame = calloc(2, sizeof *frame);
    struct qw_front_end *front_end = calloc(2, sizeof *front_end);
    struct qw_channel *channel;

    assert_non_null(frame);
    assert_non_null(front_end);
    config.tone_count = qw_csi_format_tones(scene->format, &config.tones);
    assert_int_equal(qw_channel_profile_of(kind, &options, &profile), QW_OK);
    assert_int_equal(qw_channel_new(&config, &channel), QW_OK);
    for (uint64_t i = 0; i < 2; i++) {
        qw_front_end_init(&front_end[i], seed, i, &receiver, config.tones, config.tone_count);
    }
    open_file(file, scene->frames);
    for (size_t i = 0; i < scene->frames; i++) {
        measure(scene, channel, front_end, i, &frame[0], &frame[1]);
        add_frame(file, &frame[0]);
    }
    finish_file(file);
    qw_channel_free(channel);
    free(front_end);
    free(frame);
}

static struct qw_fit fit_of(const struct scene *scene, uint64_t seed)
{
    struct qw_fit_series *series;
    struct qw_fit fit;
    struct file file;
    char error[256];

    make_file(scene, seed, &file);
    assert_int_equal(qw_fit_series_new(&file.reader, &series, error), QW_OK);
    assert_int_equal(qw_fit_series(series, &fit), QW_OK);
    qw_fit_series_free(series);
    free(file.bytes);
    return fit;
}

static double value(const struct qw_fit *fit, enum qw_fit_parameter parameter)
{
    return fit->parameter[parameter].value;
}

static void is_within(const struct qw_fit *fit, enum qw_fit_parameter parameter, double low,
                      double high)
{
    if (!(value(fit, parameter) >= low && value(fit, parameter) <= high)) {
        fail_msg("%s is %g, not %g to %g", qw_fit_parameter_names[parameter], value(fit, parameter),
                 low, high);
    }
}

static double doppler_hz(double speed_m_per_s)
{
    return speed_m_per_s * QW_CHANNEL_CARRIER_HZ / QW_CHANNEL_LIGHT_M_PER_S;
}

static const struct scene walk = { .kind = "exponential",
                                   .delay_spread_s = 80e-9,
                                   .rice_factor = -1.0,
                                   .speed_m_per_s = 1.5,
                                   .snr_db = 20.0,
                                   .eve_distance_m = 0.3,
                                   .frames = 3000,
                                   .interval_s = 0.002,
                                   .format = QW_CSI_LEGACY_20 };

/* The channels of these tests are the same at every run; bounds are about three deviations of what
 * other seeds give. */
static void gives_back_a_walk_through_scattered_waves(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct qw_fit fit = fit_of(&walk, seed);

        is_within(&fit, QW_FIT_DELAY_SPREAD, 68.0, 95.0);
        is_within(&fit, QW_FIT_DOPPLER, 0.93 * doppler_hz(1.5), 1.07 * doppler_hz(1.5));
        is_within(&fit, QW_FIT_SNR, 19.5, 20.5);
        is_within(&fit, QW_FIT_MOVING, 0.7, 1.0);
        is_within(&fit, QW_FIT_STILL, 0.0, 0.1);
        is_within(&fit, QW_FIT_ANTENNAS, 0.0, 0.4); /* five wavelengths apart */
        assert_true(fit.remark[QW_FIT_REMARK_NO_PHASE]);
        assert_false(fit.remark[QW_FIT_REMARK_STILL]);
        assert_false(fit.remark[QW_FIT_REMARK_NO_LEVEL]);
        assert_true(fit.phase_resultant < 0.1);
        assert_true(fit.fades > 300.0);
        assert_true(fit.gain_changes > 100);
    }
}

static void gives_back_a_slow_walk_with_phases_and_a_long_delay(void **state)
{
    struct scene slow = walk;
    struct qw_fit fit;

    (void)state;
    slow.delay_spread_s = 150e-9;
    slow.speed_m_per_s = 0.5;
    slow.snr_db = 28.0;
    slow.interval_s = 0.005;
    slow.has_phase = true;
    slow.format = QW_CSI_HT_20;
    fit = fit_of(&slow, 1);
    is_within(&fit, QW_FIT_DELAY_SPREAD, 125.0, 175.0);
    is_within(&fit, QW_FIT_DOPPLER, 0.93 * doppler_hz(0.5), 1.07 * doppler_hz(0.5));
    is_within(&fit, QW_FIT_SNR, 27.3, 28.7);
    assert_true(fit.phase_resultant > 0.7);
    assert_false(fit.remark[QW_FIT_REMARK_NO_PHASE]);
    assert_false(fit.remark[QW_FIT_REMARK_PHASE_UNTOLD]);
}

static void gives_back_strong_noise_and_antennas_close_together(void **state)
{
    struct scene noisy = walk;
    double wanted;
    struct qw_fit fit;

    (void)state;
    noisy.snr_db = 10.0;
    noisy.eve_distance_m = 0.01;
    wanted = j0(2.0 * M_PI * 0.01 * QW_CHANNEL_CARRIER_HZ / QW_CHANNEL_LIGHT_M_PER_S);
    fit = fit_of(&noisy, 1);
    is_within(&fit, QW_FIT_SNR, 9.5, 10.5);
    is_within(&fit, QW_FIT_ANTENNAS, wanted - 0.06, wanted + 0.06);
    is_within(&fit, QW_FIT_DOPPLER, 0.9 * doppler_hz(1.5), 1.1 * doppler_hz(1.5));
}

static void gives_back_delays_that_are_not_exponential_and_a_steady_wave(void **state)
{
    struct scene clusters = walk;
    struct scene corridor = walk;
    struct scene sight = walk;
    struct qw_fit fit;

    (void)state;
    clusters.kind = "tgn-d"; /* 50 ns */
    clusters.delay_spread_s = 0.0;
    clusters.snr_db = 25.0;
    fit = fit_of(&clusters, 2);
    is_within(&fit, QW_FIT_DELAY_SPREAD, 40.0, 60.0);
    is_within(&fit, QW_FIT_SNR, 24.3, 25.7);
    corridor.kind = "corridor"; /* 23 % of the power steady */
    corridor.delay_spread_s = 0.0;
    fit = fit_of(&corridor, 2);
    is_within(&fit, QW_FIT_STEADY, 0.13, 0.33);
    is_within(&fit, QW_FIT_STILL, 0.0, 0.05);
    sight.kind = "tdl-d"; /* K 13.3 dB in the first tap; 9 dB over everything */
    sight.delay_spread_s = 100e-9;
    fit = fit_of(&sight, 1);
    is_within(&fit, QW_FIT_K, 8.0, 10.0);
    is_within(&fit, QW_FIT_SNR, 19.5, 20.5);
}

static void gives_back_a_room_with_people_and_one_without(void **state)
{
    struct scene room = walk;
    struct qw_channel_profile profile;
    double speed_m_per_s;
    struct qw_fit fit;

    (void)state;
    room.kind = "room"; /* 7.4 % of the power moves, in the mean over rooms */
    room.delay_spread_s = 0.0;
    room.speed_m_per_s = 0.03;
    room.snr_db = 25.0;
    room.interval_s = 0.1;
    room.format = QW_CSI_INTEL5300_20;
    fit = fit_of(&room, 2);
    is_within(&fit, QW_FIT_DOPPLER, 0.9 * doppler_hz(0.03), 1.15 * doppler_hz(0.03));
    is_within(&fit, QW_FIT_MOVING, 0.04, 0.15);
    qw_fit_channel(&fit, &profile, &speed_m_per_s);
    assert_int_equal(profile.motion, QW_CHANNEL_PEOPLE);
    room.kind = "static";
    room.speed_m_per_s = 0.0;
    room.frames = 600;
    fit = fit_of(&room, 1);
    assert_true(fit.remark[QW_FIT_REMARK_STILL]);
    assert_true(isnan(value(&fit, QW_FIT_DOPPLER)));
    is_within(&fit, QW_FIT_MOVING, 0.0, 0.0);
    qw_fit_channel(&fit, &profile, &speed_m_per_s);
    assert_true(speed_m_per_s == 0.0);
    assert_true(qw_channel_profile_moving_power(&profile) == 0.0);
}

static void says_what_a_capture_cannot_tell(void **state)
{
    struct scene sparse = walk;
    struct scene brief = walk;
    struct qw_channel_profile profile;
    double speed_m_per_s;
    struct qw_fit fit;

    (void)state;
    sparse.interval_s = 0.5; /* thirteen turns of the Doppler */
    sparse.frames = 600;
    fit = fit_of(&sparse, 1);
    assert_true(isnan(value(&fit, QW_FIT_DOPPLER)));
    assert_true(fit.remark[QW_FIT_REMARK_JITTER]);
    qw_fit_channel(&fit, &profile, &speed_m_per_s);
    assert_true(speed_m_per_s == 0.0); /* what has no memory is not taken for movement */
    brief.speed_m_per_s = 0.1;
    brief.interval_s = 0.001;
    brief.frames = 100;
    fit = fit_of(&brief, 1);
    assert_true(fit.remark[QW_FIT_REMARK_SHORT] || fit.remark[QW_FIT_REMARK_FEW_FADES]);
    assert_true(fit.fades < 10.0);
}

static void its_channel_has_the_parameters_of_the_capture(void **state)
{
    struct qw_fit fit = fit_of(&walk, 1);
    struct qw_channel_profile profile;
    double speed_m_per_s;

    (void)state;
    qw_fit_channel(&fit, &profile, &speed_m_per_s);
    assert_int_equal(qw_channel_profile_check(&profile), QW_OK);
    assert_int_equal(profile.motion, QW_CHANNEL_WALK);
    assert_true(fabs(speed_m_per_s - 1.5) < 0.1);
    assert_true(fabs(qw_channel_profile_moving_power(&profile) - value(&fit, QW_FIT_MOVING)) <
                1e-9);
    /* No walk leaves a pattern standing: what little is measured of one is steady. */
    assert_true(profile.tap[1].still_power == 0.0);
}

static void says_when_memory_is_short(void **state)
{
    struct scene small = walk;
    struct qw_fit_series *series;
    struct qw_fit fit = { .frames = 7 };
    struct file file;
    char error[256];
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    small.frames = 32;
    make_file(&small, 1, &file);
    assert_int_equal(qw_fit_series_new(&file.reader, &series, error), QW_OK);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_at = n;
        err = qw_fit_series(series, &fit);
        fail_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && fit.frames == 7));
    }
    assert_int_equal(fit.frames, 32);
    qw_fit_series_free(series);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_a_walk_through_scattered_waves),
        cmocka_unit_test(gives_back_a_slow_walk_with_phases_and_a_long_delay),
        cmocka_unit_test(gives_back_strong_noise_and_antennas_close_together),
        cmocka_unit_test(gives_back_delays_that_are_not_exponential_and_a_steady_wave),
        cmocka_unit_test(gives_back_a_room_with_people_and_one_without),
        cmocka_unit_test(says_what_a_capture_cannot_tell),
        cmocka_unit_test(its_channel_has_the_parameters_of_the_capture),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
