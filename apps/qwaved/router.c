/* SPDX-License-Identifier: Apache-2.0 */
#include "router.h"

#include "api/http_answer.h"
#include "api/http_page.h"
#include "api/url.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/maintenance.h"
#include "login/login_door.h"
#include "metrics/request_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_AFTER_S = 5, PAUSE_RETRY_S = 60, LIMIT_RETRY_S = 1, LOGGED_PATH_LEN = 200 };

static bool is_etsi(const struct qw_http_request *request)
{
    return strncmp(request->path, "/api/", 5) == 0;
}

void call_refuse_with(struct call *call, unsigned status, const char *message)
{
    call->service->table->write_error(call->answer, status, message);
}

/* With the reason that the officer gave. */
static void refuse_paused(struct call *call)
{
    char reason[QW_MAINTENANCE_REASON_CAP];
    char message[sizeof reason + 32];

    qw_centre_pause_reason(call->service->centre, reason);
    (void)snprintf(message, sizeof message, "in maintenance%s%s", reason[0] == '\0' ? "" : ": ",
                   reason);
    call_refuse_with(call, 503, message);
    call->answer->retry_after_s = PAUSE_RETRY_S;
}

/* One status and one text for each kind of failure; the cause stays in the centre's audit. */
void call_refuse(struct call *call, qw_err err)
{
    switch (err) {
    case QW_ERR_ARG:
    case QW_ERR_FORMAT:
    case QW_ERR_SPACE:
        call_refuse_with(call, 400, "malformed request");
        break;
    case QW_ERR_AUTH:
    case QW_ERR_REFUSED:
        call_refuse_with(call, 403, "refused");
        break;
    case QW_ERR_NOT_FOUND:
        call_refuse_with(call, 404, "not found");
        break;
    case QW_ERR_CONFLICT:
    case QW_ERR_STATE:
        call_refuse_with(call, 409, "conflict");
        break;
    case QW_ERR_EXHAUSTED:
        call_refuse_with(call, 503, "not enough keys");
        call->answer->retry_after_s = RETRY_AFTER_S;
        break;
    case QW_ERR_LIMIT:
        call_refuse_with(call, 503, "over a limit, later again");
        call->answer->retry_after_s = LIMIT_RETRY_S;
        break;
    case QW_ERR_FULL:
        call_refuse_with(call, 503, "as many keys are stored as the quota of the unit allows");
        call->answer->retry_after_s = LIMIT_RETRY_S;
        break;
    case QW_ERR_PAUSED:
        refuse_paused(call);
        break;
    default:
        call_refuse_with(call, 503, "temporarily unavailable");
        call->answer->retry_after_s = RETRY_AFTER_S;
        break;
    }
}

/* Compares pattern and path element by element, raw: an encoded spelling of a fixed element is no
 * route. Says which elements are the parameters. */
static bool pattern_matches(const char *pattern, const struct qw_url_path *path,
                            size_t at[static CALL_PARAMETERS_MAX], size_t *count)
{
    size_t found = 0;

    for (size_t i = 0; i < path->count; i++) {
        size_t len;

        if (*pattern++ != '/') {
            return false;
        }
        len = strcspn(pattern, "/");
        if (len == 2 && strncmp(pattern, "{}", 2) == 0) {
            qw_assert(found < CALL_PARAMETERS_MAX);
            at[found++] = i;
        } else if (len != path->segment[i].len ||
                   strncmp(pattern, path->segment[i].text, len) != 0) {
            return false;
        }
        pattern += len;
    }
    *count = found;
    return *pattern == '\0';
}

static void refuse_method(struct call *call, bool has_get, bool has_post)
{
    call_refuse_with(call, 405, "method not allowed");
    call->answer->allow = has_get && has_post ? "GET, POST" : has_get ? "GET" : "POST";
}

