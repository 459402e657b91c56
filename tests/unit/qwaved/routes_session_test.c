/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C11 */
/* The listener where officers log in: what a stranger gets, what goes with a cookie and what needs
 * the page's own word, and what an initial password is good for
 * [docs/protocol/console-login.md N1 to N5]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwaved/login_scene.h"

static void a_stranger_gets_the_page_and_may_log_in(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    static const char *const refused[][2] = {
        { "GET", "/v1/self" },
        { "GET", "/v1/session" },
        { "GET", "/v1/devices" },
        { "POST", "/v1/officers" },
        { "POST", "/v1/session/end" },
        { "POST", "/v1/self/password" },
        { "GET", "/v1/health" },
        { "GET", "/api/v1/keys/a/status" },
        { "POST", "/v1/radio/sessions" },
        { "GET", "/key" },
    };

    assert_int_equal(call(site, &visit, "GET", "/console", NULL), 404); /* built without it here */
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        call(site, &visit, refused[i][0], refused[i][1], "{}");
        assert_error(site, 401, "log in");
    }
    assert_int_equal(call(site, &visit, "GET", "/v1/nothing", NULL), 404);
    log_in(site, &visit);
    assert_int_equal(call(site, &visit, "GET", "/v1/self", NULL), 200);
    assert_non_null(strstr(site->text, "\"id\":\"bob\""));
    assert_non_null(strstr(site->text, "\"by\":\"password\""));
    assert_int_equal(call(site, &visit, "GET", "/v1/officers", NULL), 200);
    call(site, &visit, "GET", "/key", NULL); /* an application's */
    assert_error(site, 403, "refused");
}

static void one_answer_for_every_cause_and_none_for_a_flood(void **state)
{
    static const char *const bad[] = { "{}",
                                       "{\"officer\":\"bob\",\"password\":\"\",\"code\":\"1\"}",
                                       "{\"officer\":\"bob\",\"password\":1,\"code\":\"1\"}", "[]",
                                       "{" };
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    unsigned limited = 0;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(call(site, &visit, "POST", "/v1/session", bad[i]), 400);
    }
    login_result = QW_ERR_REFUSED;
    call(site, &visit, "POST", "/v1/session", attempt);
    assert_error(site, 403, "refused");
    assert_string_equal(visit.set_cookie, "");
    login_result = QW_ERR_IO;
    assert_int_equal(call(site, &visit, "POST", "/v1/session", attempt), 503);
    login_result = QW_ERR_REFUSED;
    for (int i = 0; i < 20; i++) {
        limited += call(site, &visit, "POST", "/v1/session", attempt) == 503;
    }
    assert_true(limited >= 8);
}

/* N3: neither the cookie alone nor another site's page changes anything. */
static void only_the_page_itself_changes_anything(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    struct visit other;

    log_in(site, &visit);
    other = visit;
    other.token[0] = '\0';
    assert_int_equal(call(site, &other, "GET", "/v1/officers", NULL), 200);
    call(site, &other, "POST", "/v1/officers/none/suspend", NULL);
    assert_error(site, 403, "refused");
    strcpy(other.token, visit.token);
    other.token[3] = other.token[3] == '0' ? '1' : '0';
    call(site, &other, "POST", "/v1/officers/none/suspend", NULL);
    assert_error(site, 403, "refused");
    other = visit;
    other.site = "same-site"; /* another port of the same host */
    call(site, &other, "POST", "/v1/officers/none/suspend", NULL);
    assert_error(site, 403, "refused");
    call(site, &other, "GET", "/v1/officers", NULL);
    assert_error(site, 403, "refused");
    other = visit;
    other.origin = "https://elsewhere.example";
    call(site, &other, "POST", "/v1/officers/none/suspend", NULL);
    assert_error(site, 403, "refused");
    other = (struct visit){ .site = "cross-site" }; /* logging somebody in from elsewhere */
    call(site, &other, "POST", "/v1/session", attempt);
    assert_error(site, 401, "log in");
    visit.site = "same-origin";
    visit.origin = "https://centre.example:8445";
    assert_int_equal(call(site, &visit, "POST", "/v1/officers/none/suspend", NULL), 404);
    assert_int_equal(call(site, &visit, "POST", "/v1/session/stay", NULL), 200);
}

