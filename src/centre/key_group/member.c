/* SPDX-License-Identifier: Apache-2.0 */
/* What the members of a group do: G4 of docs/protocol/key-groups.md. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key_group/key_group.h"

#include <stdio.h>
#include <string.h>

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
    if (!qw_key_group_in_service(centre, who, &err)) {
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
