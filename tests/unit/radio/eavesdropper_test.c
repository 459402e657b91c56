/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W13 */
/* What a listener keeps of the messages of a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "crypto/one_time_mac.h"
#include "radio/eavesdropper_inside.h"
#include "radio/plkg/session.h"

#include <string.h>

enum { BODY_MAX = 64 };

static void say(struct qw_eavesdropper *eve, enum qw_plkg_type type, const void *body, size_t len)
{
    struct qw_plkg_header header = { .type = type, .len = (uint32_t)len };
    uint8_t message[QW_PLKG_HEADER_LEN + BODY_MAX];

    qw_plkg_header_encode(&header, message);
    memcpy(message + QW_PLKG_HEADER_LEN, body, len);
    qw_eavesdropper_hear_message(eve, false, message, QW_PLKG_HEADER_LEN + len);
}

static int make_eve(void **state)
{
    struct qw_eavesdropper *eve;

    assert_int_equal(qw_eavesdropper_new(&eve), QW_OK);
    *state = eve;
    return 0;
}

static int free_eve(void **state)
{
    qw_eavesdropper_free(*state);
    return 0;
}

static void assert_heard(const struct qw_heard *heard, const void *body, size_t len)
{
    assert_int_equal(heard->len, len);
    assert_memory_equal(heard->body, body, len);
}

static void keeps_of_each_message_the_last_one(void **state)
{
    struct qw_eavesdropper *eve = *state;

    say(eve, QW_PLKG_SYNDROME, "first", 5);
    say(eve, QW_PLKG_SYNDROME, "the second", 10);
    say(eve, QW_PLKG_AMPLIFY, "", 0);
    assert_heard(&eve->syndrome, "the second", 10);
    assert_non_null(eve->amplify.body);
    assert_int_equal(eve->amplify.len, 0);
}

/* Each under the level that was asked for before it. */
static void keeps_the_answers_to_what_was_asked(void **state)
{
    struct qw_eavesdropper *eve = *state;

    for (unsigned i = 0; i <= QW_MULTILEVEL_MORE_MAX; i++) {
        struct qw_plkg_decoded decoded = { .wants_more = true, .level = (uint8_t)(i % 3) };
        uint8_t body = qw_plkg_decoded_encode(&decoded);

        say(eve, QW_PLKG_DECODED, &body, 1);
        say(eve, QW_PLKG_MORE, &i, sizeof i);
    }
    assert_int_equal(eve->more_count, QW_MULTILEVEL_MORE_MAX);
    for (unsigned i = 0; i < QW_MULTILEVEL_MORE_MAX; i++) {
        assert_int_equal(eve->more_level[i], i % 3);
        assert_heard(&eve->more[i], &i, sizeof i);
    }
}

static void keeps_the_bytes_of_frames_under_the_pad_alone(void **state)
{
    enum { LEN = QW_PLKG_DATA_HEAD_LEN + 3 + QW_ONE_TIME_MAC_LEN };
    struct qw_eavesdropper *eve = *state;
    uint8_t body[LEN] = { 1, 1, 'a', 'b', 'c' };

    say(eve, QW_PLKG_DATA, body, LEN); /* is public */
    assert_int_equal(eve->frame_count, 0);
    body[1] = 0;
    say(eve, QW_PLKG_DATA, body, QW_PLKG_DATA_HEAD_LEN + QW_ONE_TIME_MAC_LEN - 1);
    assert_int_equal(eve->frame_count, 0);
    for (int i = 0; i <= QW_HEARD_FRAMES_MAX; i++) {
        say(eve, QW_PLKG_DATA, body, LEN);
    }
    assert_int_equal(eve->frame_count, QW_HEARD_FRAMES_MAX);
    assert_heard(&eve->frame[QW_HEARD_FRAMES_MAX - 1], "abc", 3);
}

static void forgets_the_session_before(void **state)
{
    struct qw_eavesdropper *eve = *state;
    struct qw_eavesdropper nothing;
    uint8_t body[QW_PLKG_DATA_HEAD_LEN + QW_ONE_TIME_MAC_LEN] = { 1 };

    say(eve, QW_PLKG_SYNDROME, "x", 1);
    say(eve, QW_PLKG_AMPLIFY, "x", 1);
    say(eve, QW_PLKG_MORE, "x", 1);
    say(eve, QW_PLKG_DATA, body, sizeof body);
    say(eve, QW_PLKG_OPEN, "x", 1);
    memset(&nothing, 0, sizeof nothing);
    assert_memory_equal(eve, &nothing, sizeof nothing);
}

static void hears_garbage_without_harm(void **state)
{
    struct qw_eavesdropper_result result;
    struct qw_eavesdropper *eve;
    struct qw_prng prng;

    (void)state;
    assert_int_equal(qw_eavesdropper_new(&eve), QW_OK);
    qw_prng_init(&prng, 1, 1);
    for (int k = 0; k < 2000; k++) {
        uint8_t message[80];
        size_t len = qw_prng_below(&prng, sizeof message + 1);

        qw_prng_bytes(&prng, message, sizeof message);
        message[0] = (uint8_t)(k % 13);
        if (len >= 25) {
            memset(message + 21, 0, 3);
            message[24] = (uint8_t)(len - 25);
        }
        qw_eavesdropper_hear_message(eve, k % 2, message, len);
    }
    assert_int_equal(qw_eavesdropper_attack(eve, &result), QW_OK);
    assert_false(result.verified);
    qw_eavesdropper_free(eve);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_eve, free_eve)
    const struct CMUnitTest tests[] = {
        CASE(keeps_of_each_message_the_last_one),
        CASE(keeps_the_answers_to_what_was_asked),
        CASE(keeps_the_bytes_of_frames_under_the_pad_alone),
        CASE(forgets_the_session_before),
        cmocka_unit_test(hears_garbage_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
