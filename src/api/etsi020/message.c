/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi020/message.h"

#include "api/json_reader.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/secret.h"

#include <string.h>

enum { EXTENSIONS_MAX = 64 };

const char *const qw_etsi020_outcome_names[QW_ETSI020_OUTCOME_COUNT] = {
    [QW_ETSI020_RELAYED] = "relayed",
    [QW_ETSI020_FAILED] = "failed",
    [QW_ETSI020_VOIDED] = "voided",
    [QW_ETSI020_NOT_VOIDED] = "failed to void",
    [QW_ETSI020_NOT_PRESENT] = "key not present",
};

static void get_id(struct qw_json_reader *r, const struct qw_json_node *object,
                   struct qw_etsi020_ids *ids)
{
    uint8_t *id = ids->id[ids->count];

    qw_json_get_uuid(r, object, "key_id", id);
    for (size_t i = 0; i < ids->count; i++) {
        r->failed = r->failed || qw_equal_ct(ids->id[i], id, 16);
    }
    ids->count++;
}

static void get_ids(struct qw_json_reader *r, const struct qw_json_node *object,
                    struct qw_etsi020_ids *ids)
{
    size_t count = 0;
    const struct qw_json_node *array =
        qw_json_get_array(r, object, "key_ids", 1, QW_ETSI020_KEYS_MAX, &count);

    for (size_t i = 0; i < count; i++) {
        get_id(r, qw_json_item(array, i), ids);
    }
}

static void get_keys(struct qw_json_reader *r, const struct qw_json_node *object,
                     struct qw_etsi020_ext_keys *out)
{
    size_t count = 0;
    const struct qw_json_node *array =
        qw_json_get_array(r, object, "keys", 1, QW_ETSI020_KEYS_MAX, &count);

    for (size_t i = 0; i < count; i++) {
        struct qw_etsi020_value *value = &out->values[i];
        size_t len = 0;

        get_id(r, qw_json_item(array, i), &out->ids);
        qw_json_get_base64(r, qw_json_item(array, i), "value", value->bytes,
                           QW_ETSI020_KEY_BITS_MIN / 8, sizeof value->bytes, &len);
        value->bits = (uint16_t)(8 * len);
    }
}

static void get_parties(struct qw_json_reader *r, const struct qw_json_node *object,
                        struct qw_etsi020_parties *parties)
{
    size_t count = 0;
    const struct qw_json_node *array =
        qw_json_get_array(r, object, "target_sae_ids", 1, QW_ETSI020_TARGETS_MAX, &count);

    qw_json_get_text(r, object, "initiator_sae_id", parties->initiator, 1,
                     sizeof parties->initiator);
    qw_json_get_text(r, object, "ack_callback_url", parties->ack_url, 1, sizeof parties->ack_url);
    for (size_t i = 0; i < count; i++) {
        qw_json_take_text(r, qw_json_item(array, i), parties->targets[i], 1,
                          sizeof parties->targets[i]);
        for (size_t k = 0; k < i; k++) {
            r->failed = r->failed || strcmp(parties->targets[i], parties->targets[k]) == 0;
        }
    }
    parties->target_count = count;
}

/* What is optional may be unknown or of another kind: then it says nothing. */
static void take_claim(const struct qw_json_node *extension, struct qw_etsi020_ext_keys *out)
{
    struct qw_json_reader r = { .failed = false };

    qw_json_get_text(&r, extension, "qwave_source", out->source, 1, sizeof out->source);
    r.failed = false;
    qw_json_get_bool(&r, extension, "qwave_quantum", &out->is_quantum);
    r.failed = false;
    qw_json_get_bool(&r, extension, "qwave_simulated", &out->is_simulated);
}

static void get_pad(struct qw_json_reader *r, const struct qw_json_node *extension,
                    struct qw_etsi020_ext_keys *out)
{
    uint8_t bytes[QW_ETSI020_PAD_LEN] = { 0 };
    const char *name = NULL;
    struct qw_reader reader = qw_reader_on(bytes, sizeof bytes);

    qw_json_get_hex(r, extension, "qwave_pad", bytes, sizeof bytes);
    if (qw_json_member(extension, 1, &name) != NULL) {
        r->failed = true; /* something else that nobody here knows how to meet */
    }
    qw_read_bytes(&reader, out->pad.session, sizeof out->pad.session);
    out->pad.block = qw_read_u32be(&reader);
    out->pad.offset = qw_read_u32be(&reader);
    qw_read_bytes(&reader, out->pad.tag, sizeof out->pad.tag);
    out->has_pad = true;
}

