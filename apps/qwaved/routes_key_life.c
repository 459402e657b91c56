/* SPDX-License-Identifier: Apache-2.0 */
/* One key by its id, for officers [C7] [docs/design/key-life.md]. */
#include "base/hex.h"
#include "centre/pair/key_change.h"
#include "routes.h"

enum { TEXT_CAP = 2048 };

/* The id in the path; what is none is not there. */
static bool take_id(struct call *call, uint8_t id[static 16])
{
    if (qw_uuid_decode(call->parameter[0], id) != QW_OK) {
        call_refuse(call, QW_ERR_NOT_FOUND);
        return false;
    }
    return true;
}

static void write_text(struct qw_json_writer *w, const char *name, const char *value)
{
    qw_json_name(w, name);
    qw_json_text(w, value);
}

static void write_account(struct qw_json_writer *w, const char *id,
                          const struct qw_key_account *account)
{
    qw_json_object_begin(w);
    write_text(w, "key_ID", id);
    write_text(w, "state", qw_key_state_names[account->state]);
    qw_json_name(w, "is_gone");
    qw_json_bool(w, account->is_gone);
    write_text(w, "master", account->master);
    write_text(w, "peer", account->peer);
    qw_json_name(w, "others");
    qw_json_array_begin(w);
    for (size_t i = 0; i < account->other_count; i++) {
        qw_json_text(w, account->others[i]);
    }
    qw_json_array_end(w);
    if (!account->is_gone) {
        qw_json_name(w, "is_of_card");
        qw_json_bool(w, account->is_of_card);
        qw_json_name(w, "bits");
        qw_json_uint(w, account->bits);
        write_text(w, "source", account->source);
        qw_json_name(w, "is_quantum");
        qw_json_bool(w, account->is_quantum);
        qw_json_name(w, "is_simulated");
        qw_json_bool(w, account->is_simulated);
        qw_json_name(w, "assigned_ms");
        qw_json_int(w, account->assigned_ms);
        qw_json_name(w, "due_ms");
        qw_json_int(w, account->due_ms);
    }
    qw_json_object_end(w);
}

void route_key_show(struct call *call)
{
    struct qw_key_account account;
    char id_text[QW_UUID_TEXT_CAP];
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    uint8_t id[16];
    qw_err err;

    if (!take_id(call, id)) {
        return;
    }
    err = qw_centre_key_find(call->service->centre, &call->caller, id, &account);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_uuid_encode(id, id_text);
    write_account(&w, id_text, &account);
    call_send(call, 200, &w, NULL);
}

static void change(struct call *call, enum qw_key_order order)
{
    uint8_t id[16];
    qw_err err;

    if (!take_id(call, id) || !call_check_body(call)) {
        return;
    }
    err = qw_centre_key_change(call->service->centre, &call->caller, id, order);
    if (err == QW_ERR_UNAVAILABLE) {
        call_refuse_with(call, 409, "another centre has the key as well, and would not be told");
    } else if (err != QW_OK) {
        call_refuse(call, err);
    } else {
        call_send_empty(call);
    }
}

void route_key_suspend(struct call *call)
{
    change(call, QW_KEY_ORDER_SUSPEND);
}

void route_key_resume(struct call *call)
{
    change(call, QW_KEY_ORDER_RESUME);
}

void route_key_archive(struct call *call)
{
    change(call, QW_KEY_ORDER_ARCHIVE);
}

void route_key_recover(struct call *call)
{
    change(call, QW_KEY_ORDER_RECOVER);
}

void route_key_void_one(struct call *call)
{
    change(call, QW_KEY_ORDER_VOID);
}

void route_key_destroy(struct call *call)
{
    change(call, QW_KEY_ORDER_DESTROY);
}

void route_key_compromised_one(struct call *call)
{
    change(call, QW_KEY_ORDER_COMPROMISED);
}
