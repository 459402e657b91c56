/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C11 */
/* What almost lets an officer in: bodies, cookies and tokens that are cut short, changed by a bit
 * or of another shape [docs/protocol/console-login.md N1 to N3]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwaved/login_scene.h"

static void no_cookie_of_another_shape_is_one(void **state)
{
    static const char *const cookies[] = { "__Host-qwave=",    "__Host-qwave=0",
                                           "x__Host-qwave=%s", "__Host-qwave=%s0",
                                           "__Host-qwavE=%s",  "qwave=%s" };
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    char value[SESSION_TOKEN_CAP];

    log_in(site, &visit);
    memcpy(value, visit.set_cookie + 13, SESSION_TOKEN_CAP - 1);
    value[SESSION_TOKEN_CAP - 1] = '\0';
    for (size_t i = 0; i < sizeof cookies / sizeof cookies[0]; i++) {
        const char *at = strstr(cookies[i], "%s");

        snprintf(visit.cookie, sizeof visit.cookie, "%.*s%s%s",
                 (int)(at == NULL ? strlen(cookies[i]) : (size_t)(at - cookies[i])), cookies[i],
                 at == NULL ? "" : value, at == NULL ? "" : at + 2);
        assert_int_equal(call(site, &visit, "GET", "/v1/session", NULL), 401);
    }
    snprintf(visit.cookie, sizeof visit.cookie, "__Host-qwave=%s", value);
    assert_int_equal(call(site, &visit, "GET", "/v1/session", NULL), 200);
    /* One that another page of the host has set does not hide it. */
    snprintf(visit.cookie, sizeof visit.cookie, "x__Host-qwave=1;__Host-qwave=2; __Host-qwave=%s",
             value);
    assert_int_equal(call(site, &visit, "GET", "/v1/session", NULL), 200);
}

/* A log-in by a body of any bytes. */
static unsigned call_bytes(struct site *site, struct visit *visit, const void *body, size_t len)
{
    struct qw_http_request request = request_of(visit, "POST", "/v1/session");

    request.body = body;
    request.body_len = len;
    return send(site, visit, &request);
}

static void assert_no_session(struct site *site, const struct visit *visit)
{
    assert_true(site->status == 400 || site->status == 403);
    assert_string_equal(visit->set_cookie, "");
    assert_null(strstr(site->text, "token"));
}

/* The i-th way to spoil a text: cut short, then with one bit flipped. False: there are no more. */
static bool spoil(const char *good, size_t i, char *out)
{
    size_t len = strlen(good);
    size_t bit = i - len;

    memcpy(out, good, len + 1);
    if (i < len) {
        out[i] = '\0';
    } else if (bit < 8 * len) {
        out[bit / 8] = (char)(out[bit / 8] ^ 1 << bit % 8);
    }
    return i < 9 * len;
}

static void no_part_of_a_good_body_lets_in(void **state)
{
    const size_t len = sizeof attempt - 1;
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    char body[sizeof attempt];
    size_t looked_at = 0;

    is_strict = false;
    for (size_t i = 0; spoil(attempt, i, body); i++) {
        qw_rate_limit_free(door.attempts); /* so many in no time: another table for each */
        assert_int_equal(qw_rate_limit_new(16, &door.attempts), QW_OK);
        call_bytes(site, &visit, body, i < len ? i : len);
        assert_no_session(site, &visit);
        looked_at += site->status == 403;
    }
    assert_true(looked_at >= 100); /* the values are asked about, and not the form alone */
    call_bytes(site, &visit, attempt, len + 1); /* a NUL too many */
    assert_error(site, 400, "malformed request");
    assert_int_equal(call_bytes(site, &visit, attempt, len), 200);
}

static void no_part_of_a_good_cookie_is_one(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    char cookie[sizeof visit.cookie];

    log_in(site, &visit);
    memcpy(cookie, visit.set_cookie, sizeof cookie);
    cookie[strcspn(cookie, ";")] = '\0';
    for (size_t i = 0; spoil(cookie, i, visit.cookie); i++) {
        call(site, &visit, "GET", "/v1/session", NULL);
        assert_error(site, 401, "log in");
        call(site, &visit, "POST", "/v1/session/end", NULL);
        assert_error(site, 401, "log in");
    }
    assert_int_equal(call(site, &visit, "GET", "/v1/session", NULL), 200); /* whole again */
    assert_int_equal(logouts, 0);
}

static void no_part_of_a_good_token_is_one(void **state)
{
    struct site *site = *state;
    struct visit visit = { .cookie = "" };
    char token[SESSION_TOKEN_CAP];

    log_in(site, &visit);
    memcpy(token, visit.token, sizeof token);
    for (size_t i = 0; spoil(token, i, visit.token); i++) {
        call(site, &visit, "POST", "/v1/session/end", NULL);
        assert_error(site, 403, "refused");
    }
    assert_int_equal(call(site, &visit, "POST", "/v1/session/stay", NULL), 200);
    assert_int_equal(logouts, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, close_site)
    const struct CMUnitTest tests[] = {
        TEST(no_cookie_of_another_shape_is_one),
        TEST(no_part_of_a_good_body_lets_in),
        TEST(no_part_of_a_good_cookie_is_one),
        TEST(no_part_of_a_good_token_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
