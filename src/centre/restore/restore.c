/* SPDX-License-Identifier: Apache-2.0 */
/* Every step can be repeated: a kill in between leaves the mark, and the next start goes on. */
#include "centre/restore/restore.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "centre/device/card_book.h"
#include "centre/device/import.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/stock.h"
#include "centre/key/stock_part.h"
#include "centre/maintenance_restored.h"
#include "centre/restore/revocations.h"
#include "centre/unseal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char qw_restored_id[] = "restored";

enum {
    BATCH = 64,
    /* pairs' keys that were fetched are swept one by one before what is left of their block */
    BLOCK_END_MS = 60000,
    ID_LEN = sizeof qw_restored_id - 1,
    LIST_PART = 1 << 19, /* of the lists of revocations, in a record of its own */
    PARTS_MAX = QW_RESTORED_OPS_MAX - 1
};
/* Numbers that the blocks made since the backup may have had: ids of keys come from them. */
#define BLOCK_LEAP ((uint64_t)1 << 32)

static void part_id(size_t number, char out[static 24])
{
    (void)snprintf(out, 24, "%s:%u", qw_restored_id, (unsigned)number);
}

qw_err qw_restored_marks_make(struct qw_restored_marks *marks, const uint8_t *lists, size_t len)
{
    static const uint8_t layout[1] = { 1 };

    if (len > QW_RESTORED_LISTS_MAX) {
        return QW_ERR_LIMIT;
    }
    *marks = (struct qw_restored_marks){ .count = 1 };
    (void)snprintf(marks->ids[0], sizeof marks->ids[0], "%s", qw_restored_id);
    marks->ops[0].blob = layout;
    marks->ops[0].len = sizeof layout;
    for (size_t at = 0; at < len; at += LIST_PART) {
        struct qw_store_op *op = &marks->ops[marks->count];

        part_id(marks->count - 1, marks->ids[marks->count]);
        op->blob = lists + at;
        op->len = len - at < LIST_PART ? len - at : LIST_PART;
        marks->count++;
    }
    for (size_t i = 0; i < marks->count; i++) {
        marks->ops[i].verb = QW_STORE_INSERT;
        marks->ops[i].kind = QW_STORE_META;
        marks->ops[i].id = marks->ids[i];
        marks->ops[i].id_len = strlen(marks->ids[i]);
    }
    return QW_OK;
}

qw_err qw_restored_mark(const struct qw_store *store, const struct qw_restored_marks *marks)
{
    struct qw_store_record kek = { 0 };
    qw_err err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &kek);

    qw_store_record_free(&kek);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_FORMAT : err;
    }
    return store->submit(store->self, marks->ops, marks->count);
}

struct page { /* ids of one kind, in order */
    uint8_t ids[BATCH][QW_STORE_ID_MAX];
    size_t lens[BATCH];
    size_t count;
};

static int note_id(void *self, const struct qw_store_record *record)
{
    struct page *page = self;

    memcpy(page->ids[page->count], record->id, record->id_len);
    page->lens[page->count++] = record->id_len;
    return page->count < BATCH;
}

struct keys { /* one batch */
    struct qw_centre *centre;
    struct qw_key_record keys[BATCH];
    uint8_t last[QW_STORE_ID_MAX];
    size_t last_len, looked, count;
    qw_err err;
};

static int collect_key(void *self, const struct qw_store_record *record)
{
    struct keys *batch = self;
    struct qw_key_record *key = &batch->keys[batch->count];

    batch->err = qw_key_record_open(batch->centre, record, key);
    if (batch->err != QW_OK) {
        return 0;
    }
    memcpy(batch->last, record->id, record->id_len);
    batch->last_len = record->id_len;
    batch->looked++;
    if (qw_key_next(key->state, QW_KEY_VOID, key->state, &key->state) == QW_OK) {
        key->due_ms = 0; /* the next sweep takes it */
        batch->count++;
    }
    return batch->count < BATCH;
}

