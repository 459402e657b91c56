/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "setup/setup_routes.h"

#include "api/http_answer.h"
#include "api/json_writer.h"
#include "base/clock.h"
#include "base/secret.h"
#include "setup/setup_bundle.h"
#include "setup/setup_message.h"
#include "setup/setup_state.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_CAP = 8192, BUNDLE_ANSWER_CAP = 4 * (QW_CERTIFICATE_BUNDLE_CAP / 3) + 256 };

struct call {
    struct setup_service *service;
    const struct qw_http_request *request;
    struct qw_http_answer *answer;
    bool is_inside; /* from the browser that opened the door */
};

static void refuse(struct call *call, unsigned status, const char *reason, const char *message)
{
    qw_http_answer_error_detail(call->answer, status, message, "reason", reason);
}

static void send(struct call *call, const struct qw_json_writer *w, char *text, size_t cap)
{
    if (qw_json_done(w)) {
        qw_http_answer_take(call->answer, 200, text, w->len, cap);
        return;
    }
    qw_secret_free(text);
    refuse(call, 500, "failed", "the answer does not fit");
}

static char *text_new(struct call *call, size_t cap)
{
    char *text = qw_secret_new(cap);

    if (text == NULL) {
        refuse(call, 503, "failed", "not enough memory that can be locked");
    }
    return text;
}

/* STATE */
static void send_state(struct call *call)
{
    char *text = text_new(call, ANSWER_CAP);
    struct qw_json_writer w;

    if (text != NULL) {
        w = qw_json_writer_on(text, ANSWER_CAP);
        setup_state_write(call->service->desk, call->service->door, call->is_inside, &w);
        send(call, &w, text, ANSWER_CAP);
    }
}

static void malformed(struct call *call)
{
    refuse(call, 400, "malformed", "the request is not as docs/protocol/setup-page.md says");
}

/* What a verb of the desk has said; its new state when it has done it. */
static void conclude(struct call *call, enum setup_verdict verdict)
{
    const struct setup_verdict_text *text = &setup_verdict_texts[verdict];

    if (verdict == SETUP_DONE) {
        send_state(call);
        return;
    }
    refuse(call, verdict == SETUP_FAILED ? 500 : 409, text->reason,
           text->message != NULL ? text->message : call->service->desk->error);
}

static void refuse_code(struct call *call, enum setup_door_verdict verdict)
{
    struct setup_notes *notes = &call->service->desk->notes;
    const char *from = call->request->address;

    switch (verdict) {
    case SETUP_DOOR_SHUT:
        refuse(call, 429, "shut", "too many wrong codes: wait half a minute");
        call->answer->retry_after_s = SETUP_DOOR_SHUT_MS / 1000;
        return; /* not looked at, and not in the journal: it would only be filled by it */
    case SETUP_DOOR_TAKEN:
        setup_note(notes, from, "setup-open", "", QW_ERR_REFUSED, "another browser is inside");
        refuse(
            call, 409, "taken",
            "the set-up is open in another browser: go on there, or begin again at the terminal");
        return;
    case SETUP_DOOR_OVER:
        setup_note(notes, from, "setup-open", "", QW_ERR_REFUSED, "wrong code, and locked out");
        call->service->is_locked_out = true;
        call->service->is_ended = true;
        refuse(call, 403, "over", "too many wrong codes: begin again at the terminal");
        return;
    default:
        setup_note(notes, from, "setup-open", "", QW_ERR_REFUSED, "wrong code");
        refuse(call, 403, "wrong-code", "not the code that stands at the terminal");
    }
}

static void open_door(struct call *call)
{
    struct setup_door *door = call->service->door;
    enum setup_door_verdict verdict;
    char code[SETUP_CODE_CAP];

    if (setup_open_decode(call->request->body, call->request->body_len, code) != QW_OK) {
        malformed(call);
        return;
    }
    verdict = setup_door_try(door, code, qw_clock_monotonic_ms());
    qw_wipe(code, sizeof code);
    if (verdict != SETUP_DOOR_OPENED) {
        refuse_code(call, verdict);
        return;
    }
    setup_note(&call->service->desk->notes, call->request->address, "setup-open", "", QW_OK,
               "opened by its code");
    call->is_inside = true;
    send_state(call);
    (void)snprintf(call->answer->set_cookie, sizeof call->answer->set_cookie,
                   SETUP_DOOR_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
                   door->cookie);
}

