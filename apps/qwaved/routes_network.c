/* SPDX-License-Identifier: Apache-2.0 */
/* Running networks of QKD links: what is reported of them, and who looks
 * [docs/protocol/network-view.md]. */
#include "api/http_answer.h"
#include "base/clock.h"
#include "events.h"
#include "network_board.h"
#include "route_network_report.h"
#include "route_query.h"
#include "routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_CAP = 96 };

static qw_err write_answer(void *self, const char *text, size_t len)
{
    return qw_http_answer_write(self, text, len);
}

void route_network_show(struct call *call)
{
    struct network_board *board = call->service->networks;
    int64_t now_ms = qw_clock_monotonic_ms();
    uint64_t after = 0;
    qw_err err = board == NULL ? QW_ERR_UNAVAILABLE : call_may_look(call);

    if (err == QW_OK) {
        err = query_number(call->request->query, "after", 0, QW_JSON_UINT_MAX - 1, &after);
    }
    if (err == QW_OK) {
        network_board_look(board, now_ms);
        err = network_board_show(board, after, now_ms, write_answer, call->answer);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call->answer->status = 200;
    call->answer->content_type = "application/json";
}

/* One for several reports; who comes later in it is seen with the next. */
static void tell_who_looks(struct call *call, int64_t now_ms)
{
    char text[ANSWER_CAP];
    uint64_t version = 0;

    if (call->service->events != NULL &&
        network_board_notice(call->service->networks, now_ms, &version)) {
        int len = snprintf(text, sizeof text, "{\"version\":%" PRIu64 "}", version);

        events_publish(call->service->events, "network", text, (size_t)len);
    }
}

static qw_err take_report(struct call *call, int64_t now_ms, bool *wants_topology)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    char *text;
    struct network_report *report;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return QW_ERR_FORMAT;
    }
    text = malloc(NETWORK_REPORT_TEXT_CAP);
    report = malloc(sizeof *report);
    err = text == NULL || report == NULL ? QW_ERR_NOMEM
                                         : network_report_read(&r, object, text, report);
    qw_json_close(&r);
    if (err == QW_OK) {
        err = network_board_take(call->service->networks, report, call->caller.id, now_ms,
                                 wants_topology);
    }
    free(report);
    free(text);
    return err;
}

void route_network_report(struct call *call)
{
    char text[ANSWER_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    bool wants_topology = false;
    int64_t now_ms = qw_clock_monotonic_ms();
    qw_err err = call->service->networks == NULL
                     ? QW_ERR_UNAVAILABLE
                     : qw_centre_node_serves(call->service->centre, &call->caller);

    if (err == QW_OK) {
        err = take_report(call, now_ms, &wants_topology);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    tell_who_looks(call, now_ms);
    qw_json_object_begin(&w);
    qw_json_name(&w, "is_watched");
    qw_json_bool(&w, network_board_is_watched(call->service->networks, now_ms));
    qw_json_name(&w, "wants_topology");
    qw_json_bool(&w, wants_topology);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
