/* SPDX-License-Identifier: Apache-2.0 */
/* Applications and their keys: ETSI GS QKD 014 V1.1.1 [docs/protocol/etsi014.md]. The caller is who
 * its certificate says; the path names the other end: the slave for status and enc_keys, the master
 * for dec_keys. */
#include "api/etsi014/key_ids.h"
#include "api/etsi014/key_request.h"
#include "api/http_answer.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/secret.h"
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_TEXT_LEN = 96,
    KEY_ALIGNMENT = 16,
    STATUS_TEXT_CAP = 1024,
    WITHDRAWN_TEXT_CAP = 64,
    RETRY_AFTER_S = 1
};

static const struct qw_etsi014_limits limits = { .keys_max = QW_DELIVERY_KEYS_MAX,
                                                 .bits_min = QW_KEY_BITS_MIN,
                                                 .bits_standard = QW_KEY_BITS_STANDARD,
                                                 .bits_max = QW_KEY_BITS_MAX,
                                                 .slaves_max = QW_KEY_OTHERS_MAX };
_Static_assert((int)QW_KEY_OTHERS_MAX <= (int)QW_ETSI014_SLAVES_MAX, "every slave has a place");
_Static_assert((int)QW_FETCH_KEYS_MAX >= (int)QW_ETSI014_IDS_MAX, "what can be named can be asked");

static void refuse(struct call *call, enum qw_etsi014_fault fault, const char *unsupported)
{
    const struct qw_etsi014_answer *row = &qw_etsi014_answers[fault];
    char value[QW_ETSI014_NAME_CAP + 32];

    if (fault == QW_ETSI014_MANDATORY_UNKNOWN) {
        (void)snprintf(value, sizeof value, "%s is not supported", unsupported);
        qw_http_answer_error_detail(call->answer, row->status, row->message,
                                    "extension_mandatory_unsupported", value); /* [ETSI 014 6.5] */
    } else {
        call_refuse_with(call, row->status, row->message);
    }
    if (row->status == 503) {
        call->answer->retry_after_s = RETRY_AFTER_S;
    }
}

/* not_found: what it means depends on the call. */
static enum qw_etsi014_fault fault_of(qw_err err, enum qw_etsi014_fault not_found)
{
    switch (err) {
    case QW_ERR_ARG:
    case QW_ERR_FORMAT:
        return QW_ETSI014_MALFORMED;
    case QW_ERR_REFUSED:
    case QW_ERR_AUTH:
        return QW_ETSI014_NOT_AUTHORISED;
    case QW_ERR_NOT_FOUND:
        return not_found;
    case QW_ERR_UNAVAILABLE:
        return QW_ETSI014_MANDATORY_UNMET;
    case QW_ERR_EXHAUSTED:
        return QW_ETSI014_NOT_ENOUGH;
    case QW_ERR_LIMIT:
        return QW_ETSI014_LIMIT;
    case QW_ERR_FULL:
        return QW_ETSI014_FULL;
    default:
        return QW_ETSI014_UNAVAILABLE;
    }
}

/* A centre in maintenance says so and why, as on every other interface. */
static void refuse_err(struct call *call, qw_err err, enum qw_etsi014_fault not_found)
{
    if (err == QW_ERR_PAUSED) {
        call_refuse(call, err);
    } else {
        refuse(call, fault_of(err, not_found), "");
    }
}

static struct qw_etsi014_text text_of(const struct call *call)
{
    return (struct qw_etsi014_text){ .query = call->request->query,
                                     .content_type = call->request->content_type,
                                     .body = call->request->body,
                                     .body_len = call->request->body_len };
}

static void write_keys(struct qw_json_writer *w, const struct qw_given_key *keys, size_t count)
{
    qw_json_object_begin(w);
    qw_json_name(w, "keys");
    qw_json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        char id[QW_UUID_TEXT_CAP];

        qw_uuid_encode(keys[i].id, id);
        qw_json_object_begin(w);
        qw_json_name(w, "key_ID");
        qw_json_text(w, id);
        qw_json_name(w, "key");
        qw_json_base64(w, keys[i].bytes, keys[i].bits / 8u);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
    qw_json_object_end(w);
}

/* One piece of secret memory for a call: the text of the answer, and behind it the keys it is made
 * of. Sent as it is and wiped as a whole. */
struct desk {
    char *text;
    size_t text_cap, cap;
    struct qw_given_key *keys;
};

static bool desk_open(struct desk *desk, const struct call *call, size_t count, size_t bits_max)
{
    size_t text_cap = 32 + count * (KEY_TEXT_LEN + QW_BASE64_LEN(bits_max / 8));

    desk->text_cap = (text_cap + KEY_ALIGNMENT - 1) / KEY_ALIGNMENT * KEY_ALIGNMENT;
    desk->cap = desk->text_cap + count * sizeof *desk->keys;
    desk->text = qw_secret_lend(call->service->secrets, desk->cap);
    desk->keys = desk->text == NULL ? NULL : (void *)(desk->text + desk->text_cap);
    return desk->text != NULL;
}