static void choose(struct call *call)
{
    struct setup_choice choice;

    if (setup_choice_decode(call->request->body, call->request->body_len, &choice) != QW_OK) {
        malformed(call);
        return;
    }
    conclude(call, setup_desk_choose(call->service->desk, call->request->address, &choice));
}

static void take(struct call *call)
{
    uint8_t *share = NULL;
    char *text = NULL;
    struct qw_json_writer w;
    unsigned officer = 0;
    enum setup_verdict verdict;

    if (setup_take_decode(call->request->body, call->request->body_len, &officer) != QW_OK) {
        malformed(call);
        return;
    }
    /* Before it is given: shown once means that nothing may be missing afterwards. */
    text = text_new(call, ANSWER_CAP);
    share = text == NULL ? NULL : qw_secret_new(QW_SHARE_LEN);
    if (share == NULL) {
        qw_secret_free(text);
        refuse(call, 503, "failed", "not enough memory that can be locked");
        return;
    }
    verdict = setup_desk_take(call->service->desk, call->request->address, officer, share);
    if (verdict == SETUP_DONE) {
        w = qw_json_writer_on(text, ANSWER_CAP);
        qw_json_object_begin(&w);
        qw_json_name(&w, "share");
        qw_json_base64(&w, share, QW_SHARE_LEN);
        qw_json_object_end(&w);
        send(call, &w, text, ANSWER_CAP);
    } else {
        qw_secret_free(text);
        conclude(call, verdict);
    }
    qw_secret_free(share);
}

static void enter(struct call *call)
{
    struct setup_entry *entry = qw_secret_new(sizeof *entry);

    if (entry == NULL) {
        refuse(call, 503, "failed", "not enough memory that can be locked");
    } else if (setup_entry_decode(call->request->body, call->request->body_len, entry) != QW_OK) {
        malformed(call);
    } else {
        conclude(call, setup_desk_enter(call->service->desk, call->request->address, entry));
    }
    qw_secret_free(entry);
}

static void make(struct call *call)
{
    conclude(call, setup_desk_make(call->service->desk, call->request->address));
}

static void again(struct call *call)
{
    conclude(call, setup_desk_again(call->service->desk, call->request->address));
}

struct bundle_room { /* secret memory */
    struct setup_bundle wanted;
    uint8_t bytes[QW_CERTIFICATE_BUNDLE_CAP];
};

static void send_bundle(struct call *call, struct bundle_room *room)
{
    struct setup_desk *desk = call->service->desk;
    struct qw_json_writer w;
    size_t len = 0;
    char *text;
    qw_err err;

    if (desk->step != SETUP_MADE) {
        refuse(call, 409, "not-now", setup_verdict_texts[SETUP_NOT_NOW].message);
        return;
    }
    err = setup_bundle_make(desk->staging->place, desk->choice.centre_id, &room->wanted,
                            room->bytes, &len);
    setup_note(&desk->notes, call->request->address, "setup-certificate", room->wanted.officer, err,
               err == QW_OK ? "given with its key" : qw_err_text(err));
    if (err != QW_OK) {
        refuse(call, err == QW_ERR_NOT_FOUND ? 404 : 500, "failed", qw_err_text(err));
        return;
    }
    text = text_new(call, BUNDLE_ANSWER_CAP);
    if (text != NULL) {
        w = qw_json_writer_on(text, BUNDLE_ANSWER_CAP);
        qw_json_object_begin(&w);
        qw_json_name(&w, "pkcs12");
        qw_json_base64(&w, room->bytes, len);
        qw_json_object_end(&w);
        send(call, &w, text, BUNDLE_ANSWER_CAP);
    }
}

