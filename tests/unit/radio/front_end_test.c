/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
/* What a simulated receiver adds to a channel. Fixed seeds. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/front_end.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 2000, TONES = 52 };

struct bench {
    struct qw_front_end front_end;
    struct qw_csi_frame frame;
    double complex channel[TONES];
};

static struct bench *open_bench_with(const struct qw_front_end_config *config, uint64_t stream,
                                     double amplitude)
{
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    qw_csi_frame_set_tones(&bench->frame, QW_CSI_LEGACY_20);
    assert_int_equal(bench->frame.tone_count, TONES);
    qw_front_end_init(&bench->front_end, 5, stream, config, bench->frame.tone_index, TONES);
    for (size_t k = 0; k < TONES; k++) {
        bench->channel[k] = amplitude;
    }
    return bench;
}

static struct bench *open_bench(double snr_db, bool has_phase, uint64_t stream, double amplitude)
{
    struct qw_front_end_config config = qw_front_end_calibrated(snr_db, has_phase);

    return open_bench_with(&config, stream, amplitude);
}

/* Measures once; value with the gain control undone. */
static double complex measure(struct bench *bench, size_t tone)
{
    qw_front_end_measure(&bench->front_end, bench->channel, &bench->frame);
    return (double complex)bench->frame.value[tone] / pow(10.0, (double)bench->frame.agc_db / 20.0);
}

static void noise_has_the_wanted_power(void **state)
{
    static const double levels_db[] = { 0.0, 10.0, 25.0 };

    (void)state;
    for (size_t j = 0; j < 3; j++) {
        struct bench *bench = open_bench(levels_db[j], true, 1, 0.0);
        double power = 0.0;

        for (size_t i = 0; i < FRAMES; i++) {
            double complex value = measure(bench, i % TONES);

            power += creal(value * conj(value)) / FRAMES;
        }
        /* rms error 1 / sqrt(2000): 2.2 % */
        assert_true(fabs(power * pow(10.0, levels_db[j] / 10.0) - 1.0) < 0.12);
        assert_true(fabs((double)bench->frame.noise_dbm + 50.0 + levels_db[j]) < 1e-4);
        free(bench);
    }
}

static void the_gain_is_in_whole_decibels_and_levels_the_frame(void **state)
{
    static const double amplitudes[] = { 0.02, 0.3, 1.0, 3.0, 20.0 };

    (void)state;
    for (size_t j = 0; j < 5; j++) {
        struct bench *bench = open_bench(60.0, true, 1, amplitudes[j]);
        double power = 0.0;

        measure(bench, 0);
        for (size_t k = 0; k < TONES; k++) {
            power += (double)crealf(bench->frame.value[k] * conjf(bench->frame.value[k])) / TONES;
        }
        assert_true(bench->frame.agc_db == roundf(bench->frame.agc_db));
        assert_true(fabs(10.0 * log10(power)) < 0.51);
        assert_true(fabs((double)bench->frame.rssi_dbm + 50.0 - 20.0 * log10(amplitudes[j])) < 0.5);
        assert_int_equal(bench->frame.rx_count, 1);
        assert_int_equal(bench->frame.tx_count, 1);
        free(bench);
    }
}

static void chain_gains_are_smooth_small_and_fixed(void **state)
{
    struct bench *bench = open_bench(60.0, true, 1, 1.0);
    struct bench *other = open_bench(60.0, true, 2, 1.0);
    double difference = 0.0;

    (void)state;
    for (size_t k = 0; k < TONES; k++) {
        double complex gain = bench->front_end.chain[k];

        assert_true(cabs(gain - 1.0) < 0.12);
        if (k > 0) {
            assert_true(cabs(gain - bench->front_end.chain[k - 1]) < 0.02);
        }
        difference += cabs(gain - other->front_end.chain[k]) / TONES;
        for (size_t i = 0; i < 3; i++) {
            assert_true(fabs(cabs(measure(bench, k)) - cabs(gain)) < 0.01);
        }
    }
    assert_true(difference > 0.002); /* the two ends are not reciprocal to the last digit */
    free(bench);
    free(other);
}

