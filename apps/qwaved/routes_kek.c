/* SPDX-License-Identifier: Apache-2.0 */
/* Another key-encryption key for the store [C6] [docs/protocol/kek-rotation.md]. */
#include "centre/kek/kek.h"
#include "routes.h"

enum { TEXT_CAP = 1024 };

static void send_state(struct call *call, unsigned status)
{
    struct qw_kek_state state;
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_kek_look(call->service->centre, &call->caller, &state);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "phase");
    qw_json_text(&w, qw_kek_phase_names[state.phase]);
    qw_json_name(&w, "generation");
    qw_json_uint(&w, state.generation);
    qw_json_name(&w, "made_ms");
    qw_json_int(&w, state.made_ms);
    qw_json_name(&w, "records");
    qw_json_uint(&w, state.records);
    qw_json_name(&w, "done");
    qw_json_uint(&w, state.done);
    qw_json_name(&w, "rewrapped");
    qw_json_uint(&w, state.rewrapped);
    if (state.why[0] != '\0') {
        qw_json_name(&w, "last_order");
        qw_json_text(&w, state.why);
    }
    qw_json_object_end(&w);
    call_send(call, status, &w, NULL);
}

void route_kek_show(struct call *call)
{
    send_state(call, 200);
}

void route_kek_rotate(struct call *call)
{
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_kek_rotate(call->service->centre, &call->caller);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_state(call, 200);
}
