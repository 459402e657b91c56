/* SPDX-License-Identifier: Apache-2.0 */
/* Deeds that need two officers [C10]. */
#include "base/hex.h"
#include "centre/approval/approval.h"
#include "route_list.h"
#include "routes.h"

#include <string.h>

enum { REQUEST_TEXT_MAX = 1024, LIST_MAX = QW_REQUESTS_PENDING_MAX };

static void write_hex(struct qw_json_writer *w, const char *name, const uint8_t *data, size_t len)
{
    qw_json_name(w, name);
    qw_json_hex(w, data, len);
}

static void write_request(struct qw_json_writer *w, const struct qw_request *request)
{
    qw_json_object_begin(w);
    write_hex(w, "id", request->id, sizeof request->id);
    qw_json_name(w, "verb");
    qw_json_text(w, qw_request_verb_names[request->verb]);
    qw_json_name(w, "object");
    qw_json_text(w, request->object);
    qw_json_name(w, "unit");
    qw_json_text(w, request->unit);
    if (request->verb == QW_REQUEST_OFFICER_ADD) {
        qw_json_name(w, "role");
        qw_json_text(w, qw_officer_role_names[request->role]);
    }
    qw_json_name(w, "state");
    qw_json_text(w, qw_request_state_names[request->state]);
    qw_json_name(w, "asked_by");
    qw_json_text(w, request->asked_by);
    qw_json_name(w, "asked_ms");
    qw_json_int(w, request->asked_ms);
    qw_json_name(w, "until_ms");
    qw_json_int(w, request->until_ms);
    write_hex(w, "digest", request->digest, sizeof request->digest);
    qw_json_object_end(w);
}

/* Which of the names; count when it is none. */
static int index_of(const char *name, const char *const *names, int count)
{
    int i = 0;

    while (i < count && strcmp(name, names[i]) != 0) {
        i++;
    }
    return i;
}

/* role is a member of a new officer alone, unit of him and of a quota; what is done to the centre
 * as a whole needs no name. */
static qw_err read_wish(struct qw_json_reader *r, const struct qw_json_node *json,
                        struct qw_request *texts, struct qw_request_wish *wish)
{
    char verb[32] = "";
    char role[16] = "";

    qw_json_get_text(r, json, "verb", verb, 1, sizeof verb);
    wish->verb = (enum qw_request_verb)index_of(verb, qw_request_verb_names, QW_REQUEST_VERB_COUNT);
    if (!qw_request_is_of_centre(wish->verb)) {
        qw_json_get_text(r, json, "object", texts->object, 1, sizeof texts->object);
    }
    if (wish->verb == QW_REQUEST_OFFICER_ADD) {
        qw_json_get_text(r, json, "role", role, 1, sizeof role);
        wish->role =
            (enum qw_officer_role)index_of(role, qw_officer_role_names, QW_OFFICER_ROLE_COUNT);
    }
    if (wish->verb == QW_REQUEST_OFFICER_ADD || wish->verb == QW_REQUEST_UNIT_QUOTA) {
        qw_json_get_text(r, json, "unit", texts->unit, 1, sizeof texts->unit);
    }
    return qw_json_ok(r) ? QW_OK : QW_ERR_FORMAT;
}

void route_request_ask(struct call *call)
{
    struct qw_request request = { .object = "" };
    struct qw_request texts = { .object = "" };
    struct qw_request_wish wish = { .object = texts.object, .unit = texts.unit };
    struct qw_json_reader r;
    const struct qw_json_node *json;
    char text[REQUEST_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err;

    if (!call_open_body(call, false, &r, &json)) {
        return;
    }
    err = read_wish(&r, json, &texts, &wish);
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_request_ask(call->service->centre, &call->caller, &wish, &request);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    write_request(&w, &request);
    call_send(call, 201, &w, NULL);
}

void route_request_list(struct call *call)
{
    struct qw_request requests[LIST_MAX];
    size_t count = 0;
    struct qw_json_writer w;
    qw_err err =
        qw_centre_request_list(call->service->centre, &call->caller, requests, LIST_MAX, &count);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (!list_begin(call, "requests", count * REQUEST_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        write_request(&w, &requests[i]);
    }
    list_send(call, &w);
}

/* The id in the path; what is none is not there. */
static bool take_id(struct call *call, uint8_t id[static 16])
{
    if (qw_hex_decode(call->parameter[0], id, 16) != QW_OK) {
        call_refuse(call, QW_ERR_NOT_FOUND);
        return false;
    }
    return true;
}

void route_request_approve(struct call *call)
{
    char digest_text[2 * 32 + 1] = "";
    uint8_t id[16];
    uint8_t digest[32];
    struct qw_json_reader r;
    const struct qw_json_node *json;
    qw_err err;

    if (!take_id(call, id) || !call_open_body(call, false, &r, &json)) {
        return;
    }
    qw_json_get_text(&r, json, "digest", digest_text, 1, sizeof digest_text);
    err = qw_json_ok(&r) ? qw_hex_decode(digest_text, digest, sizeof digest) : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_request_approve(call->service->centre, &call->caller, id, digest);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}

void route_request_deny(struct call *call)
{
    uint8_t id[16];
    qw_err err;

    if (!take_id(call, id) || !call_check_body(call)) {
        return;
    }
    err = qw_centre_request_deny(call->service->centre, &call->caller, id);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
