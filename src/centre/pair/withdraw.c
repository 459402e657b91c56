/* SPDX-License-Identifier: Apache-2.0 */
/* A party takes keys back: nobody gets them any more, and they go with the next sweep (K10 of
 * docs/protocol/etsi014.md) [C7]. One party suffices: what is suspected is not used. */
#include "base/clock.h"
#include "centre/key/key_record.h"
#include "centre/key/tombstone.h"
#include "centre/pair/home.h"
#include "centre/pair/unfetched.h"

#include <stdio.h>
#include <string.h>

struct withdrawal {
    struct qw_centre *centre;
    struct qw_group *group;
    const char *who;
    enum qw_withdrawal why;
    int64_t now_ms;
    uint64_t withdrawn; /* that somebody could have got else */
};

static qw_err check_parties(const struct withdrawal *w, const struct qw_key_record *key)
{
    if (strcmp(key->master, w->who) != 0 && !qw_key_record_names(key, w->who)) {
        return QW_ERR_REFUSED;
    }
    return qw_key_check_homes(w->centre, key);
}

/* Into the state, due at once; a key that has come to its end in another way is left alone. */
static void withdraw_record(struct withdrawal *w, struct qw_key_record *key)
{
    enum qw_key_event event = w->why == QW_WITHDRAW_VOID ? QW_KEY_VOID : QW_KEY_COMPROMISE;
    bool was_live = key->state == QW_KEY_ASSIGNED || key->state == QW_KEY_DELIVERED;

    if (qw_key_next(key->state, event, key->state, &key->state) != QW_OK) {
        return;
    }
    key->due_ms = 0;
    w->group->books.paired -= key->is_new ? 1 : 0;
    qw_key_record_put(w->centre, w->group, key);
    w->withdrawn += was_live ? 1 : 0;
}

static qw_err withdraw_destroyed(struct withdrawal *w, const struct qw_key_record *stone)
{
    qw_err err = check_parties(w, stone);

    if (err == QW_OK && w->why == QW_WITHDRAW_COMPROMISED) {
        qw_tombstone_mark_compromised(w->centre, w->group, stone);
        err = w->group->err;
    }
    return err;
}

static qw_err withdraw_key(struct withdrawal *w, const uint8_t id[static 16])
{
    struct qw_key_record key;
    qw_err err = qw_key_record_load(w->centre, id, &key);

    if (err == QW_ERR_NOT_FOUND) {
        err = qw_tombstone_load(w->centre, id, &key);
        if (err == QW_OK) {
            return withdraw_destroyed(w, &key);
        }
        if (err == QW_ERR_NOT_FOUND) {
            err = qw_pair_unfetched(w->centre, id, w->now_ms, &key);
        }
    }
    if (err == QW_OK) {
        err = check_parties(w, &key);
    }
    if (err == QW_OK && (key.version != 0 || key.is_new)) {
        withdraw_record(w, &key);
        err = w->group->err;
    }
    return err;
}

static qw_err withdraw(struct withdrawal *w, const struct qw_deed *deed, const uint8_t (*ids)[16],
                       size_t count)
{
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err = QW_OK;

    qw_group_begin(w->centre, &group);
    w->group = &group;
    for (size_t i = 0; i < count && err == QW_OK; i++) {
        err = withdraw_key(w, ids[i]);
    }
    if (err == QW_OK) {
        (void)snprintf(detail, sizeof detail, "%zu keys, %llu of them there", count,
                       (unsigned long long)w->withdrawn);
        return qw_group_commit(w->centre, &group, deed, detail);
    }
    qw_group_drop(&group);
    switch (err) {
    case QW_ERR_REFUSED:
        return qw_centre_refuse(w->centre, deed, err, "not a party of the key");
    case QW_ERR_NOT_FOUND:
        return qw_centre_refuse(w->centre, deed, err, "unknown key id");
    case QW_ERR_UNAVAILABLE:
        return qw_centre_refuse(w->centre, deed, err, "another centre has the key too");
    default:
        return err;
    }
}

qw_err qw_centre_key_withdraw(struct qw_centre *centre, const struct qw_caller *caller,
                              enum qw_withdrawal why, const uint8_t (*key_ids)[16], size_t count,
                              uint64_t *withdrawn)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = why == QW_WITHDRAW_VOID ? "key-void" : "key-compromised",
                            .object = "" };
    struct withdrawal w = { .centre = centre, .who = caller->id, .why = why };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (count < 1 || count > QW_FETCH_KEYS_MAX) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    w.now_ms = qw_clock_utc_ms();
    err = withdraw(&w, &deed, key_ids, count);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *withdrawn = w.withdrawn;
    }
    return err;
}
