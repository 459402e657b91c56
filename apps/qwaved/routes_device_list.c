/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the registry [C8]. */
#include "api/url.h"
#include "centre/device/search.h"
#include "route_device.h"
#include "route_list.h"
#include "route_query.h"
#include "routes.h"

#include <string.h>

enum {
    LIST_LIMIT_MAX = 100,
    LIST_LIMIT_STANDARD = 50,
    NAME_CAP = 64,
    NEXT_TEXT_MAX = 6 * QW_DEVICE_CURSOR_CAP /* all escaped */
};

struct list_query { /* what the filter points to */
    char id_prefix[NAME_CAP], owner[NAME_CAP], owner_prefix[NAME_CAP];
    char unit[QW_UNIT_CAP], kind[NAME_CAP], state[NAME_CAP];
    char after[QW_DEVICE_CURSOR_CAP];
    uint64_t limit;
};

static qw_err state_of(const char *name, int *state)
{
    for (int i = 0; i < QW_DEVICE_STATE_COUNT; i++) {
        if (strcmp(name, qw_device_state_names[i]) == 0) {
            *state = i;
            return QW_OK;
        }
    }
    return QW_ERR_FORMAT;
}

static qw_err read_query(const char *query, struct list_query *q, struct qw_device_filter *filter)
{
    const struct {
        const char *name;
        char *value;
        size_t cap;
    } texts[] = {
        { "prefix", q->id_prefix, sizeof q->id_prefix },
        { "owner", q->owner, sizeof q->owner },
        { "owner_prefix", q->owner_prefix, sizeof q->owner_prefix },
        { "unit", q->unit, sizeof q->unit },
        { "kind", q->kind, sizeof q->kind },
        { "state", q->state, sizeof q->state },
        { "after", q->after, sizeof q->after },
    };
    enum qw_device_kind kind;
    qw_err err = query_number(query, "limit", 1, LIST_LIMIT_MAX, &q->limit);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err == QW_OK; i++) {
        err = qw_url_query_find(query, texts[i].name, texts[i].value, texts[i].cap);
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    *filter = (struct qw_device_filter){ .id_prefix = q->id_prefix,
                                         .owner = q->owner,
                                         .owner_prefix = q->owner_prefix,
                                         .unit = q->unit,
                                         .kind = QW_DEVICE_ANY,
                                         .state = QW_DEVICE_ANY };
    if (err == QW_OK && q->kind[0] != '\0') {
        err = device_kind_of(q->kind, &kind);
        filter->kind = err == QW_OK ? (int)kind : QW_DEVICE_ANY;
    }
    if (err == QW_OK && q->state[0] != '\0') {
        err = state_of(q->state, &filter->state);
    }
    return err;
}

void route_device_list(struct call *call)
{
    struct qw_device devices[LIST_LIMIT_MAX];
    struct list_query query = { .limit = LIST_LIMIT_STANDARD };
    struct qw_device_page page = { .devices = devices };
    struct qw_device_filter filter;
    struct qw_json_writer w;
    qw_err err = read_query(call->request->query, &query, &filter);

    if (err == QW_OK) {
        page.cap = query.limit;
        err = qw_centre_device_search(call->service->centre, &call->caller, &filter, query.after,
                                      &page);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (!list_begin(call, "devices", page.count * DEVICE_TEXT_MAX + NEXT_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        device_text_write(&w, &devices[i]);
    }
    qw_json_array_end(&w);
    if (page.next[0] != '\0') {
        qw_json_name(&w, "next");
        qw_json_text(&w, page.next);
    }
    qw_json_object_end(&w);
    call_send(call, 200, &w, w.out);
}
