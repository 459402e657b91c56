/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* Sessions of officers: found by the cookie alone, gone when nobody moves, when they are old, and
 * when there are too many [docs/protocol/console-login.md N1 to N5]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "login/sessions.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { IDLE_MS = 1000, LIFE_MS = 5000 };

static int make(void **state)
{
    struct sessions *sessions = NULL;

    assert_int_equal(sessions_new(IDLE_MS, LIFE_MS, &sessions), QW_OK);
    *state = sessions;
    return 0;
}

static int end(void **state)
{
    sessions_free(*state);
    return 0;
}

static struct qw_login login_of(const char *officer)
{
    struct qw_login login = { .officer = "" };

    (void)snprintf(login.officer, sizeof login.officer, "%s", officer);
    return login;
}

static void open_as(struct sessions *sessions, const char *officer, int64_t now_ms,
                    char cookie[static SESSION_TOKEN_CAP])
{
    struct qw_login login = login_of(officer);

    assert_int_equal(sessions_open(sessions, &login, now_ms, cookie), QW_OK);
}

static void a_session_is_found_by_its_cookie_alone(void **state)
{
    struct sessions *sessions = *state;
    char cookie[SESSION_TOKEN_CAP], other[SESSION_TOKEN_CAP];
    struct session session = { .left_ms = -1 };

    open_as(sessions, "bob", 0, cookie);
    open_as(sessions, "carol", 0, other);
    assert_int_equal(strlen(cookie), SESSION_TOKEN_CAP - 1);
    assert_string_not_equal(cookie, other);
    assert_int_equal(sessions_find(sessions, cookie, 100, &session), SESSION_OPEN);
    assert_string_equal(session.login.officer, "bob");
    assert_int_equal(session.idle_left_ms, IDLE_MS - 100);
    assert_int_equal(session.left_ms, LIFE_MS - 100);
    assert_string_not_equal(session.token, cookie); /* which the page may not read */
    session.left_ms = -1;
    assert_int_equal(sessions_find(sessions, session.token, 100, &session), SESSION_NONE);
    assert_int_equal(sessions_find(sessions, "", 100, &session), SESSION_NONE);
    cookie[0] = cookie[0] == '0' ? '1' : '0';
    assert_int_equal(sessions_find(sessions, cookie, 100, &session), SESSION_NONE);
    assert_int_equal(session.left_ms, -1);
    assert_true(sessions_close(sessions, other));
    assert_false(sessions_close(sessions, other));
    assert_int_equal(sessions_find(sessions, other, 100, &session), SESSION_NONE);
}

static void who_does_nothing_is_out_and_who_moves_stays_for_a_while(void **state)
{
    struct sessions *sessions = *state;
    char cookie[SESSION_TOKEN_CAP];
    struct session session;

    open_as(sessions, "bob", 0, cookie);
    assert_int_equal(sessions_find(sessions, cookie, IDLE_MS - 1, &session), SESSION_OPEN);
    assert_int_equal(sessions_find(sessions, cookie, IDLE_MS, &session), SESSION_IDLE);
    assert_string_equal(session.login.officer, "bob"); /* for the journal */
    assert_int_equal(sessions_find(sessions, cookie, 0, &session), SESSION_NONE); /* once */
    open_as(sessions, "bob", 0, cookie);
    for (int64_t now_ms = 0; now_ms < LIFE_MS; now_ms += IDLE_MS / 2) {
        assert_int_equal(sessions_find(sessions, cookie, now_ms, &session), SESSION_OPEN);
        sessions_stay(sessions, cookie, now_ms);
    }
    assert_int_equal(sessions_find(sessions, cookie, LIFE_MS, &session), SESSION_OLD);
    sessions_stay(sessions, cookie, LIFE_MS);
    assert_int_equal(sessions_find(sessions, cookie, LIFE_MS, &session), SESSION_NONE);
}

static void another_password_goes_on_with_the_same_session(void **state)
{
    struct sessions *sessions = *state;
    struct qw_login login = login_of("bob");
    char cookie[SESSION_TOKEN_CAP];
    struct session session;

    login.must_change = true;
    assert_int_equal(sessions_open(sessions, &login, 0, cookie), QW_OK);
    login.must_change = false;
    login.stamp[0] = 7;
    sessions_renew(sessions, cookie, &login);
    assert_int_equal(sessions_find(sessions, cookie, 0, &session), SESSION_OPEN);
    assert_int_equal(session.login.stamp[0], 7);
    assert_false(session.login.must_change);
}

static void one_officer_has_four_and_all_have_some(void **state)
{
    struct sessions *sessions = *state;
    char first[SESSION_TOKEN_CAP], cookie[SESSION_TOKEN_CAP];
    struct qw_login login = login_of("one too many");
    struct session session;

    open_as(sessions, "bob", 0, first);
    for (int i = 0; i < SESSIONS_OF_ONE_MAX; i++) {
        open_as(sessions, "bob", 1 + i, cookie);
    }
    assert_int_equal(sessions_find(sessions, first, 10, &session), SESSION_NONE);
    assert_int_equal(sessions_find(sessions, cookie, 10, &session), SESSION_OPEN);
    for (int i = SESSIONS_OF_ONE_MAX; i < SESSIONS_MAX; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "officer-%d", i);
        open_as(sessions, name, 20, cookie);
    }
    assert_int_equal(sessions_open(sessions, &login, 20, cookie), QW_ERR_LIMIT);
    assert_int_equal(sessions_open(sessions, &login, 20 + IDLE_MS, cookie),
                     QW_OK); /* others ended */
}

static void every_failing_allocation_leaves_nothing(void **state)
{
    struct sessions *sessions = NULL;

    (void)state;
    fail_nth = 1;
    assert_int_equal(sessions_new(IDLE_MS, LIFE_MS, &sessions), QW_ERR_NOMEM);
    assert_null(sessions);
    fail_nth = 0;
    sessions_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_is_found_by_its_cookie_alone, make, end),
        cmocka_unit_test_setup_teardown(who_does_nothing_is_out_and_who_moves_stays_for_a_while,
                                        make, end),
        cmocka_unit_test_setup_teardown(another_password_goes_on_with_the_same_session, make, end),
        cmocka_unit_test_setup_teardown(one_officer_has_four_and_all_have_some, make, end),
        cmocka_unit_test(every_failing_allocation_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
