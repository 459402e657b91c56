/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events, answer by answer [docs/protocol/events.md]: a request waits without a thread
 * until something has happened, is answered with all of it, and the browser asks again. So every
 * second at the latest the caller is looked at as for any other request. */
#include "api/http_answer.h"
#include "centre/people/officer.h"
#include "centre/people/right.h"
#include "centre/ready.h"
#include "events.h"
#include "metrics/request_log.h"
#include "routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_CAP = 96, AGAIN_MS = 10, RETRY_AFTER_S = 3, DIGITS_MAX = 18 };

struct look { /* a request that waits */
    struct call_aside aside;
    struct events_waiter waiter;
    uint64_t after;
    bool is_one_too_many;
};

qw_err call_may_look(const struct call *call)
{
    struct qw_officer self;
    struct qw_centre_status status;

    if (qw_centre_officer_self(call->service->centre, &call->caller, &self) == QW_OK &&
        self.state == QW_OFFICER_ACTIVE && strcmp(self.unit, "/") == 0 &&
        qw_roles_have(self.roles, QW_RIGHT_STATUS_READ)) {
        return QW_OK;
    }
    return qw_centre_status(call->service->centre, &call->caller, &status);
}

/* Requests for keys that were answered with keys, since the program began. */
static uint64_t keys_answered(const struct service *service)
{
    uint64_t sum = 0;

    for (size_t i = 0; service->requests != NULL && i < service->table->count; i++) {
        const struct route *route = &service->table->routes[i];

        if (route->handle == route_key_new || route->handle == route_key_fetch ||
            route->handle == route_skip_key_new || route->handle == route_skip_key_fetch) {
            struct request_counts counts;

            request_log_look(service->requests, i, &counts);
            sum += counts.status[0]; /* 200 */
        }
    }
    return sum;
}

/* What a tick says to this caller. */
static qw_err write_status(const struct call *call, char *text, size_t cap, size_t *len)
{
    const struct service *service = call->service;
    struct qw_json_writer w = qw_json_writer_on(text, cap);
    struct qw_centre_status status;
    qw_err err = qw_centre_status(service->centre, &call->caller, &status);

    if (err != QW_OK) {
        return err;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "status");
    status_write(&w, service, &status);
    qw_json_name(&w, "key_requests_answered");
    qw_json_uint(&w, keys_answered(service));
    if (service->certificate_ends_s != NULL) {
        qw_json_name(&w, "certificate_ends_s");
        qw_json_int(&w, (int64_t)atomic_load(service->certificate_ends_s));
    }
    qw_json_name(&w, "obstacle");
    qw_json_text(&w, qw_centre_obstacle(service->centre));
    qw_json_object_end(&w);
    *len = w.len;
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

static qw_err send_event(const struct call *call, struct event *event)
{
    char head[HEAD_CAP];
    const char *name = event->name == NULL ? "status" : event->name;
    qw_err err = QW_OK;

    if (event->name == NULL) {
        err = write_status(call, event->data, sizeof event->data, &event->len);
    }
    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(head, sizeof head, "id: %" PRIu64 "\nevent: %s\ndata: ", event->number, name);
    err = qw_http_answer_write(call->answer, head, strlen(head));
    if (err == QW_OK) {
        err = qw_http_answer_write(call->answer, event->data, event->len);
    }
    return err == QW_OK ? qw_http_answer_write(call->answer, "\n\n", 2) : err;
}

/* V5: what is gone is said, before what is there. */
static qw_err send_lost(const struct call *call, uint64_t count)
{
    const struct events_losses losses = { .events = count };
    char text[HEAD_CAP];

    events_add_losses(call->service->events, &losses);
    (void)snprintf(text, sizeof text, "event: lost\ndata: {\"events\":%" PRIu64 "}\n\n", count);
    return qw_http_answer_write(call->answer, text, strlen(text));
}

static void answer_with(struct call *call, uint64_t after)
{
    struct event *event = malloc(sizeof *event);
    char retry[HEAD_CAP];
    qw_err err = event == NULL ? QW_ERR_NOMEM : call_may_look(call);

    (void)snprintf(retry, sizeof retry, "retry: %d\n\n", AGAIN_MS);
    if (err == QW_OK) {
        err = qw_http_answer_write(call->answer, retry, strlen(retry));
    }
    for (unsigned i = 0; err == QW_OK && i < EVENTS_KEPT && /* others may go on publishing */
                         events_next(call->service->events, after, event);
         i++) {
        if (event->number > after + 1) {
            err = send_lost(call, event->number - after - 1);
        }
        if (err == QW_OK) {
            err = send_event(call, event);
        }
        after = event->number;
    }
    free(event);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call->answer->status = 200;
    call->answer->content_type = "text/event-stream";
}

static void finish(struct call_aside *aside)
{
    struct look *look = (struct look *)aside;

    if (look->is_one_too_many) {
        call_refuse(&aside->call, QW_ERR_LIMIT);
        aside->call.answer->retry_after_s = RETRY_AFTER_S;
    } else {
        answer_with(&aside->call, look->after);
    }
    free(look);
}

static void wake(struct events_waiter *waiter)
{
    struct look *look = (struct look *)((char *)waiter - offsetof(struct look, waiter));

    call_take_up(&look->aside);
}

/* Behind which event. Who names none, or one of another run of the program, sees what comes. */
static qw_err read_after(const struct call *call, uint64_t *after)
{
    const char *last = call->request->last_event_id;
    uint64_t newest = events_newest(call->service->events);
    uint64_t number = 0;

    if (last == NULL || last[0] == '\0') {
        *after = newest;
        return QW_OK;
    }
    if (strspn(last, "0123456789") != strlen(last) || strlen(last) > DIGITS_MAX) {
        return QW_ERR_FORMAT;
    }
    for (; *last != '\0'; last++) {
        number = number * 10 + (uint64_t)(*last - '0');
    }
    *after = number > newest ? newest : number;
    return QW_OK;
}

void route_events(struct call *call)
{
    struct look *look;
    uint64_t after = 0;
    qw_err err = call->service->events == NULL ? QW_ERR_UNAVAILABLE : call_may_look(call);

    if (err == QW_OK) {
        err = read_after(call, &after);
    }
    look = err == QW_OK ? calloc(1, sizeof *look) : NULL;
    if (err == QW_OK && look == NULL) {
        err = QW_ERR_NOMEM;
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    look->after = after;
    look->waiter.wake = wake;
    if (!call_put_aside(call, &look->aside, finish)) { /* nobody could take it up again */
        free(look);
        answer_with(call, after);
        return;
    }
    if (events_wait(call->service->events, after, &look->waiter) != QW_OK) {
        look->is_one_too_many = true;
        call_take_up(&look->aside);
    }
}
