/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/people/unit_count.h"

#include "base/bytes.h"
#include "centre/device/card_book.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key_group/key_group.h"
#include "centre/people/unit_quota.h"
#include "centre/people/unit_record.h"
#include "centre/people/unit_use.h"
#include "centre/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one group: some tens of milliseconds under the mutex. */
enum {
    LOOK_BLOCKS = 256,
    GROUP_BLOCKS = 32, /* opened with their material, and sealed again */
    LOOK_KEYS = 512,
    GROUP_KEYS = 128
};
enum { LAYOUT = 1, PLAIN_CAP = 256 };
enum phase { BLOCKS, KEYS, PHASE_COUNT };
static const char walk_id[] = "count-units";

struct walk_place {
    uint64_t version; /* of the record, 0: none */
    uint64_t since;
    uint64_t counted; /* keys, since it began */
    uint8_t phase;
    uint8_t after[QW_STORE_ID_MAX]; /* of the phase's records all up to this one were looked at */
    size_t after_len;
};

struct walk { /* one group */
    struct qw_centre *centre;
    struct qw_group *group;
    struct walk_place place; /* as it will be */
    struct qw_unit_tally tally;
    uint64_t numbers[GROUP_BLOCKS];
    struct qw_key_record *keys; /* [GROUP_KEYS], owned */
    size_t count;
    bool has_seen; /* a record of the phase */
    qw_err err;
};

static struct qw_store_op record_op(uint64_t version)
{
    return (struct qw_store_op){ .kind = QW_STORE_META,
                                 .id = walk_id,
                                 .id_len = sizeof walk_id - 1,
                                 .expected_version = version };
}

static void put_place(struct qw_centre *centre, struct qw_group *group,
                      const struct walk_place *place)
{
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_u64be(&w, place->since);
    qw_write_u64be(&w, place->counted);
    qw_write_u8(&w, place->phase);
    qw_write_u8(&w, (uint8_t)place->after_len);
    qw_write_bytes(&w, place->after, place->after_len);
    qw_assert(!w.failed);
    qw_group_add(centre, group, place->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE,
                 record_op(place->version), plain, w.len);
}

static bool decode(const uint8_t *plain, size_t len, struct walk_place *place)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);

    place->since = qw_read_u64be(&r);
    place->counted = qw_read_u64be(&r);
    place->phase = qw_read_u8(&r);
    place->after_len = qw_read_u8(&r);
    if (layout != LAYOUT || place->phase >= PHASE_COUNT || place->after_len > sizeof place->after) {
        return false;
    }
    qw_read_bytes(&r, place->after, place->after_len);
    return qw_reader_done(&r);
}

/* QW_ERR_NOT_FOUND: nothing is being counted. */
static qw_err load_place(struct qw_centre *centre, struct walk_place *place)
{
    struct walk_place found = { .version = 0 };
    size_t len;
    qw_err err =
        qw_record_load(centre, QW_STORE_META, walk_id, sizeof walk_id - 1, &found.version, &len);

    if (err == QW_OK && !decode(centre->scratch, len, &found)) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        *place = found;
    }
    return err;
}

qw_err qw_unit_count_begin(struct qw_centre *centre, struct qw_group *group, uint64_t since)
{
    struct walk_place before = { .since = since };
    qw_err err = load_place(centre, &before);

    if (err == QW_OK || err == QW_ERR_NOT_FOUND) {
        const struct walk_place place = { .version = before.version,
                                          .since = before.since < since ? before.since : since };

        put_place(centre, group, &place);
        err = group->err;
    }
    return err;
}

qw_err qw_unit_count_since(struct qw_centre *centre, uint64_t *since)
{
    struct walk_place place = { .since = UINT64_MAX };
    qw_err err = load_place(centre, &place);

    if (err == QW_OK || err == QW_ERR_NOT_FOUND) {
        *since = place.since;
        err = QW_OK;
    }
    return err;
}

/* Where who took keys stands now; of a group's key its owner. The root: nobody of ours, or served
 * by another centre, whose keys are not out of our stock. */
