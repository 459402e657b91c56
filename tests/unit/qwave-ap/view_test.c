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

static struct qw_air_moment moment;
static struct qw_csi_frame *const own = &moment.frame[QW_AIR_END_ACCESS_POINT];
static struct view_batch batch;

static int set_up(void **state)
{
    (void)state;
    memset(&batch, 0, sizeof batch);
    qw_csi_frame_clear(own);
    qw_csi_frame_set_tones(own, QW_CSI_HT_20);
    memset(moment.is_heard, 0, sizeof moment.is_heard);
    moment.sequence = 7;
    moment.is_heard[QW_AIR_END_ACCESS_POINT] = true;
    for (size_t i = 0; i < own->tone_count; i++) {
        own->value[i] = 1;
    }
    view_batch_begin(&batch, "simulated radio, indoor", "00112233445566778899aabbccddeeff");
    return 0;
}

static void levels_are_half_decibels_over_the_mean(void **state)
{
    (void)state;
    view_batch_add(&batch, &moment);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.frame[0].count, own->tone_count);
    assert_int_equal(batch.frame[0].first_tone, own->tone_index[0]);
    assert_int_equal(batch.frame[0].last_tone, own->tone_index[own->tone_count - 1]);
    assert_int_equal(batch.frame[0].level[0][3], VIEW_LEVEL_MEAN);
    for (size_t i = 0; i < own->tone_count; i++) {
        own->value[i] = i % 2 == 0 ? (float)sqrt(1.8) : 0; /* and 0.2 below */
    }
    own->value[1] = 1e-9F;
    view_batch_add(&batch, &moment);
    assert_int_equal(batch.frame[1].level[0][0], VIEW_LEVEL_MEAN + 6); /* 3 dB */
    assert_int_equal(batch.frame[1].level[0][1], 0);
}

/* Nothing of the phases, and nothing of the gain, is in what is said. */
static void knows_no_phase_and_no_gain(void **state)
{
    struct view_frame before;

    (void)state;
    for (size_t i = 0; i < own->tone_count; i++) {
        own->value[i] = (float)(1 + i % 5);
    }
    view_batch_add(&batch, &moment);
    before = batch.frame[0];
    view_batch_clear(&batch);
    for (size_t i = 0; i < own->tone_count; i++) {
        own->value[i] *= (i % 3 == 0 ? 1.0F : -1.0F) * 4.0F * (float complex)I;
    }
    view_batch_add(&batch, &moment);
    assert_memory_equal(before.level[0], batch.frame[0].level[0], before.count);
}

static void many_tones_are_thinned(void **state)
{
    (void)state;
    qw_csi_frame_set_tones(own, QW_CSI_HE_160);
    assert_true(own->tone_count > VIEW_LEVELS_MAX);
    for (size_t i = 0; i < own->tone_count; i++) {
        own->value[i] = 1;
    }
    view_batch_add(&batch, &moment);
    assert_int_equal(batch.frame[0].count, VIEW_LEVELS_MAX);
    assert_int_equal(batch.frame[0].level[0][VIEW_LEVELS_MAX - 1], VIEW_LEVEL_MEAN);
}

static void drops_what_is_too_much_or_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < VIEW_FRAMES_MAX + 2; i++) {
        view_batch_add(&batch, &moment);
    }
    assert_int_equal(batch.count, VIEW_FRAMES_MAX);
    assert_int_equal(batch.dropped, 2);
    view_batch_clear(&batch);
    memset(own->value, 0, sizeof own->value);
    view_batch_add(&batch, &moment);
    own->value[0] = NAN;
    view_batch_add(&batch, &moment);
    own->value[0] = INFINITY;
    view_batch_add(&batch, &moment);
    own->tone_count = 0;
    view_batch_add(&batch, &moment);
    moment.is_heard[QW_AIR_END_ACCESS_POINT] = false;
    view_batch_add(&batch, &moment);
    assert_true(view_batch_is_empty(&batch));
    assert_int_equal(batch.dropped, 0);
}

/* An end that heard nothing, no power or other tones has no curve; its levels are over its own
 * mean. */
static void each_end_has_a_curve_of_its_own(void **state)
{
    (void)state;
    for (size_t end = QW_AIR_END_TERMINAL; end < QW_AIR_ENDS; end++) {
        struct qw_csi_frame *other = &moment.frame[end];

        qw_csi_frame_clear(other);
        qw_csi_frame_set_tones(other, QW_CSI_HT_20);
        for (size_t i = 0; i < other->tone_count; i++) {
            other->value[i] = (float)end * 10;
        }
        moment.is_heard[end] = true;
    }
    view_batch_add(&batch, &moment);
    assert_true(batch.frame[0].is_heard[QW_AIR_END_TERMINAL]);
    assert_true(batch.frame[0].is_heard[QW_AIR_END_EVE]);
    assert_int_equal(batch.frame[0].level[QW_AIR_END_EVE][0], VIEW_LEVEL_MEAN);
    memset(moment.frame[QW_AIR_END_TERMINAL].value, 0,
           sizeof moment.frame[QW_AIR_END_TERMINAL].value);
    qw_csi_frame_set_tones(&moment.frame[QW_AIR_END_EVE], QW_CSI_HT_40);
    view_batch_add(&batch, &moment);
    assert_int_equal(batch.count, 2);
    assert_false(batch.frame[1].is_heard[QW_AIR_END_TERMINAL]);
    assert_false(batch.frame[1].is_heard[QW_AIR_END_EVE]);
}

/* Whatever is not delivered is counted, in whichever batch comes next. */
static void keeps_count_of_what_is_lost(void **state)
{
    static struct view_batch sent;

    (void)state;
    for (int i = 0; i < VIEW_FRAMES_MAX + 1; i++) {
        view_batch_add(&batch, &moment);
    }
    sent = batch;
    view_batch_clear(&batch);
    assert_int_equal(batch.dropped, 0);
    view_batch_add(&batch, &moment);
    view_batch_lose(&batch, &sent);
    assert_int_equal(batch.dropped, VIEW_FRAMES_MAX + 1);
    assert_int_equal(batch.count, 1);
    view_batch_begin(&batch, "another", "ff"); /* what waited is lost as well */
    assert_int_equal(batch.dropped, VIEW_FRAMES_MAX + 2);
}

static void says_frames_and_ledger(void **state)
{
    static char body[8192];
    struct qw_plkg_ledger ledger = { .raw_bits = 5000, .secret_bits = 1024, .refusal = 5 };

    (void)state;
    assert_true(view_batch_write(&batch, body, sizeof body));
    assert_string_equal(body, "{}");
    for (int i = 0; i < VIEW_FRAMES_MAX; i++) {
        view_batch_add(&batch, &moment);
    }
    view_batch_end(&batch, &ledger);
    assert_true(view_batch_write(&batch, body, sizeof body));
    assert_ptr_equal(strstr(body,
                            "{\"simulated\":true,\"radio\":\"simulated radio, indoor\","
                            "\"session_id\":\"00112233445566778899aabbccddeeff\",\"dropped\":0,"
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
        CASE(each_end_has_a_curve_of_its_own),
        CASE(keeps_count_of_what_is_lost),
        CASE(says_frames_and_ledger),
    };

    return cmocka_run_group_tests_name("qwave-ap.view", tests, NULL, NULL);
}
