/* SPDX-License-Identifier: Apache-2.0 */
#include "route_device.h"

#include "base/hex.h"
#include "base/secret.h"

#include <string.h>

void device_text_write(struct qw_json_writer *w, const struct qw_device *device)
{
    static const uint8_t none[32];
    char serial[2 * sizeof device->serial + 1];
    char certificate[2 * sizeof device->certificate_hash + 1] = "";

    qw_hex_encode(device->serial, sizeof device->serial, serial);
    if (!qw_equal_ct(device->certificate_hash, none, sizeof none)) {
        qw_hex_encode(device->certificate_hash, sizeof device->certificate_hash, certificate);
    }
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
    qw_json_name(w, "last_refill_ms");
    qw_json_int(w, device->last_refill_ms);
    qw_json_name(w, "firmware");
    qw_json_text(w, device->firmware);
    qw_json_name(w, "certificate_sha256");
    qw_json_text(w, certificate);
    qw_json_name(w, "certificate_serial");
    qw_json_text(w, device->certificate_serial);
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

void device_send(struct call *call, unsigned status, const char *id)
{
    struct qw_device device;
    char text[DEVICE_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_device_find(call->service->centre, &call->caller, id, &device);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    device_text_write(&w, &device);
    call_send(call, status, &w, NULL);
}

qw_err device_kind_of(const char *name, enum qw_device_kind *kind)
{
    for (int i = 0; i < QW_DEVICE_KIND_COUNT; i++) {
        if (strcmp(name, qw_device_kind_names[i]) == 0) {
            *kind = (enum qw_device_kind)i;
            return QW_OK;
        }
    }
    return QW_ERR_FORMAT;
}
