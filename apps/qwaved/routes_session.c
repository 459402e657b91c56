/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in and out, and passwords [C10]: docs/protocol/console-login.md. */
#include "base/clock.h"
#include "login/login_door.h"
#include "routes.h"

#include <string.h>

enum { PASSWORD_CAP = QW_LOGIN_PASSWORD_MAX + 1, CODE_CAP = 32, TEXT_CAP = 512 };

/* Where everybody has a certificate there is nothing to log in to. */
static bool is_here(struct call *call)
{
    if (call->service->login == NULL) {
        call_refuse(call, QW_ERR_NOT_FOUND);
    }
    return call->service->login != NULL;
}

static void send_session(struct call *call, const struct session *session)
{
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "officer");
    qw_json_text(&w, session->login.officer);
    qw_json_name(&w, "token");
    qw_json_text(&w, session->token);
    qw_json_name(&w, "must_change");
    qw_json_bool(&w, session->login.must_change);
    qw_json_name(&w, "idle_left_s");
    qw_json_int(&w, session->idle_left_ms / 1000);
    qw_json_name(&w, "left_s");
    qw_json_int(&w, session->left_ms / 1000);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
    qw_wipe(text, sizeof text);
}

void route_session_show(struct call *call)
{
    if (is_here(call)) {
        if (call->has_session) {
            send_session(call, &call->session);
        } else {
            call_refuse_with(call, 401, "log in");
        }
    }
}

/* L5; the session that he came with, if any, ends. */
static void let_in(struct call *call, const struct qw_login *login)
{
    struct sessions *sessions = call->service->login->sessions;
    int64_t now_ms = qw_clock_monotonic_ms();
    char cookie[SESSION_TOKEN_CAP];
    struct session session;
    qw_err err = QW_OK;

    if (login_door_cookie(call->request, cookie) && sessions_close(sessions, cookie) &&
        call->has_session) {
        err = qw_centre_logout(call->service->centre, &call->session.login, "logged in again");
    }
    if (err == QW_OK) {
        err = sessions_open(sessions, login, now_ms, cookie);
    }
    if (err != QW_OK || sessions_find(sessions, cookie, now_ms, &session) != SESSION_OPEN) {
        call_refuse(call, err == QW_OK ? QW_ERR_LIMIT : err);
    } else {
        send_session(call, &session);
        login_door_set_cookie(call, cookie);
        qw_wipe(&session, sizeof session);
    }
    qw_wipe(cookie, sizeof cookie);
}

static void log_in(struct call *call, const struct qw_login_wish *wish)
{
    struct qw_login login;
    qw_err err;

    if (!login_door_may_try(call->service->login, call->request->address)) {
        call_refuse(call, QW_ERR_LIMIT);
        return;
    }
    err = qw_centre_login(call->service->centre, wish, &login);
    if (err == QW_OK) {
        let_in(call, &login);
    } else if (err == QW_ERR_REFUSED) {
        call_refuse_with(call, 403, "refused"); /* for whatever cause */
    } else {
        call_refuse(call, err);
    }
}

void route_session_open(struct call *call)
{
    char officer[QW_OFFICER_ID_CAP] = "", password[PASSWORD_CAP] = "", code[CODE_CAP] = "";
    const struct qw_login_wish wish = { .officer = officer, .password = password, .code = code };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok;

    if (!is_here(call) || !call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "officer", officer, 1, sizeof officer);
    qw_json_get_text(&r, object, "password", password, 1, sizeof password);
    qw_json_get_text(&r, object, "code", code, 1, sizeof code);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (ok) {
        log_in(call, &wish);
    } else {
        call_refuse(call, QW_ERR_FORMAT);
    }
    qw_wipe(password, sizeof password);
    qw_wipe(code, sizeof code);
}

