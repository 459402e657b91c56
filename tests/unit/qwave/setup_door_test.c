/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C11 */
/* The door of the set-up page: one code, one browser, few tries, not for ever [P1 to P4 of
 * docs/protocol/setup-page.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/setup_door.h"

#include "support/fail_nth.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

enum { IDLE_MS = 1000 };
static const char wrong_code[] = "AAAA-AAAA-AAAA-AAAA";

static struct setup_door make(void)
{
    struct setup_door door;

    assert_int_equal(setup_door_init(&door, IDLE_MS, 0), QW_OK);
    return door;
}

static void the_code_opens_as_people_type_it_and_once(void **state)
{
    struct setup_door door = make();
    char typed[2 * SETUP_DOOR_CODE_CAP] = " ";
    size_t len = 1;

    (void)state;
    assert_int_equal(strlen(door.code), SETUP_DOOR_CODE_CAP - 1);
    assert_int_equal(strspn(door.code, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789-"), strlen(door.code));
    for (const char *at = door.code; *at != '\0'; at++) {
        if (*at != '-') {
            typed[len++] = (char)tolower((unsigned char)*at);
        }
    }
    typed[len] = '\0';
    assert_false(setup_door_is_taken(&door));
    assert_int_equal(setup_door_try(&door, typed, 1), SETUP_DOOR_OPENED);
    assert_true(setup_door_is_taken(&door));
    assert_int_equal(strlen(door.cookie), SETUP_DOOR_TOKEN_CAP - 1);
    assert_string_not_equal(door.cookie, door.token);
    assert_int_equal(setup_door_try(&door, door.code, 2), SETUP_DOOR_TAKEN);
}

static void what_is_almost_the_code_is_wrong(void **state)
{
    struct setup_door door = make();
    char typed[SETUP_DOOR_CODE_CAP + 1];

    (void)state;
    for (size_t i = 0; i < SETUP_DOOR_CODE_CAP - 1; i++) {
        (void)snprintf(typed, sizeof typed, "%s", door.code);
        if (typed[i] != '-') {
            typed[i] = typed[i] == '2' ? '3' : '2';
            door.wrong = 0;
            door.shut_until_ms = 0;
            assert_int_equal(setup_door_try(&door, typed, 1), SETUP_DOOR_WRONG);
        }
    }
    door.wrong = 0;
    (void)snprintf(typed, sizeof typed, "%sA", door.code);
    assert_int_equal(setup_door_try(&door, typed, 1), SETUP_DOOR_WRONG);
    typed[SETUP_DOOR_CODE_CAP - 2] = '\0'; /* one letter less */
    assert_int_equal(setup_door_try(&door, typed, 1), SETUP_DOOR_WRONG);
    assert_int_equal(setup_door_try(&door, "", 1), SETUP_DOOR_WRONG);
    assert_false(setup_door_is_taken(&door));
}

static void wrong_codes_shut_the_door_and_twenty_end_it(void **state)
{
    struct setup_door door = make();
    int64_t now_ms = 0;

    (void)state;
    for (int i = 1; i < SETUP_DOOR_WRONG_MAX; i++) {
        assert_int_equal(setup_door_try(&door, wrong_code, now_ms), SETUP_DOOR_WRONG);
        if (i >= SETUP_DOOR_WRONG_IN_A_ROW) {
            assert_int_equal(setup_door_try(&door, door.code, now_ms + SETUP_DOOR_SHUT_MS - 1),
                             SETUP_DOOR_SHUT);
            now_ms += SETUP_DOOR_SHUT_MS;
        }
    }
    assert_int_equal(setup_door_try(&door, wrong_code, now_ms), SETUP_DOOR_OVER);
    now_ms += SETUP_DOOR_SHUT_MS;
    assert_int_equal(setup_door_try(&door, door.code, now_ms), SETUP_DOOR_OVER);
    assert_int_equal(setup_door_left_ms(&door, 0), 0);
    assert_false(setup_door_is_taken(&door));
}

static void cookie_and_token_are_those_of_one_browser(void **state)
{
    struct setup_door door = make();
    char cookies[3 * SETUP_DOOR_TOKEN_CAP];

    (void)state;
    assert_false(setup_door_is_inside(&door, SETUP_DOOR_COOKIE "="));
    assert_false(setup_door_is_own_page(&door, ""));
    assert_int_equal(setup_door_try(&door, door.code, 0), SETUP_DOOR_OPENED);
    assert_false(setup_door_is_inside(&door, NULL));
    (void)snprintf(cookies, sizeof cookies, "a=b; " SETUP_DOOR_COOKIE "=%s; c=d", door.cookie);
    assert_true(setup_door_is_inside(&door, cookies));
    (void)snprintf(cookies, sizeof cookies, "x" SETUP_DOOR_COOKIE "=%s", door.cookie);
    assert_false(setup_door_is_inside(&door, cookies));
    (void)snprintf(cookies, sizeof cookies, SETUP_DOOR_COOKIE "=%s", door.token);
    assert_false(setup_door_is_inside(&door, cookies));
    (void)snprintf(cookies, sizeof cookies, SETUP_DOOR_COOKIE "=%.63s", door.cookie);
    assert_false(setup_door_is_inside(&door, cookies));
    assert_true(setup_door_is_own_page(&door, door.token));
    assert_false(setup_door_is_own_page(&door, door.cookie));
    assert_false(setup_door_is_own_page(&door, NULL));
}

static void without_a_step_it_is_over_and_so_it_is_after_eight_times_as_long(void **state)
{
    struct setup_door door = make();

    (void)state;
    assert_int_equal(setup_door_left_ms(&door, 0), IDLE_MS);
    assert_int_equal(setup_door_left_ms(&door, IDLE_MS - 1), 1);
    assert_int_equal(setup_door_left_ms(&door, IDLE_MS), 0);
    for (int64_t now_ms = 0; now_ms <= 7 * IDLE_MS; now_ms += IDLE_MS / 2) {
        setup_door_step(&door, now_ms);
    }
    setup_door_step(&door, 8 * IDLE_MS - 1);
    assert_int_equal(setup_door_left_ms(&door, 8 * IDLE_MS - 1), 1);
    assert_int_equal(setup_door_left_ms(&door, 8 * IDLE_MS), 0);
}

static void without_random_bytes_there_is_no_door(void **state)
{
    struct setup_door door;

    (void)state;
    fail_nth = 1;
    assert_int_equal(setup_door_init(&door, IDLE_MS, 0), QW_ERR_IO);
    fail_nth = 0;
    door = make();
    for (int n = 1; n <= 2; n++) {
        fail_nth = n;
        assert_int_equal(setup_door_try(&door, door.code, 0), SETUP_DOOR_OVER);
        assert_false(setup_door_is_taken(&door));
    }
    fail_nth = 0;
    assert_int_equal(setup_door_try(&door, door.code, 0), SETUP_DOOR_OPENED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_opens_as_people_type_it_and_once),
        cmocka_unit_test(what_is_almost_the_code_is_wrong),
        cmocka_unit_test(wrong_codes_shut_the_door_and_twenty_end_it),
        cmocka_unit_test(cookie_and_token_are_those_of_one_browser),
        cmocka_unit_test(without_a_step_it_is_over_and_so_it_is_after_eight_times_as_long),
        cmocka_unit_test(without_random_bytes_there_is_no_door),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
