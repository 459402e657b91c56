/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W10 */
/* What an access point says of a simulated session: levels without phases, and the account. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "view.h"

#include <math.h>
#include <string.h>

static struct qw_csi_frame frame;
static struct view_batch batch;

static int set_up(void **state)
{
    (void)state;
    memset(&batch, 0, sizeof batch);
    qw_csi_frame_clear(&frame);
    qw_csi_frame_set_tones(&frame, QW_CSI_HT_20);
    frame.sequence = 7;
    for (size_t i = 0; i < frame.tone_count; i++) {
        frame.value[i] = 1;
    }
    view_batch_begin(&batch, "simulated radio, indoor", "00112233445566778899aabbccddeeff");
    return 0;
}

static void levels_are_half_decibels_over_the_mean(void **state)
{
    (void)state;
    view_batch_add(&batch, &frame);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.frame[0].count, frame.tone_count);
    assert_int_equal(batch.frame[0].first_tone, frame.tone_index[0]);
    assert_int_equal(batch.frame[0].last_tone, frame.tone_index[frame.tone_count - 1]);
    assert_int_equal(batch.frame[0].level[3], VIEW_LEVEL_MEAN);
    for (size_t i = 0; i < frame.tone_count; i++) {
        frame.value[i] = i % 2 == 0 ? (float)sqrt(1.8) : 0; /* and 0.2 below */
    }
    frame.value[1] = 1e-9F;
    view_batch_add(&batch, &frame);
    assert_int_equal(batch.frame[1].level[0], VIEW_LEVEL_MEAN + 6); /* 3 dB */
    assert_int_equal(batch.frame[1].level[1], 0);
}

/* Nothing of the phases, and nothing of the gain, is in what is said. */
static void knows_no_phase_and_no_gain(void **state)
{
    struct view_frame before;

    (void)state;
    for (size_t i = 0; i < frame.tone_count; i++) {
        frame.value[i] = (float)(1 + i % 5);
    }
    view_batch_add(&batch, &frame);
    before = batch.frame[0];
    view_batch_clear(&batch);
    for (size_t i = 0; i < frame.tone_count; i++) {
        frame.value[i] *= (i % 3 == 0 ? 1.0F : -1.0F) * 4.0F * (float complex)I;
    }
    view_batch_add(&batch, &frame);
    assert_memory_equal(before.level, batch.frame[0].level, before.count);
}

static void many_tones_are_thinned(void **state)
{
    (void)state;
    qw_csi_frame_set_tones(&frame, QW_CSI_HE_160);
    assert_true(frame.tone_count > VIEW_LEVELS_MAX);
    for (size_t i = 0; i < frame.tone_count; i++) {
        frame.value[i] = 1;
    }
    view_batch_add(&batch, &frame);
    assert_int_equal(batch.frame[0].count, VIEW_LEVELS_MAX);
    assert_int_equal(batch.frame[0].level[VIEW_LEVELS_MAX - 1], VIEW_LEVEL_MEAN);
}

static void drops_what_is_too_much_or_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < VIEW_FRAMES_MAX + 2; i++) {
        view_batch_add(&batch, &frame);
    }
    assert_int_equal(batch.count, VIEW_FRAMES_MAX);
    view_batch_clear(&batch);
    memset(frame.value, 0, sizeof frame.value);
    view_batch_add(&batch, &frame);
    frame.value[0] = NAN;
    view_batch_add(&batch, &frame);
    frame.value[0] = INFINITY;
    view_batch_add(&batch, &frame);
    frame.tone_count = 0;
    view_batch_add(&batch, &frame);
    assert_true(view_batch_is_empty(&batch));
}

static void says_frames_and_ledger(void **state)
{
    static char body[8192];
    struct qw_plkg_ledger ledger = { .raw_bits = 5000, .secret_bits = 1024, .refusal = 5 };

    (void)state;
    assert_true(view_batch_write(&batch, body, sizeof body));
    assert_string_equal(body, "{}");
    for (int i = 0; i < VIEW_FRAMES_MAX; i++) {
        view_batch_add(&batch, &frame);
    }
    view_batch_end(&batch, &ledger);
    assert_true(view_batch_write(&batch, body, sizeof body));
    assert_ptr_equal(strstr(body, "{\"simulated\":true,\"radio\":\"simulated radio, indoor\","
                                  "\"session_id\":\"00112233445566778899aabbccddeeff\","
                                  "\"frames\":[{\"sequence\":7,\"first_tone\":-28,\"last_tone\":28,"
                                  "\"levels\":\"gICA"),
                     body);
    assert_non_null(strstr(body, "\"raw_bits\":5000,"));
    assert_non_null(strstr(body, "\"secret_bits\":1024,"));
    assert_non_null(strstr(body, "\"refusal\":5,"));
    assert_false(view_batch_write(&batch, body, strlen(body)));
    view_batch_begin(&batch, "another", "ff");
    assert_true(view_batch_is_empty(&batch));
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(levels_are_half_decibels_over_the_mean),
        CASE(knows_no_phase_and_no_gain),
        CASE(many_tones_are_thinned),
        CASE(drops_what_is_too_much_or_nothing),
        CASE(says_frames_and_ledger),
    };

    return cmocka_run_group_tests_name("qwave-ap.view", tests, NULL, NULL);
}
