/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner of a group does: G1 to G3 and G5 of docs/protocol/key-groups.md. */
#include "base/clock.h"
#include "centre/device/card_book.h"
#include "centre/key/key_record.h"
#include "centre/key/stock.h"
#include "centre/key_group/key_group.h"
#include "centre/pair/pair.h"
#include "centre/pair/quota.h"
#include "centre/people/unit_use.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

enum { SOON_MS = 1000 }; /* the second that is now may have been swept already */

/* A key out of stock for the epoch. It is there for as long as its epoch is: nothing is due. */
static void make_key(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_key_group *key_group, const struct qw_key_charge *charge,
                     struct qw_key_epoch *epoch)
{
    struct qw_key_record key = { .state = QW_KEY_LEASED,
                                 .charge = *charge,
                                 .bits = QW_KEY_BITS_STANDARD,
                                 .assigned_ms = qw_clock_utc_ms() };
    qw_err err = qw_random_bytes(key.id, sizeof key.id);

    qw_stock_carve(centre, group, 0, 1);
    key.place = centre->places[0];
    if (err == QW_OK) {
        err = qw_key_next(key.state, QW_KEY_ASSIGN, key.state, &key.state);
    }
    if (err == QW_OK) { /* members may come for it as soon as this is durable */
        err = qw_key_next(key.state, QW_KEY_DELIVER, key.state, &key.state);
    }
    qw_group_fail(group, err);
    memcpy(epoch->key_id, key.id, sizeof epoch->key_id);
    memcpy(key.master, key_group->name, sizeof key_group->name);
    qw_key_record_put(centre, group, &key);
}

/* The key of an epoch ends at a time: the sweep zeroes it then. */
static void end_key(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_key_epoch *epoch, int64_t at_ms)
{
    struct qw_key_record key;
    qw_err err;

    if (epoch->number == 0) {
        return;
    }
    err = qw_key_record_load(centre, epoch->key_id, &key);
    if (err == QW_ERR_NOT_FOUND) { /* its time is over already */
        return;
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    if (key.due_ms == 0 || at_ms < key.due_ms) {
        key.due_ms = at_ms;
        qw_key_record_put(centre, group, &key);
    }
}

/* The next epoch with the given members, durable with its key; the one before ends when it becomes
 * active, and the one before that ends now. */
static qw_err begin_epoch(struct qw_centre *centre, const struct qw_deed *deed,
                          struct qw_key_group *key_group, const struct qw_key_epoch *members,
                          uint32_t lead_ms)
{
    int64_t now_ms = qw_clock_utc_ms();
    struct qw_key_epoch next = *members;
    struct qw_key_charge charge;
    struct qw_group group;
    char detail[64];
    char unit[QW_UNIT_CAP];
    qw_err err;

    memcpy(unit, centre->card.device.unit, sizeof unit); /* of the owner: check_owner */
    err = qw_stock_lease(centre, 1);

    if (err != QW_OK) {
        return err == QW_ERR_EXHAUSTED ? qw_centre_refuse(centre, deed, err, "no key in stock")
                                       : err;
    }
    next.number = key_group->newest.number + 1;
    next.activates_ms = now_ms + (int64_t)lead_ms;
    qw_group_begin(centre, &group);
    err = qw_unit_use_keys(centre, &group, unit, 1, &charge);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err;
    }
    make_key(centre, &group, key_group, &charge, &next);
    end_key(centre, &group, &key_group->before, now_ms + SOON_MS);
    end_key(centre, &group, &key_group->newest, next.activates_ms + SOON_MS);
    key_group->before = key_group->newest;
    key_group->newest = next;
    qw_key_group_put(centre, &group, key_group);
    (void)snprintf(detail, sizeof detail, "epoch %u, %u members", (unsigned)next.number,
                   (unsigned)next.member_count);
    return qw_group_commit(centre, &group, deed, detail);
}

/* G1: whoever is added is a peer of the owner, in service, and at home here. */
static qw_err permit(struct qw_centre *centre, const struct qw_deed *deed,
                     const struct qw_key_group_change *change)
{
    struct qw_deed asked = *deed;
    char kme[64] = "";
    qw_err err = QW_OK;

    for (size_t i = 0; i < change->add_count && err == QW_OK; i++) {
        if (!qw_device_id_ok(change->add[i])) {
            return QW_ERR_NOT_FOUND;
        }
        asked.object = change->add[i];
        err = strcmp(change->add[i], deed->caller->id) == 0
                  ? QW_ERR_ARG
                  : qw_pair_permit(centre, &asked, change->add[i], kme);
        if (err == QW_OK && kme[0] != '\0') {
            err = QW_ERR_REFUSED;
        }
    }
    return err;
}

static bool change_ok(const char *name, const struct qw_key_group_change *change)
{
    return qw_key_group_name_ok(name) && change->lead_ms <= QW_KEY_GROUP_LEAD_MS_MAX &&
           change->add_count <= QW_KEY_GROUP_MEMBERS_MAX &&
           change->remove_count <= QW_KEY_GROUP_MEMBERS_MAX;
}

