/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"
#include "centre/device/describe.h"
#include "route_device.h"
#include "routes.h"

#include <string.h>

enum { PACKAGE_CAP = 64 * 1024, RECEIPT_CAP = 256 };

static void get_optional_text(struct qw_json_reader *r, const struct qw_json_node *object,
                              const char *name, char *out, size_t cap)
{
    out[0] = '\0';
    if (qw_json_find(object, name) != NULL) {
        qw_json_get_text(r, object, name, out, 0, cap);
    }
}

/* The device as it is after a verb. */
static void show(struct call *call, qw_err err)
{
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    device_send(call, 200, call->parameter[0]);
}

void route_device_register(struct call *call)
{
    struct qw_device wanted = { .id = "" };
    struct qw_device_entry entry = { .id = wanted.id,
                                     .owner = wanted.owner,
                                     .peers = wanted.peers };
    char kind_name[32] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "id", wanted.id, 1, sizeof wanted.id);
    qw_json_get_text(&r, object, "kind", kind_name, 1, sizeof kind_name);
    get_optional_text(&r, object, "owner", wanted.owner, sizeof wanted.owner);
    get_optional_text(&r, object, "peer", wanted.peers, sizeof wanted.peers);
    get_optional_text(&r, object, "unit", wanted.unit, sizeof wanted.unit);
    err = qw_json_ok(&r) ? device_kind_of(kind_name, &entry.kind) : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        entry.unit = wanted.unit[0] != '\0' ? wanted.unit : NULL;
        err = qw_centre_device_add(call->service->centre, &call->caller, &entry);
    }
    if (err == QW_ERR_LIMIT) {
        call_refuse_with(call, 409, "the quota of its unit is used up");
        return;
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    device_send(call, 201, wanted.id);
}

void route_device_show(struct call *call)
{
    device_send(call, 200, call->parameter[0]);
}

static void change(struct call *call, enum qw_device_event event)
{
    if (!call_check_body(call)) {
        return;
    }
    show(call,
         qw_centre_device_change(call->service->centre, &call->caller, call->parameter[0], event));
}

void route_device_suspend(struct call *call)
{
    change(call, QW_DEVICE_SUSPEND);
}

void route_device_resume(struct call *call)
{
    change(call, QW_DEVICE_RESUME);
}

void route_device_destroy(struct call *call)
{
    change(call, QW_DEVICE_DESTROY);
}

/* A verb that takes one text of the body, of min..cap-1 bytes. */
static void set_text(struct call *call, const char *name, size_t min, size_t cap,
                     qw_err (*verb)(struct qw_centre *centre, const struct qw_caller *caller,
                                    const char *id, const char *text))
{
    char text[QW_DEVICE_PEERS_CAP] = ""; /* the longest of them */
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    qw_assert(cap <= sizeof text);
    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, name, text, min, cap);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = verb(call->service->centre, &call->caller, call->parameter[0], text);
    }
    show(call, err);
}

void route_device_bind(struct call *call)
{
    set_text(call, "user", 1, sizeof((struct qw_device *)0)->user, qw_centre_card_bind);
}

/* A verb without a body: what it says of the device. */
static void do_and_show(struct call *call,
                        qw_err (*verb)(struct qw_centre *centre, const struct qw_caller *caller,
                                       const char *id))
{
    if (!call_check_body(call)) {
        return;
    }
    show(call, verb(call->service->centre, &call->caller, call->parameter[0]));
}

void route_device_unbind(struct call *call)
{
    do_and_show(call, qw_centre_card_unbind);
}

void route_device_fuse(struct call *call)
{
    do_and_show(call, qw_centre_card_fuse);
}

void route_device_peers(struct call *call)
{
    set_text(call, "peer", 0, QW_DEVICE_PEERS_CAP, qw_centre_device_set_peers);
}

