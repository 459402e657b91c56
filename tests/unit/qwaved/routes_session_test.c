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

#include "login/login_door.h"
#include "unit/qwaved/site.h"

static struct login_door door;
static struct qw_login inside; /* what qw_centre_login says */
static qw_err login_result, standing;
static bool is_strict; /* it is asked about nothing but what is right */
static int logouts;
static char logout_why[32];

qw_err __wrap_qw_centre_login(struct qw_centre *centre, const struct qw_login_wish *wish,
                              struct qw_login *login);
qw_err __wrap_qw_centre_login(struct qw_centre *centre, const struct qw_login_wish *wish,
                              struct qw_login *login)
{
    bool is_right = strcmp(wish->officer, "bob") == 0 &&
                    strcmp(wish->password, "a sentence") == 0 &&
                    strcmp(wish->code, "1234-5678-9012") == 0;

    (void)centre;
    if (!is_strict && !is_right) {
        return QW_ERR_REFUSED;
    }
    assert_true(is_right);
    if (login_result == QW_OK) {
        *login = inside;
    }
    return login_result;
}

qw_err __wrap_qw_centre_login_stands(struct qw_centre *centre, const struct qw_login *login);
qw_err __wrap_qw_centre_login_stands(struct qw_centre *centre, const struct qw_login *login)
{
    (void)centre;
    assert_string_equal(login->officer, "bob");
    return standing;
}

qw_err __wrap_qw_centre_logout(struct qw_centre *centre, const struct qw_login *login,
                               const char *why);
qw_err __wrap_qw_centre_logout(struct qw_centre *centre, const struct qw_login *login,
                               const char *why)
{
    (void)centre;
    assert_string_equal(login->officer, "bob");
    snprintf(logout_why, sizeof logout_why, "%s", why);
    logouts++;
    return QW_OK;
}

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);
    static const char bob[] = "{\"id\":\"bob\",\"role\":\"security\",\"unit\":\"/\"}";

    assert_int_equal(ask(site, "urn:qwave:operator:alice", "POST", "/v1/officers", bob), 201);
    door = (struct login_door){ .service = site->service };
    door.service.login = &door;
    assert_int_equal(sessions_new(60000, 600000, &door.sessions), QW_OK);
    assert_int_equal(qw_rate_limit_new(16, &door.attempts), QW_OK);
    inside = (struct qw_login){ .officer = "bob" };
    login_result = standing = QW_OK;
    is_strict = true;
    logouts = 0;
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    sessions_free(door.sessions);
    qw_rate_limit_free(door.attempts);
    return remove_site(state);
}

struct visit { /* a browser */
    char cookie[192];
    char token[SESSION_TOKEN_CAP];
    const char *site, *origin; /* of the page that asks */
    char set_cookie[QW_HTTP_COOKIE_CAP];
};

static struct qw_http_request request_of(const struct visit *visit, const char *method,
                                         const char *path)
{
    static const uint8_t hash[32] = { 0 };

    return (struct qw_http_request){
        .method = method,
        .path = path,
        .query = "",
        .identity = "",
        .certificate_hash = hash,
        .content_type = "application/json",
        .host = "centre.example:8445",
        .fetch_site = visit->site,
        .origin = visit->origin,
        .cookie = visit->cookie[0] == '\0' ? NULL : visit->cookie,
        .session_token = visit->token[0] == '\0' ? NULL : visit->token,
        .address = "192.0.2.1",
    };
}

static unsigned send(struct site *site, struct visit *visit, const struct qw_http_request *request)
{
    struct qw_http_answer answer = { .status = 0 };

    router_handle(&door.service, request, &answer);
    memcpy(visit->set_cookie, answer.set_cookie, sizeof visit->set_cookie);
    memcpy(site->text, answer.body, answer.body_len);
    site->text[answer.body_len] = '\0';
    site->status = answer.status;
    qw_http_answer_wipe(&answer);
    return site->status;
}

static unsigned call(struct site *site, struct visit *visit, const char *method, const char *path,
                     const char *body)
{
    struct qw_http_request request = request_of(visit, method, path);

    request.body = (const uint8_t *)body;
    request.body_len = body == NULL ? 0 : strlen(body);
    return send(site, visit, &request);
}

static const char attempt[] =
    "{\"officer\":\"bob\",\"password\":\"a sentence\",\"code\":\"1234-5678-9012\"}";

/* The browser keeps the cookie, the page the token. */
static void log_in(struct site *site, struct visit *visit)
{
    const char *at;

    assert_int_equal(call(site, visit, "POST", "/v1/session", attempt), 200);
    assert_true(strncmp(visit->set_cookie, "__Host-qwave=", 13) == 0);
    assert_non_null(strstr(visit->set_cookie, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
    assert_null(strstr(visit->set_cookie, "Max-Age"));
    snprintf(visit->cookie, sizeof visit->cookie, "other=1; %.*s; more=2",
             13 + SESSION_TOKEN_CAP - 1, visit->set_cookie);
    at = strstr(site->text, "\"token\":\"");
    assert_non_null(at);
    memcpy(visit->token, at + 9, SESSION_TOKEN_CAP - 1);
    assert_null(strstr(visit->cookie, visit->token));
}

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
        TEST(no_cookie_of_another_shape_is_one),
        TEST(no_part_of_a_good_body_lets_in),
        TEST(no_part_of_a_good_cookie_is_one),
        TEST(no_part_of_a_good_token_is_one),
        TEST(staying_and_leaving_take_no_other_body),
        TEST(the_other_listener_has_no_log_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