static void get_extensions(struct qw_json_reader *r, const struct qw_json_node *object,
                           struct qw_etsi020_ext_keys *out)
{
    const struct qw_json_node *array;
    size_t count = 0;

    if (qw_json_find(object, "extension_mandatory") != NULL) {
        array = qw_json_get_array(r, object, "extension_mandatory", 0, 1, &count);
        if (count == 1) {
            get_pad(r, qw_json_item(array, 0), out);
        }
    }
    if (qw_json_find(object, "extension_optional") == NULL) {
        return;
    }
    array = qw_json_get_array(r, object, "extension_optional", 0, EXTENSIONS_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        take_claim(qw_json_item(array, i), out);
    }
}

/* An object whose members fill reads to out; out is wiped when they are not all good. */
static qw_err decode(const void *text, size_t len, void *out, size_t out_len,
                     void (*fill)(struct qw_json_reader *r, const struct qw_json_node *object,
                                  void *out))
{
    struct qw_json_reader r;
    bool ok;

    memset(out, 0, out_len);
    if (qw_json_open(text, len, &r) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    fill(&r, qw_json_root_object(&r), out);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        qw_wipe(out, out_len);
    }
    return ok ? QW_OK : QW_ERR_FORMAT;
}

static void fill_ext_keys(struct qw_json_reader *r, const struct qw_json_node *object, void *self)
{
    struct qw_etsi020_ext_keys *out = self;

    get_keys(r, object, out);
    get_parties(r, object, &out->parties);
    get_extensions(r, object, out);
}

qw_err qw_etsi020_ext_keys_decode(const void *text, size_t len, struct qw_etsi020_ext_keys *out)
{
    return decode(text, len, out, sizeof *out, fill_ext_keys);
}

static void fill_void(struct qw_json_reader *r, const struct qw_json_node *object, void *self)
{
    struct qw_etsi020_void *out = self;

    get_ids(r, object, &out->ids);
    get_parties(r, object, &out->parties);
}

qw_err qw_etsi020_void_decode(const void *text, size_t len, struct qw_etsi020_void *out)
{
    return decode(text, len, out, sizeof *out, fill_void);
}

static void get_outcome(struct qw_json_reader *r, const struct qw_json_node *object,
                        enum qw_etsi020_outcome *outcome)
{
    char name[24] = "";

    qw_json_get_text(r, object, "ack_status", name, 1, sizeof name);
    for (int i = 0; i < QW_ETSI020_OUTCOME_COUNT; i++) {
        if (strcmp(name, qw_etsi020_outcome_names[i]) == 0) {
            *outcome = (enum qw_etsi020_outcome)i;
            return;
        }
    }
    r->failed = true;
}

static void get_ack(struct qw_json_reader *r, const struct qw_json_node *object,
                    struct qw_etsi020_ack *ack)
{
    get_ids(r, object, &ack->ids);
    get_outcome(r, object, &ack->outcome);
    qw_json_get_text(r, object, "initiator_sae_id", ack->initiator, 1, sizeof ack->initiator);
    qw_json_get_text(r, object, "target_sae_id", ack->target, 1, sizeof ack->target);
    if (qw_json_find(object, "message") != NULL) {
        qw_json_get_text(r, object, "message", ack->message, 0, sizeof ack->message);
    }
}

