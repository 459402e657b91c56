/* SPDX-License-Identifier: Apache-2.0 */
/* Leases and carving. The mark up to which a block is carved is part of the block's
 * record and moves in the same group as the assignment it belongs to: after a crash a lease of an
 * earlier start is simply continued above its mark, and no key is lost or given twice. */
#include "centre/stock.h"

#include "base/bytes.h"
#include "centre/block.h"

#include <stdio.h>
#include <string.h>

uint64_t qw_stock_free(const struct qw_centre *centre)
{
    return centre->books.stored + centre->books.leased;
}

static int note_number(void *self, const struct qw_store_record *record)
{
    struct qw_block_list *list = self;

    if (record->id_len == 8) {
        list->numbers[list->count++] = qw_load_u64be(record->id);
    }
    return list->count < QW_STOCK_LIST_MAX;
}

qw_err qw_stock_list(struct qw_centre *centre, enum qw_key_state state, struct qw_block_list *list)
{
    const struct qw_store *store = centre->config.store;

    list->count = 0;
    return store->scan(store->self, QW_STORE_BLOCK, state, NULL, 0, QW_STOCK_LIST_MAX, note_number,
                       list);
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
    block->epoch = centre->books.starts;
    group->books.stored -= block->keys;
    group->books.leased += block->keys;
    qw_block_put(centre, group);
    return QW_OK;
}

qw_err qw_stock_lease(struct qw_centre *centre, size_t count)
{
    struct qw_deed deed = { .verb = "lease", .object = "" };
    struct qw_block_list list;
    struct qw_group group;
    char object[64];
    size_t taken = 0;
    qw_err err;

    if (qw_stock_free(centre) < count) {
        return QW_ERR_EXHAUSTED;
    }
    if (centre->books.leased >= count) {
        return QW_OK;
    }
    err = qw_stock_list(centre, QW_KEY_STORED, &list);
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    while (taken < list.count && group.books.leased < count) {
        err = lease_block(centre, &group, list.numbers[taken]);
        qw_group_fail(&group, err);
        taken++;
    }
    if (group.books.leased < count) { /* the totals promised more than the blocks hold */
        qw_group_fail(&group, QW_ERR_IO);
    }
    (void)snprintf(object, sizeof object, "block:%llu",
                   (unsigned long long)(list.count > 0 ? list.numbers[0] : 0));
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
    block->epoch = centre->books.starts; /* a lease of an earlier start is taken over */
    if (block->next == block->keys) {
        err = qw_key_next(block->state, QW_KEY_ASSIGN, block->state, &block->state);
    }
    qw_block_put(centre, group);
    return err;
}

void qw_stock_carve(struct qw_centre *centre, struct qw_group *group, size_t spent, size_t count)
{
    struct carving carving = { .spent_left = spent, .count_left = count };
    struct qw_block_list list;
    qw_err err;

    qw_assert(spent + count <= QW_CARVE_MAX && count <= QW_PACKAGE_KEYS_MAX);
    if (spent + count == 0) {
        return;
    }
    err = qw_stock_list(centre, QW_KEY_LEASED, &list);
    for (size_t i = 0;
         err == QW_OK && i < list.count && carving.spent_left + carving.count_left > 0; i++) {
        err = carve_block(centre, group, list.numbers[i], &carving);
    }
    if (err == QW_OK && carving.spent_left + carving.count_left > 0) {
        err = QW_ERR_IO; /* qw_stock_lease came first: the books do not agree with the blocks */
    }
    qw_group_fail(group, err);
}
