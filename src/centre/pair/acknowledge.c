/* SPDX-License-Identifier: Apache-2.0 */
/* Who has his keys says so: his repeat window closes at once, and a key that every party has closed
 * goes with the next sweep (K9 of docs/protocol/etsi014.md) [C7]. */
#include "base/clock.h"
#include "centre/key/key_record.h"
#include "centre/key/tombstone.h"

#include <stdio.h>
#include <string.h>

/* A party with its window closed: fetched, at a time that is over whatever the window's length. */
static const int64_t closed_ms = 0;

/* False: not a party of the key. *has_fetched: is one, and got it. */
static bool close_window(struct qw_key_record *key, const char *who, bool *has_fetched)
{
    if (strcmp(key->peer, who) == 0) {
        *has_fetched = key->is_fetched;
        key->fetched_ms = closed_ms;
        return true;
    }
    for (uint8_t i = 0; i < key->other_count; i++) {
        if (strcmp(key->others[i].id, who) == 0) {
            *has_fetched = key->others[i].is_fetched;
            key->others[i].fetched_ms = closed_ms;
            return true;
        }
    }
    return false;
}

static bool all_closed(const struct qw_key_record *key)
{
    bool all = key->is_fetched && key->fetched_ms == closed_ms;

    for (uint8_t i = 0; i < key->other_count; i++) {
        all = all && key->others[i].is_fetched && key->others[i].fetched_ms == closed_ms;
    }
    return all;
}

/* A key that is gone already was closed by its time: nothing is left to do. */
static qw_err check_gone(struct qw_centre *centre, const struct qw_deed *deed,
                         const uint8_t id[static 16])
{
    struct qw_key_record key;
    qw_err err = qw_tombstone_load(centre, id, &key);

    if (err == QW_OK && !qw_key_record_names(&key, deed->caller->id)) {
        err = QW_ERR_REFUSED;
    }
    return err;
}

static qw_err close_key(struct qw_centre *centre, struct qw_group *group,
                        const struct qw_deed *deed, const uint8_t id[static 16])
{
    struct qw_key_record key;
    bool has_fetched = false;
    qw_err err = qw_key_record_load(centre, id, &key);

    if (err == QW_ERR_NOT_FOUND) {
        return check_gone(centre, deed, id);
    }
    if (err != QW_OK) {
        return err;
    }
    if (!close_window(&key, deed->caller->id, &has_fetched)) {
        return QW_ERR_REFUSED;
    }
    if (!has_fetched || key.state != QW_KEY_DELIVERED) {
        return QW_ERR_NOT_FOUND;
    }
    if (all_closed(&key)) {
        key.due_ms = qw_clock_utc_ms() + 1; /* of this second the sweep may have been already */
    }
    qw_key_record_put(centre, group, &key);
    return QW_OK;
}

static qw_err close_keys(struct qw_centre *centre, const struct qw_deed *deed,
                         const uint8_t (*ids)[16], size_t count)
{
    struct qw_group group;
    char detail[32];
    qw_err err = QW_OK;

    qw_group_begin(centre, &group);
    for (size_t i = 0; i < count && err == QW_OK; i++) {
        err = close_key(centre, &group, deed, ids[i]);
    }
    if (err == QW_OK) {
        (void)snprintf(detail, sizeof detail, "%zu keys", count);
        return qw_group_commit(centre, &group, deed, detail);
    }
    qw_group_drop(&group);
    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, "not a party of the key");
    }
    return err == QW_ERR_NOT_FOUND ? qw_centre_refuse(centre, deed, err, "not fetched") : err;
}

qw_err qw_centre_acknowledge(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t (*key_ids)[16], size_t count)
{
    struct qw_deed deed = { .caller = caller, .verb = "acknowledge", .object = "" };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (count < 1 || count > QW_FETCH_KEYS_MAX) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    err = close_keys(centre, &deed, key_ids, count);
    qw_centre_leave(centre);
    return err;
}
