/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance of a centre [docs/protocol/centre-rest.md]. */
#include "centre/maintenance.h"
#include "routes.h"

enum { TEXT_CAP = 1024 };

static void send_maintenance(struct call *call)
{
    struct qw_maintenance maintenance;
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_maintenance_look(call->service->centre, &call->caller, &maintenance);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "on");
    qw_json_bool(&w, maintenance.is_on);
    if (maintenance.is_on) {
        qw_json_name(&w, "since_ms");
        qw_json_int(&w, maintenance.since_ms);
        qw_json_name(&w, "by");
        qw_json_text(&w, maintenance.by);
        qw_json_name(&w, "reason");
        qw_json_text(&w, maintenance.reason);
    }
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

void route_maintenance_show(struct call *call)
{
    send_maintenance(call);
}

void route_maintenance_set(struct call *call)
{
    char reason[QW_MAINTENANCE_REASON_CAP] = "";
    bool is_on = false;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_bool(&r, object, "on", &is_on);
    if (qw_json_find(object, "reason") != NULL) {
        qw_json_get_text(&r, object, "reason", reason, 0, sizeof reason);
    }
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_maintenance_set(call->service->centre, &call->caller, is_on, reason);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_maintenance(call);
}
