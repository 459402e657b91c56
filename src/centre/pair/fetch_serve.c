/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have which keys, and the group in which they go out. Who is no party of one of the ids
 * learns nothing else (401 before 400). */
#include "centre/pair/fetch_serve.h"

#include "base/clock.h"
#include "centre/device/binding.h"
#include "centre/device/card_book.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/tombstone.h"
#include "centre/pair/quota.h"
#include "centre/pair/unfetched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The caller's own mark in a record: whether and when he has fetched the key. */
struct mark {
    bool *is_fetched;
    int64_t *fetched_ms;
};

/* False: no party of the key. */
static bool find_mark(struct qw_key_record *record, const char *who, struct mark *mark)
{
    if (strcmp(record->peer, who) == 0) {
        *mark = (struct mark){ &record->is_fetched, &record->fetched_ms };
        return true;
    }
    for (uint8_t i = 0; i < record->other_count; i++) {
        if (strcmp(record->others[i].id, who) == 0) {
            *mark = (struct mark){ &record->others[i].is_fetched, &record->others[i].fetched_ms };
            return true;
        }
    }
    return false;
}

/* Whether the caller is a party of a key; used and destroyed ones count. QW_ERR_NOT_FOUND: nobody
 * knows the id; record->version is 0 for what is gone. */
static qw_err find_key(struct qw_centre *centre, const struct qw_fetch *fetch, size_t index)
{
    struct qw_key_record *record = &fetch->records[index];
    struct qw_key_record stone;
    bool is_party;
    qw_err err = qw_key_record_load(centre, fetch->ids[index], record);

    if (err == QW_OK) {
        is_party = qw_key_record_names(record, fetch->caller->id);
    } else if (err == QW_ERR_NOT_FOUND) {
        err = qw_tombstone_load(centre, fetch->ids[index], &stone);
        if (err == QW_ERR_NOT_FOUND) {
            err = qw_pair_unfetched(centre, fetch->ids[index], fetch->now_ms, record);
            is_party = err == QW_OK && strcmp(record->peer, fetch->caller->id) == 0;
        } else {
            is_party = err == QW_OK && qw_key_record_names(&stone, fetch->caller->id);
        }
    }
    return err != QW_OK || is_party ? err : QW_ERR_REFUSED;
}

/* All parties first, so that the answer does not depend on the order of the ids. */
static qw_err check_parties(struct qw_centre *centre, struct qw_fetch *fetch, bool *all_known)
{
    *all_known = true;
    for (size_t i = 0; i < fetch->count; i++) {
        qw_err err = find_key(centre, fetch, i);

        if (err == QW_ERR_NOT_FOUND) {
            *all_known = false;
        } else if (err != QW_OK) {
            return err;
        }
    }
    return QW_OK;
}

/* A clock that went back closes windows instead of stretching them. */
static bool window_open(const struct qw_centre *centre, int64_t fetched_ms, int64_t now_ms)
{
    return now_ms >= fetched_ms && now_ms - fetched_ms < (int64_t)centre->config.window_ms;
}

static bool is_live(const struct qw_key_record *record, int64_t now_ms)
{
    bool is_off_line =
        record->package_kind == QW_PACKAGE_BIRTH || record->package_kind == QW_PACKAGE_CHARGE;

    if (record->due_ms != 0 && now_ms >= record->due_ms) {
        return false; /* its time is over */
    }
    /* On line an assigned key is on its way or there: who knows its id has it from the card. */
    return record->state == QW_KEY_DELIVERED || (record->state == QW_KEY_ASSIGNED && !is_off_line);
}

/* Now only the window keeps the key, unless others wait for it. */
static void set_due(const struct qw_centre *centre, struct qw_key_record *record, int64_t now_ms)
{
    bool all_fetched = record->is_fetched;

    for (uint8_t i = 0; i < record->other_count; i++) {
        all_fetched = all_fetched && record->others[i].is_fetched;
    }
    if (all_fetched) {
        record->due_ms = now_ms + (int64_t)centre->config.window_ms;
    }
}