static qw_err commit(struct qw_centre *centre, struct qw_group *group, const char *what,
                     uint64_t count)
{
    struct qw_deed deed = { .verb = "restore", .object = centre->config.centre_id };
    char detail[QW_AUDIT_TEXT_CAP];

    (void)snprintf(detail, sizeof detail, "%llu %s", (unsigned long long)count, what);
    return qw_group_commit(centre, group, &deed, detail);
}

/* What somebody has, or may have had since. */
static qw_err void_keys(struct qw_centre *centre, struct keys *batch)
{
    const struct qw_store *store = centre->config.store;
    qw_err err = QW_OK;

    do {
        struct qw_group group;

        batch->looked = 0;
        batch->count = 0;
        err = store->scan(store->self, QW_STORE_KEY, QW_STORE_ANY_TAG, batch->last, batch->last_len,
                          SIZE_MAX, collect_key, batch);
        if (err == QW_OK) {
            err = batch->err;
        }
        if (err == QW_OK && batch->count > 0) {
            qw_group_begin(centre, &group);
            for (size_t i = 0; i < batch->count; i++) {
                qw_key_record_put(centre, &group, &batch->keys[i]);
            }
            err = commit(centre, &group, "keys void", batch->count);
        }
    } while (err == QW_OK && batch->looked > 0);
    return err;
}

/* The workspace's block: no key of it that nobody had is there any more, and of a pair's block
 * nothing is fetched. False: it is as it should be. */
static bool end_block(struct qw_group *group, struct qw_block *block, int64_t now_ms)
{
    uint16_t left = (uint16_t)(block->keys - block->next);

    if (block->master[0] != '\0') {
        bool is_open = block->fetch_until_ms > now_ms;

        block->fetch_until_ms = is_open ? now_ms : block->fetch_until_ms;
        block->ends_ms = is_open ? now_ms + BLOCK_END_MS : block->ends_ms;
        return is_open;
    }
    if (block->state != QW_KEY_STORED && block->state != QW_KEY_LEASED) {
        return false;
    }
    if (block->state == QW_KEY_STORED) {
        group->books.stored -= left;
    } else {
        group->books.leased -= left;
    }
    qw_stock_part_take(&group->books, block, left);
    while (block->next < block->keys) {
        qw_block_erase(block, group, block->next++);
    }
    block->state = QW_KEY_ASSIGNED; /* nothing is left to carve */
    return true;
}

static qw_err end_blocks(struct qw_centre *centre, struct page *page)
{
    const struct qw_store *store = centre->config.store;
    int64_t now_ms = qw_clock_utc_ms();
    uint8_t after[8];
    size_t after_len = 0;
    qw_err err = QW_OK;

    do {
        struct qw_group group;
        uint64_t ended = 0;

        page->count = 0;
        err = store->scan(store->self, QW_STORE_BLOCK, QW_STORE_ANY_TAG, after, after_len, BATCH,
                          note_id, page);
        qw_group_begin(centre, &group);
        for (size_t i = 0; err == QW_OK && i < page->count; i++) {
            memcpy(after, page->ids[i], sizeof after);
            after_len = sizeof after;
            err = page->lens[i] == sizeof after ? qw_block_load(centre, qw_load_u64be(after))
                                                : QW_ERR_IO;
            if (err == QW_OK && end_block(&group, &centre->block, now_ms)) {
                qw_block_put(centre, &group);
                ended++;
            }
        }
        if (err == QW_OK && ended > 0) {
            err = commit(centre, &group, "blocks ended", ended);
        } else {
            qw_group_drop(&group);
        }
    } while (err == QW_OK && page->count == BATCH);
    return err;
}

/* One that was suspended or destroyed since would be in service again: an officer says for each
 * that it is fine. */
