/* SPDX-License-Identifier: Apache-2.0 */
/* One key's life by hand: rows 11 to 14 of the table, and the archive [docs/adr/0118]. */
#include "centre/pair/key_change.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/key_record.h"
#include "centre/key/take_out.h"
#include "centre/key/tombstone.h"
#include "centre/pair/home.h"
#include "centre/pair/unfetched.h"
#include "centre/people/officer_record.h"
#include "centre/people/unit.h"

#include <stdio.h>
#include <string.h>

const char *const qw_key_order_names[QW_KEY_ORDER_COUNT] = { "suspend",    "resume", "archive",
                                                             "recover",    "void",   "destroy",
                                                             "compromised" };

static const struct {
    enum qw_key_event event;
    enum qw_right right;
    const char *verb; /* in the journal */
    bool takes_two;
    enum qw_request_verb request; /* that asks for it, where it takes two */
} orders[QW_KEY_ORDER_COUNT] = {
    [QW_KEY_ORDER_SUSPEND] = { QW_KEY_SUSPEND, QW_RIGHT_KEY_SUSPEND, "key-suspend", true,
                               QW_REQUEST_KEY_SUSPEND },
    [QW_KEY_ORDER_RESUME] = { QW_KEY_RESUME, QW_RIGHT_KEY_RESUME, "key-resume", true,
                              QW_REQUEST_KEY_RESUME },
    [QW_KEY_ORDER_ARCHIVE] = { QW_KEY_ARCHIVE, QW_RIGHT_KEY_RESUME, "key-archive", false, 0 },
    [QW_KEY_ORDER_RECOVER] = { QW_KEY_RECOVER, QW_RIGHT_KEY_RESUME, "key-recover", true,
                               QW_REQUEST_KEY_RECOVER },
    [QW_KEY_ORDER_VOID] = { QW_KEY_VOID, QW_RIGHT_KEY_SUSPEND, "key-void", false, 0 },
    [QW_KEY_ORDER_DESTROY] = { QW_KEY_VOID, QW_RIGHT_KEY_RESUME, "key-destroy", true,
                               QW_REQUEST_KEY_DESTROY },
    [QW_KEY_ORDER_COMPROMISED] = { QW_KEY_COMPROMISE, QW_RIGHT_KEY_SUSPEND, "key-compromised",
                                   false, 0 },
};

struct found {
    struct qw_key_record key;
    bool is_stone;
    char unit[QW_UNIT_CAP]; /* of its master */
};

/* A master that is not registered (a group's name) stands at the root. */
static qw_err find_unit(struct qw_centre *centre, struct found *found)
{
    qw_err err = qw_card_book_load(centre, found->key.master, &centre->card);

    memcpy(found->unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    if (err == QW_OK) {
        memcpy(found->unit, centre->card.device.unit, sizeof found->unit);
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

/* The key's record, its tombstone, or what its block says of it. QW_ERR_NOT_FOUND. */
static qw_err find(struct qw_centre *centre, const uint8_t id[static 16], struct found *found)
{
    qw_err err = qw_key_record_load(centre, id, &found->key);

    found->is_stone = false;
    if (err == QW_ERR_NOT_FOUND) {
        err = qw_tombstone_load(centre, id, &found->key);
        found->is_stone = err == QW_OK;
    }
    if (err == QW_ERR_NOT_FOUND) {
        err = qw_pair_unfetched(centre, id, qw_clock_utc_ms(), &found->key);
    }
    return err == QW_OK ? find_unit(centre, found) : err;
}

static qw_err reach(struct qw_centre *centre, const struct qw_deed *deed,
                    const uint8_t id[static 16], enum qw_right right,
                    struct qw_officer_record *self, struct found *found)
{
    qw_err err = qw_right_find(centre, deed, right, self);

    if (err != QW_OK) {
        return err;
    }
    err = find(centre, id, found);
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "unknown key id");
    }
    if (err == QW_OK && !qw_unit_contains(self->officer.unit, found->unit)) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "outside his part of the tree");
    }
    return err;
}

static bool is_gone(const struct found *found)
{
    return found->is_stone || (found->key.version == 0 && !found->key.is_new);
}

