/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of applications that share a key [docs/protocol/key-groups.md]. */
#include "api/json_reader.h"
#include "base/hex.h"
#include "base/secret.h"
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LEN = 64, GROUP_TEXT_CAP = 32 * 1024, KEY_TEXT_CAP = 512 };

struct wish { /* the body of a call that changes a group */
    char name[NAME_LEN];
    char names[2][QW_KEY_GROUP_MEMBERS_MAX][NAME_LEN];
    const char *lists[2][QW_KEY_GROUP_MEMBERS_MAX];
    struct qw_key_group_change change;
};

static size_t get_names(struct qw_json_reader *r, const struct qw_json_node *object,
                        const char *member, char (*names)[NAME_LEN], const char **list)
{
    size_t count = 0;
    const struct qw_json_node *array =
        qw_json_get_array(r, object, member, 0, QW_KEY_GROUP_MEMBERS_MAX, &count);

    for (size_t i = 0; i < count; i++) {
        qw_json_take_text(r, qw_json_item(array, i), names[i], 1, NAME_LEN);
        list[i] = names[i];
    }
    return count;
}

/* False: the answer is 400 already. */
static bool read_wish(struct call *call, bool is_new, struct wish *wish)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    uint64_t lead_ms = 0;
    bool ok;

    if (!call_open_body(call, false, &r, &object)) {
        return false;
    }
    if (is_new) {
        qw_json_get_text(&r, object, "name", wish->name, 1, sizeof wish->name);
    } else {
        wish->change.remove_count = get_names(&r, object, "remove", wish->names[1], wish->lists[1]);
    }
    wish->change.add_count = get_names(&r, object, "add", wish->names[0], wish->lists[0]);
    wish->change.add = wish->lists[0];
    wish->change.remove = wish->lists[1];
    qw_json_get_uint(&r, object, "lead_ms", 0, QW_KEY_GROUP_LEAD_MS_MAX, &lead_ms);
    wish->change.lead_ms = (uint32_t)lead_ms;
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        call_refuse(call, QW_ERR_FORMAT);
    }
    return ok;
}

static void send_group(struct call *call, unsigned status, const char *name)
{
    struct qw_key_group_info info;
    char *text;
    struct qw_json_writer w;
    qw_err err = qw_centre_key_group_find(call->service->centre, &call->caller, name, &info);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    text = call_text_new(call, GROUP_TEXT_CAP);
    if (text == NULL) {
        return;
    }
    w = qw_json_writer_on(text, GROUP_TEXT_CAP);
    qw_json_object_begin(&w);
    qw_json_name(&w, "name");
    qw_json_text(&w, name);
    qw_json_name(&w, "owner");
    qw_json_text(&w, info.owner);
    qw_json_name(&w, "members");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < info.member_count; i++) {
        qw_json_text(&w, info.members[i]);
    }
    qw_json_array_end(&w);
    qw_json_name(&w, "epoch");
    qw_json_uint(&w, info.epoch);
    qw_json_name(&w, "activates_ms");
    qw_json_int(&w, info.activates_ms);
    qw_json_name(&w, "epoch_before");
    qw_json_uint(&w, info.epoch_before);
    qw_json_object_end(&w);
    call_send(call, status, &w, text);
}

void route_group_create(struct call *call)
{
    struct wish wish = { .name = "" };
    qw_err err;

    if (!read_wish(call, true, &wish)) {
        return;
    }
    err = qw_centre_key_group_create(call->service->centre, &call->caller, wish.name, &wish.change);
    if (err == QW_OK) {
        send_group(call, 201, wish.name);
    } else {
        call_refuse(call, err);
    }
}

void route_group_change(struct call *call)
{
    struct wish wish = { .name = "" };
    qw_err err;

    if (!read_wish(call, false, &wish)) {
        return;
    }
    err = qw_centre_key_group_change(call->service->centre, &call->caller, call->parameter[0],
                                     &wish.change);
    if (err == QW_OK) {
        send_group(call, 200, call->parameter[0]);
    } else {
        call_refuse(call, err);
    }
}

void route_group_end(struct call *call)
{
    qw_err err = qw_centre_key_group_end(call->service->centre, &call->caller, call->parameter[0]);

    if (err == QW_OK) {
        call_send_empty(call);
    } else {
        call_refuse(call, err);
    }
}

void route_group_show(struct call *call)
{
    send_group(call, 200, call->parameter[0]);
}

/* A number of an epoch: digits alone. */
static bool read_epoch(const char *text, uint32_t *epoch)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (text[strspn(text, "0123456789")] != '\0' || *end != '\0' || value == 0 ||
        value > UINT32_MAX) {
        return false;
    }
    *epoch = (uint32_t)value;
    return true;
}

void route_group_key(struct call *call)
{
    struct qw_given_key *key;
    char *text = call_text_new(call, KEY_TEXT_CAP + sizeof *key);
    struct qw_json_writer w;
    char id[QW_UUID_TEXT_CAP];
    int64_t activates_ms = 0;
    uint32_t epoch = 0;
    qw_err err = QW_ERR_ARG;

    if (text == NULL) {
        return;
    }
    key = (void *)(text + KEY_TEXT_CAP);
    if (read_epoch(call->parameter[1], &epoch)) {
        err = qw_centre_key_group_take(call->service->centre, &call->caller, call->parameter[0],
                                       epoch, &activates_ms, key);
    }
    if (err != QW_OK) {
        qw_secret_free(text);
        call_refuse(call, err);
        return;
    }
    w = qw_json_writer_on(text, KEY_TEXT_CAP);
    qw_uuid_encode(key->id, id);
    qw_json_object_begin(&w);
    qw_json_name(&w, "epoch");
    qw_json_uint(&w, epoch);
    qw_json_name(&w, "activates_ms");
    qw_json_int(&w, activates_ms);
    qw_json_name(&w, "key_ID");
    qw_json_text(&w, id);
    qw_json_name(&w, "key");
    qw_json_base64(&w, key->bytes, key->bits / 8u);
    qw_json_object_end(&w);
    call_send(call, 200, &w, text);
}