static qw_err unit_of(struct qw_centre *centre, const char *master, char unit[static QW_UNIT_CAP])
{
    struct qw_card_book *book = &centre->card;
    struct qw_key_group key_group;
    qw_err err = qw_card_book_load(centre, master, book);

    if (err == QW_ERR_NOT_FOUND && qw_key_group_name_ok(master)) {
        err = qw_key_group_load(centre, master, &key_group);
        if (err == QW_OK) {
            err = qw_card_book_load(centre, key_group.owner, book);
        }
    }
    memcpy(unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    if (err == QW_OK && book->device.home[0] == '\0') {
        memcpy(unit, book->device.unit, QW_UNIT_CAP);
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

/* *is_counted: the charge is another one, to be written. */
static qw_err count(struct walk *walk, const char *master, uint64_t keys,
                    struct qw_key_charge *charge, bool *is_counted)
{
    char unit[QW_UNIT_CAP] = QW_UNIT_ROOT;
    qw_err err = QW_OK;

    *is_counted = false;
    if (charge->unit[0] == '\0') {
        err = unit_of(walk->centre, master, unit);
    }
    if (err == QW_OK) {
        err = qw_unit_adopt_keys(walk->centre, &walk->tally, unit, keys, charge, is_counted);
    }
    walk->place.counted += *is_counted ? keys : 0;
    return err;
}

static void note_seen(struct walk *walk, const struct qw_store_record *record)
{
    memcpy(walk->place.after, record->id, record->id_len);
    walk->place.after_len = record->id_len;
    walk->has_seen = true;
}

/* Those of pairs: their tag says when they end, that of others how they are. */
static int note_block(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;

    if (record->id_len != sizeof(uint64_t)) {
        walk->err = QW_ERR_IO;
        return 0;
    }
    note_seen(walk, record);
    if (record->tag >= QW_TAG_DUE) {
        walk->numbers[walk->count++] = qw_load_u64be(record->id);
    }
    return walk->count < GROUP_BLOCKS;
}

static qw_err count_block(struct walk *walk, uint64_t number)
{
    struct qw_block *block = &walk->centre->block;
    bool is_counted = false;
    uint64_t left = 0;
    qw_err err = qw_block_load(walk->centre, number);

    for (uint16_t i = 0; err == QW_OK && i < block->keys; i++) {
        left += qw_block_is_gone(block, i) ? 0 : 1;
    }
    if (err == QW_OK && left > 0) {
        err = count(walk, block->master, left, &block->charge, &is_counted);
    }
    if (err == QW_OK && is_counted) {
        qw_block_put(walk->centre, walk->group);
    }
    return err;
}

static int note_key(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    struct qw_key_record *key = &walk->keys[walk->count];

    walk->err = qw_key_record_open(walk->centre, record, key);
    if (walk->err != QW_OK) {
        return 0;
    }
    note_seen(walk, record);
    walk->count += qw_key_record_is_in_pair(record, key) ? 0 : 1;
    return walk->count < GROUP_KEYS;
}

static qw_err count_key(struct walk *walk, struct qw_key_record *key)
{
    bool is_counted = false;
    qw_err err = count(walk, key->master, qw_key_slots(key->bits), &key->charge, &is_counted);

    if (err == QW_OK && is_counted) {
        qw_key_record_put(walk->centre, walk->group, key);
    }
    return err;
}

/* Counts the next ones of the phase; behind its last one the next phase begins. */
static qw_err look_on(struct walk *walk)
{
    const struct qw_store *store = walk->centre->config.store;
    bool is_blocks = walk->place.phase == BLOCKS;
    size_t limit = is_blocks ? LOOK_BLOCKS : LOOK_KEYS;
    uint8_t after[QW_STORE_ID_MAX]; /* the visitor moves the place on */
    size_t after_len = walk->place.after_len;
    qw_err err;

    memcpy(after, walk->place.after, after_len);
    err = store->scan(store->self, is_blocks ? QW_STORE_BLOCK : QW_STORE_KEY, QW_STORE_ANY_TAG,
                      after, after_len, limit, is_blocks ? note_block : note_key, walk);
    if (err == QW_OK) {
        err = walk->err;
    }
    for (size_t i = 0; err == QW_OK && i < walk->count; i++) {
        err = is_blocks ? count_block(walk, walk->numbers[i]) : count_key(walk, &walk->keys[i]);
    }
    if (err == QW_OK && !walk->has_seen) { /* nothing behind it */
        walk->place.phase++;
        walk->place.after_len = 0;
    }
    return err;
}

/* One group: what was counted, in whose quota, and how far it has come. */
static qw_err step(struct walk *walk, bool *is_more)
{
    const struct qw_deed deed = { .verb = "unit-count", .object = "keys taken before" };
    struct qw_centre *centre = walk->centre;
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    bool is_over;
    qw_err err;

    qw_group_begin(centre, &group);
    walk->group = &group;
    err = look_on(walk);
    if (err == QW_OK) {
        err = qw_unit_tally_put(centre, &group, &walk->tally);
    }
    is_over = walk->place.phase == PHASE_COUNT;
    if (err == QW_OK && is_over) {
        qw_group_add(centre, &group, QW_STORE_REMOVE, record_op(walk->place.version), NULL, 0);
    } else if (err == QW_OK) {
        put_place(centre, &group, &walk->place);
    }
    qw_group_fail(&group, err);
    (void)snprintf(detail, sizeof detail, "%llu keys%s", (unsigned long long)walk->place.counted,
                   is_over ? ", all" : " so far");
    err = qw_group_commit(centre, &group, &deed, detail);
    *is_more = err == QW_OK && !is_over;
    return err;
}

qw_err qw_centre_unit_count_work(struct qw_centre *centre, bool *is_more)
{
    struct walk walk = { .centre = centre };
    bool is_due = false;
    qw_err err;

    *is_more = false;
    qw_centre_enter(centre);
    err = centre->turn_err == QW_OK ? qw_unit_any(centre, &is_due) : QW_OK;
    if (err == QW_OK && is_due) {
        err = load_place(centre, &walk.place);
        is_due = err == QW_OK;
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    if (err == QW_OK && is_due) {
        walk.keys = calloc(GROUP_KEYS, sizeof *walk.keys);
        err = walk.keys == NULL ? QW_ERR_NOMEM : step(&walk, is_more);
    }
    qw_unit_tally_free(&walk.tally);
    free(walk.keys);
    qw_centre_leave(centre);
    return err;
}