static size_t fetched_by(const struct qw_key_record *key)
{
    size_t count = key->is_fetched ? 1 : 0;

    for (uint8_t i = 0; i < key->other_count; i++) {
        count += key->others[i].is_fetched ? 1 : 0;
    }
    return count;
}

/* What speaks against it; NULL: nothing. *next: where it leads. */
static const char *objection(const struct found *found, enum qw_key_order order,
                             enum qw_key_state *next)
{
    const struct qw_key_record *key = &found->key;
    bool is_archived = key->state == QW_KEY_ARCHIVED;

    if (is_gone(found)) {
        return order == QW_KEY_ORDER_COMPROMISED ? NULL : "it is gone";
    }
    if (key->peer[0] == '\0') {
        return "a key of a group";
    }
    if (order == QW_KEY_ORDER_ARCHIVE && key->package_kind != 0) {
        return "a card has it";
    }
    if ((order == QW_KEY_ORDER_ARCHIVE && fetched_by(key) > 0) ||
        (order == QW_KEY_ORDER_SUSPEND && fetched_by(key) == key->other_count + 1u)) {
        return "it was fetched";
    }
    if ((order == QW_KEY_ORDER_DESTROY) != is_archived && orders[order].event == QW_KEY_VOID) {
        return is_archived ? "it is archived" : "it is not archived";
    }
    return qw_key_next(key->state, orders[order].event, key->before, next) == QW_OK
               ? NULL
               : qw_key_state_names[key->state];
}

/* What comes back can be fetched for as long as a new one; a card's key as long as the card has it.
 */
static int64_t due_after(const struct qw_centre *centre, const struct qw_key_record *key,
                         enum qw_key_state next)
{
    bool comes_back =
        (next == QW_KEY_ASSIGNED || next == QW_KEY_DELIVERED) && key->package_kind == 0;

    return comes_back ? qw_clock_utc_ms() + 1000 * (int64_t)centre->config.key_ttl_s : 0;
}

static qw_err add_change(struct qw_centre *centre, struct qw_group *group, struct found *found,
                         enum qw_key_state next)
{
    struct qw_key_record *key = &found->key;
    bool has_to_last = next == QW_KEY_SUSPENDED || next == QW_KEY_ARCHIVED;
    qw_err err = has_to_last ? qw_key_take_out(centre, group, key) : QW_OK;

    if (err != QW_OK) {
        return err;
    }
    if (key->state != QW_KEY_SUSPENDED) { /* from there to the archive it keeps where it was */
        key->before = key->state;
    }
    key->due_ms = due_after(centre, key, next);
    key->state = next;
    group->books.paired -= key->is_new ? 1 : 0;
    qw_key_record_put(centre, group, key);
    return group->err;
}

/* request: what becomes durable with it, or NULL. */
static qw_err commit(struct qw_centre *centre, const struct qw_deed *deed, struct found *found,
                     enum qw_key_order order, enum qw_key_state next,
                     const struct qw_request_record *request)
{
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err = QW_OK;

    (void)snprintf(detail, sizeof detail, "%s, %s, master %.60s", qw_key_order_names[order],
                   found->is_stone ? "destroyed" : qw_key_state_names[found->key.state],
                   found->key.master);
    qw_group_begin(centre, &group);
    if (request != NULL) {
        qw_request_put(centre, &group, request);
    }
    if (found->is_stone) {
        qw_tombstone_mark_compromised(centre, &group, &found->key);
        err = group.err;
    } else if (!is_gone(found)) {
        err = add_change(centre, &group, found, next);
    }
    if (err != QW_OK) {
        qw_group_drop(&group);
    } else {
        err = qw_group_commit(centre, &group, deed, detail);
    }
    if (err != QW_OK) { /* what was erased in the workspace is still in the store */
        qw_wipe(&centre->block, sizeof centre->block);
    }
    return err;
}

static qw_err change(struct qw_centre *centre, const struct qw_deed *deed, struct found *found,
                     enum qw_key_order order, const struct qw_request_record *request)
{
    enum qw_key_state next = found->key.state;
    const char *cause = objection(found, order, &next);
    qw_err err;

    if (cause != NULL) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, cause);
    }
    if (request == NULL && orders[order].takes_two &&
        qw_approval_is_needed(centre, orders[order].request)) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "needs two officers");
    }
    err = qw_key_check_homes(centre, &found->key);
    if (err == QW_ERR_UNAVAILABLE) {
        return qw_centre_refuse(centre, deed, err, "another centre has the key too");
    }
    return err == QW_OK ? commit(centre, deed, found, order, next, request) : err;
}

