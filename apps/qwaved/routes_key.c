/* SPDX-License-Identifier: Apache-2.0 */
/* Applications fetch the keys that a terminal named to them: dec_keys of ETSI GS QKD 014. */
#include "api/url.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/secret.h"
#include "routes.h"

#include <string.h>

enum { KEYS_MAX = 128, KEY_LEN = 32, KEY_TEXT_LEN = 128 };

struct wanted {
    size_t count;
    uint8_t id[KEYS_MAX][16];
};

/* [ETSI 014 5.4, 6.5]: the standard's own statuses and texts. */
static void refuse_fetch(struct call *call, qw_err err)
{
    switch (err) {
    case QW_ERR_REFUSED:
    case QW_ERR_AUTH:
        call_refuse_with(call, 401, "not authorised");
        break;
    case QW_ERR_NOT_FOUND:
        call_refuse_with(call, 400, "one or more keys specified are not found on KME");
        break;
    case QW_ERR_STATE: /* suspended: it can come back, so it is no 4xx */
        call_refuse(call, QW_ERR_UNAVAILABLE);
        break;
    default:
        call_refuse(call, err);
        break;
    }
}

static void write_keys(struct qw_json_writer *w, const struct wanted *wanted,
                       uint8_t (*keys)[KEY_LEN])
{
    qw_json_object_begin(w);
    qw_json_name(w, "keys");
    qw_json_array_begin(w);
    for (size_t i = 0; i < wanted->count; i++) {
        char id[QW_UUID_TEXT_CAP];

        qw_uuid_encode(wanted->id[i], id);
        qw_json_object_begin(w);
        qw_json_name(w, "key_ID");
        qw_json_text(w, id);
        qw_json_name(w, "key");
        qw_json_base64(w, keys[i], KEY_LEN);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
    qw_json_object_end(w);
}

/* A1 */
static void fetch(struct call *call, const struct wanted *wanted)
{
    size_t cap = 32 + wanted->count * KEY_TEXT_LEN;
    uint8_t(*keys)[KEY_LEN] = qw_secret_new(wanted->count * KEY_LEN);
    char *text = keys == NULL ? NULL : qw_secret_new(cap);
    qw_err err = text == NULL
                     ? QW_ERR_NOMEM
                     : qw_centre_fetch(call->service->centre, &call->caller, call->parameter[0],
                                       wanted->id, wanted->count, keys);

    if (err == QW_OK) {
        struct qw_json_writer w = qw_json_writer_on(text, cap);

        write_keys(&w, wanted, keys);
        call_send(call, 200, &w, text);
    } else {
        qw_secret_free(text);
        refuse_fetch(call, err);
    }
    qw_secret_free(keys);
}

void route_key_fetch_one(struct call *call)
{
    struct wanted wanted = { .count = 1 };
    char id[QW_UUID_TEXT_CAP];

    if (qw_url_query_find(call->request->query, "key_ID", id, sizeof id) != QW_OK ||
        qw_uuid_decode(id, wanted.id[0]) != QW_OK) {
        call_refuse(call, QW_ERR_FORMAT);
        return;
    }
    fetch(call, &wanted);
}

static bool has_repeat(const struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        for (size_t k = i + 1; k < wanted->count; k++) {
            if (qw_equal_ct(wanted->id[i], wanted->id[k], sizeof wanted->id[i])) {
                return true;
            }
        }
    }
    return false;
}

void route_key_fetch_many(struct call *call)
{
    struct wanted wanted = { .count = 0 };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    const struct qw_json_node *array;
    bool ok;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    array = qw_json_get_array(&r, object, "key_IDs", 1, KEYS_MAX, &wanted.count);
    for (size_t i = 0; i < wanted.count; i++) {
        qw_json_get_uuid(&r, qw_json_item(array, i), "key_ID", wanted.id[i]);
    }
    ok = qw_json_ok(&r) && !has_repeat(&wanted);
    qw_json_close(&r);
    if (!ok) {
        call_refuse(call, QW_ERR_FORMAT);
        return;
    }
    fetch(call, &wanted);
}
