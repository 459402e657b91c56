/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W13 W15 */
/* Probing by waveform: frames are found, and what comes out is the channel in the noise that was
 * asked for. Seeds are fixed: another one fails with a probability below 1e-6. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/carrier/rf_front_end.h"
#include "radio/carrier/rf_receiver.h"

#include <math.h>
#include <stdlib.h>

enum { FRAMES = 60 };

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

struct bench {
    struct qw_channel_profile profile;
    struct qw_rf_config config;
    struct qw_prng prng;
    double complex tap[QW_CHANNEL_TAPS_MAX];
    struct qw_csi_frame frame;
};

static struct bench *bench_of(const struct qw_carrier *carrier, double snr_db)
{
    struct qw_channel_profile_options options = { .rice_factor = -1.0 };
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    assert_int_equal(
        qw_channel_profile_of(qw_channel_kind_find("tgn-d"), &options, &bench->profile), QW_OK);
    bench->config = (struct qw_rf_config){ .carrier = carrier,
                                           .profile = &bench->profile,
                                           .front_end = { .snr_db = snr_db, .has_phase = true },
                                           .converter_bits = QW_RF_CONVERTER_BITS,
                                           .seed = 11,
                                           .stream = (uint64_t)(carrier - qw_carriers + 1) };
    qw_prng_init(&bench->prng, 5, (uint64_t)(carrier - qw_carriers + 1));
    return bench;
}

static void draw_taps(struct bench *bench)
{
    for (size_t l = 0; l < bench->profile.tap_count; l++) {
        double deviation = sqrt(0.5 * bench->profile.tap[l].power);

        bench->tap[l] =
            deviation * (qw_prng_gaussian(&bench->prng) + I * qw_prng_gaussian(&bench->prng));
    }
}

static double complex channel_at(const struct bench *bench, int number)
{
    double complex sum = 0.0;

    for (size_t l = 0; l < bench->profile.tap_count; l++) {
        sum += bench->tap[l] * cexp(-2.0 * M_PI * I * number * bench->config.carrier->spacing_hz *
                                    bench->profile.tap[l].delay_s);
    }
    return sum;
}

/* Squared error of a frame's tones, mean. */
static double error_of(const struct bench *bench)
{
    double gain = pow(10.0, -(double)bench->frame.agc_db / 20.0);
    double sum = 0.0;

    for (size_t k = 0; k < bench->frame.tone_count; k++) {
        double complex left = gain * (double complex)bench->frame.value[k] -
                              channel_at(bench, bench->frame.tone_index[k]);

        sum += creal(left * conj(left));
    }
    return sum / bench->frame.tone_count;
}

/* 60 frames of 52 tones or more: the mean error has a deviation of 2 % at most, and 8 % are given
 * to what the converter and the frequency estimate add. */
static void measures_the_channel_in_the_noise_that_was_asked_for(void **state)
{
    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        for (double snr_db = 10.0; snr_db <= 20.0; snr_db += 10.0) {
            struct bench *bench = bench_of(carrier, snr_db);
            struct qw_rf_front_end *rf = NULL;
            double wanted = pow(10.0, -snr_db / 10.0);
            double error = 0.0;
            double found = 0.0;

            assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_OK);
            for (size_t i = 0; i < FRAMES; i++) {
                draw_taps(bench);
                if (qw_rf_front_end_measure(rf, bench->tap, &bench->frame, NULL)) {
                    assert_int_equal(bench->frame.format, carrier->format);
                    error += error_of(bench);
                    found += 1.0;
                }
            }
            error /= found;
            assert_true(found >= (snr_db > 15.0 ? FRAMES : FRAMES - 6)); /* the others faded */
            assert_true(error > 0.9 * wanted && error < 1.18 * wanted);
            qw_rf_front_end_free(rf);
            free(bench);
        }
    }
}

static void finds_frequency_and_place_of_each_frame(void **state)
{
    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        struct bench *bench = bench_of(carrier, 20.0);
        struct qw_sounding *sounding = calloc(1, sizeof *sounding);
        struct qw_rf_front_end *rf = NULL;

        assert_non_null(sounding);
        qw_sounding_of(carrier, sounding);
        assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_OK);
        for (size_t i = 0; i < FRAMES; i++) {
            const struct qw_sounding_field *field = &sounding->field[sounding->field_count - 1];
            struct qw_rf_report report;

            draw_taps(bench);
            assert_true(qw_rf_front_end_measure(rf, bench->tap, &bench->frame, &report));
            assert_true(fabs(report.offset_left_hz) < 0.1 * carrier->spacing_hz);
            assert_true(labs(report.early) <= (long)(field->prefix / 2));
            assert_true(report.clipped < 0.01);
        }
        qw_rf_front_end_free(rf);
        free(sounding);
        free(bench);
    }
}

/* [W9] The short training says the same of the channel, the frequency of the session carried over
 * 11 us; half the difference of the two symbols is noise. Other carriers have no beginning. */
