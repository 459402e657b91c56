/* SPDX-License-Identifier: Apache-2.0 */
/* What access points call [refill.md R3, R6, R10]. The bodies pass through unopened: what is wrong
 * inside them is the centre's to find, and all of it is one refusal. */
#include "base/base64.h"
#include "base/hex.h"
#include "routes.h"

enum {
    SESSION_ID_LEN = 16,
    MESSAGE_CAP = 512,
    PACKAGE_CAP = 64 * 1024,
    PAD_LEN_MAX = 1 << 20,
    REFUSAL_MAX = 255
};

/* The steps of docs/protocol/refill.md as they are done, for whoever follows a refill. */
static void log_step(const struct call *call, const char *step, const char *what,
                     const uint8_t session_id[static SESSION_ID_LEN])
{
    char id[2 * SESSION_ID_LEN + 1];

    qw_hex_encode(session_id, SESSION_ID_LEN, id);
    qw_log_write(call->service->log, QW_LOG_INFO, "%s session %s at %s: %s", step, id,
                 call->caller.id, what);
}

/* The sealed message called name; false: the answer is 400 already. */
static bool get_message(struct call *call, const char *name, uint8_t message[static MESSAGE_CAP],
                        size_t *len)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok;

    if (!call_open_body(call, false, &r, &object)) {
        return false;
    }
    qw_json_get_base64(&r, object, name, message, 1, MESSAGE_CAP, len);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        call_refuse(call, QW_ERR_FORMAT);
    }
    return ok;
}

/* The whole number called name; false: the answer is 400 already. */
static bool get_number(struct call *call, const char *name, uint64_t min, uint64_t max,
                       uint64_t *value)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok;

    if (!call_open_body(call, false, &r, &object)) {
        return false;
    }
    qw_json_get_uint(&r, object, name, min, max, value);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        call_refuse(call, QW_ERR_FORMAT);
    }
    return ok;
}

static bool get_session_id(struct call *call, uint8_t session_id[static SESSION_ID_LEN])
{
    if (qw_hex_decode(call->parameter[0], session_id, SESSION_ID_LEN) != QW_OK) {
        call_refuse(call, QW_ERR_FORMAT);
        return false;
    }
    return true;
}

void route_radio_contact(struct call *call)
{
    uint8_t report[MESSAGE_CAP];
    struct qw_contact_answer answer = { .order_len = 0 };
    char id[2 * SESSION_ID_LEN + 1];
    char text[QW_BASE64_LEN(QW_LINK_GRANT_LEN) + 128];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    size_t len = 0;
    qw_err err;

    if (!get_message(call, "report", report, &len)) {
        return;
    }
    err = qw_centre_contact(call->service->centre, &call->caller, report, len, &answer);
    if (err == QW_ERR_STATE && answer.order_len > 0) { /* C2, C3 of card-destroy.md */
        call_send_base64(call, "order", answer.order, answer.order_len);
        return;
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    log_step(call, "R3", "granted", answer.session_id); /* R3 */
    qw_hex_encode(answer.session_id, sizeof answer.session_id, id);
    qw_json_object_begin(&w);
    qw_json_name(&w, "session_id");
    qw_json_text(&w, id);
    qw_json_name(&w, "grant");
    qw_json_base64(&w, answer.grant, sizeof answer.grant);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

void route_radio_package(struct call *call)
{
    uint8_t session_id[SESSION_ID_LEN];
    uint8_t package[PACKAGE_CAP];
    uint64_t pad_len = 0;
    size_t len = 0;
    qw_err err;

    if (!get_session_id(call, session_id) ||
        !get_number(call, "pad_len", 1, PAD_LEN_MAX, &pad_len)) {
        return;
    }
    err = qw_centre_package(call->service->centre, &call->caller, session_id, (size_t)pad_len,
                            package, sizeof package, &len);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    log_step(call, "R6", "package", session_id); /* R6 */
    call_send_base64(call, "package", package, len);
}

void route_radio_receipt(struct call *call)
{
    uint8_t session_id[SESSION_ID_LEN];
    uint8_t receipt[MESSAGE_CAP];
    size_t len = 0;
    qw_err err;

    if (!get_session_id(call, session_id) || !get_message(call, "receipt", receipt, &len)) {
        return;
    }
    err = qw_centre_receipt(call->service->centre, &call->caller, session_id, receipt, len);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    log_step(call, "R10", "receipt", session_id); /* R10 */
    call_send_empty(call);
}

void route_radio_end(struct call *call)
{
    uint8_t session_id[SESSION_ID_LEN];
    uint64_t refusal = 0;
    qw_err err;

    if (!get_session_id(call, session_id) ||
        !get_number(call, "refusal", 0, REFUSAL_MAX, &refusal)) {
        return;
    }
    err =
        qw_centre_session_end(call->service->centre, &call->caller, session_id, (unsigned)refusal);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
