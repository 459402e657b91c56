/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
/* What tones say where a frame's beginning has some: exact for paths within the delays, blind for
 * the tones that are left out, and noise as counted. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/onset/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TONES_MAX = 242, FIRST = -2, LAST = 13 };

static const enum qw_csi_format formats[] = { QW_CSI_LEGACY_20, QW_CSI_HT_40, QW_CSI_VHT_80 };

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

/* A path of so many samples of 50 ns. */
static void make_path(const int16_t *tones, size_t count, double delay, double complex *tone)
{
    for (size_t k = 0; k < count; k++) {
        tone[k] = cexp(-2.0 * M_PI * I * tones[k] * delay / 64.0);
    }
}

static void paths_within_the_delays_are_told_exactly(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        /* Half of the tones between of 20 MHz are too few. */
        int last_of = formats[f] == QW_CSI_LEGACY_20 ? QW_ONSET_BETWEEN : QW_ONSET_PART_2;

        for (int from = QW_ONSET_ALL; from <= last_of; from++) {
            size_t place[QW_CSI_EARLY_CHAIN_MAX];
            struct qw_onset_filter filter = { 0 };
            double complex tone[TONES_MAX], out[QW_CSI_EARLY_CHAIN_MAX];
            const int16_t *tones;

            assert_int_equal(
                qw_onset_filter_init(&filter, formats[f], (enum qw_onset_tones)from, FIRST, LAST),
                QW_OK);
            assert_int_equal(filter.rows, qw_csi_format_early(formats[f], place));
            assert_int_equal(filter.tones, qw_csi_format_tones(formats[f], &tones));
            for (int delay = FIRST; delay <= LAST; delay++) {
                make_path(tones, filter.tones, delay, tone);
                qw_onset_filter_apply(&filter, tone, out);
                for (size_t e = 0; e < filter.rows; e++) {
                    assert_true(cabs(out[e] - tone[place[e]]) < 1e-6);
                }
            }
            qw_onset_filter_clear(&filter);
            assert_null(filter.weight);
        }
    }
}

/* A path with another one 0.8 us behind it is nothing at every fourth tone: told all the same. */
static void what_is_not_at_the_early_tones_is_told_by_those_between(void **state)
{
    struct qw_onset_filter filter = { 0 };
    double complex tone[TONES_MAX], late[TONES_MAX], out[QW_CSI_EARLY_CHAIN_MAX];
    size_t place[QW_CSI_EARLY_CHAIN_MAX];
    const int16_t *tones;

    (void)state;
    assert_int_equal(qw_onset_filter_init(&filter, QW_CSI_VHT_80, QW_ONSET_BETWEEN, FIRST, LAST),
                     QW_OK);
    (void)qw_csi_format_tones(QW_CSI_VHT_80, &tones);
    (void)qw_csi_format_early(QW_CSI_VHT_80, place);
    make_path(tones, filter.tones, 3.0, tone);
    make_path(tones, filter.tones, 19.0, late);
    for (size_t e = 0; e < filter.rows; e++) {
        assert_true(cabs(tone[place[e]] - late[place[e]]) < 1e-9);
    }
    for (size_t k = 0; k < filter.tones; k++) {
        tone[k] -= late[k];
    }
    qw_onset_filter_apply(&filter, tone, out);
    for (size_t e = 0; e < filter.rows; e++) {
        assert_true(cabs(out[e]) > 0.5);
    }
    qw_onset_filter_clear(&filter);
}

/* Two halves share nothing, neither has an early tone, and their noise is what is said. */
static void halves_have_noise_of_their_own(void **state)
{
    struct qw_onset_filter filter[2] = { 0 };
    double complex tone[TONES_MAX], out[QW_CSI_EARLY_CHAIN_MAX];
    size_t place[QW_CSI_EARLY_CHAIN_MAX];
    double noise = 0.0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 1, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(qw_onset_filter_init(&filter[i], QW_CSI_HT_40,
                                              i == 0 ? QW_ONSET_PART_1 : QW_ONSET_PART_2, FIRST,
                                              LAST),
                         QW_OK);
    }
    (void)qw_csi_format_early(QW_CSI_HT_40, place);
    for (size_t e = 0; e < filter[0].rows; e++) {
        for (size_t k = 0; k < filter[0].tones; k++) {
            size_t at = e * filter[0].tones + k;

            assert_true(filter[0].weight[at] == 0.0 || filter[1].weight[at] == 0.0);
        }
        assert_true(filter[0].weight[e * filter[0].tones + place[e]] == 0.0);
        assert_true(filter[1].weight[e * filter[0].tones + place[e]] == 0.0);
    }
    for (int round = 0; round < 200; round++) {
        for (size_t k = 0; k < filter[0].tones; k++) {
            tone[k] = sqrt(0.5) * (qw_prng_gaussian(&prng) + I * qw_prng_gaussian(&prng));
        }
        qw_onset_filter_apply(&filter[0], tone, out);
        for (size_t e = 0; e < filter[0].rows; e++) {
            noise += creal(out[e] * conj(out[e])) / (200.0 * (double)filter[0].rows);
        }
    }
    assert_true(fabs(noise / filter[0].noise - 1.0) < 0.1);
    qw_onset_filter_clear(&filter[0]);
    qw_onset_filter_clear(&filter[1]);
}

static void refuses_bad_shapes_and_survives_every_failing_allocation(void **state)
{
    struct qw_onset_filter filter = { 0 };
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_onset_filter_init(&filter, QW_CSI_HT_20, QW_ONSET_ALL, 0, 3), QW_ERR_ARG);
    assert_int_equal(qw_onset_filter_init(&filter, QW_CSI_NR_40, QW_ONSET_ALL, 0, 3), QW_ERR_ARG);
    assert_int_equal(qw_onset_filter_init(&filter, QW_CSI_LEGACY_20, QW_ONSET_ALL, 4, 3),
                     QW_ERR_ARG);
    assert_int_equal(qw_onset_filter_init(&filter, QW_CSI_LEGACY_20, QW_ONSET_ALL, 0, 52),
                     QW_ERR_ARG);
    assert_null(filter.weight);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 5);
        fail_at = n;
        err = qw_onset_filter_init(&filter, QW_CSI_LEGACY_20, QW_ONSET_ALL, 0, 3);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && filter.weight == NULL));
    }
    fail_at = 0;
    qw_onset_filter_clear(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_within_the_delays_are_told_exactly),
        cmocka_unit_test(what_is_not_at_the_early_tones_is_told_by_those_between),
        cmocka_unit_test(halves_have_noise_of_their_own),
        cmocka_unit_test(refuses_bad_shapes_and_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