/* Whether the key may go out now, as its first fetch or as a repeat; changes nothing. */
static qw_err check_key(const struct qw_centre *centre, struct qw_fetch *fetch,
                        struct qw_key_record *record)
{
    enum qw_key_state next;
    struct mark mark;

    if (record->state == QW_KEY_SUSPENDED && strcmp(record->master, fetch->master) == 0) {
        return QW_ERR_STATE; /* it may come back */
    }
    if ((record->version == 0 && !record->is_new) || strcmp(record->master, fetch->master) != 0 ||
        !is_live(record, fetch->now_ms) || !find_mark(record, fetch->caller->id, &mark)) {
        return QW_ERR_NOT_FOUND;
    }
    if (*mark.is_fetched) {
        fetch->repeats++;
        return window_open(centre, *mark.fetched_ms, fetch->now_ms) ? QW_OK : QW_ERR_NOT_FOUND;
    }
    return qw_key_next(record->state, QW_KEY_DELIVER, record->state, &next);
}

/* Moves the record of a first fetch and adds it to the group. */
static void deliver(struct qw_centre *centre, struct qw_group *group, const struct qw_fetch *fetch,
                    struct qw_key_record *record)
{
    struct mark mark;

    if (!find_mark(record, fetch->caller->id, &mark) || *mark.is_fetched) {
        return;
    }
    qw_group_fail(group, qw_key_next(record->state, QW_KEY_DELIVER, record->state, &record->state));
    *mark.is_fetched = true;
    *mark.fetched_ms = fetch->now_ms;
    set_due(centre, record, fetch->now_ms);
    group->books.paired -= record->is_new ? 1 : 0;
    qw_key_record_put(centre, group, record);
}

/* The material, in the order asked, to centre->material, one key after the other. */
static qw_err gather(struct qw_centre *centre, const struct qw_fetch *fetch)
{
    size_t at = 0;
    qw_err err = QW_OK;

    for (size_t i = 0; i < fetch->count && err == QW_OK; i++) {
        const struct qw_key_record *record = &fetch->records[i];

        err = qw_block_read_key(centre, &record->place, record->bits, centre->material + at);
        at += record->bits / 8u;
    }
    return err;
}

static struct qw_service_memo *memo_of(struct qw_centre *centre, const struct qw_fetch *fetch)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (const char *c = fetch->caller->id; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    for (const char *c = fetch->master; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return &centre->service_memos[hash % QW_SERVICE_MEMOS];
}

static bool remembers_service(const struct qw_service_memo *memo, const struct qw_fetch *fetch,
                              uint64_t changes)
{
    return memo->registry_changes == changes && strcmp(memo->caller, fetch->caller->id) == 0 &&
           strcmp(memo->master, fetch->master) == 0;
}

/* Two applications: their states change through the registry alone, which counts its changes. */
static void remember_service(struct qw_service_memo *memo, const struct qw_fetch *fetch,
                             uint64_t changes)
{
    memo->registry_changes = changes;
    (void)snprintf(memo->caller, sizeof memo->caller, "%s", fetch->caller->id);
    (void)snprintf(memo->master, sizeof memo->master, "%s", fetch->master);
}

/* The device that holds the keys is in service, and so is the caller, if he is registered: the peer
 * of a terminal need not be. */
static qw_err check_service(struct qw_centre *centre, const struct qw_fetch *fetch)
{
    const struct qw_device *device = &centre->card.device;
    uint64_t changes = atomic_load(&centre->registry_changes);
    struct qw_service_memo *memo = memo_of(centre, fetch);
    bool is_application;
    qw_err err;

    if (remembers_service(memo, fetch, changes)) {
        return QW_OK;
    }
    err = qw_card_book_load(centre, fetch->caller->id, &centre->card);
    is_application = err == QW_OK && device->kind == QW_DEVICE_APPLICATION;
    if (is_application && (device->state != QW_DEVICE_ACTIVE || device->home[0] != '\0')) {
        return QW_ERR_REFUSED;
    }
    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    err = qw_card_book_load(centre, fetch->master, &centre->card);
    if (err == QW_OK &&
        (device->state == QW_DEVICE_SUSPENDED ||
         (device->state == QW_DEVICE_ACTIVE && !qw_card_may_work(centre, device)) ||
         (device->kind == QW_DEVICE_APPLICATION && device->state == QW_DEVICE_DESTROYED))) {
        return QW_ERR_REFUSED;
    }
    if (err == QW_OK && is_application && device->kind == QW_DEVICE_APPLICATION) {
        remember_service(memo, fetch, changes);
    }
    return err;
}

/* Everything but the change itself; a refusal is in the journal. */
static qw_err check_fetch(struct qw_centre *centre, struct qw_fetch *fetch)
{
    const struct qw_deed *deed = &fetch->deed;
    bool all_known;
    qw_err err = check_parties(centre, fetch, &all_known);

    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, "not a party of the key");
    }
    if (err == QW_OK && !all_known) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "unknown key id");
    }
    if (err == QW_OK) {
        err = check_service(centre, fetch);
    }
    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, "not in service");
    }
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such master");
    }
    for (size_t i = 0; i < fetch->count && err == QW_OK; i++) {
        err = check_key(centre, fetch, &fetch->records[i]);
    }
    if (err == QW_ERR_STATE) {
        return qw_centre_refuse(centre, deed, err, "suspended");
    }
    return err == QW_ERR_NOT_FOUND
               ? qw_centre_refuse(centre, deed, err, "used, withdrawn or another master's")
               : err;
}