/* Somebody moves at the page. */
void route_session_stay(struct call *call)
{
    char cookie[SESSION_TOKEN_CAP];
    struct session session;
    int64_t now_ms = qw_clock_monotonic_ms();

    if (!is_here(call) || !call_check_body(call)) {
        return;
    }
    if (login_door_cookie(call->request, cookie)) {
        sessions_stay(call->service->login->sessions, cookie, now_ms);
        if (sessions_find(call->service->login->sessions, cookie, now_ms, &session) ==
            SESSION_OPEN) {
            send_session(call, &session);
            qw_wipe(&session, sizeof session);
            qw_wipe(cookie, sizeof cookie);
            return;
        }
    }
    call_refuse_with(call, 401, "log in");
}

void route_session_end(struct call *call)
{
    char cookie[SESSION_TOKEN_CAP];
    qw_err err = QW_OK;

    if (!is_here(call) || !call_check_body(call)) {
        return;
    }
    if (login_door_cookie(call->request, cookie) &&
        sessions_close(call->service->login->sessions, cookie)) {
        err = qw_centre_logout(call->service->centre, &call->session.login, "by himself");
    }
    if (err == QW_OK) {
        call_send_empty(call);
    } else {
        call_refuse(call, err);
    }
    login_door_set_cookie(call, NULL); /* out he is in any case */
}

/* Hashing keeps a thread for as long as a log-in does, and here the others are needed for keys. */
static bool may_hash(struct call *call)
{
    static const double passwords_per_s = 0.5; /* five at once */

    if (call->service->rate == NULL ||
        qw_rate_limit_take(call->service->rate, "passwords", passwords_per_s, 1,
                           qw_clock_monotonic_ms())) {
        return true;
    }
    call_refuse(call, QW_ERR_LIMIT);
    return false;
}

/* W2, W3: his own. */
static void set_own(struct call *call, const struct qw_password_change *change)
{
    struct qw_login *login = call->has_session ? &call->session.login : NULL;
    char cookie[SESSION_TOKEN_CAP];
    qw_err err = qw_centre_login_password(call->service->centre, &call->caller, change, login);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (login != NULL && login_door_cookie(call->request, cookie)) {
        sessions_renew(call->service->login->sessions, cookie, login);
    }
    call_send_empty(call);
}

void route_self_password(struct call *call)
{
    char password[PASSWORD_CAP] = "", current[PASSWORD_CAP] = "", card[64] = "";
    struct qw_password_change change = { .password = password };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "password", password, 1, sizeof password);
    if (qw_json_find(object, "current") != NULL) {
        qw_json_get_text(&r, object, "current", current, 1, sizeof current);
        change.current = current;
    }
    if (qw_json_find(object, "card") != NULL) {
        qw_json_get_text(&r, object, "card", card, 1, sizeof card);
        change.card = card;
    }
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        call_refuse(call, QW_ERR_FORMAT);
    } else if (may_hash(call)) {
        set_own(call, &change);
    }
    qw_wipe(password, sizeof password);
    qw_wipe(current, sizeof current);
}

static void send_initial(struct call *call, const char *password, int64_t until_ms)
{
    char *text = call_text_new(call, TEXT_CAP);
    struct qw_json_writer w;

    if (text == NULL) {
        return;
    }
    w = qw_json_writer_on(text, TEXT_CAP);
    qw_json_object_begin(&w);
    qw_json_name(&w, "password");
    qw_json_text(&w, password);
    qw_json_name(&w, "until_ms");
    qw_json_int(&w, until_ms);
    qw_json_object_end(&w);
    call_send(call, 201, &w, text);
}

/* W1: another's, shown this once. */
void route_officer_password(struct call *call)
{
    char password[QW_LOGIN_INITIAL_CAP], card[64] = "";
    int64_t until_ms = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "card", card, 1, sizeof card);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (ok && !may_hash(call)) {
        return;
    }
    err = !ok ? QW_ERR_FORMAT
              : qw_centre_login_initial(call->service->centre, &call->caller, call->parameter[0],
                                        card, password, &until_ms);
    if (err == QW_OK) {
        send_initial(call, password, until_ms);
        qw_wipe(password, sizeof password);
    } else {
        call_refuse(call, err);
    }
}