/* The Key container [ETSI 014 6.3]; both ends get the same bytes for a key. */
static void send_keys(struct call *call, struct desk *desk, size_t count)
{
    struct qw_json_writer w = qw_json_writer_on(desk->text, desk->text_cap);

    write_keys(&w, desk->keys, count);
    qw_assert(qw_json_done(&w)); /* the room is for the longest text */
    qw_http_answer_take(call->answer, 200, desk->text, w.len, desk->cap);
}

static struct qw_key_demand demand_of(const struct qw_etsi014_options *options)
{
    struct qw_key_demand demand = { .max_age_ms = options->max_age_ms,
                                    .is_relayed = options->is_relayed == 1,
                                    .is_fresh = options->is_fresh };

    memcpy(demand.source, options->source, sizeof demand.source);
    return demand;
}

/* Some clients hold a POST without a request for a fault of their own and want it said; the
 * standard calls it an empty request [ETSI 014 6.2]. */
static bool is_empty_post(const struct call *call)
{
    return strcmp(call->request->method, "POST") == 0 && call->request->body_len == 0 &&
           call->request->query[0] == '\0';
}

/* The caller's name of its request; NULL: it has none. */
static const uint8_t *request_id_of(const struct qw_etsi014_key_request *request)
{
    if (request->mandatory.has_request_id) {
        return request->mandatory.request_id;
    }
    return request->optional.has_request_id ? request->optional.request_id : NULL;
}

/* A name that cannot be answered again gets no other keys: the caller would hold them for those it
 * asked for. */
static enum qw_etsi014_fault stale_name(const struct qw_etsi014_key_request *request)
{
    return request->mandatory.has_request_id ? QW_ETSI014_MANDATORY_UNMET
                                             : QW_ETSI014_OPTIONAL_UNHANDLED;
}

/* enc_keys [ETSI 014 5.3] */
void route_key_new(struct call *call)
{
    struct qw_etsi014_key_request request = { .number = 0 };
    char unsupported[QW_ETSI014_NAME_CAP] = "";
    struct qw_etsi014_text text = text_of(call);
    enum qw_etsi014_fault fault =
        qw_etsi014_key_request_decode(&text, &limits, &request, unsupported);
    struct qw_key_wish wish = { .slave = call->parameter[0],
                                .others = (const char(*)[64])request.slaves,
                                .other_count = request.slave_count,
                                .count = request.number,
                                .bits = request.size,
                                .mandatory = demand_of(&request.mandatory),
                                .preferred = demand_of(&request.optional),
                                .request_id = request_id_of(&request) };
    struct desk desk;
    qw_err err;

    if (call->service->refuses_empty_post && is_empty_post(call)) {
        fault = QW_ETSI014_MALFORMED;
    }
    if (fault != QW_ETSI014_NONE) {
        refuse(call, fault, unsupported);
        return;
    }
    err = desk_open(&desk, call, request.number, request.size) /* before a key moves */
              ? qw_centre_deliver(call->service->centre, &call->caller, &wish, desk.keys)
              : QW_ERR_NOMEM;
    if (err == QW_OK) {
        send_keys(call, &desk, request.number);
        return;
    }
    qw_secret_free(desk.text);
    if (err == QW_ERR_CONFLICT) {
        refuse(call, stale_name(&request), "");
    } else {
        refuse_err(call, err, QW_ETSI014_NO_SLAVE);
    }
}

/* A fetch on its way through the centre. */
struct fetching {
    struct call_aside aside;
    struct qw_etsi014_key_ids ids;
    struct desk desk;
    qw_err err;
};

static void answer_fetch(struct call *call, struct fetching *fetching)
{
    if (fetching->err == QW_OK) {
        send_keys(call, &fetching->desk, fetching->ids.count);
    } else {
        qw_secret_free(fetching->desk.text);
        refuse_err(call, fetching->err, QW_ETSI014_NO_KEY);
    }
}

static void finish_fetch(struct call_aside *aside)
{
    struct fetching *fetching = (struct fetching *)aside;

    answer_fetch(&aside->call, fetching);
    free(fetching);
}

/* The centre's thread. */
static void take_up_fetch(void *self, qw_err err)
{
    struct fetching *fetching = self;

    fetching->err = err;
    call_take_up(&fetching->aside);
}

/* Puts the call aside while its group is written; without a server to put it aside in, waits. */
static void fetch_keys(struct call *call, struct fetching *fetching)
{
    struct qw_centre *centre = call->service->centre;
    struct qw_fetch_wish wish = { .key_ids = (const uint8_t(*)[16])fetching->ids.id,
                                  .count = fetching->ids.count,
                                  .keys = fetching->desk.keys };
    const struct call *aside = &fetching->aside.call;
    qw_err err;

    if (!call_put_aside(call, &fetching->aside, finish_fetch)) {
        fetching->err = qw_centre_fetch(centre, &call->caller, call->parameter[0], wish.key_ids,
                                        wish.count, wish.keys);
        answer_fetch(call, fetching);
        free(fetching);
        return;
    }
    wish.master = aside->parameter[0];
    err = qw_centre_fetch_begin(centre, &aside->caller, &wish, take_up_fetch, fetching);
    if (err != QW_OK) {
        take_up_fetch(fetching, err);
    }
}