/* NULL: refused. */
static const struct route *find_route(struct call *call, const struct qw_url_path *path,
                                      size_t at[static CALL_PARAMETERS_MAX], size_t *count)
{
    const struct route *routes = call->service->table->routes;
    bool has_get = false;
    bool has_post = false;

    for (size_t i = 0; i < call->service->table->count; i++) {
        if (!pattern_matches(routes[i].pattern, path, at, count)) {
            continue;
        }
        if (strcmp(routes[i].method, call->request->method) == 0) {
            return &routes[i];
        }
        has_get = has_get || strcmp(routes[i].method, "GET") == 0;
        has_post = has_post || strcmp(routes[i].method, "POST") == 0;
    }
    if (has_get || has_post) {
        refuse_method(call, has_get, has_post);
    } else if (call->service->table->is_sealed) {
        call_refuse_with(call, 503, "the centre is sealed");
        call->answer->retry_after_s = RETRY_AFTER_S;
    } else {
        call_refuse_with(call, 404, "not found");
    }
    return NULL;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

static qw_err take_parameters(struct call *call, const struct qw_url_path *path, const size_t *at,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        qw_err err = qw_url_decode(path->segment[at[i]].text, path->segment[at[i]].len,
                                   call->parameter[i], sizeof call->parameter[i]);

        if (err != QW_OK) {
            return err;
        }
        if (is_blank(call->parameter[i])) {
            return QW_ERR_FORMAT;
        }
    }
    return QW_OK;
}

static double requests_per_s(const struct service *service)
{
    return service->requests_per_s == NULL ? 0 : (double)atomic_load(service->requests_per_s);
}

/* A link elsewhere may lead to the page, which changes nothing by being opened. */
static bool is_console(const struct qw_http_request *request)
{
    return strncmp(request->path, "/console", sizeof "/console" - 1) == 0;
}

static void refuse_role(struct call *call)
{
    if (call->caller.role == QW_ROLE_COUNT) {
        call_refuse_with(call, 401, "log in");
    } else if (is_etsi(call->request)) {
        call_refuse_with(call, 401, "not authorised");
    } else {
        call_refuse(call, QW_ERR_REFUSED);
    }
}

/* H3, or by a session [docs/protocol/console-login.md]. name: whose requests are counted. */
static bool identify(struct call *call, const char **name)
{
    qw_err err;

    if (call->service->login != NULL) {
        err = login_door_identify(call);
        *name = call->has_session ? call->caller.id : call->request->address;
        if (err != QW_OK) {
            call_refuse(call, err);
        }
        return err == QW_OK;
    }
    *name = call->request->identity;
    if (qw_caller_parse(call->request->identity, &call->caller) != QW_OK) {
        call_refuse_with(call, 401, "not authorised");
        return false;
    }
    memcpy(call->caller.certificate_hash, call->request->certificate_hash,
           sizeof call->caller.certificate_hash);
    return true;
}

/* H4, H9. The answer is given when it is false. */
static bool may_call(struct call *call, const struct route *route)
{
    bool is_other = !is_console(call->request) &&
                    (qw_http_page_is_of_another_site(call->request) ||
                     (call->service->login != NULL && !login_door_is_own_page(call)));

    if ((route->roles & 1u << call->caller.role) == 0 || is_other) {
        refuse_role(call);
        return false;
    }
    if (call->has_session && call->session.login.must_change && (route->roles & BY_BEGINNER) == 0) {
        call_refuse_with(call, 403, "set a password of your own first");
        return false;
    }
    return true;
}

static void dispatch(struct call *call)
{
    struct qw_url_path path;
    size_t at[CALL_PARAMETERS_MAX];
    size_t count = 0;
    const struct route *route;
    const char *name = "";

    if (!identify(call, &name)) {
        return;
    }
    if (!qw_rate_limit_take(call->service->rate, name, requests_per_s(call->service), 1,
                            qw_clock_monotonic_ms())) {
        call_refuse(call, QW_ERR_LIMIT);
        return;
    }
    if (qw_url_path_split(call->request->path, &path) != QW_OK) {
        call_refuse(call, QW_ERR_FORMAT);
        return;
    }
    route = find_route(call, &path, at, &count);
    if (route == NULL) {
        return;
    }
    if (!may_call(call, route)) {
        return;
    }
    call->route = route;
    if (take_parameters(call, &path, at, count) != QW_OK) {
        call_refuse(call, QW_ERR_FORMAT);
        return;
    }
    route->handle(call);
}

/* What found no route, or was not allowed to look for one, is one series. */
static void note_call(const struct call *call, unsigned status)
{
    const struct service *service = call->service;

    if (service->requests != NULL) {
        size_t index = call->route == NULL ? REQUEST_ROUTES_MAX - 1
                                           : (size_t)(call->route - service->table->routes);

        request_log_note(service->requests, index, status, request_clock_us() - call->begun_us);
    }
}