static void the_beginning_of_a_frame_says_the_same(void **state)
{
    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        struct bench *bench = bench_of(carrier, 40.0);
        struct qw_rf_front_end *rf = NULL;
        size_t place[QW_CSI_EARLY_CHAIN_MAX];
        size_t count = qw_csi_format_early(carrier->format, place);
        bool has_half = carrier->format == QW_CSI_LEGACY_20;
        double error = 0.0;
        double half = 0.0;

        assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_OK);
        for (size_t i = 0; i < FRAMES; i++) {
            double gain;

            draw_taps(bench);
            assert_true(qw_rf_front_end_measure(rf, bench->tap, &bench->frame, NULL));
            assert_int_equal(bench->frame.has_early, !carrier->is_cellular);
            gain = pow(10.0, -(double)bench->frame.agc_db / 20.0);
            for (size_t k = 0; has_half && k < bench->frame.tone_count; k++) {
                double complex left = gain * (double complex)bench->frame.half[k];

                half += creal(left * conj(left)) / (FRAMES * bench->frame.tone_count);
            }
            for (size_t e = 0; e < count; e++) {
                double complex left = gain * (double complex)bench->frame.early[e] -
                                      channel_at(bench, bench->frame.tone_index[place[e]]);

                error += creal(left * conj(left)) / (double)(FRAMES * count);
            }
        }
        /* Of two symbols and against one, and the frequency of one frame. */
        if (has_half) {
            assert_true(fabs(half / 1e-4 - 1.0) < 0.12);
            assert_true(error > 1.6e-4 && error < 2.5e-4); /* 1.85 of noise */
        } else if (count > 0) {
            print_message("%s: %.2f of the noise\n", carrier->name, error / 1e-4);
            assert_true(error > 0.8e-4 && error < 1.5e-4); /* 0.92 */
        }
        qw_rf_front_end_free(rf);
        free(bench);
    }
}

/* A card without a common clock: amplitudes stay, phases are the frame's own. */
static void without_a_clock_only_amplitudes_are_left(void **state)
{
    struct bench *bench = bench_of(&qw_carriers[0], 40.0);
    struct qw_rf_front_end *rf = NULL;
    double complex resultant = 0.0;

    (void)state;
    bench->config.front_end.has_phase = false;
    assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_OK);
    draw_taps(bench);
    for (size_t i = 0; i < 200; i++) {
        double gain;

        assert_true(qw_rf_front_end_measure(rf, bench->tap, &bench->frame, NULL));
        gain = pow(10.0, -(double)bench->frame.agc_db / 20.0);
        resultant += (double complex)bench->frame.value[3] /
                     cabs((double complex)bench->frame.value[3]) / 200.0;
        for (size_t k = 0; k < bench->frame.tone_count; k++) {
            double heard = gain * cabs((double complex)bench->frame.value[k]);

            assert_true(fabs(heard - cabs(channel_at(bench, bench->frame.tone_index[k]))) < 0.1);
        }
    }
    assert_true(cabs(resultant) < 0.4); /* uniform: above that with a probability of exp(-32) */
    qw_rf_front_end_free(rf);
    free(bench);
}

static void few_bits_in_the_converter_cost_signal_to_noise(void **state)
{
    double error[2] = { 0.0, 0.0 };

    (void)state;
    for (size_t b = 0; b < 2; b++) {
        struct bench *bench = bench_of(&qw_carriers[0], 40.0);
        struct qw_rf_front_end *rf = NULL;

        bench->config.converter_bits = b == 0 ? 12 : 5;
        assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_OK);
        for (size_t i = 0; i < FRAMES; i++) {
            draw_taps(bench);
            assert_true(qw_rf_front_end_measure(rf, bench->tap, &bench->frame, NULL));
            error[b] += error_of(bench) / FRAMES;
        }
        qw_rf_front_end_free(rf);
        free(bench);
    }
    assert_true(error[1] > 3.0 * error[0]);
}

/* Probability of a false alarm: exp(-8) per window; more than three of 60 come once in 10^8 runs.
 */
static void noise_alone_is_no_frame(void **state)
{
    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        struct bench *bench = bench_of(carrier, 20.0);
        struct qw_rf_front_end *rf = NULL;
        size_t alarms = 0;

        assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_OK);
        for (size_t i = 0; i < FRAMES; i++) {
            alarms += qw_rf_front_end_measure(rf, bench->tap, &bench->frame, NULL) ? 1 : 0;
        }
        assert_true(alarms <= 3);
        qw_rf_front_end_free(rf);
        free(bench);
    }
}

static void refuses_bad_numbers_and_survives_every_failing_allocation(void **state)
{
    struct bench *bench = bench_of(&qw_carriers[1], 20.0);
    struct qw_rf_front_end *rf = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    bench->config.converter_bits = 3;
    assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_ERR_ARG);
    bench->config.converter_bits = 17;
    assert_int_equal(qw_rf_front_end_new(&bench->config, &rf), QW_ERR_ARG);
    bench->config.converter_bits = 16;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_at = n;
        err = qw_rf_front_end_new(&bench->config, &rf);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && rf == NULL));
    }
    fail_at = 0;
    qw_rf_front_end_free(rf);
    qw_rf_front_end_free(NULL);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_the_channel_in_the_noise_that_was_asked_for),
        cmocka_unit_test(finds_frequency_and_place_of_each_frame),
        cmocka_unit_test(the_beginning_of_a_frame_says_the_same),
        cmocka_unit_test(without_a_clock_only_amplitudes_are_left),
        cmocka_unit_test(few_bits_in_the_converter_cost_signal_to_noise),
        cmocka_unit_test(noise_alone_is_no_frame),
        cmocka_unit_test(refuses_bad_numbers_and_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