/* dec_keys [ETSI 014 5.4]: keys of a pair (enc_keys gave them to the master) and keys of a card
 * (A1). */
void route_key_fetch(struct call *call)
{
    struct fetching *fetching = calloc(1, sizeof *fetching);
    struct qw_etsi014_text text = text_of(call);
    enum qw_etsi014_fault fault = fetching == NULL
                                      ? QW_ETSI014_UNAVAILABLE
                                      : qw_etsi014_key_ids_decode(&text, &fetching->ids);

    if (fault == QW_ETSI014_NONE && call->service->refuses_key_id_lists &&
        call->request->body_len == 0 && fetching->ids.count > 1) {
        fault = QW_ETSI014_MALFORMED; /* [ETSI 014 5.4]: one key_ID, or POST */
    }
    if (fault == QW_ETSI014_NONE &&
        !desk_open(&fetching->desk, call, fetching->ids.count, QW_KEY_BITS_MAX)) {
        fault = QW_ETSI014_UNAVAILABLE; /* before a key moves */
    }
    if (fault != QW_ETSI014_NONE) {
        free(fetching);
        refuse(call, fault, "");
        return;
    }
    fetch_keys(call, fetching);
}

/* Ours: the caller has the keys and will not ask for them again (K9). */
void route_key_acknowledge(struct call *call)
{
    struct qw_etsi014_key_ids ids = { .count = 0 };
    struct qw_etsi014_text text = text_of(call);
    enum qw_etsi014_fault fault = qw_etsi014_key_ids_decode(&text, &ids);
    qw_err err;

    if (fault != QW_ETSI014_NONE) {
        refuse(call, fault, "");
        return;
    }
    err = qw_centre_acknowledge(call->service->centre, &call->caller, (const uint8_t(*)[16])ids.id,
                                ids.count);
    if (err == QW_OK) {
        call_send_empty(call);
    } else {
        refuse_err(call, err, QW_ETSI014_NO_KEY);
    }
}

static void write_number(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

/* Ours: a party takes its keys back (K10). */
static void withdraw(struct call *call, enum qw_withdrawal why)
{
    struct qw_etsi014_key_ids ids = { .count = 0 };
    struct qw_etsi014_text text = text_of(call);
    enum qw_etsi014_fault fault = qw_etsi014_key_ids_decode(&text, &ids);
    char answer[WITHDRAWN_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(answer, sizeof answer);
    uint64_t withdrawn = 0;
    qw_err err;

    if (fault != QW_ETSI014_NONE) {
        refuse(call, fault, "");
        return;
    }
    err = qw_centre_key_withdraw(call->service->centre, &call->caller, why,
                                 (const uint8_t(*)[16])ids.id, ids.count, &withdrawn);
    if (err == QW_ERR_UNAVAILABLE) {
        call_refuse_with(call, 409, "another centre has such a key as well, and would not be told");
        return;
    }
    if (err != QW_OK) {
        refuse_err(call, err, QW_ETSI014_NO_KEY);
        return;
    }
    qw_json_object_begin(&w);
    write_number(&w, "withdrawn", withdrawn);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

void route_key_void(struct call *call)
{
    withdraw(call, QW_WITHDRAW_VOID);
}

void route_key_compromised(struct call *call)
{
    withdraw(call, QW_WITHDRAW_COMPROMISED);
}

static void write_text(struct qw_json_writer *w, const char *name, const char *value)
{
    qw_json_name(w, name);
    qw_json_text(w, value);
}

/* status [ETSI 014 5.2, 6.1]: the eleven fields, all of them required. */
void route_key_status(struct call *call)
{
    struct qw_pair_status status;
    char text[STATUS_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err =
        qw_centre_pair_status(call->service->centre, &call->caller, call->parameter[0], &status);

    if (err != QW_OK) {
        refuse_err(call, err, QW_ETSI014_NO_SLAVE);
        return;
    }
    qw_json_object_begin(&w);
    write_text(&w, "source_KME_ID", call->service->centre_id);
    write_text(&w, "target_KME_ID",
               status.slave_kme[0] != '\0' ? status.slave_kme : call->service->centre_id);
    write_text(&w, "master_SAE_ID", call->caller.id);
    write_text(&w, "slave_SAE_ID", call->parameter[0]);
    write_number(&w, "key_size", limits.bits_standard);
    write_number(&w, "stored_key_count", status.stored_keys);
    write_number(&w, "max_key_count", status.max_keys);
    write_number(&w, "max_key_per_request", limits.keys_max);
    write_number(&w, "max_key_size", limits.bits_max);
    write_number(&w, "min_key_size", limits.bits_min);
    write_number(&w, "max_SAE_ID_count", limits.slaves_max);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
