/* SPDX-License-Identifier: Apache-2.0 */
/* For who relies on an authentication, and who lifts a lock [C11]
 * [docs/protocol/authentication.md]. Those who prove themselves come by the public listener. */
#include "api/url.h"
#include "base/hex.h"
#include "centre/authentication/authentication.h"
#include "routes.h"

#include <string.h>

enum { TEXT_CAP = 2048 };

static void write_statement(struct qw_json_writer *w, const struct qw_auth_statement *s)
{
    qw_json_object_begin(w);
    qw_json_name(w, "id");
    qw_json_hex(w, s->id, sizeof s->id);
    qw_json_name(w, "name");
    qw_json_text(w, s->name);
    qw_json_name(w, "card");
    qw_json_hex(w, s->serial, sizeof s->serial);
    qw_json_name(w, "certificate_sha256");
    qw_json_hex(w, s->certificate_hash, sizeof s->certificate_hash);
    qw_json_name(w, "context");
    qw_json_hex(w, s->context, sizeof s->context);
    qw_json_name(w, "time_ms");
    qw_json_int(w, s->time_ms);
    qw_json_name(w, "until_ms");
    qw_json_int(w, s->until_ms);
    qw_json_name(w, "quantum");
    qw_json_bool(w, s->is_quantum);
    qw_json_name(w, "simulated");
    qw_json_bool(w, s->is_simulated);
    qw_json_object_end(w);
}

void route_authentication_show(struct call *call)
{
    char name[QW_CERTIFICATE_URI_CAP] = "";
    char id_text[2 * 16 + 1] = "";
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    struct qw_auth_statement statement;
    uint8_t id[16];
    qw_err err = qw_url_query_find(call->request->query, "name", name, sizeof name);

    if (err == QW_OK) {
        err = qw_url_query_find(call->request->query, "id", id_text, sizeof id_text);
    }
    if (err != QW_OK || strlen(id_text) != 2 * sizeof id ||
        qw_hex_decode(id_text, id, sizeof id) != QW_OK) {
        call_refuse(call, QW_ERR_FORMAT);
        return;
    }
    err = qw_centre_auth_statement(call->service->centre, &call->caller, name, id, &statement);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    write_statement(&w, &statement);
    call_send(call, 200, &w, NULL);
}

void route_authentication_unlock(struct call *call)
{
    char name[QW_CERTIFICATE_URI_CAP] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "name", name, 1, sizeof name);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_auth_unlock(call->service->centre, &call->caller, name);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
