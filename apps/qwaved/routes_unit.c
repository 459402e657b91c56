/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas of units [C16]. */
#include "api/url.h"
#include "centre/people/unit_quota.h"
#include "route_list.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

enum { UNIT_TEXT_MAX = 256 };

static void write_unit(struct qw_json_writer *w, const struct qw_unit_quota *quota)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = { { "devices", quota->devices },       { "devices_max", quota->devices_max },
                    { "keys_today", quota->keys_today }, { "keys_per_day", quota->keys_per_day },
                    { "keys_stored", quota->stored },    { "keys_stored_max", quota->stored_max } };

    qw_json_object_begin(w);
    qw_json_name(w, "unit");
    qw_json_text(w, quota->unit);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        qw_json_name(w, numbers[i].name);
        qw_json_uint(w, numbers[i].value);
    }
    qw_json_name(w, "is_counting");
    qw_json_bool(w, quota->is_counting);
    qw_json_object_end(w);
}

static void write_units(struct call *call, const struct qw_unit_quota *quotas, size_t count,
                        const char *only)
{
    struct qw_json_writer w;

    if (!list_begin(call, "units", count * UNIT_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (only[0] == '\0' || strcmp(only, quotas[i].unit) == 0) {
            write_unit(&w, &quotas[i]);
        }
    }
    list_send(call, &w);
}

/* only "": all of them. */
static void send_units(struct call *call, const char *only)
{
    struct qw_unit_quota *quotas = calloc(QW_UNITS_MAX, sizeof *quotas);
    size_t count = 0;
    qw_err err = quotas == NULL ? QW_ERR_NOMEM
                                : qw_centre_unit_list(call->service->centre, &call->caller, quotas,
                                                      QW_UNITS_MAX, &count);

    if (err == QW_OK) {
        write_units(call, quotas, count, only);
    } else {
        call_refuse(call, err);
    }
    free(quotas);
}

void route_unit_list(struct call *call)
{
    char only[QW_UNIT_CAP] = "";
    qw_err err = qw_url_query_find(call->request->query, "unit", only, sizeof only);

    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        call_refuse(call, err);
        return;
    }
    send_units(call, only);
}

void route_unit_quota(struct call *call)
{
    struct qw_unit_quota wanted = { .unit = "" };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "unit", wanted.unit, 1, sizeof wanted.unit);
    qw_json_get_uint(&r, object, "devices_max", 0, QW_UNIT_LIMIT_MAX, &wanted.devices_max);
    qw_json_get_uint(&r, object, "keys_per_day", 0, QW_UNIT_LIMIT_MAX, &wanted.keys_per_day);
    if (qw_json_find(object, "keys_stored_max") !=
        NULL) { /* none in what was written before there was */
        qw_json_get_uint(&r, object, "keys_stored_max", 0, QW_UNIT_LIMIT_MAX, &wanted.stored_max);
    }
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_unit_set(call->service->centre, &call->caller, &wanted);
    }
    if (err == QW_ERR_CONFLICT) {
        call_refuse_with(call, 409, "the quotas beneath a unit would be more than its own");
    } else if (err == QW_ERR_LIMIT) {
        call_refuse_with(call, 409, "too many units have a quota");
    } else if (err != QW_OK) {
        call_refuse(call, err);
    } else {
        send_units(call, wanted.unit);
    }
}
