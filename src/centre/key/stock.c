/* SPDX-License-Identifier: Apache-2.0 */
/* Leases and carving. The mark up to which a block is carved is part of the block's
 * record and moves in the same group as the assignment it belongs to: after a crash a lease of an
 * earlier start is simply continued above its mark, and no key is lost or given twice. */
#include "centre/key/stock.h"

#include "base/bytes.h"
#include "centre/key/block.h"
#include "centre/key/stock_part.h"

#include <stdio.h>
#include <string.h>

uint64_t qw_stock_free(const struct qw_centre *centre)
{
    return centre->books.stored + centre->books.leased;
}

static int note_number(void *self, const struct qw_store_record *record)
{
    struct qw_stock_walk *walk = self;

    if (record->id_len != 8) {
        return 1;
    }
    walk->number = qw_load_u64be(record->id);
    walk->is_begun = true;
    return 0;
}

/* One at a time: a record comes with its material, and as a rule one block is enough. */
qw_err qw_stock_step(struct qw_centre *centre, struct qw_stock_walk *walk)
{
    const struct qw_store *store = centre->config.store;
    struct qw_stock_walk next = { .state = walk->state };
    uint8_t after[8];
    qw_err err;

    qw_store_u64be(after, walk->number);
    err = store->scan(store->self, QW_STORE_BLOCK, walk->state, walk->is_begun ? after : NULL,
                      walk->is_begun ? sizeof after : 0, 1, note_number, &next);
    if (err == QW_OK && !next.is_begun) {
        err = QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK) {
        *walk = next;
    }
    return err;
}

static qw_err lease_block(struct qw_centre *centre, struct qw_group *group, uint64_t number)
{
    struct qw_block *block = &centre->block;
    qw_err err = qw_block_load(centre, number);

    if (err == QW_OK) {
        err = qw_key_next(block->state, QW_KEY_LEASE, block->state, &block->state);
    }
    if (err != QW_OK) {
        return err;
    }
    block->epoch = centre->start;
    group->books.stored -= block->keys;
    group->books.leased += block->keys;
    qw_block_put(centre, group);
    return QW_OK;
}

qw_err qw_stock_lease(struct qw_centre *centre, size_t count)
{
    struct qw_deed deed = { .verb = "lease", .object = "" };
    struct qw_stock_walk walk = { .state = QW_KEY_STORED };
    struct qw_group group;
    char object[64];
    uint64_t first = 0;
    size_t taken = 0;
    qw_err err;

    if (qw_stock_free(centre) < count) {
        return QW_ERR_EXHAUSTED;
    }
    if (centre->books.leased >= count) {
        return QW_OK;
    }
    qw_group_begin(centre, &group);
    while (group.err == QW_OK && group.books.leased < count) {
        err = qw_stock_step(centre, &walk);
        if (err == QW_OK) {
            first = taken++ == 0 ? walk.number : first;
            err = lease_block(centre, &group, walk.number);
        } /* not found: the totals promised more than the blocks hold */
        qw_group_fail(&group, err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err);
    }
    (void)snprintf(object, sizeof object, "block:%llu", (unsigned long long)first);
    deed.object = object;
    (void)snprintf(object + strlen(object), sizeof object - strlen(object), "+%zu",
                   taken > 0 ? taken - 1 : 0);
    return qw_group_commit(centre, &group, &deed, "");
}

struct carving { /* where the next key goes */
    size_t spent_left, count_left;
    size_t at, place;
};

static void carve_key(struct qw_centre *centre, struct qw_group *group, struct carving *carving)
{
    struct qw_block *block = &centre->block;
    uint16_t position = block->next++;

    memcpy(centre->material + carving->at * QW_KEY_LEN,
           block->material + (size_t)position * QW_KEY_LEN, QW_KEY_LEN);
    carving->at++;
    group->books.leased--;
    qw_stock_part_take(&group->books, block, 1);
    if (carving->spent_left > 0) {
        qw_block_erase(block, group, position);
        carving->spent_left--;
        return;
    }
    centre->places[carving->place] = (struct qw_key_place){ .block = block->number,
                                                            .position = position,
                                                            .is_quantum = block->is_quantum,
                                                            .is_simulated = block->is_simulated };
    memcpy(centre->places[carving->place].source, block->source, sizeof block->source);
    carving->place++;
    carving->count_left--;
}

static qw_err carve_block(struct qw_centre *centre, struct qw_group *group, uint64_t number,
                          struct carving *carving)
{
    struct qw_block *block = &centre->block;
    qw_err err = qw_block_load(centre, number);

    if (err == QW_OK && block->state != QW_KEY_LEASED) {
        err = QW_ERR_IO;
    }
    if (err != QW_OK) {
        return err;
    }
    while (block->next < block->keys && carving->spent_left + carving->count_left > 0) {
        carve_key(centre, group, carving);
    }
    block->epoch = centre->start; /* a lease of an earlier start is taken over */
    if (block->next == block->keys) {
        err = qw_key_next(block->state, QW_KEY_ASSIGN, block->state, &block->state);
    }
    qw_block_put(centre, group);
    return err;
}

void qw_stock_carve(struct qw_centre *centre, struct qw_group *group, size_t spent, size_t count)
{
    struct carving carving = { .spent_left = spent, .count_left = count };
    struct qw_stock_walk walk = { .state = QW_KEY_LEASED };
    qw_err err = QW_OK;

    qw_assert(spent + count <= QW_CARVE_MAX && count <= QW_PACKAGE_KEYS_MAX);
    while (err == QW_OK && carving.spent_left + carving.count_left > 0) {
        err = qw_stock_step(centre, &walk);
        if (err == QW_OK) {
            err = carve_block(centre, group, walk.number, &carving);
        }
    }
    if (err == QW_ERR_NOT_FOUND) {
        err = QW_ERR_IO; /* qw_stock_lease came first: the books do not agree with the blocks */
    }
    qw_group_fail(group, err);
}
