/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "login_judge.h"

#include "base/clock.h"
#include "centre/login/login_record.h"
#include "centre/people/officer_record.h"
#include "http_form.h"
#include "login_input.h"

#include <stdlib.h>
#include <string.h>

#define COOKIE "__Host-qwave="

static void code_at(const struct login_judge *judge, size_t n, const char *officer, int64_t time_ms,
                    struct qw_login_code *code)
{
    const struct site *site = judge->site;
    const struct site_card *phone = &site->phone;
    uint8_t id[16], root[QW_CARD_ROOT_LEN], code_key[32];

    qw_assert(qw_package_key_id(phone->keys.id, phone->package_id, (uint16_t)n, id) == QW_OK);
    qw_assert(qw_card_root(phone->keys.report, site->phone_keys[n], root) == QW_OK);
    qw_assert(qw_login_code_key(root, code_key) == QW_OK);
    code->locator = qw_login_code_locator(id);
    qw_assert(qw_login_code_number(code_key, officer, (uint64_t)(time_ms / QW_LOGIN_STEP_MS),
                                   &code->number) == QW_OK);
}

void login_judge_code(const struct login_judge *judge, size_t n, const char *officer,
                      char text[static QW_LOGIN_CODE_CAP])
{
    struct qw_login_code code;

    code_at(judge, n, officer, qw_clock_utc_ms(), &code);
    qw_login_code_format(&code, text);
}

void login_judge_password(struct login_judge *judge, const char *officer, const char *text,
                          bool is_initial)
{
    struct login_password *password = &judge->passwords[judge->password_count++];

    qw_assert(judge->password_count <= sizeof judge->passwords / sizeof judge->passwords[0]);
    *password = (struct login_password){ .is_initial = is_initial, .set_ms = qw_clock_utc_ms() };
    (void)snprintf(password->officer, sizeof password->officer, "%s", officer);
    (void)snprintf(password->text, sizeof password->text, "%s", text);
}

/* Of the last; SIZE_MAX: he has none. */
static size_t password_of(const struct login_judge *judge, const char *officer)
{
    size_t found = SIZE_MAX;

    for (size_t i = 0; i < judge->password_count; i++) {
        found = strcmp(judge->passwords[i].officer, officer) == 0 ? i : found;
    }
    return found;
}

/* N4: he and the card are in service, and it is his. */
static bool is_in_service(const struct login_judge *judge, const char *officer)
{
    struct qw_centre *centre = judge->site->service.centre;
    struct qw_officer_record person;
    bool is_there;

    qw_centre_enter(centre);
    is_there = qw_officer_load(centre, officer, &person) == QW_OK &&
               person.officer.state == QW_OFFICER_ACTIVE &&
               qw_login_card(centre, officer, "phone-1") == QW_OK;
    qw_centre_leave(centre);
    return is_there;
}

/* The first cookie of the right name and length is the one that counts. */
static struct login_session *find_session(struct login_judge *judge, const char *cookies)
{
    const char *at = cookies == NULL ? "" : cookies;

    while (*at != '\0') {
        size_t len = strcspn(at, ";");

        if (len == strlen(COOKIE) + SESSION_TOKEN_CAP - 1 &&
            strncmp(at, COOKIE, strlen(COOKIE)) == 0) {
            for (size_t i = 0; i < judge->session_count; i++) {
                struct login_session *session = &judge->sessions[i];

                if (strncmp(at + strlen(COOKIE), session->cookie, SESSION_TOKEN_CAP - 1) == 0) {
                    return session;
                }
            }
            return NULL;
        }
        at += len;
        at += strspn(at, "; ");
    }
    return NULL;
}

struct login_session *login_judge_look(struct login_judge *judge, const struct login_fields *fields)
{
    struct login_session *session = find_session(judge, fields->cookie);
    int64_t now_ms = site_now_ms();

    if (session == NULL || session->is_over) {
        return NULL;
    }
    session->is_over = now_ms - session->opened_ms >= LOGIN_LIFE_MS ||
                       now_ms - session->stayed_ms >= LOGIN_IDLE_MS ||
                       session->password != password_of(judge, session->officer) ||
                       !is_in_service(judge, session->officer);
    return session->is_over ? NULL : session;
}

static bool is_of_another_site(const struct login_fields *fields)
{
    static const char scheme[] = "https://";
    const char *origin = fields->origin;

    if (fields->site != NULL && strcmp(fields->site, "same-origin") != 0 &&
        strcmp(fields->site, "none") != 0) {
        return true;
    }
    return origin != NULL && (fields->host == NULL || strncmp(origin, scheme, 8) != 0 ||
                              strcmp(origin + 8, fields->host) != 0);
}