static void log_call(const struct call *call)
{
    const struct qw_http_request *request = call->request;
    const char *who = call->has_session ? call->caller.id : request->identity;

    qw_assert(call->answer->status != 0);
    /* No query: it may carry key ids of somebody else's guess. */
    qw_log_write(call->service->log, call->answer->status < 400 ? QW_LOG_DEBUG : QW_LOG_WARNING,
                 "%s: %s %.*s: %u", who[0] == '\0' ? "nobody" : who, request->method,
                 LOGGED_PATH_LEN, request->path, call->answer->status);
}

void router_handle(void *self, const struct qw_http_request *request, struct qw_http_answer *answer)
{
    const struct service *service = self;
    struct call call = { .service = service, .request = request, .answer = answer };

    call.begun_us = request_clock_us();
    dispatch(&call);
    if (!call.is_aside) {
        log_call(&call);
        note_call(&call, answer->status);
    }
}

static void fill_later(void *work, const struct qw_http_request *request,
                       struct qw_http_answer *answer)
{
    struct call_aside *aside = work;
    const struct call call = { .service = aside->call.service,
                               .request = request,
                               .answer = answer,
                               .route = aside->call.route,
                               .caller = aside->call.caller,
                               .has_session = aside->call.has_session,
                               .begun_us = aside->call.begun_us };

    aside->call.answer = answer;
    aside->finish(aside);
    log_call(&call);
    note_call(&call, answer->status);
}

bool call_put_aside(struct call *call, struct call_aside *aside,
                    void (*finish)(struct call_aside *aside))
{
    if (call->request->later == NULL) {
        return false;
    }
    aside->call = *call;
    aside->call.answer = NULL;
    aside->finish = finish;
    call->is_aside = true;
    qw_http_later_begin(call->request->later, fill_later, aside);
    return true;
}

void call_take_up(struct call_aside *aside)
{
    qw_http_later_end(aside->call.request->later);
}

bool call_open_body(struct call *call, bool may_be_empty, struct qw_json_reader *r,
                    const struct qw_json_node **object)
{
    bool is_empty = call->request->body_len == 0;
    const void *text = is_empty && may_be_empty ? (const void *)"{}" : call->request->body;
    size_t len = is_empty && may_be_empty ? 2 : call->request->body_len;
    qw_err err = len == 0 ? QW_ERR_FORMAT : qw_json_open(text, len, r);

    if (err != QW_OK) {
        call_refuse(call, err);
        return false;
    }
    *object = qw_json_root_object(r);
    if (*object == NULL) {
        qw_json_close(r);
        call_refuse(call, QW_ERR_FORMAT);
        return false;
    }
    return true;
}

bool call_check_body(struct call *call)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;

    if (!call_open_body(call, true, &r, &object)) {
        return false;
    }
    qw_json_close(&r);
    return true;
}

char *call_text_new(struct call *call, size_t cap)
{
    char *text = qw_secret_lend(call->service->secrets, cap);

    if (text == NULL) {
        call_refuse(call, QW_ERR_NOMEM);
    }
    return text;
}

void call_send(struct call *call, unsigned status, const struct qw_json_writer *w, char *text)
{
    qw_err err =
        qw_json_done(w) ? qw_http_answer_write(call->answer, w->out, w->len) : QW_ERR_SPACE;

    qw_secret_free(text);
    if (err != QW_OK) {
        call_refuse(call, QW_ERR_IO); /* ours to fit, so not the caller's mistake */
        return;
    }
    call->answer->status = status;
    call->answer->content_type = "application/json";
}

void call_send_empty(struct call *call)
{
    char text[8];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

void call_send_base64(struct call *call, const char *name, const uint8_t *data, size_t len)
{
    size_t cap = QW_BASE64_LEN(len) + 64;
    char *text = call_text_new(call, cap);
    struct qw_json_writer w;

    if (text == NULL) {
        return;
    }
    w = qw_json_writer_on(text, cap);
    qw_json_object_begin(&w);
    qw_json_name(&w, name);
    qw_json_base64(&w, data, len);
    qw_json_object_end(&w);
    call_send(call, 200, &w, text);
}