static void a_first_password_is_good_for_setting_another(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    unsigned status;
    int looked = 0;

    inside.must_change = true;
    log_in(site, &visit);
    assert_non_null(strstr(site->text, "\"must_change\":true"));
    assert_int_equal(call(site, &visit, "GET", "/v1/self", NULL), 200);
    assert_int_equal(call(site, &visit, "POST", "/v1/session/stay", NULL), 200);
    call(site, &visit, "GET", "/v1/devices", NULL);
    assert_error(site, 403, "set a password of your own first");
    call(site, &visit, "POST", "/v1/officers/none/suspend", NULL);
    assert_error(site, 403, "set a password of your own first");
    call(site, &visit, "POST", "/v1/self/password",
         "{\"password\":\"twelve bytes\",\"current\":\"a sentence\"}");
    assert_error(site, 403, "refused"); /* this centre knows no password of his */
    call(site, &visit, "POST", "/v1/self/password", "{\"password\":\"twelve bytes\"}");
    assert_error(site, 400, "malformed request");
    assert_int_equal(qw_rate_limit_new(16, &door.service.rate), QW_OK);
    do { /* ten seconds' worth of one in two seconds, and what comes back meanwhile */
        status = call(site, &visit, "POST", "/v1/self/password", "{\"password\":\"x\"}");
        looked += status == 400 ? 1 : 0;
    } while (status == 400 && looked < 20);
    assert_int_equal(status, 503);
    assert_true(looked >= 5);
    qw_rate_limit_free(door.service.rate);
}

static void who_may_no_more_is_thrown_out(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };

    log_in(site, &visit);
    standing = QW_ERR_IO; /* nobody can know */
    assert_int_equal(call(site, &visit, "GET", "/v1/officers", NULL), 503);
    standing = QW_ERR_REFUSED;
    call(site, &visit, "GET", "/v1/officers", NULL);
    assert_error(site, 401, "log in");
    assert_string_equal(logout_why, "thrown out");
    standing = QW_OK;
    call(site, &visit, "GET", "/v1/officers", NULL); /* and stays out */
    assert_error(site, 401, "log in");
    assert_int_equal(logouts, 1);
}

static void logging_out_ends_it_and_so_does_logging_in_again(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    struct visit before;

    log_in(site, &visit);
    before = visit;
    log_in(site, &visit);
    assert_string_equal(logout_why, "logged in again");
    assert_int_equal(call(site, &before, "GET", "/v1/session", NULL), 401);
    assert_int_equal(call(site, &visit, "GET", "/v1/session", NULL), 200);
    assert_int_equal(call(site, &visit, "POST", "/v1/session/end", NULL), 200);
    assert_non_null(strstr(visit.set_cookie, "Max-Age=0"));
    assert_string_equal(logout_why, "by himself");
    assert_int_equal(call(site, &visit, "GET", "/v1/session", NULL), 401);
    assert_int_equal(logouts, 2);
}

/* None, or an object, like everywhere else. */
static void staying_and_leaving_take_no_other_body(void **state)
{
    static const char *const bad[] = { "[1", "x", "[]", "null", "{", "{}{}", "{\"a\":1,\"a\":1}" };
    static const char *const paths[] = { "/v1/session/stay", "/v1/session/end" };
    struct site *site = *state;
    struct visit visit = { .cookie = "" };

    log_in(site, &visit);
    for (size_t i = 0; i < 2 * sizeof bad / sizeof bad[0]; i++) {
        call(site, &visit, "POST", paths[i % 2], bad[i / 2]);
        assert_error(site, 400, "malformed request");
        assert_string_equal(visit.set_cookie, "");
    }
    assert_int_equal(logouts, 0);
    assert_int_equal(call(site, &visit, "POST", paths[0], "{}"), 200);
    assert_int_equal(call(site, &visit, "POST", paths[1], "{}"), 200);
    assert_int_equal(logouts, 1);
}

/* Where everybody has a certificate there is nothing to log in to. */
static void the_other_listener_has_no_log_in(void **state)
{
    static const char *const routes[][2] = { { "GET", "/v1/session" },
                                             { "POST", "/v1/session" },
                                             { "POST", "/v1/session/stay" },
                                             { "POST", "/v1/session/end" } };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        ask(site, "urn:qwave:officer:bob", routes[i][0], routes[i][1], attempt);
        assert_error(site, 404, "not found");
    }
    ask(site, "", "POST", "/v1/session", attempt);
    assert_error(site, 401, "not authorised");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, close_site)
    const struct CMUnitTest tests[] = {
        TEST(a_stranger_gets_the_page_and_may_log_in),
        TEST(one_answer_for_every_cause_and_none_for_a_flood),
        TEST(only_the_page_itself_changes_anything),
        TEST(a_first_password_is_good_for_setting_another),
        TEST(who_may_no_more_is_thrown_out),
        TEST(logging_out_ends_it_and_so_does_logging_in_again),
        TEST(staying_and_leaving_take_no_other_body),
        TEST(the_other_listener_has_no_log_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