static qw_err suspend_devices(struct qw_centre *centre, struct page *page)
{
    const struct qw_store *store = centre->config.store;
    char last[QW_STORE_ID_MAX + 1] = "";
    qw_err err = QW_OK;

    do {
        struct qw_group group;
        uint64_t suspended = 0;

        page->count = 0;
        err = store->scan(store->self, QW_STORE_DEVICE, QW_STORE_ANY_TAG, last, strlen(last), BATCH,
                          note_id, page);
        qw_group_begin(centre, &group);
        for (size_t i = 0; err == QW_OK && i < page->count; i++) {
            struct qw_card_book *book = &centre->card;

            memcpy(last, page->ids[i], page->lens[i]);
            last[page->lens[i]] = '\0';
            err = qw_card_book_load(centre, last, book);
            if (err == QW_OK && qw_device_next(book->device.state, QW_DEVICE_SUSPEND,
                                               &book->device.state) == QW_OK) {
                qw_card_book_put(centre, &group, book);
                suspended++;
            }
        }
        if (err == QW_OK && suspended > 0) {
            group.books.registry++;
            err = commit(centre, &group, "devices suspended", suspended);
        } else {
            qw_group_drop(&group);
        }
    } while (err == QW_OK && page->count == BATCH);
    return err;
}

/* The lists that came with the mark, put together; lists->bytes is the caller's to free. */
struct lists {
    uint8_t *bytes;
    size_t len, parts;
    uint64_t versions[PARTS_MAX];
};

static qw_err load_lists(struct qw_centre *centre, struct lists *lists)
{
    const struct qw_store *store = centre->config.store;
    qw_err err = QW_OK;

    while (err == QW_OK && lists->parts < PARTS_MAX) {
        struct qw_store_record part = { 0 };
        uint8_t *grown;
        char id[24];

        part_id(lists->parts, id);
        err = store->get(store->self, QW_STORE_META, id, strlen(id), &part);
        if (err != QW_OK) {
            break;
        }
        grown = realloc(lists->bytes, lists->len + part.len + 1);
        if (grown == NULL) {
            err = QW_ERR_NOMEM;
        } else {
            lists->bytes = grown;
            memcpy(grown + lists->len, part.blob, part.len);
            lists->len += part.len;
            lists->versions[lists->parts++] = part.version;
        }
        qw_store_record_free(&part);
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

static qw_err finish(struct qw_centre *centre, const struct lists *lists, uint64_t version)
{
    struct qw_deed deed = { .verb = "restore", .object = centre->config.centre_id };
    struct qw_group group;
    qw_err err;

    qw_group_begin(centre, &group);
    if (qw_approval_is_needed(centre, QW_REQUEST_RESTORE_END)) {
        qw_group_fail(&group, qw_maintenance_put_restored(centre, &group));
    }
    group.books.next_block += BLOCK_LEAP;
    qw_group_remove_plain(&group, QW_STORE_META, qw_restored_id, ID_LEN, version);
    for (size_t i = 0; i < lists->parts; i++) {
        char id[24];

        part_id(i, id);
        qw_group_remove_plain(&group, QW_STORE_META, id, strlen(id), lists->versions[i]);
    }
    err = qw_group_commit(centre, &group, &deed, "out of a backup: no key of it is given any more");
    return err == QW_OK ? qw_maintenance_load(centre) : err;
}

/* Everything, in an order that does not matter. */
static qw_err settle_all(struct qw_centre *centre, struct keys *keys, struct page *page,
                         const struct lists *lists)
{
    qw_err err;

    keys->centre = centre;
    err = void_keys(centre, keys);
    if (err == QW_OK) {
        err = end_blocks(centre, page);
    }
    if (err == QW_OK) {
        err = qw_import_settle(centre);
    }
    if (err == QW_OK) {
        err = suspend_devices(centre, page);
    }
    return err == QW_OK ? qw_restored_take_back(centre, lists->bytes, lists->len) : err;
}

qw_err qw_restored_settle(struct qw_centre *centre)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record mark = { 0 };
    struct lists lists = { .len = 0 };
    struct keys *keys;
    struct page *page;
    uint64_t version;
    qw_err err = store->get(store->self, QW_STORE_META, qw_restored_id, ID_LEN, &mark);

    version = mark.version;
    qw_store_record_free(&mark);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    keys = calloc(1, sizeof *keys);
    page = calloc(1, sizeof *page);
    err = keys == NULL || page == NULL ? QW_ERR_NOMEM : load_lists(centre, &lists);
    if (err == QW_OK) {
        err = settle_all(centre, keys, page, &lists);
    }
    if (err == QW_OK) {
        err = finish(centre, &lists, version);
    }
    free(keys);
    free(page);
    free(lists.bytes);
    return err;
}
