/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_QWAVED_LOGIN_SCENE_H
#define QW_TESTS_UNIT_QWAVED_LOGIN_SCENE_H

/* The listener where officers log in, with a browser before it; after cmocka.h. What the centre
 * says of a login is the test's: --wrap of qw_centre_login, qw_centre_login_stands,
 * qw_centre_logout. */
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

static inline int make_site(void **state)
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

static inline int close_site(void **state)
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

static inline struct qw_http_request request_of(const struct visit *visit, const char *method,
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

static inline unsigned send(struct site *site, struct visit *visit,
                            const struct qw_http_request *request)
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

static inline unsigned call(struct site *site, struct visit *visit, const char *method,
                            const char *path, const char *body)
{
    struct qw_http_request request = request_of(visit, method, path);

    request.body = (const uint8_t *)body;
    request.body_len = body == NULL ? 0 : strlen(body);
    return send(site, visit, &request);
}

static const char attempt[] =
    "{\"officer\":\"bob\",\"password\":\"a sentence\",\"code\":\"1234-5678-9012\"}";

/* The browser keeps the cookie, the page the token. */
static inline void log_in(struct site *site, struct visit *visit)
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

#endif
