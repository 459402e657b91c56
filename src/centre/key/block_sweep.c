/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/block_sweep.h"

#include "base/bytes.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/tombstone.h"

#include <stdio.h>

enum { GROUP_BLOCKS = 64 };

struct sweep {
    struct qw_centre *centre;
    struct qw_key_releases *releases; /* of the group at hand */
    int64_t now_ms;
};

struct block_numbers {
    uint64_t numbers[GROUP_BLOCKS];
    size_t count;
};

static int note_block(void *self, const struct qw_store_record *record)
{
    struct block_numbers *found = self;

    if (record->id_len == 8) {
        found->numbers[found->count++] = qw_load_u64be(record->id);
    }
    return found->count < GROUP_BLOCKS;
}

/* What nobody fetched in time. Keys with a record of their own are gone by now: their windows end
 * before their block does. */
static qw_err end_block(struct sweep *sweep, struct qw_group *group, uint64_t number,
                        size_t *destroyed)
{
    const struct qw_block *block = &sweep->centre->block;
    enum qw_key_state last;
    uint64_t left = 0;
    qw_err err = qw_block_load(sweep->centre, number);

    if (err == QW_OK) {
        err = qw_key_next(block->state, QW_KEY_EXPIRE, block->state, &last);
    }
    if (err == QW_OK) {
        err = qw_key_next(last, QW_KEY_DESTROY, last, &last);
    }
    if (err != QW_OK) {
        return err;
    }
    for (uint16_t i = 0; i < block->keys; i++) {
        left += qw_block_is_gone(block, i) ? 0 : 1;
    }
    group->books.paired -= left;
    group->books.destroyed += left;
    qw_key_releases_note(sweep->releases, &block->charge, left);
    *destroyed += left;
    qw_tombstone_put_block(sweep->centre, group, block, sweep->now_ms);
    qw_block_remove(sweep->centre, group);
    return QW_OK;
}

static qw_err end_blocks(struct sweep *sweep, const struct block_numbers *found)
{
    struct qw_deed deed = { .verb = "expire", .object = "blocks of pairs" };
    struct qw_group group;
    char detail[64];
    size_t destroyed = 0;
    qw_err err = QW_OK;

    sweep->releases->count = 0;
    qw_group_begin(sweep->centre, &group);
    for (size_t i = 0; i < found->count && err == QW_OK; i++) {
        err = end_block(sweep, &group, found->numbers[i], &destroyed);
    }
    if (err == QW_OK) {
        err = qw_unit_release_keys(sweep->centre, &group, sweep->releases->list,
                                   sweep->releases->count);
    }
    qw_group_fail(&group, err);
    (void)snprintf(detail, sizeof detail, "%zu blocks, %zu keys nobody fetched", found->count,
                   destroyed);
    return qw_group_commit(sweep->centre, &group, &deed, detail);
}

qw_err qw_block_sweep(struct qw_centre *centre, struct qw_key_releases *releases, int64_t now_ms,
                      int64_t to_s)
{
    const struct qw_store *store = centre->config.store;
    struct sweep sweep = { .centre = centre, .releases = releases, .now_ms = now_ms };
    qw_err err = QW_OK;

    qw_assert(releases->cap >= GROUP_BLOCKS);
    for (int64_t second = centre->books.swept_s + 1; second <= to_s && err == QW_OK;) {
        struct block_numbers found = { .count = 0 };

        err = store->scan(store->self, QW_STORE_BLOCK, QW_TAG_DUE + second, NULL, 0, GROUP_BLOCKS,
                          note_block, &found);
        if (err == QW_OK && found.count > 0) {
            err = end_blocks(&sweep, &found);
        }
        second += found.count < GROUP_BLOCKS ? 1 : 0;
    }
    return err;
}
