/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of the master key while the centre is open: rehearsing, changing to others, and for a
 * rotation of the KEK [docs/protocol/ceremony.md E1 to K3]. */
#include "base/secret.h"
#include "centre/share/share_desk.h"
#include "routes.h"

enum { TEXT_CAP = 512 };

/* What is not a matter of rights is said: officers sit together and want to know. */
static void refuse(struct call *call, qw_err err)
{
    switch (err) {
    case QW_ERR_STATE:
        call_refuse_with(call, 409, "not now; GET /v1/shares says what is under way");
        break;
    case QW_ERR_CONFLICT:
        call_refuse_with(call, 409, "confirmed already, or all shares are taken by others");
        break;
    case QW_ERR_AUTH:
        call_refuse_with(call, 409, "not the share that was taken");
        break;
    default:
        call_refuse(call, err);
        break;
    }
}

static void write_uint(struct qw_json_writer *w, const char *name, unsigned value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

/* result NULL: none. */
static void send_state(struct call *call, const char *result)
{
    struct qw_share_state state;
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_share_look(call->service->centre, &call->caller, &state);

    if (err != QW_OK) {
        refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    if (result != NULL) {
        qw_json_name(&w, "result");
        qw_json_text(&w, result);
    }
    qw_json_name(&w, "step");
    qw_json_text(&w, qw_share_step_names[state.step]);
    write_uint(&w, "threshold", state.threshold);
    write_uint(&w, "officers", state.officers);
    qw_json_name(&w, "ceremony");
    qw_json_hex(&w, state.ceremony, sizeof state.ceremony);
    write_uint(&w, "entered", state.entered);
    write_uint(&w, "next_threshold", state.next_threshold);
    write_uint(&w, "next_officers", state.next_officers);
    write_uint(&w, "handed", state.handed);
    write_uint(&w, "confirmed", state.confirmed);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

void route_share_show(struct call *call)
{
    send_state(call, NULL);
}

/* {"share": base64} into share; len 0: it is none, and whoever is asked says so. False: answered.
 */
static bool read_share(struct call *call, uint8_t share[static QW_SHARE_LEN], size_t *len)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;

    if (!call_open_body(call, false, &r, &object)) {
        return false;
    }
    qw_json_get_base64(&r, object, "share", share, 0, QW_SHARE_LEN, len);
    if (!qw_json_ok(&r)) {
        *len = 0;
    }
    qw_json_close(&r);
    return true;
}

static void enter(struct call *call, enum qw_share_purpose purpose)
{
    enum qw_seal_verdict verdict = QW_SEAL_MALFORMED;
    uint8_t share[QW_SHARE_LEN];
    size_t len = 0;
    qw_err err;

    if (!read_share(call, share, &len)) {
        return;
    }
    err =
        qw_centre_share_enter(call->service->centre, &call->caller, purpose, share, len, &verdict);
    qw_wipe(share, sizeof share);
    if (err != QW_OK) {
        refuse(call, err);
    } else if (verdict == QW_SEAL_TAKEN || verdict == QW_SEAL_OPENED) {
        send_state(call, verdict == QW_SEAL_TAKEN ? "taken" : "complete");
    } else {
        call_refuse_with(call, verdict == QW_SEAL_MALFORMED ? 400 : 409,
                         qw_seal_verdict_texts[verdict]);
    }
}

void route_share_rehearse(struct call *call)
{
    enter(call, QW_SHARE_TO_REHEARSE);
}

void route_share_enter(struct call *call)
{
    enter(call, QW_SHARE_TO_CHANGE);
}

void route_share_rotate(struct call *call)
{
    enter(call, QW_SHARE_TO_ROTATE);
}

void route_share_begin(struct call *call)
{
    uint64_t threshold = 0;
    uint64_t officers = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_uint(&r, object, "threshold", 0, UINT8_MAX, &threshold);
    qw_json_get_uint(&r, object, "officers", 0, UINT8_MAX, &officers);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_share_begin(call->service->centre, &call->caller, (uint8_t)threshold,
                                    (uint8_t)officers);
    }
    if (err != QW_OK) {
        refuse(call, err);
        return;
    }
    send_state(call, NULL);
}

void route_share_take(struct call *call)
{
    uint8_t *share;
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    share = qw_secret_new(QW_SHARE_LEN);
    err = share == NULL ? QW_ERR_NOMEM
                        : qw_centre_share_take(call->service->centre, &call->caller, share);
    if (err == QW_OK) {
        call_send_base64(call, "share", share, QW_SHARE_LEN);
    } else {
        refuse(call, err);
    }
    qw_secret_free(share);
}

void route_share_confirm(struct call *call)
{
    uint8_t share[QW_SHARE_LEN];
    size_t len = 0;
    bool is_done = false;
    qw_err err;

    if (!read_share(call, share, &len)) {
        return;
    }
    err = qw_centre_share_confirm(call->service->centre, &call->caller, share, len, &is_done);
    qw_wipe(share, sizeof share);
    if (err != QW_OK) {
        refuse(call, err);
        return;
    }
    send_state(call, is_done ? "changed" : "confirmed");
}

void route_share_cancel(struct call *call)
{
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_share_cancel(call->service->centre, &call->caller);
    if (err != QW_OK) {
        refuse(call, err);
        return;
    }
    send_state(call, NULL);
}
