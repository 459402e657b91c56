/* SPDX-License-Identifier: Apache-2.0 */
/* Steps G1 to G5 of docs/protocol/key-groups.md. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/block.h"
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

static bool in_service(struct qw_centre *centre, const char *who, qw_err *err)
{
    const struct qw_device *device = &centre->card.device;

    *err = qw_card_book_load(centre, who, &centre->card);
    if (*err == QW_ERR_NOT_FOUND) {
        *err = QW_OK;
        return false;
    }
    return *err == QW_OK && device->kind == QW_DEVICE_APPLICATION &&
           device->state == QW_DEVICE_ACTIVE && device->home[0] == '\0';
}

/* G1, with the caller's entry in the workspace afterwards: a suspended owner changes nothing, and a
 * key of a group counts like any other of his (Q1 of docs/protocol/etsi014.md). Under the mutex. */
static qw_err check_owner(struct qw_centre *centre, const struct qw_deed *deed,
                          struct qw_quota_account *account)
{
    qw_err err;

    if (!in_service(centre, deed->caller->id, &err)) {
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

static bool is_in(const struct qw_key_group *key_group, const struct qw_key_epoch *epoch,
                  const char *who)
{
    return epoch->number != 0 &&
           (strcmp(key_group->owner, who) == 0 || qw_key_epoch_has(epoch, who));
}

/* G4: the group as one of its present or last members sees it. */
static qw_err load_as_member(struct qw_centre *centre, const struct qw_deed *deed,
                             struct qw_key_group *key_group)
{
    const char *who = deed->caller->id;
    qw_err err = qw_key_group_load(centre, deed->object, key_group);

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such group");
    }
    if (err != QW_OK) {
        return err;
    }
    if (key_group->is_ended || (!is_in(key_group, &key_group->newest, who) &&
                                !is_in(key_group, &key_group->before, who))) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no member of the group");
    }
    if (!in_service(centre, who, &err)) {
        return err == QW_OK ? qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "not in service")
                            : err;
    }
    return QW_OK;
}

/* An epoch that the caller was a member of and that is not over. NULL: there is none. */
static const struct qw_key_epoch *find_epoch(const struct qw_key_group *key_group, const char *who,
                                             uint32_t number)
{
    const struct qw_key_epoch *newest = &key_group->newest;
    const struct qw_key_epoch *before = &key_group->before;

    if (number == newest->number) {
        return is_in(key_group, newest, who) ? newest : NULL;
    }
    return number == before->number && is_in(key_group, before, who) &&
                   qw_clock_utc_ms() < newest->activates_ms
               ? before
               : NULL;
}

static qw_err give_key(struct qw_centre *centre, const struct qw_deed *deed,
                       const struct qw_key_epoch *epoch, struct qw_given_key *out)
{
    struct qw_key_record key;
    struct qw_group group;
    char detail[32];
    qw_err err = qw_key_record_load(centre, epoch->key_id, &key);

    if (err == QW_OK) {
        err = qw_block_load(centre, key.place.block);
    }
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
    }
    memcpy(out->bytes, centre->block.material + (size_t)key.place.position * QW_KEY_LEN,
           QW_KEY_LEN);
    memcpy(out->id, key.id, sizeof out->id);
    out->bits = key.bits;
    qw_group_begin(centre, &group);
    (void)snprintf(detail, sizeof detail, "epoch %u", (unsigned)epoch->number);
    return qw_group_commit(centre, &group, deed, detail); /* in the journal before it leaves */
}

static qw_err take_key(struct qw_centre *centre, const struct qw_deed *deed, uint32_t number,
                       int64_t *activates_ms, struct qw_given_key *key)
{
    struct qw_key_group key_group;
    const struct qw_key_epoch *epoch;
    qw_err err = load_as_member(centre, deed, &key_group);

    if (err != QW_OK) {
        return err;
    }
    epoch = find_epoch(&key_group, deed->caller->id, number);
    if (epoch == NULL) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no such epoch, or not its member");
    }
    err = give_key(centre, deed, epoch, key);
    if (err == QW_OK) {
        *activates_ms = epoch->activates_ms;
    } else {
        qw_wipe(key, sizeof *key);
    }
    return err;
}

qw_err qw_centre_key_group_take(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *name, uint32_t epoch, int64_t *activates_ms,
                                struct qw_given_key *key)
{
    struct qw_deed deed = { .caller = caller, .verb = "group-take", .object = name };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (!qw_key_group_name_ok(name) || epoch == 0) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    err = take_key(centre, &deed, epoch, activates_ms, key);
    qw_centre_leave(centre);
    return err;
}

static void describe(const struct qw_key_group *key_group, const char *who,
                     struct qw_key_group_info *info)
{
    const struct qw_key_epoch *newest = &key_group->newest;
    bool is_member = is_in(key_group, newest, who);

    *info = (struct qw_key_group_info){ .epoch = is_member ? newest->number : 0,
                                        .activates_ms = newest->activates_ms };
    memcpy(info->owner, key_group->owner, sizeof info->owner);
    if (find_epoch(key_group, who, key_group->before.number) != NULL) {
        info->epoch_before = key_group->before.number;
    }
    for (uint8_t i = 0; is_member && i < newest->member_count; i++) {
        memcpy(info->members[i], newest->members[i], sizeof info->members[i]);
        info->member_count++;
    }
}

qw_err qw_centre_key_group_find(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *name, struct qw_key_group_info *info)
{
    struct qw_deed deed = { .caller = caller, .verb = "group-find", .object = name };
    struct qw_key_group key_group;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (!qw_key_group_name_ok(name)) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    err = load_as_member(centre, &deed, &key_group);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        describe(&key_group, caller->id, info);
    }
    return err;
}
