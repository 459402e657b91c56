/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
/* From samples to frames: over a simulated channel, in blocks of any size, with everything that a
 * device can do wrong. Seeds are fixed. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/carrier/sounding.h"
#include "radio/sdr/sounding_label.h"
#include "radio/sdr/sounding_receiver.h"
#include "support/fail_nth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { FRAMES = 20, STEP = 3001, COUNT = FRAMES * STEP + 6000, FIRST = 777 };

struct bench {
    struct qw_sounding_receiver_config config;
    struct qw_sounding sounding;
    struct qw_sounding_receiver *receiver;
    float complex *sample; /* [COUNT] */
    struct qw_csi_frame *frame;
    size_t frames;
    int64_t time_ns[FRAMES];
    float complex value[FRAMES][QW_SOUNDING_TONES_MAX];
};

static const double complex path[3] = { 0.2, 0.075 + 0.1 * I, -0.05 + 0.05 * I };
static const size_t delay[3] = { 0, 1, 3 };

/* Frames 0, 1, 2 ... of station 3, STEP apart, over three paths; an oscillator 40 kHz off. */
static struct bench *bench_new(const struct qw_carrier *carrier, double noise)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct qw_prng prng;
    float complex wave[QW_SOUNDING_SAMPLES_MAX];
    double complex work[256];
    struct qw_dft *dft;

    assert_non_null(bench);
    qw_sounding_of(carrier, &bench->sounding);
    bench->config = (struct qw_sounding_receiver_config){ .carrier = carrier,
                                                          .rate_hz = bench->sounding.rate_hz,
                                                          .own_station = 1,
                                                          .peer_station = 3,
                                                          .centre_hz = 5.2e9,
                                                          .gain_db = 30.0 };
    bench->sample = calloc(COUNT, sizeof *bench->sample);
    bench->frame = calloc(1, sizeof *bench->frame);
    assert_non_null(bench->sample);
    assert_non_null(bench->frame);
    assert_int_equal(qw_dft_new(bench->sounding.size, &dft), QW_OK);
    for (size_t f = 0; f < FRAMES; f++) {
        struct qw_sounding_label label = { .number = (uint16_t)f, .station = 3 };

        qw_sounding_frame_make(&bench->sounding, dft, &label, work, wave);
        for (size_t p = 0; p < 3; p++) {
            for (size_t i = 0; i < qw_sounding_labelled_samples(&bench->sounding); i++) {
                bench->sample[FIRST + f * STEP + delay[p] + i] +=
                    (float complex)(path[p] * (double complex)wave[i]);
            }
        }
    }
    qw_dft_free(dft);
    qw_prng_init(&prng, 9, 1);
    for (size_t i = 0; i < COUNT; i++) {
        double complex turn = cexp(2.0 * M_PI * I * 4e4 * (double)i / bench->sounding.rate_hz);

        bench->sample[i] =
            (float complex)((double complex)bench->sample[i] * turn +
                            noise * (qw_prng_gaussian(&prng) + I * qw_prng_gaussian(&prng)));
    }
    return bench;
}

static void start(struct bench *bench)
{
    qw_sounding_receiver_free(bench->receiver);
    bench->receiver = NULL;
    bench->frames = 0;
    assert_int_equal(qw_sounding_receiver_new(&bench->config, &bench->receiver), QW_OK);
}

static void bench_free(struct bench *bench)
{
    qw_sounding_receiver_free(bench->receiver);
    free(bench->sample);
    free(bench->frame);
    free(bench);
}

static int64_t time_of(const struct bench *bench, size_t sample)
{
    return 5000000000 + (int64_t)llround(1e9 * (double)sample / bench->config.rate_hz);
}

static void drain(struct bench *bench)
{
    while (qw_sounding_receiver_next(bench->receiver, bench->frame)) {
        assert_true(bench->frames < FRAMES);
        bench->time_ns[bench->frames] = bench->frame->time_ns;
        memcpy(bench->value[bench->frames], bench->frame->value,
               bench->frame->tone_count * sizeof bench->frame->value[0]);
        bench->frames++;
    }
}

static void push(struct bench *bench, size_t from, size_t to, size_t block)
{
    for (size_t at = from; at < to; at += block) {
        size_t count = to - at < block ? to - at : block;

        qw_sounding_receiver_push(bench->receiver, bench->sample + at, count, time_of(bench, at));
        drain(bench);
    }
}

static double complex channel_at(const struct bench *bench, int tone)
{
    double complex sum = 0.0;

    for (size_t p = 0; p < 3; p++) {
        sum += path[p] *
               cexp(-2.0 * M_PI * I * tone * (double)delay[p] / (double)bench->sounding.size);
    }
    return sum;
}