qw_err qw_centre_key_change(struct qw_centre *centre, const struct qw_caller *caller,
                            const uint8_t id[static 16], enum qw_key_order order)
{
    char object[QW_UUID_TEXT_CAP];
    struct qw_deed deed = { .caller = caller, .object = object };
    struct qw_officer_record self;
    struct found found;
    qw_err err;

    if (order < 0 || order >= QW_KEY_ORDER_COUNT) {
        return QW_ERR_ARG;
    }
    deed.verb = orders[order].verb;
    qw_uuid_encode(id, object);
    qw_centre_enter(centre);
    err = reach(centre, &deed, id, orders[order].right, &self, &found);
    if (err == QW_OK) {
        err = change(centre, &deed, &found, order, NULL);
    }
    qw_centre_leave(centre);
    return err;
}

static void fill(const struct found *found, struct qw_key_account *account)
{
    const struct qw_key_record *key = &found->key;

    *account = (struct qw_key_account){ .is_gone = is_gone(found) };
    account->state = found->is_stone && key->state != QW_KEY_DESTROYED_COMPROMISED
                         ? QW_KEY_DESTROYED
                     : account->is_gone && !found->is_stone ? QW_KEY_EXPIRED
                                                            : key->state;
    memcpy(account->master, key->master, sizeof account->master);
    memcpy(account->peer, key->peer, sizeof account->peer);
    for (uint8_t i = 0; i < key->other_count; i++) {
        memcpy(account->others[account->other_count++], key->others[i].id, 64);
    }
    if (!account->is_gone) {
        account->is_of_card = key->package_kind != 0;
        account->bits = key->bits;
        memcpy(account->source, key->place.source, sizeof account->source);
        account->is_quantum = key->place.is_quantum;
        account->is_simulated = key->place.is_simulated;
        account->assigned_ms = key->is_new ? 0 : key->assigned_ms;
        account->due_ms = key->due_ms;
    }
}

qw_err qw_centre_key_find(struct qw_centre *centre, const struct qw_caller *caller,
                          const uint8_t id[static 16], struct qw_key_account *account)
{
    char object[QW_UUID_TEXT_CAP];
    struct qw_deed deed = { .caller = caller, .verb = "key-show", .object = object };
    struct qw_officer_record self;
    struct found found;
    qw_err err;

    qw_uuid_encode(id, object);
    qw_centre_enter(centre);
    err = reach(centre, &deed, id, QW_RIGHT_DEVICE_READ, &self, &found);
    if (err == QW_OK) {
        fill(&found, account);
    }
    qw_centre_leave(centre);
    return err;
}

static enum qw_key_order order_of(enum qw_request_verb verb)
{
    int order = 0;

    while (order < QW_KEY_ORDER_COUNT &&
           !(orders[order].takes_two && orders[order].request == verb)) {
        order++;
    }
    return (enum qw_key_order)order;
}

bool qw_key_change_is_asked(enum qw_request_verb verb)
{
    return order_of(verb) != QW_KEY_ORDER_COUNT;
}

qw_err qw_key_change_reach(struct qw_centre *centre, const struct qw_deed *deed,
                           struct qw_request *request, enum qw_right right,
                           struct qw_officer_record *self)
{
    struct found found;
    uint8_t id[16];
    qw_err err = qw_uuid_decode(request->object, id);

    if (err != QW_OK) {
        return QW_ERR_ARG;
    }
    err = reach(centre, deed, id, right, self, &found);
    if (err == QW_OK) {
        memcpy(request->unit, found.unit, sizeof request->unit);
    }
    return err;
}

qw_err qw_key_change_approved(struct qw_centre *centre, const struct qw_deed *deed,
                              const struct qw_request_record *request)
{
    enum qw_key_order order = order_of(request->request.verb);
    struct found found;
    uint8_t id[16];
    qw_err err = qw_uuid_decode(request->request.object, id);

    qw_assert(order != QW_KEY_ORDER_COUNT);
    if (err == QW_OK) {
        err = find(centre, id, &found);
    }
    return err == QW_OK ? change(centre, deed, &found, order, request) : err;
}
