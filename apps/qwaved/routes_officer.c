/* SPDX-License-Identifier: Apache-2.0 */
/* The people who manage the centre [C10]. */
#include "api/url.h"
#include "centre/people/officer.h"
#include "route_list.h"
#include "routes.h"

#include <string.h>

enum { PAGE_OFFICERS = 100, OFFICER_TEXT_MAX = 1024 };

static void write_officer(struct qw_json_writer *w, const struct qw_officer *officer)
{
    qw_json_object_begin(w);
    qw_json_name(w, "id");
    qw_json_text(w, officer->id);
    qw_json_name(w, "roles");
    qw_json_array_begin(w);
    for (int role = 0; role < QW_OFFICER_ROLE_COUNT; role++) {
        if ((officer->roles & 1U << role) != 0) {
            qw_json_text(w, qw_officer_role_names[role]);
        }
    }
    qw_json_array_end(w);
    qw_json_name(w, "unit");
    qw_json_text(w, officer->unit);
    qw_json_name(w, "state");
    qw_json_text(w, qw_officer_state_names[officer->state]);
    qw_json_name(w, "added_ms");
    qw_json_int(w, officer->added_ms);
    qw_json_name(w, "added_by");
    qw_json_text(w, officer->added_by);
    qw_json_object_end(w);
}

static void send_officer(struct call *call, unsigned status, const char *id)
{
    struct qw_officer officer;
    char text[OFFICER_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_officer_find(call->service->centre, &call->caller, id, &officer);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    write_officer(&w, &officer);
    call_send(call, status, &w, NULL);
}

static qw_err role_of(const char *name, enum qw_officer_role *role)
{
    for (int i = 0; i < QW_OFFICER_ROLE_COUNT; i++) {
        if (strcmp(name, qw_officer_role_names[i]) == 0) {
            *role = (enum qw_officer_role)i;
            return QW_OK;
        }
    }
    return QW_ERR_FORMAT;
}

void route_officer_add(struct call *call)
{
    char id[QW_OFFICER_ID_CAP] = "";
    char role_name[16] = "";
    char unit[QW_UNIT_CAP] = "";
    enum qw_officer_role role = QW_OFFICER_OPERATOR;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "id", id, 1, sizeof id);
    qw_json_get_text(&r, object, "role", role_name, 1, sizeof role_name);
    qw_json_get_text(&r, object, "unit", unit, 1, sizeof unit);
    err = qw_json_ok(&r) ? role_of(role_name, &role) : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_officer_add(call->service->centre, &call->caller, id, role, unit);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_officer(call, 201, id);
}

void route_officer_list(struct call *call)
{
    struct qw_officer officers[PAGE_OFFICERS];
    char after[QW_OFFICER_ID_CAP] = "";
    size_t count = 0;
    struct qw_json_writer w;
    qw_err err = qw_url_query_find(call->request->query, "after", after, sizeof after);

    if (err == QW_OK || err == QW_ERR_NOT_FOUND) {
        err = qw_centre_officer_list(call->service->centre, &call->caller, after, officers,
                                     PAGE_OFFICERS, &count);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (!list_begin(call, "officers", count * OFFICER_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        write_officer(&w, &officers[i]);
    }
    list_send(call, &w);
}

static void change(struct call *call, enum qw_officer_event event)
{
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_officer_change(call->service->centre, &call->caller, call->parameter[0], event);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_officer(call, 200, call->parameter[0]);
}

void route_officer_suspend(struct call *call)
{
    change(call, QW_OFFICER_SUSPEND);
}

void route_officer_resume(struct call *call)
{
    change(call, QW_OFFICER_RESUME);
}

void route_officer_remove(struct call *call)
{
    change(call, QW_OFFICER_REMOVE);
}