static void every_frame_is_found_measured_and_dated(void **state)
{
    (void)state;
    for (size_t c = 0; c < 3; c++) {
        struct bench *bench = bench_new(&qw_carriers[c], 0.002);
        double error = 0.0;
        double power = 0.0;

        start(bench);
        push(bench, 0, COUNT, 8192);
        assert_int_equal(bench->frames, FRAMES);
        for (size_t f = 0; f < FRAMES; f++) {
            int64_t early_ns = time_of(bench, FIRST + f * STEP) - bench->time_ns[f];

            assert_true(early_ns >= -500 && early_ns < 2000);
            for (size_t k = 0; k < bench->sounding.tone_count; k++) { /* phases are nobody's */
                double truth = cabs(channel_at(bench, bench->sounding.tones[k])) /
                               sqrt((double)bench->sounding.tone_count);

                error += pow(cabs((double complex)bench->value[f][k]) - truth, 2.0);
                power += truth * truth;
            }
        }
        assert_true(error < 0.002 * power);
        assert_int_equal(bench->frame->format, qw_carriers[c].format);
        assert_int_equal(bench->frame->centre_mhz, 5200);
        assert_int_equal(bench->frame->source[5], 3);
        assert_int_equal(bench->frame->sequence, FRAMES - 1);
        assert_true(bench->frame->agc_db == 30.0f);
        assert_int_equal(bench->frame->flags, QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                  QW_CSI_HAS_SEQUENCE | QW_CSI_HAS_AGC);
        bench_free(bench);
    }
}

static void blocks_of_any_size_give_the_same_frames(void **state)
{
    const size_t block[] = { 97, 1000, 4096, 65536 };
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);
    float complex first[FRAMES][QW_SOUNDING_TONES_MAX];

    (void)state;
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, FRAMES);
    memcpy(first, bench->value, sizeof first);
    for (size_t i = 0; i < sizeof block / sizeof block[0]; i++) {
        start(bench);
        push(bench, 0, COUNT, block[i]);
        assert_int_equal(bench->frames, FRAMES);
        for (size_t f = 0; f < FRAMES; f++) {
            for (size_t k = 0; k < bench->sounding.tone_count; k++) {
                assert_true(cabsf(bench->value[f][k] - first[f][k]) < 1e-4f);
            }
        }
    }
    bench_free(bench);
}

static void another_rate_is_another_format(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);

    (void)state;
    bench->config.rate_hz = 18e6; /* the same samples, taken more slowly */
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, FRAMES);
    assert_int_equal(bench->frame->format, QW_CSI_OTHER);
    assert_int_equal(bench->frame->tone_count, 52);
    bench_free(bench);
}

static void other_stations_are_foreign_and_ones_own_can_be_asked_for(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);

    (void)state;
    bench->config.peer_station = 4;
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, 0);
    assert_int_equal(qw_sounding_receiver_counters(bench->receiver).foreign, FRAMES);
    bench->config.peer_station = QW_SOUNDING_ANY_STATION;
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, FRAMES);
    bench->config.own_station = 3;
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, 0);
    bench->config.peer_station = 3;
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, FRAMES);
    bench_free(bench);
}

static void a_gap_costs_the_frame_that_it_cuts(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);
    size_t cut = FIRST + 5 * STEP + 100; /* inside frame 5 */

    (void)state;
    start(bench);
    push(bench, 0, cut, 1000);
    push(bench, cut + 50, COUNT, 1000);
    assert_int_equal(bench->frames, FRAMES - 1);
    assert_int_equal(qw_sounding_receiver_counters(bench->receiver).samples_lost, 50);
    assert_int_equal(qw_sounding_receiver_counters(bench->receiver).clock_jumps, 0);
    start(bench);
    push(bench, 0, cut, 1000);
    qw_sounding_receiver_break(bench->receiver);
    push(bench, cut, COUNT, 1000);
    assert_int_equal(bench->frames, FRAMES - 1);
    assert_int_equal(qw_sounding_receiver_counters(bench->receiver).samples_lost, 0);
    bench_free(bench);
}

static void a_clock_that_jumps_either_way_is_counted(void **state)
{
    const int64_t jump_ns[] = { -1000000000, -5000, 2000000000, INT64_C(1) << 60,
                                -(INT64_C(1) << 62) };
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);

    (void)state;
    for (size_t j = 0; j < sizeof jump_ns / sizeof jump_ns[0]; j++) {
        start(bench);
        qw_sounding_receiver_push(bench->receiver, bench->sample, 1000, 0);
        drain(bench);
        qw_sounding_receiver_push(bench->receiver, bench->sample + 1000, 4000, jump_ns[j]);
        drain(bench);
        assert_int_equal(qw_sounding_receiver_counters(bench->receiver).clock_jumps, 1);
        assert_int_equal(qw_sounding_receiver_counters(bench->receiver).samples_lost, 0);
        assert_int_equal(bench->frames, 1); /* the one that came whole behind it */
    }
    bench_free(bench);
}