/* N1 to N3: what is answered by anything else than a refusal. */
static void check_permitted(const struct http_asked *asked, const struct login_fields *fields,
                            const struct login_session *session)
{
    bool is_log_in = strcmp(asked->path, "/v1/session") == 0 && strcmp(asked->method, "POST") == 0;
    bool is_own =
        session != NULL && fields->token != NULL && strcmp(fields->token, session->token) == 0;

    qw_assert(!is_of_another_site(fields));
    qw_assert(session != NULL || is_log_in);
    qw_assert(session == NULL || is_own || strcmp(asked->method, "GET") == 0);
    qw_assert(strncmp(asked->path, "/v1/", 4) == 0 || strcmp(asked->path, "/metrics") == 0);
    qw_assert(strncmp(asked->path, "/v1/radio/sessions", 18) != 0);
    if (session != NULL && session->must_change) {
        qw_assert(strncmp(asked->path, "/v1/se", 6) == 0); /* /v1/self, /v1/session */
    }
}

/* The text as another parser reads it. */
static const char *text_in(const cJSON *body, const char *name)
{
    qw_assert(cJSON_IsObject(body));
    return http_form_text(body, name);
}

/* Whether the twelve digits are those of key n for some time that may count. */
static bool is_code_of(const struct login_judge *judge, size_t n, const char *officer,
                       const char *text)
{
    int64_t now_ms = qw_clock_utc_ms();
    struct qw_login_code code;
    char digits[16] = "", right[16];
    size_t len = 0;

    for (; *text != '\0' && len < sizeof digits - 1; text++) {
        if (*text >= '0' && *text <= '9') {
            digits[len++] = *text;
        }
    }
    for (int64_t at_ms = now_ms - QW_LOGIN_TYPING_MS - QW_LOGIN_CLOCKS_MS_MAX;
         at_ms <= now_ms + QW_LOGIN_CLOCKS_MS_MAX; at_ms += QW_LOGIN_STEP_MS) {
        code_at(judge, n, officer, at_ms, &code);
        (void)snprintf(right, sizeof right, "%04u%08lu", code.locator % 10000U,
                       (unsigned long)code.number % 100000000U);
        if (strcmp(digits, right) == 0) {
            return true;
        }
    }
    return false;
}

/* S1, S2: both factors, the password that is his now, and a key that was not used before. */
static void check_factors(struct login_judge *judge, const cJSON *asked)
{
    const char *officer = text_in(asked, "officer");
    const char *code = text_in(asked, "code");
    size_t number = password_of(judge, officer);
    const struct login_password *password = &judge->passwords[number == SIZE_MAX ? 0 : number];
    size_t n = 0;

    qw_assert(number != SIZE_MAX && is_in_service(judge, officer));
    qw_assert(strcmp(password->text, text_in(asked, "password")) == 0);
    qw_assert(!password->is_initial || qw_clock_utc_ms() < password->set_ms + QW_LOGIN_INITIAL_MS);
    while (n < SITE_PHONE_KEYS_MAX && (judge->is_used[n] || !is_code_of(judge, n, officer, code))) {
        n++;
    }
    qw_assert(n < SITE_PHONE_KEYS_MAX);
    judge->is_used[n] = true;
}

static bool is_token(const char *text)
{
    return strspn(text, "0123456789abcdef") == SESSION_TOKEN_CAP - 1 &&
           text[SESSION_TOKEN_CAP - 1] == '\0';
}

/* L5 */
static void open_session(struct login_judge *judge, const cJSON *asked, const cJSON *body,
                         const struct qw_http_answer *answer)
{
    static const char end[] = "; Path=/; Secure; HttpOnly; SameSite=Strict";
    struct login_session *session = &judge->sessions[judge->session_count++];
    const char *officer = http_form_text(body, "officer");
    const char *token = http_form_text(body, "token");
    const char *cookie = answer->set_cookie + strlen(COOKIE);

    check_factors(judge, asked);
    qw_assert(strcmp(officer, text_in(asked, "officer")) == 0);
    qw_assert(strncmp(answer->set_cookie, COOKIE, strlen(COOKIE)) == 0);
    qw_assert(strlen(cookie) == SESSION_TOKEN_CAP - 1 + strlen(end));
    qw_assert(strcmp(cookie + SESSION_TOKEN_CAP - 1, end) == 0);
    *session = (struct login_session){ .password = password_of(judge, officer),
                                       .opened_ms = site_now_ms(),
                                       .stayed_ms = site_now_ms() };
    session->must_change = judge->passwords[session->password].is_initial;
    memcpy(session->cookie, cookie, SESSION_TOKEN_CAP - 1);
    qw_assert(is_token(session->cookie) && is_token(token));
    memcpy(session->token, token, SESSION_TOKEN_CAP);
    qw_assert(strcmp(session->cookie, session->token) != 0);
    (void)snprintf(session->officer, sizeof session->officer, "%s", officer);
}