static double complex mean_turn(bool has_phase)
{
    struct bench *bench = open_bench(40.0, has_phase, 3, 1.0);
    double complex sum = 0.0;

    for (size_t i = 0; i < FRAMES; i++) {
        double complex value = measure(bench, 20);

        sum += value / cabs(value) / FRAMES;
    }
    free(bench);
    return sum;
}

static void phases_are_coherent_or_useless(void **state)
{
    (void)state;
    assert_true(cabs(mean_turn(true)) > 0.999);
    assert_true(cabs(mean_turn(false)) < 0.12); /* rms 0.022 */
}

static void the_same_stream_gives_the_same_frames(void **state)
{
    struct bench *a = open_bench(20.0, true, 4, 1.0);
    struct bench *b = open_bench(20.0, true, 4, 1.0);
    struct bench *c = open_bench(20.0, true, 5, 1.0);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        measure(a, 0);
        measure(b, 0);
        measure(c, 0);
        assert_memory_equal(&a->frame, &b->frame, sizeof a->frame);
        assert_memory_not_equal(&a->frame, &c->frame, sizeof a->frame);
    }
    free(a);
    free(b);
    free(c);
}

static void an_unknown_format_has_no_tones(void **state)
{
    const int16_t *tones;

    (void)state;
    assert_int_equal(qw_csi_format_tones((enum qw_csi_format)99, &tones), 0);
    assert_null(tones);
    assert_int_equal(qw_csi_format_tones(QW_CSI_HT_20, &tones), 56);
    assert_int_equal(tones[0], -28);
    assert_int_equal(qw_csi_format_tones(QW_CSI_INTEL5300_20, &tones), 30);
    assert_int_equal(qw_csi_format_tones(QW_CSI_LEGACY_20, &tones), 52);
    for (size_t k = 1; k < 52; k++) {
        assert_int_equal(tones[k] - tones[k - 1], tones[k] == 1 ? 2 : 1);
    }
}

/* Tones -26 and 26 of one frame, without noise: their mean phase and what lies between them. */
static void phases_of(struct bench *bench, double *middle, double *between)
{
    double complex low = measure(bench, 0);
    double complex high = (double complex)bench->frame.value[TONES - 1] /
                          pow(10.0, (double)bench->frame.agc_db / 20.0);

    *between = carg(high * conj(low));
    *middle = carg(low) + 0.5 * *between;
}

/* What a free-running receiver does: the rms of the phase is 2 pi 60 us cfo; the line over 52 tones
 * is uniform in +- 2 pi 16.25 MHz jitter; a slow sampling clock leans every frame the same way.
 * 2000 frames: 1.6 % rms. */
static void clocks_turn_a_frame_and_lean_it(void **state)
{
    struct qw_front_end_config config = { .snr_db = 90.0,
                                          .has_phase = true,
                                          .detection_jitter_s = 5e-9,
                                          .cfo_hz = 200.0,
                                          .sfo_ppm = 20.0 };
    struct bench *bench = open_bench_with(&config, 1, 1.0);
    double square = 0.0;
    double lean = 0.0;
    double most = 0.0;

    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        double middle;
        double between;

        phases_of(bench, &middle, &between);
        square += middle * middle / FRAMES;
        lean += between / FRAMES;
        most = fmax(most, fabs(between));
    }
    assert_true(fabs(sqrt(square) / (2.0 * M_PI * 60e-6 * 200.0) - 1.0) < 0.08);
    assert_true(fabs(lean / (-2.0 * M_PI * 16.25e6 * 20e-6 * 60e-6) - 1.0) < 0.1 * 5e-9 / 1.2e-9);
    assert_true(most < 2.0 * M_PI * 16.25e6 * 6.2e-9);
    assert_true(most > 2.0 * M_PI * 16.25e6 * 5.8e-9);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_has_the_wanted_power),
        cmocka_unit_test(the_gain_is_in_whole_decibels_and_levels_the_frame),
        cmocka_unit_test(chain_gains_are_smooth_small_and_fixed),
        cmocka_unit_test(phases_are_coherent_or_useless),
        cmocka_unit_test(the_same_stream_gives_the_same_frames),
        cmocka_unit_test(an_unknown_format_has_no_tones),
        cmocka_unit_test(clocks_turn_a_frame_and_lean_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
