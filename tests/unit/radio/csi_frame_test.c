/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
/* The frame that every radio and file ends in: tones of the formats, bounds, gain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/csi_frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void tones_of_every_format_are_ascending_and_those_of_wifi_symmetric(void **state)
{
    static const size_t counts[QW_CSI_FORMATS] = { 52,  56,  30,   114, 242, 484, 242,
                                                   484, 996, 1992, 0,   192, 312 };
    (void)state;
    for (int i = 0; i < QW_CSI_FORMATS; i++) {
        const int16_t *tones;
        size_t count = qw_csi_format_tones((enum qw_csi_format)i, &tones);

        assert_int_equal(count, counts[i]);
        for (size_t k = 1; k < count; k++) {
            assert_true(tones[k] > tones[k - 1]);
        }
        for (size_t k = 0; i != QW_CSI_INTEL5300_20 && i < QW_CSI_OTHER && k < count; k++) {
            assert_int_equal(tones[k], -tones[count - 1 - k]);
        }
    }
}

static struct qw_csi_frame *frame_of(enum qw_csi_format format)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);

    assert_non_null(frame);
    qw_csi_frame_clear(frame);
    qw_csi_frame_set_tones(frame, format);
    return frame;
}

static void a_cleared_frame_knows_nothing(void **state)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);

    (void)state;
    assert_non_null(frame);
    memset(frame, 0x5a, sizeof *frame);
    qw_csi_frame_clear(frame);
    assert_int_equal(frame->flags, 0);
    assert_int_equal(frame->format, QW_CSI_OTHER);
    assert_int_equal(qw_csi_frame_value_count(frame), 0);
    assert_true(frame->rssi_dbm == QW_CSI_LEVEL_UNKNOWN &&
                frame->noise_dbm == QW_CSI_LEVEL_UNKNOWN);
    assert_true(frame->chain_rssi_dbm[3] == QW_CSI_LEVEL_UNKNOWN && frame->agc_db == 0.0f);
    free(frame);
}

static void tones_fit_when_all_are_of_the_format(void **state)
{
    struct qw_csi_frame *frame = frame_of(QW_CSI_HT_20);

    (void)state;
    assert_true(qw_csi_frame_tones_fit(frame));
    frame->tone_index[55] = 29;
    assert_false(qw_csi_frame_tones_fit(frame));
    frame->tone_count = 55; /* a part of them */
    assert_true(qw_csi_frame_tones_fit(frame));
    frame->tone_index[10] = frame->tone_index[9]; /* twice */
    assert_false(qw_csi_frame_tones_fit(frame));
    frame->tone_count = 0;
    assert_false(qw_csi_frame_tones_fit(frame));
    qw_csi_frame_set_tones(frame, QW_CSI_OTHER);
    frame->tone_count = 1;
    assert_false(qw_csi_frame_tones_fit(frame));
    free(frame);
}

static void frames_from_one_antenna_in_one_band_may_know_their_beginning(void **state)
{
    static const size_t early[QW_CSI_FORMATS] = {
        [QW_CSI_LEGACY_20] = 12, [QW_CSI_HT_40] = 24, [QW_CSI_VHT_80] = 48
    };
    size_t place[QW_CSI_EARLY_CHAIN_MAX];
    const int16_t *tones;

    (void)state;
    for (int format = 0; format < QW_CSI_FORMATS; format++) {
        enum qw_csi_format f = (enum qw_csi_format)format;

        assert_int_equal(qw_csi_format_early(f, place), early[f]);
        (void)qw_csi_format_tones(f, &tones);
        for (size_t e = 0; e < early[f]; e++) { /* 12 of each 20 MHz, none in its middle */
            assert_int_equal(tones[place[e]] % 4, 0);
            assert_int_equal(tones[place[early[f] - 1 - e]], -tones[place[e]]);
        }
        assert_int_equal(qw_csi_early_count(f, 4, 1, 1), 4 * early[f]);
        assert_int_equal(qw_csi_early_count(f, 1, 2, 1), 0);
        assert_int_equal(qw_csi_early_count(f, 1, 1, 2), 0);
    }
    assert_int_equal(qw_csi_early_count(QW_CSI_LEGACY_20, QW_CSI_ANTENNAS_MAX + 1, 1, 1), 0);
}

static void a_beginning_is_of_whole_frames(void **state)
{
    struct qw_csi_frame *frame = frame_of(QW_CSI_LEGACY_20);

    (void)state;
    frame->rx_count = 3;
    frame->tx_count = 1;
    assert_int_equal(qw_csi_frame_early_count(frame), 36);
    assert_int_equal(qw_csi_frame_half_count(frame), 156);
    frame->tone_count = 51;
    assert_int_equal(qw_csi_frame_early_count(frame), 0);
    assert_int_equal(qw_csi_frame_half_count(frame), 0);
    qw_csi_frame_set_tones(frame, QW_CSI_HT_40);
    assert_int_equal(qw_csi_frame_early_count(frame), 72);
    assert_int_equal(qw_csi_frame_half_count(frame), 0);
    free(frame);
}

static void the_gain_of_the_receiver_is_taken_out(void **state)
{
    struct qw_csi_frame *frame = frame_of(QW_CSI_HT_20);
    float complex kept;

    (void)state;
    memset(frame->value, 0, 56 * sizeof frame->value[0]);
    assert_false(qw_csi_frame_normalise(frame));
    for (size_t k = 0; k < 56; k++) {
        frame->value[k] = k % 2 == 0 ? 6.0f : 8.0f * I;
    }
    assert_true(qw_csi_frame_normalise(frame));
    kept = frame->value[0];
    assert_true(cabsf(kept - 6.0f / sqrtf(50.0f)) < 1e-6f);
    for (size_t k = 0; k < 56; k++) { /* the same channel through 20 dB more gain */
        frame->value[k] *= 10.0f;
    }
    assert_true(qw_csi_frame_normalise(frame));
    assert_true(cabsf(frame->value[0] - kept) < 1e-6f);
    frame->value[3] = INFINITY;
    assert_false(qw_csi_frame_normalise(frame));
    assert_true(cabsf(frame->value[0] - kept) < 1e-6f);
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_of_every_format_are_ascending_and_those_of_wifi_symmetric),
        cmocka_unit_test(a_cleared_frame_knows_nothing),
        cmocka_unit_test(tones_fit_when_all_are_of_the_format),
        cmocka_unit_test(frames_from_one_antenna_in_one_band_may_know_their_beginning),
        cmocka_unit_test(a_beginning_is_of_whole_frames),
        cmocka_unit_test(the_gain_of_the_receiver_is_taken_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
