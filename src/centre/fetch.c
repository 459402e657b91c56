/* SPDX-License-Identifier: Apache-2.0 */
/* A1 of docs/protocol/refill.md: the peer fetches by id the keys a card holds [ETSI 014 5.4]. Who
 * is no party of one of the ids learns nothing else (401 before 400). */
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/block.h"
#include "centre/card_book.h"
#include "centre/key_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FETCH_KEYS_MAX = QW_PACKAGE_KEYS_MAX };

struct fetch { /* one call */
    const struct qw_caller *caller;
    const char *master;
    const uint8_t (*ids)[16];
    size_t count;
    struct qw_key_record *records; /* count, in the order asked */
    int64_t now_ms;
    size_t repeats;
};

static bool has_duplicate(const struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (qw_equal_ct(fetch->ids[i], fetch->ids[j], 16)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether the caller is the peer of a key; used and destroyed ones count. QW_ERR_NOT_FOUND: nobody
 * knows the id; record->version is 0 for what has only a tombstone. */
static qw_err find_key(struct qw_centre *centre, const struct fetch *fetch, size_t index)
{
    struct qw_key_record *record = &fetch->records[index];
    qw_err err = qw_key_record_load(centre, fetch->ids[index], record);

    if (err == QW_ERR_NOT_FOUND) {
        err = qw_tombstone_peer(centre, fetch->ids[index], record->peer);
    }
    if (err != QW_OK) {
        return err;
    }
    return strcmp(record->peer, fetch->caller->id) == 0 ? QW_OK : QW_ERR_REFUSED;
}

/* All parties first, so that the answer does not depend on the order of the ids. */
static qw_err check_parties(struct qw_centre *centre, struct fetch *fetch, bool *all_known)
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
static bool window_open(const struct qw_centre *centre, const struct qw_key_record *record,
                        int64_t now_ms)
{
    return now_ms >= record->fetched_ms &&
           now_ms - record->fetched_ms < (int64_t)centre->config.window_ms;
}

static bool is_live(const struct qw_key_record *record)
{
    bool is_off_line =
        record->package_kind == QW_PACKAGE_BIRTH || record->package_kind == QW_PACKAGE_CHARGE;

    /* On line an assigned key is on its way or there: who knows its id has it from the card. */
    return record->state == QW_KEY_DELIVERED || (record->state == QW_KEY_ASSIGNED && !is_off_line);
}

/* Moves the record and adds it to the group, unless it is a repeat inside the window. */
static qw_err deliver(struct qw_centre *centre, struct qw_group *group, struct fetch *fetch,
                      struct qw_key_record *record)
{
    qw_err err;

    if (record->version == 0 || strcmp(record->master, fetch->master) != 0 || !is_live(record)) {
        return QW_ERR_NOT_FOUND;
    }
    if (record->is_fetched) {
        fetch->repeats++;
        return window_open(centre, record, fetch->now_ms) ? QW_OK : QW_ERR_NOT_FOUND;
    }
    err = qw_key_next(record->state, QW_KEY_DELIVER, record->state, &record->state);
    if (err == QW_OK) {
        record->is_fetched = true;
        record->fetched_ms = fetch->now_ms;
        qw_key_record_put(centre, group, record);
        err = group->err;
    }
    return err;
}

/* The material, in the order asked, to centre->material. */
static qw_err gather(struct qw_centre *centre, const struct fetch *fetch)
{
    const struct qw_block *block = &centre->block;
    qw_err err = QW_OK;

    for (size_t i = 0; i < fetch->count && err == QW_OK; i++) {
        const struct qw_key_place *place = &fetch->records[i].place;

        if (block->version == 0 || block->number != place->block) {
            err = qw_block_load(centre, place->block);
        }
        if (err == QW_OK && place->position >= block->keys) {
            err = QW_ERR_IO;
        }
        if (err == QW_OK) {
            memcpy(centre->material + i * QW_KEY_LEN,
                   block->material + (size_t)place->position * QW_KEY_LEN, QW_KEY_LEN);
        }
    }
    return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
}

/* The device that holds the keys is in service. */
static qw_err check_master(struct qw_centre *centre, const struct fetch *fetch)
{
    qw_err err = qw_card_book_load(centre, fetch->master, &centre->card);

    if (err == QW_OK && centre->card.device.state == QW_DEVICE_SUSPENDED) {
        return QW_ERR_REFUSED;
    }
    return err;
}

static qw_err fetch_keys(struct qw_centre *centre, struct qw_deed *deed, struct fetch *fetch)
{
    struct qw_group group;
    bool all_known;
    char detail[64];
    qw_err err = check_parties(centre, fetch, &all_known);

    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, "not a party of the key");
    }
    if (err == QW_OK && !all_known) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "unknown key id");
    }
    if (err == QW_OK) {
        err = check_master(centre, fetch);
    }
    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, "the device is suspended");
    }
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such master");
    }
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    for (size_t i = 0; i < fetch->count && err == QW_OK; i++) {
        err = deliver(centre, &group, fetch, &fetch->records[i]);
    }
    if (err == QW_OK) {
        err = gather(centre, fetch);
    }
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_NOT_FOUND
                   ? qw_centre_refuse(centre, deed, err, "used, withdrawn or another master's")
                   : err;
    }
    (void)snprintf(detail, sizeof detail, "%zu keys of %.40s", fetch->count, fetch->master);
    if (fetch->repeats == fetch->count) {
        deed->verb = "fetch-repeat";
    }
    return qw_group_commit(centre, &group, deed, detail);
}

qw_err qw_centre_fetch(struct qw_centre *centre, const struct qw_caller *caller, const char *master,
                       const uint8_t (*key_ids)[16], size_t count, uint8_t (*keys)[32])
{
    struct qw_deed deed = { .caller = caller, .verb = "fetch", .object = "" };
    struct fetch fetch = { .caller = caller, .master = master, .ids = key_ids, .count = count };
    char object[QW_UUID_TEXT_CAP];
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (count < 1 || count > FETCH_KEYS_MAX || has_duplicate(&fetch)) {
        return QW_ERR_ARG;
    }
    fetch.records = calloc(count, sizeof *fetch.records);
    if (fetch.records == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_uuid_encode(key_ids[0], object);
    deed.object = object;
    qw_centre_enter(centre);
    fetch.now_ms = qw_clock_utc_ms();
    err = fetch_keys(centre, &deed, &fetch);
    if (err == QW_OK) {
        memcpy(keys, centre->material, count * QW_KEY_LEN);
    }
    qw_centre_leave(centre);
    free(fetch.records); /* places and parties, no material */
    return err;
}