static void wild_samples_are_counted_and_cost_nothing_else(void **state)
{
    const float wild[] = { NAN, INFINITY, -INFINITY, 1e30f, 16.5f };
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);

    (void)state;
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        float part[2] = { i % 2 == 0 ? wild[i] : 0.0f, i % 2 == 0 ? 0.0f : wild[i] };

        memcpy(&bench->sample[FIRST + 400 + i * STEP], part, sizeof part); /* between frames */
    }
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, FRAMES);
    assert_int_equal(qw_sounding_receiver_counters(bench->receiver).wild_samples, 5);
    bench_free(bench);
}

/* Direct current 20 dB over the signal repeats at every place. */
static void direct_current_is_taken_out(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        bench->sample[i] += 0.5f + 0.5f * (float complex)I;
    }
    start(bench);
    for (int settle = 0; settle < 8; settle++) { /* the slow average begins at nothing */
        float complex still[8192];

        for (size_t i = 0; i < 8192; i++) {
            still[i] = 0.5f + 0.5f * (float complex)I;
        }
        qw_sounding_receiver_push(bench->receiver, still, 8192, 0);
        drain(bench);
        qw_sounding_receiver_break(bench->receiver);
    }
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, FRAMES);
    bench_free(bench);
}

/* Training with noise behind it, as of somebody else's frames. */
static void what_has_no_label_is_no_frame(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);
    size_t training = qw_sounding_samples(&bench->sounding);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 10, 1);
    for (size_t f = 0; f < FRAMES; f++) {
        for (size_t i = 0; i < 200; i++) {
            bench->sample[FIRST + f * STEP + training + i] =
                (float complex)(0.2 * qw_prng_gaussian(&prng) + 0.2 * I * qw_prng_gaussian(&prng));
        }
    }
    start(bench);
    push(bench, 0, COUNT, 8192);
    assert_int_equal(bench->frames, 0);
    assert_int_equal(qw_sounding_receiver_counters(bench->receiver).no_label, FRAMES);
    bench_free(bench);
}

static void refuses_cells_rates_and_stations(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);
    const double rate_hz[] = { 0.0, -1.0, 99999.0, 1.1e8, NAN, INFINITY };
    struct qw_sounding_receiver_config config = bench->config;

    (void)state;
    for (size_t i = 0; i < sizeof rate_hz / sizeof rate_hz[0]; i++) {
        config.rate_hz = rate_hz[i];
        assert_int_equal(qw_sounding_receiver_new(&config, &bench->receiver), QW_ERR_ARG);
    }
    config = bench->config;
    config.carrier = qw_carrier_find("lte-tdd");
    assert_int_equal(qw_sounding_receiver_new(&config, &bench->receiver), QW_ERR_ARG);
    config = bench->config;
    config.own_station = 16;
    assert_int_equal(qw_sounding_receiver_new(&config, &bench->receiver), QW_ERR_ARG);
    config = bench->config;
    config.peer_station = -2;
    assert_int_equal(qw_sounding_receiver_new(&config, &bench->receiver), QW_ERR_ARG);
    assert_null(bench->receiver);
    bench_free(bench);
}

static void every_failed_allocation_is_told(void **state)
{
    struct bench *bench = bench_new(&qw_carriers[0], 0.01);
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err == QW_ERR_NOMEM && n < 50; n++) {
        fail_nth = n;
        err = qw_sounding_receiver_new(&bench->config, &bench->receiver);
        assert_true(err == QW_OK || bench->receiver == NULL);
    }
    fail_nth = 0;
    assert_int_equal(err, QW_OK);
    assert_true(n > 5);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_found_measured_and_dated),
        cmocka_unit_test(blocks_of_any_size_give_the_same_frames),
        cmocka_unit_test(another_rate_is_another_format),
        cmocka_unit_test(other_stations_are_foreign_and_ones_own_can_be_asked_for),
        cmocka_unit_test(a_gap_costs_the_frame_that_it_cuts),
        cmocka_unit_test(a_clock_that_jumps_either_way_is_counted),
        cmocka_unit_test(wild_samples_are_counted_and_cost_nothing_else),
        cmocka_unit_test(direct_current_is_taken_out),
        cmocka_unit_test(what_has_no_label_is_no_frame),
        cmocka_unit_test(refuses_cells_rates_and_stations),
        cmocka_unit_test(every_failed_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
