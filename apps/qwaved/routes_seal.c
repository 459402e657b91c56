/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing and unsealing by a quorum [docs/protocol/ceremony.md C1 to C5]; the same handlers while
 * the centre is sealed and while it is open. */
#include "api/http_answer.h"
#include "base/secret.h"
#include "centre/share/share_desk.h"
#include "routes.h"
#include "seal/seal_switch.h"

#include <string.h>

enum { TEXT_CAP = 512 };

static void send_state(struct call *call, const struct qw_seal_state *state, bool is_sealed)
{
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "sealed");
    qw_json_bool(&w, is_sealed);
    qw_json_name(&w, "entered");
    qw_json_uint(&w, state->entered);
    qw_json_name(&w, "threshold");
    qw_json_uint(&w, state->threshold);
    qw_json_name(&w, "officers");
    qw_json_uint(&w, state->officers);
    qw_json_name(&w, "ceremony");
    qw_json_hex(&w, state->ceremony, sizeof state->ceremony);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

/* False: refused, there are no shares to this master key. */
static bool has_quorum(struct call *call)
{
    if (call->service->seal == NULL) {
        call_refuse_with(call, 409, "the master key of this centre is not held by a quorum");
        return false;
    }
    return true;
}

/* The shares may have been changed since they opened the centre. False: refused. */
static bool look_while_open(struct call *call, struct qw_seal_state *state)
{
    struct qw_share_state shares;
    qw_err err = qw_centre_share_look(call->service->centre, &call->caller, &shares);

    if (err != QW_OK) {
        call_refuse(call, err);
        return false;
    }
    *state = (struct qw_seal_state){ .threshold = shares.threshold,
                                     .officers = shares.officers,
                                     .entered = call->service->seal->quorum.entered };
    memcpy(state->ceremony, shares.ceremony, sizeof state->ceremony);
    return true;
}

void route_seal_show(struct call *call)
{
    const struct seal_switch *seal = call->service->seal;
    struct qw_seal_state state;

    if (!has_quorum(call)) {
        return;
    }
    if (seal->sealed != NULL) {
        qw_seal_look(seal->sealed, &state);
        send_state(call, &state, state.entered < state.threshold);
    } else if (look_while_open(call, &state)) {
        send_state(call, &state, false);
    }
}

void route_seal_close(struct call *call)
{
    const struct seal_switch *seal = call->service->seal;
    struct qw_seal_state state;
    qw_err err;

    if (!has_quorum(call) || (seal->sealed == NULL && !look_while_open(call, &state))) {
        return;
    }
    err = seal->sealed != NULL ? qw_seal_forget(seal->sealed, &call->caller)
                               : qw_centre_note_seal(call->service->centre, &call->caller);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (seal->sealed != NULL) {
        qw_seal_look(seal->sealed, &state);
    } else {
        state.entered = 0;
        seal->turn(seal->self);
    }
    send_state(call, &state, true);
}

static void answer_verdict(struct call *call, enum qw_seal_verdict verdict)
{
    const struct seal_switch *seal = call->service->seal;
    struct qw_seal_state state;

    if (verdict != QW_SEAL_TAKEN && verdict != QW_SEAL_OPENED) {
        call_refuse_with(call, verdict == QW_SEAL_MALFORMED ? 400 : 409,
                         qw_seal_verdict_texts[verdict]);
        return;
    }
    qw_seal_look(seal->sealed, &state);
    if (verdict == QW_SEAL_OPENED) {
        seal->turn(seal->self);
    }
    send_state(call, &state, verdict == QW_SEAL_TAKEN);
}

void route_seal_share(struct call *call)
{
    const struct seal_switch *seal = call->service->seal;
    uint8_t share[QW_SHARE_LEN];
    size_t len = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    enum qw_seal_verdict verdict;
    qw_err err;

    if (!has_quorum(call) || !call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_base64(&r, object, "share", share, 0, sizeof share, &len);
    if (!qw_json_ok(&r)) {
        len = 0; /* no share: the verdict says so, and the journal */
    }
    qw_json_close(&r);
    if (seal->sealed == NULL) {
        err = qw_centre_note_late_share(call->service->centre, &call->caller);
    } else {
        err = qw_seal_enter(seal->sealed, &call->caller, share, len, &verdict);
    }
    qw_wipe(share, sizeof share);
    if (err == QW_ERR_STATE && seal->sealed == NULL) {
        call_refuse_with(call, 409, "the centre is open already");
    } else if (err != QW_OK) {
        call_refuse(call, err);
    } else {
        answer_verdict(call, verdict);
    }
}

void route_health_sealed(struct call *call)
{
    char text[64];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "status");
    qw_json_text(&w, "sealed");
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

/* clang-format off */
static const struct route sealed_routes[] = {
    { "GET",  "/v1/health",     BY_ANYBODY,  route_health_sealed },
    { "GET",  "/metrics",       BY_OPERATOR, route_metrics_sealed },
    { "GET",  "/v1/seal",       BY_OPERATOR, route_seal_show },
    { "POST", "/v1/seal",       BY_OPERATOR, route_seal_close },
    { "POST", "/v1/seal/share", BY_OPERATOR, route_seal_share },
    { "GET",  "/console",           BY_ANYBODY, route_console },
    { "GET",  "/console/{}",        BY_ANYBODY, route_console_file },
    { "GET",  "/console/assets/{}", BY_ANYBODY, route_console_asset },
};
/* clang-format on */
const struct route_table routes_for_sealed = { .routes = sealed_routes,
                                               .count =
                                                   sizeof sealed_routes / sizeof sealed_routes[0],
                                               .write_error = qw_http_answer_error,
                                               .is_sealed = true };