qw_err qw_etsi020_acks_decode(const void *text, size_t len, struct qw_etsi020_ack *acks,
                              size_t *count)
{
    struct qw_json_reader r;
    size_t found = 0;
    bool ok;

    if (qw_json_open(text, len, &r) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    r.failed = qw_json_is_object(r.root); /* whose members would pass for items */
    while (qw_json_ok(&r) && found < QW_ETSI020_ACKS_MAX && qw_json_item(r.root, found) != NULL) {
        memset(&acks[found], 0, sizeof acks[found]);
        get_ack(&r, qw_json_item(r.root, found), &acks[found]);
        found++;
    }
    ok = qw_json_ok(&r) && found > 0 && qw_json_item(r.root, found) == NULL;
    qw_json_close(&r);
    if (ok) {
        *count = found;
    }
    return ok ? QW_OK : QW_ERR_FORMAT;
}

static void write_text(struct qw_json_writer *w, const char *name, const char *text)
{
    qw_json_name(w, name);
    qw_json_text(w, text);
}

static void write_id(struct qw_json_writer *w, const uint8_t id[static 16])
{
    char text[QW_UUID_TEXT_CAP];

    qw_uuid_encode(id, text);
    write_text(w, "key_id", text);
}

static void write_ids(struct qw_json_writer *w, const struct qw_etsi020_ids *ids)
{
    qw_json_name(w, "key_ids");
    qw_json_array_begin(w);
    for (size_t i = 0; i < ids->count; i++) {
        qw_json_object_begin(w);
        write_id(w, ids->id[i]);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_parties(struct qw_json_writer *w, const struct qw_etsi020_parties *parties)
{
    write_text(w, "initiator_sae_id", parties->initiator);
    qw_json_name(w, "target_sae_ids");
    qw_json_array_begin(w);
    for (size_t i = 0; i < parties->target_count; i++) {
        qw_json_text(w, parties->targets[i]);
    }
    qw_json_array_end(w);
    write_text(w, "ack_callback_url", parties->ack_url);
}

static void write_claim(struct qw_json_writer *w, const char *name, bool value)
{
    qw_json_object_begin(w);
    qw_json_name(w, name);
    qw_json_bool(w, value);
    qw_json_object_end(w);
}

static void write_pad(struct qw_json_writer *w, const struct qw_etsi020_pad *pad)
{
    uint8_t bytes[QW_ETSI020_PAD_LEN];
    struct qw_writer writer = qw_writer_on(bytes, sizeof bytes);

    qw_write_bytes(&writer, pad->session, sizeof pad->session);
    qw_write_u32be(&writer, pad->block);
    qw_write_u32be(&writer, pad->offset);
    qw_write_bytes(&writer, pad->tag, sizeof pad->tag);
    qw_json_name(w, "extension_mandatory");
    qw_json_array_begin(w);
    qw_json_object_begin(w);
    qw_json_name(w, "qwave_pad");
    qw_json_hex(w, bytes, sizeof bytes);
    qw_json_object_end(w);
    qw_json_array_end(w);
}

static void write_extensions(struct qw_json_writer *w, const struct qw_etsi020_ext_keys *ext_keys)
{
    if (ext_keys->has_pad) {
        write_pad(w, &ext_keys->pad);
    }
    if (ext_keys->source[0] == '\0') {
        return;
    }
    qw_json_name(w, "extension_optional");
    qw_json_array_begin(w);
    qw_json_object_begin(w);
    write_text(w, "qwave_source", ext_keys->source);
    qw_json_object_end(w);
    write_claim(w, "qwave_quantum", ext_keys->is_quantum);
    write_claim(w, "qwave_simulated", ext_keys->is_simulated);
    qw_json_array_end(w);
}

void qw_etsi020_ext_keys_write(struct qw_json_writer *w, const struct qw_etsi020_ext_keys *ext_keys)
{
    qw_json_object_begin(w);
    qw_json_name(w, "keys");
    qw_json_array_begin(w);
    for (size_t i = 0; i < ext_keys->ids.count; i++) {
        qw_json_object_begin(w);
        write_id(w, ext_keys->ids.id[i]);
        qw_json_name(w, "value");
        qw_json_base64(w, ext_keys->values[i].bytes, ext_keys->values[i].bits / 8u);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
    write_parties(w, &ext_keys->parties);
    write_extensions(w, ext_keys);
    qw_json_object_end(w);
}

void qw_etsi020_void_write(struct qw_json_writer *w, const struct qw_etsi020_void *out)
{
    qw_json_object_begin(w);
    write_ids(w, &out->ids);
    write_parties(w, &out->parties);
    qw_json_object_end(w);
}

void qw_etsi020_acks_write(struct qw_json_writer *w, const struct qw_etsi020_ack *acks,
                           size_t count)
{
    qw_json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        qw_json_object_begin(w);
        write_ids(w, &acks[i].ids);
        write_text(w, "ack_status", qw_etsi020_outcome_names[acks[i].outcome]);
        write_text(w, "initiator_sae_id", acks[i].initiator);
        write_text(w, "target_sae_id", acks[i].target);
        write_text(w, "message", acks[i].message);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}