static void bundle(struct call *call)
{
    struct bundle_room *room = qw_secret_new(sizeof *room);

    if (room == NULL) {
        refuse(call, 503, "failed", "not enough memory that can be locked");
    } else if (setup_bundle_decode(call->request->body, call->request->body_len, &room->wanted) !=
               QW_OK) {
        malformed(call);
    } else {
        send_bundle(call, room);
    }
    qw_secret_free(room);
}

/* Of a centre that was made; before that the way out is the terminal. */
static void end(struct call *call)
{
    if (call->service->desk->step != SETUP_MADE) {
        refuse(call, 409, "not-now", setup_verdict_texts[SETUP_NOT_NOW].message);
        return;
    }
    call->service->is_ended = true;
    send_state(call);
}

static const struct {
    const char *path;
    const char *method;
    void (*handle)(struct call *call);
    bool is_for_strangers;
} routes[] = {
    { "/setup/state", "GET", send_state, true },    { "/setup/open", "POST", open_door, true },
    { "/setup/choice", "POST", choose, false },     { "/setup/share/take", "POST", take, false },
    { "/setup/share/entry", "POST", enter, false }, { "/setup/make", "POST", make, false },
    { "/setup/again", "POST", again, false },       { "/setup/certificate", "POST", bundle, false },
    { "/setup/end", "POST", end, false },
};

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";

    return strncmp(content_type, json, sizeof json - 1) == 0 &&
           strchr("; ", content_type[sizeof json - 1]) != NULL; /* strchr finds the NUL too */
}

/* Under the mutex. */
static void dispatch(struct call *call, size_t index)
{
    struct setup_service *service = call->service;
    bool is_post = strcmp(routes[index].method, "POST") == 0;

    call->is_inside = setup_door_is_inside(service->door, call->request->cookie);
    if (strcmp(call->request->method, routes[index].method) != 0) {
        refuse(call, 405, "malformed", "another method");
        call->answer->allow = routes[index].method;
    } else if (qw_http_page_is_of_another_site(call->request)) {
        refuse(call, 403, "elsewhere", "a page of another site asks");
    } else if (is_post && !is_json(call->request->content_type)) {
        refuse(call, 415, "malformed", "application/json is taken");
    } else if (service->is_ended ||
               setup_door_left_ms(service->door, qw_clock_monotonic_ms()) == 0) {
        refuse(call, 410, "over", "the set-up is over: begin again at the terminal");
    } else if (!routes[index].is_for_strangers &&
               (!call->is_inside ||
                !setup_door_is_own_page(service->door, call->request->session_token))) {
        refuse(call, 401, "code", "type the code that stands at the terminal");
    } else {
        if (is_post && call->is_inside) {
            setup_door_step(service->door, qw_clock_monotonic_ms());
        }
        routes[index].handle(call);
    }
}

/* The page itself is no secret. */
static void send_file(struct call *call)
{
    static const char below[] = "/setup/";
    static const struct qw_http_header to_page[] = { { "Location", "/setup/" }, { NULL, NULL } };
    const char *path = call->request->path;

    if (strcmp(path, "/") == 0 || strcmp(path, "/setup") == 0) {
        call->answer->status = 302;
        call->answer->headers = to_page;
        return;
    }
    path = strncmp(path, below, sizeof below - 1) == 0 ? path + sizeof below - 1 : "?";
    if (strcmp(call->request->method, "GET") != 0 ||
        !qw_http_page_send(call->service->page, path[0] == '\0' ? "setup.html" : path,
                           call->request, call->answer)) {
        refuse(call, 404, "not-found", "not found");
    }
}

void setup_routes_handle(void *self, const struct qw_http_request *request,
                         struct qw_http_answer *answer)
{
    struct setup_service *service = self;
    struct call call = { .service = service, .request = request, .answer = answer };

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(request->path, routes[i].path) == 0) {
            pthread_mutex_lock(&service->mutex);
            dispatch(&call, i);
            pthread_mutex_unlock(&service->mutex);
            return;
        }
    }
    send_file(&call);
}