static void add_to_group(struct qw_centre *centre, struct qw_group *group, struct qw_fetch *fetch)
{
    char detail[64];

    for (size_t i = 0; i < fetch->count; i++) {
        deliver(centre, group, fetch, &fetch->records[i]);
    }
    (void)snprintf(detail, sizeof detail, "%zu keys of %.40s", fetch->count, fetch->master);
    if (fetch->repeats == fetch->count) {
        fetch->deed.verb = "fetch-repeat";
    }
    qw_group_note(group, &fetch->deed, detail);
}

static void hand_over(const struct qw_centre *centre, const struct qw_fetch *fetch)
{
    struct qw_given_key *keys = fetch->keys;
    const uint8_t *at = centre->material;

    for (size_t i = 0; i < fetch->count; i++) {
        keys[i].bits = fetch->records[i].bits;
        memcpy(keys[i].id, fetch->ids[i], sizeof keys[i].id);
        memcpy(keys[i].bytes, at, keys[i].bits / 8u);
        at += keys[i].bits / 8u;
    }
}

void qw_fetch_serve(struct qw_centre *centre, struct qw_fetch *batch)
{
    struct qw_group group;
    bool has_work = false;
    qw_err err = QW_OK;

    qw_centre_enter(centre);
    qw_group_begin(centre, &group);
    for (struct qw_fetch *fetch = batch; fetch != NULL; fetch = fetch->next) {
        fetch->now_ms = qw_clock_utc_ms();
        if (centre->latest_ms < fetch->now_ms) { /* so that the sweep sees a clock that went back */
            centre->latest_ms = fetch->now_ms;
        }
        fetch->err = check_fetch(centre, fetch);
        if (fetch->err == QW_OK) {
            add_to_group(centre, &group, fetch);
            has_work = true;
        }
    }
    if (has_work) {
        err = qw_group_commit_noted(centre, &group);
    } else {
        qw_group_drop(&group);
    }
    for (struct qw_fetch *fetch = batch; fetch != NULL; fetch = fetch->next) {
        if (fetch->err == QW_OK) {
            fetch->err = err == QW_OK ? gather(centre, fetch) : err;
        }
        if (fetch->err == QW_OK) {
            hand_over(centre, fetch);
        }
    }
    qw_centre_leave(centre);
}

void qw_fetch_conclude(struct qw_centre *centre, struct qw_fetch *fetch)
{
    if (fetch->err == QW_ERR_REFUSED || fetch->err == QW_ERR_NOT_FOUND) {
        qw_quota_note_miss(centre->quota, fetch->caller->id);
    }
    fetch->done(fetch->self, fetch->err);
    free(fetch->records); /* places and parties, no material */
    free(fetch);
}