/* G1, with the caller's entry in the workspace afterwards: a suspended owner changes nothing, and a
 * key of a group counts like any other of his (Q1 of docs/protocol/etsi014.md). Under the mutex. */
static qw_err check_owner(struct qw_centre *centre, const struct qw_deed *deed,
                          struct qw_quota_account *account)
{
    qw_err err;

    if (!qw_key_group_in_service(centre, deed->caller->id, &err)) {
        return err == QW_OK ? qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "not in service")
                            : err;
    }
    *account = (struct qw_quota_account){ .master = deed->caller->id,
                                          .slave = deed->object,
                                          .keys_per_s = centre->card.device.keys_per_s };
    return qw_quota_has_keys(centre->quota, account) ? QW_OK : QW_ERR_LIMIT;
}

static qw_err create(struct qw_centre *centre, const struct qw_deed *deed,
                     const struct qw_key_group_change *change)
{
    struct qw_key_group key_group;
    struct qw_key_epoch members;
    qw_err err = qw_key_group_load(centre, deed->object, &key_group);

    if (err == QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "the group exists or has existed");
    }
    if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    key_group = (struct qw_key_group){ .version = 0 };
    (void)snprintf(key_group.name, sizeof key_group.name, "%s", deed->object);
    memcpy(key_group.owner, deed->caller->id, sizeof key_group.owner);
    err = qw_key_epoch_members(&key_group, change, &members);
    return err == QW_OK ? begin_epoch(centre, deed, &key_group, &members, change->lead_ms) : err;
}

/* For its owner alone; to anybody else it does not exist. */
static qw_err load_own(struct qw_centre *centre, const struct qw_deed *deed,
                       struct qw_key_group *key_group)
{
    qw_err err = qw_key_group_load(centre, deed->object, key_group);

    if (err == QW_OK && strcmp(key_group->owner, deed->caller->id) != 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "another application's group");
    }
    if (err == QW_OK && key_group->is_ended) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "the group has ended");
    }
    return err == QW_ERR_NOT_FOUND ? qw_centre_refuse(centre, deed, err, "no such group") : err;
}

static qw_err change_members(struct qw_centre *centre, const struct qw_deed *deed,
                             const struct qw_key_group_change *change)
{
    struct qw_key_group key_group;
    struct qw_key_epoch members;
    qw_err err = load_own(centre, deed, &key_group);

    if (err == QW_OK) {
        err = qw_key_epoch_members(&key_group, change, &members);
    }
    return err == QW_OK ? begin_epoch(centre, deed, &key_group, &members, change->lead_ms) : err;
}

/* What both have in common: who, what, and whether he may. */
static qw_err permit_and_run(struct qw_centre *centre, const struct qw_deed *deed,
                             const struct qw_key_group_change *change,
                             qw_err (*run)(struct qw_centre *centre, const struct qw_deed *deed,
                                           const struct qw_key_group_change *change))
{
    struct qw_quota_account account;
    qw_err err;

    if (!qw_caller_is(deed->caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, deed);
    }
    if (!change_ok(deed->object, change)) {
        return QW_ERR_ARG;
    }
    if (qw_centre_is_paused(centre)) {
        return QW_ERR_PAUSED;
    }
    err = permit(centre, deed, change);
    if (err != QW_OK) {
        return err;
    }
    qw_centre_enter(centre);
    err = check_owner(centre, deed, &account);
    if (err == QW_OK) {
        err = run(centre, deed, change);
    }
    if (err == QW_OK) {
        qw_quota_spend_keys(centre->quota, &account, 1);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_key_group_create(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *name, const struct qw_key_group_change *change)
{
    struct qw_deed deed = { .caller = caller, .verb = "group-create", .object = name };

    return permit_and_run(centre, &deed, change, create);
}

qw_err qw_centre_key_group_change(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *name, const struct qw_key_group_change *change)
{
    struct qw_deed deed = { .caller = caller, .verb = "group-change", .object = name };

    return permit_and_run(centre, &deed, change, change_members);
}

static qw_err end_group(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct qw_key_group key_group;
    struct qw_group group;
    int64_t now_ms = qw_clock_utc_ms();
    qw_err err = load_own(centre, deed, &key_group);

    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    end_key(centre, &group, &key_group.before, now_ms + SOON_MS);
    end_key(centre, &group, &key_group.newest, now_ms + SOON_MS);
    key_group.is_ended = true;
    qw_key_group_put(centre, &group, &key_group);
    return qw_group_commit(centre, &group, deed, "");
}

qw_err qw_centre_key_group_end(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *name)
{
    struct qw_deed deed = { .caller = caller, .verb = "group-end", .object = name };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (!qw_key_group_name_ok(name)) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    err = end_group(centre, &deed);
    qw_centre_leave(centre);
    return err;
}
