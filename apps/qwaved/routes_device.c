/* SPDX-License-Identifier: Apache-2.0 */
#include "api/url.h"
#include "base/hex.h"
#include "route_query.h"
#include "routes.h"

#include <string.h>

enum {
    LIST_LIMIT_MAX = 100,
    LIST_LIMIT_STANDARD = 50,
    DEVICE_TEXT_MAX = 4096, /* four names of 63 characters, the peers' of 255, all escaped */
    PACKAGE_CAP = 64 * 1024,
    RECEIPT_CAP = 256
};

static void write_device(struct qw_json_writer *w, const struct qw_device *device)
{
    char serial[2 * sizeof device->serial + 1];

    qw_hex_encode(device->serial, sizeof device->serial, serial);
    qw_json_object_begin(w);
    qw_json_name(w, "id");
    qw_json_text(w, device->id);
    qw_json_name(w, "kind");
    qw_json_text(w, qw_device_kind_names[device->kind]);
    qw_json_name(w, "state");
    qw_json_text(w, qw_device_state_names[device->state]);
    qw_json_name(w, "owner");
    qw_json_text(w, device->owner);
    qw_json_name(w, "peer");
    qw_json_text(w, device->peers);
    qw_json_name(w, "serial");
    qw_json_text(w, serial);
    qw_json_name(w, "epoch");
    qw_json_uint(w, device->epoch);
    qw_json_name(w, "counter");
    qw_json_uint(w, device->counter);
    qw_json_name(w, "keys_delivered");
    qw_json_uint(w, device->keys_delivered);
    qw_json_name(w, "remaining_keys");
    qw_json_uint(w, device->remaining_keys);
    qw_json_name(w, "last_contact_ms");
    qw_json_int(w, device->last_contact_ms);
    qw_json_name(w, "keys_per_s");
    qw_json_uint(w, device->keys_per_s);
    qw_json_name(w, "weight");
    qw_json_uint(w, device->weight);
    qw_json_name(w, "kme");
    qw_json_text(w, device->home);
    qw_json_name(w, "unit");
    qw_json_text(w, device->unit);
    qw_json_name(w, "cloned");
    qw_json_bool(w, device->is_cloned);
    qw_json_name(w, "user");
    qw_json_text(w, device->user);
    qw_json_name(w, "bound_ms");
    qw_json_int(w, device->bound_ms);
    qw_json_name(w, "fusion");
    qw_json_text(w, qw_fusion_names[device->fusion]);
    qw_json_name(w, "destruction");
    qw_json_text(w, qw_destruction_names[device->destruction]);
    qw_json_object_end(w);
}

static void send_device(struct call *call, unsigned status, const char *id)
{
    struct qw_device device;
    char text[DEVICE_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_device_find(call->service->centre, &call->caller, id, &device);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    write_device(&w, &device);
    call_send(call, status, &w, NULL);
}

static qw_err kind_of(const char *name, enum qw_device_kind *kind)
{
    for (int i = 0; i < QW_DEVICE_KIND_COUNT; i++) {
        if (strcmp(name, qw_device_kind_names[i]) == 0) {
            *kind = (enum qw_device_kind)i;
            return QW_OK;
        }
    }
    return QW_ERR_FORMAT;
}

static void get_optional_text(struct qw_json_reader *r, const struct qw_json_node *object,
                              const char *name, char *out, size_t cap)
{
    out[0] = '\0';
    if (qw_json_find(object, name) != NULL) {
        qw_json_get_text(r, object, name, out, 0, cap);
    }
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
    err = qw_json_ok(&r) ? kind_of(kind_name, &entry.kind) : QW_ERR_FORMAT;
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
    send_device(call, 201, wanted.id);
}

void route_device_list(struct call *call)
{
    struct qw_device devices[LIST_LIMIT_MAX];
    char after[sizeof devices[0].id] = "";
    uint64_t limit = LIST_LIMIT_STANDARD;
    size_t count = 0;
    size_t cap;
    char *text;
    struct qw_json_writer w;
    qw_err err = query_number(call->request->query, "limit", 1, LIST_LIMIT_MAX, &limit);

    if (err == QW_OK) {
        err = qw_url_query_find(call->request->query, "after", after, sizeof after);
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    if (err == QW_OK) {
        err = qw_centre_device_list(call->service->centre, &call->caller, after, devices, limit,
                                    &count);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    cap = 64 + count * DEVICE_TEXT_MAX;
    text = call_text_new(call, cap);
    if (text == NULL) {
        return;
    }
    w = qw_json_writer_on(text, cap);
    qw_json_object_begin(&w);
    qw_json_name(&w, "devices");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        write_device(&w, &devices[i]);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    call_send(call, 200, &w, text);
}

void route_device_show(struct call *call)
{
    send_device(call, 200, call->parameter[0]);
}

static void change(struct call *call, enum qw_device_event event)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, true, &r, &object)) {
        return;
    }
    qw_json_close(&r);
    err = qw_centre_device_change(call->service->centre, &call->caller, call->parameter[0], event);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_device(call, 200, call->parameter[0]);
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

void route_device_bind(struct call *call)
{
    char user[sizeof((struct qw_device *)0)->user] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "user", user, 1, sizeof user);
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_card_bind(call->service->centre, &call->caller, call->parameter[0], user);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_device(call, 200, call->parameter[0]);
}

/* A verb without a body: what it says of the device. */
static void do_and_show(struct call *call,
                        qw_err (*verb)(struct qw_centre *centre, const struct qw_caller *caller,
                                       const char *id))
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, true, &r, &object)) {
        return;
    }
    qw_json_close(&r);
    err = verb(call->service->centre, &call->caller, call->parameter[0]);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_device(call, 200, call->parameter[0]);
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
    char peers[QW_DEVICE_PEERS_CAP] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "peer", peers, 0, sizeof peers);
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_device_set_peers(call->service->centre, &call->caller, call->parameter[0],
                                         peers);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_device(call, 200, call->parameter[0]);
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
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_device_set_quota(call->service->centre, &call->caller, call->parameter[0],
                                         (uint32_t)keys_per_s, (uint8_t)weight);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_device(call, 200, call->parameter[0]);
}

void route_device_home(struct call *call)
{
    char kme[sizeof((struct qw_device *)0)->home] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "kme", kme, 0, sizeof kme);
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
    if (err == QW_OK) {
        err = qw_centre_device_set_home(call->service->centre, &call->caller, call->parameter[0],
                                        kme);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    send_device(call, 200, call->parameter[0]);
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
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
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
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, true, &r, &object)) {
        return;
    }
    qw_json_close(&r);
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
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
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
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
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