/* Whoever set it: W1, or W2 and W3 by the officer himself. */
static void note_password(struct login_judge *judge, const struct http_asked *asked,
                          const char *self, const cJSON *wish, const cJSON *body)
{
    char parameter[2][64];

    if (http_form_is(asked, "POST", "/v1/self/password", parameter)) {
        login_judge_password(judge, self, text_in(wish, "password"), false);
    } else if (http_form_is(asked, "POST", "/v1/officers/{}/password", parameter)) {
        const char *text = http_form_text(body, "password");

        qw_assert(strlen(text) == QW_LOGIN_INITIAL_CAP - 1 && strcmp(self, parameter[0]) != 0);
        memcpy(judge->initial, text, sizeof judge->initial);
        login_judge_password(judge, parameter[0], text, true);
    }
}

/* What the session that asked is from now on. */
static void follow(struct login_judge *judge, const struct http_asked *asked,
                   struct login_session *session, const cJSON *wish, const cJSON *body)
{
    bool is_post = strcmp(asked->method, "POST") == 0;
    bool is_stay = strcmp(asked->path, "/v1/session/stay") == 0;

    if (is_stay || (!is_post && strcmp(asked->path, "/v1/session") == 0)) {
        qw_assert(strcmp(http_form_text(body, "officer"), session->officer) == 0);
        qw_assert(strcmp(http_form_text(body, "token"), session->token) == 0);
        session->stayed_ms = is_stay ? site_now_ms() : session->stayed_ms;
    } else if (is_post && strncmp(asked->path, "/v1/session", 11) == 0) {
        session->is_over = true; /* by the end, or another log-in */
    } else if (is_post && strcmp(asked->path, "/v1/self/password") == 0) {
        const char *before = judge->passwords[session->password].text;

        qw_assert(strcmp(text_in(wish, "current"), before) == 0);
        note_password(judge, asked, session->officer, wish, body);
        session->password = judge->password_count - 1;
        session->must_change = false;
    } else {
        note_password(judge, asked, session->officer, wish, body);
    }
}

/* Neither stands in the log; a path that somebody made of them does, and is his own doing. */
static void check_log(const struct login_judge *judge, const struct http_asked *asked)
{
    const char *log = judge->site->log_text;

    for (size_t i = 0; i < judge->session_count; i++) {
        const struct login_session *session = &judge->sessions[i];

        qw_assert(strstr(log, session->cookie) == NULL ||
                  strstr(asked->path, session->cookie) != NULL);
        qw_assert(strstr(log, session->token) == NULL ||
                  strstr(asked->path, session->token) != NULL);
    }
}

void login_judge_answer(struct login_judge *judge, const struct http_asked *asked,
                        const struct login_fields *fields, struct login_session *session,
                        const struct qw_http_answer *answer)
{
    static const char taken_back[] =
        COOKIE "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
    bool is_log_in = strcmp(asked->path, "/v1/session") == 0 && strcmp(asked->method, "POST") == 0;
    cJSON *body = http_form_check(asked, answer);
    cJSON *wish = cJSON_ParseWithLength((const char *)asked->body, asked->body_len);

    if (answer->status < 400) {
        check_permitted(asked, fields, session);
        if (session != NULL) {
            follow(judge, asked, session, wish, body);
        }
        if (is_log_in) {
            open_session(judge, wish, body, answer);
        }
    }
    if (answer->status >= 400 || !is_log_in) {
        qw_assert(answer->set_cookie[0] == '\0' || (strcmp(answer->set_cookie, taken_back) == 0 &&
                                                    strcmp(asked->path, "/v1/session/end") == 0));
    }
    check_log(judge, asked);
    cJSON_Delete(wish);
    cJSON_Delete(body);
}

void login_judge_other(struct login_judge *judge, const struct http_asked *asked,
                       const struct qw_http_answer *answer)
{
    const char *self = strrchr(asked->identity, ':');
    cJSON *body = http_form_check(asked, answer);
    cJSON *wish = cJSON_ParseWithLength((const char *)asked->body, asked->body_len);

    qw_assert(answer->set_cookie[0] == '\0');
    qw_assert(answer->status >= 400 || strncmp(asked->path, "/v1/session", 11) != 0);
    if (answer->status < 400 && self != NULL) {
        note_password(judge, asked, self + 1, wish, body);
    }
    cJSON_Delete(wish);
    cJSON_Delete(body);
}
