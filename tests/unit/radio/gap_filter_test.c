/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W13 */
/* From two moments to one: what the filter gives back, and that it hides no loss. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/carrier/gap_filter.h"

#include <math.h>
#include <stdlib.h>

enum { PROBES = 1000, PATHS = 24 };

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

/* Clarke's channel of a given Doppler, heard in noise at number + late. */
struct ear {
    double turn[PATHS]; /* radians per period */
    double phase[PATHS];
    double late, noise;
    int64_t lost, last;
    struct qw_prng prng;
};

static double complex channel_at(const struct ear *ear, double time)
{
    double complex sum = 0.0;

    for (size_t p = 0; p < PATHS; p++) {
        sum += cexp(I * (ear->phase[p] + ear->turn[p] * time)) / sqrt(PATHS);
    }
    return sum;
}

static struct ear ear_of(double doppler, double late, double snr_db, uint64_t stream)
{
    struct ear ear = { .late = late,
                       .noise = sqrt(0.5 * pow(10.0, -snr_db / 10.0)),
                       .lost = INT64_MIN,
                       .last = INT64_MIN };
    struct qw_prng same;

    qw_prng_init(&same, 7, 1);
    qw_prng_init(&ear.prng, 7, 2 + stream);
    for (size_t p = 0; p < PATHS; p++) {
        double angle = 2.0 * M_PI * ((double)p + qw_prng_uniform(&same)) / PATHS;

        ear.turn[p] = 2.0 * M_PI * doppler * cos(angle);
        ear.phase[p] = 2.0 * M_PI * qw_prng_uniform(&same);
    }
    return ear;
}

static bool hear(void *self, int64_t number, struct qw_csi_frame *frame)
{
    struct ear *ear = self;
    double complex value = channel_at(ear, (double)number + ear->late);

    assert_true(number > ear->last); /* each once, in order */
    ear->last = number;
    frame->agc_db = (float)(number % 5); /* undone by the filter */
    for (size_t k = 0; k < frame->tone_count; k++) {
        double complex noise =
            ear->noise * (qw_prng_gaussian(&ear->prng) + I * qw_prng_gaussian(&ear->prng));

        frame->value[k] =
            (float complex)((value + noise) * pow(10.0, (double)frame->agc_db / 20.0));
    }
    return number != ear->lost;
}

/* 1 - |correlation|^2 of the two ends, in dB; open: each end keeps its own moment. */
static double difference_db(double doppler, double gap, double snr_db, bool is_open)
{
    struct ear ear[2] = { ear_of(doppler, 0.0, snr_db, 0), ear_of(doppler, gap, snr_db, 1) };
    struct qw_gap_filter filter[2] = { { .tones = 0 } };
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    double complex cross = 0.0;
    double power[2] = { 0.0, 0.0 };

    assert_non_null(frame);
    assert_int_equal(qw_gap_filter_init(&filter[0], QW_CSI_LTE_20, 0.5 * gap), QW_OK);
    assert_int_equal(qw_gap_filter_init(&filter[1], QW_CSI_LTE_20, -0.5 * gap), QW_OK);
    for (int64_t i = 0; i < PROBES; i++) {
        double complex value[2];

        for (size_t e = 0; e < 2; e++) {
            if (is_open) {
                double noise = ear[e].noise;

                value[e] =
                    channel_at(&ear[e], 3.0 * (double)i + ear[e].late) +
                    noise * (qw_prng_gaussian(&ear[e].prng) + I * qw_prng_gaussian(&ear[e].prng));
            } else {
                assert_true(qw_gap_filter_at(&filter[e], 3 * i, hear, &ear[e], frame));
                value[e] = (double complex)frame->value[0];
            }
            power[e] += pow(cabs(value[e]), 2.0);
        }
        cross += value[0] * conj(value[1]);
    }
    qw_gap_filter_clear(&filter[0]);
    qw_gap_filter_clear(&filter[1]);
    free(frame);
    return 10.0 * log10(1.0 - pow(cabs(cross), 2.0) / (power[0] * power[1]));
}

/* At 20 dB each, two ends of one moment differ by -17 dB of their power. A gap of half a period at
 * 0.13 periods^-1 of Doppler alone makes -13.8 dB (1 - J0^2). */
static void the_filter_closes_the_gap_of_a_walking_terminal(void **state)
{
    (void)state;
    assert_true(difference_db(0.13, 0.5, 20.0, true) > -13.8);
    assert_true(difference_db(0.13, 0.5, 20.0, false) < -17.0);
    assert_true(difference_db(0.175, 0.25, 20.0, false) < -17.0);
}

/* Without noise what is left is the filter's own error. */
static void what_the_filter_leaves_is_far_below_the_noise(void **state)
{
    (void)state;
    assert_true(difference_db(0.13, 0.5, 80.0, false) < -35.0);
    assert_true(difference_db(0.25, 0.5, 80.0, false) < -25.0);
}

static void a_channel_faster_than_the_filter_shows_its_loss(void **state)
{
    (void)state;
    assert_true(difference_db(0.45, 0.5, 80.0, false) > -20.0);
}

static void a_lost_measurement_loses_what_needs_it_and_no_more(void **state)
{
    struct ear ear = ear_of(0.1, 0.0, 20.0, 0);
    struct qw_gap_filter filter;
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    (void)state;
    assert_non_null(frame);
    ear.lost = 12;
    assert_int_equal(qw_gap_filter_init(&filter, QW_CSI_NR_40, 0.125), QW_OK);
    for (int64_t i = 0; i < 30; i++) {
        bool is_near = i >= 12 - QW_GAP_FILTER_REACH && i <= 12 + QW_GAP_FILTER_REACH;

        assert_int_equal(qw_gap_filter_at(&filter, i, hear, &ear, frame), !is_near);
    }
    assert_int_equal(frame->format, QW_CSI_NR_40);
    qw_gap_filter_clear(&filter);
    free(frame);
}

static void survives_every_failing_allocation(void **state)
{
    struct qw_gap_filter filter = { .tones = 77 };
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_gap_filter_init(&filter, QW_CSI_OTHER, 0.0), QW_ERR_ARG);
    assert_int_equal(qw_gap_filter_init(&filter, QW_CSI_LTE_20, 1.5), QW_ERR_ARG);
    assert_int_equal(qw_gap_filter_init(&filter, QW_CSI_LTE_20, (double)NAN), QW_ERR_ARG);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        err = qw_gap_filter_init(&filter, QW_CSI_LTE_20, 0.0);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && filter.tones == 77));
    }
    fail_at = 0;
    qw_gap_filter_clear(&filter);
    qw_gap_filter_clear(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filter_closes_the_gap_of_a_walking_terminal),
        cmocka_unit_test(what_the_filter_leaves_is_far_below_the_noise),
        cmocka_unit_test(a_channel_faster_than_the_filter_shows_its_loss),
        cmocka_unit_test(a_lost_measurement_loses_what_needs_it_and_no_more),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