void route_device_quota(struct call *call)
{
    uint64_t keys_per_s = 0;
    uint64_t weight = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_uint(&r, object, "keys_per_s", 0, QW_QUOTA_KEYS_PER_S_MAX, &keys_per_s);
    qw_json_get_uint(&r, object, "weight", 1, UINT8_MAX, &weight);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_device_set_quota(call->service->centre, &call->caller, call->parameter[0],
                                         (uint32_t)keys_per_s, (uint8_t)weight);
    }
    show(call, err);
}

void route_device_home(struct call *call)
{
    set_text(call, "kme", 0, sizeof((struct qw_device *)0)->home, qw_centre_device_set_home);
}

/* What is not there stays as it is. */
static const char *get_if_there(struct qw_json_reader *r, const struct qw_json_node *object,
                                const char *name, char *out, size_t cap)
{
    if (qw_json_find(object, name) == NULL) {
        return NULL;
    }
    qw_json_get_text(r, object, name, out, 0, cap);
    return out;
}

void route_device_describe(struct call *call)
{
    struct qw_device wanted = { .id = "" };
    char certificate[2 * sizeof wanted.certificate_hash + 1] = "";
    struct qw_device_note note;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    note = (struct qw_device_note){
        .owner = get_if_there(&r, object, "owner", wanted.owner, sizeof wanted.owner),
        .firmware = get_if_there(&r, object, "firmware", wanted.firmware, sizeof wanted.firmware),
        .certificate_serial =
            get_if_there(&r, object, "certificate_serial", wanted.certificate_serial,
                         sizeof wanted.certificate_serial)
    };
    if (get_if_there(&r, object, "certificate_sha256", certificate, sizeof certificate) != NULL) {
        note.certificate_hash = wanted.certificate_hash; /* "": none */
    }
    err = qw_json_end(&r);
    if (err == QW_OK && certificate[0] != '\0') {
        err = qw_hex_decode(certificate, wanted.certificate_hash, sizeof wanted.certificate_hash);
    }
    if (err == QW_OK) {
        err = qw_centre_device_describe(call->service->centre, &call->caller, call->parameter[0],
                                        &note);
    }
    show(call, err);
}

void route_device_move(struct call *call)
{
    char unit[QW_UNIT_CAP] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "unit", unit, 1, sizeof unit);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_device_move(call->service->centre, &call->caller, call->parameter[0], unit);
    }
    if (err == QW_ERR_LIMIT) {
        call_refuse_with(call, 409, "the quota of that unit is used up");
        return;
    }
    show(call, err);
}

void route_device_charge(struct call *call)
{
    char station[sizeof((struct qw_device *)0)->id] = "";
    uint64_t keys = 0;
    uint8_t package[PACKAGE_CAP];
    size_t len = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "station", station, 1, sizeof station);
    qw_json_get_uint(&r, object, "keys", 1, QW_PACKAGE_KEYS_MAX, &keys);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_charge(call->service->centre, &call->caller, call->parameter[0], station,
                               (uint32_t)keys, package, sizeof package, &len);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_base64(call, "package", package, len);
}

void route_device_order(struct call *call)
{
    uint8_t order[QW_ORDER_LEN];
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_device_order(call->service->centre, &call->caller, call->parameter[0], order);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_base64(call, "order", order, sizeof order);
}

void route_device_proof(struct call *call)
{
    uint8_t proof[RECEIPT_CAP];
    uint8_t done[QW_ORDER_DONE_MESSAGE_LEN];
    size_t len = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_base64(&r, object, "proof", proof, 1, sizeof proof, &len);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_device_proof(call->service->centre, &call->caller, call->parameter[0],
                                     proof, len, done);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_base64(call, "order", done, sizeof done);
}

void route_device_charge_confirm(struct call *call)
{
    uint8_t receipt[RECEIPT_CAP];
    size_t len = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_base64(&r, object, "receipt", receipt, 1, sizeof receipt, &len);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_charge_confirm(call->service->centre, &call->caller, call->parameter[0],
                                       receipt, len);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
