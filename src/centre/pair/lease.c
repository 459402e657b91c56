/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of pairs [C7 C12]: blocks of the stock become a pair's, durably, before anything is carved
 * of them; when a request needs them, or ahead of the next one. */
#include "centre/pair/lease_ahead.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/stock.h"
#include "centre/key/stock_part.h"
#include "centre/pair/fresh.h"
#include "centre/pair/quota.h"
#include "centre/people/unit_use.h"

#include <stdio.h>
#include <string.h>

/* A block outlives the longest window of its last fetch, whatever window is set by then. */
enum {
    LEFT_BLOCKS_MAX = 16,
    LOOK_MAX = 128, /* stored blocks that are looked at until a demand is met */
    HASTE_MS = 250, /* whose last lease is younger than this gets more of the next one */
    END_SLACK_MS = QW_WINDOW_MS_MAX + 60000
};

/* Places of the blocks that the pair has open. */
static uint64_t open_places(const struct qw_pair *pair)
{
    uint64_t places = 0;

    for (const struct qw_open_block *block = pair->blocks; block != NULL; block = block->next) {
        places += block->keys - block->at;
    }
    return places;
}

/* What is used up or too old goes; then the oldest ones, while there is more than a pair may lease
 * and what demands of other sources have left lying. */
static void drop_blocks(const struct qw_centre *centre, struct qw_pair *pair, int64_t now_ms)
{
    uint64_t most =
        centre->config.lease_keys + (uint64_t)LEFT_BLOCKS_MAX * centre->config.block_keys;
    uint64_t places = open_places(pair);
    struct qw_open_block **at = &pair->blocks;

    while (*at != NULL) {
        struct qw_open_block *block = *at;

        if (block->at == block->keys || now_ms >= block->carve_until_ms || places > most) {
            places -= (uint64_t)(block->keys - block->at);
            *at = block->next;
            qw_secret_free(block);
        } else {
            at = &block->next;
        }
    }
}

/* The names of all keys of the standard size at once: a cipher is looked up and given its key for
 * each call. */
static qw_err name_keys(const struct qw_centre *centre, uint64_t block, uint16_t keys,
                        uint8_t (*ids)[16])
{
    struct qw_key_spot spots[QW_DELIVERY_KEYS_MAX];
    qw_err err = QW_OK;

    for (uint16_t done = 0; err == QW_OK && done < keys;) {
        uint16_t count = 0;

        while (count < QW_DELIVERY_KEYS_MAX && done + count < keys) {
            spots[count] = (struct qw_key_spot){ .block = block,
                                                 .position = (uint16_t)(done + count),
                                                 .bits = QW_KEY_BITS_STANDARD };
            count++;
        }
        err = qw_key_id_make(centre, spots, count, ids + done);
        done = (uint16_t)(done + count);
    }
    return err;
}

qw_err qw_pair_take_block(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_pair *pair, const struct qw_key_charge *charge,
                          int64_t now_ms, struct qw_open_block **out)
{
    struct qw_block *block = &centre->block;
    int64_t ttl_ms = (int64_t)centre->config.key_ttl_s * 1000;
    size_t len = (size_t)block->keys * QW_KEY_LEN;
    struct qw_open_block *open =
        qw_secret_new(sizeof *open + len + (size_t)block->keys * sizeof *open->ids);
    qw_err err;

    if (open == NULL) {
        return QW_ERR_NOMEM;
    }
    open->next = *out;
    *out = open;
    open->ids = (uint8_t(*)[16])(open->material + len);
    err = name_keys(centre, block->number, block->keys, open->ids);
    if (err != QW_OK) {
        return err;
    }
    open->place = (struct qw_key_place){ .block = block->number,
                                         .is_quantum = block->is_quantum,
                                         .is_simulated = block->is_simulated };
    memcpy(open->place.source, block->source, sizeof open->place.source);
    open->keys = block->keys;
    open->ingested_ms = block->ingested_ms;
    open->carve_until_ms = now_ms + ttl_ms;
    memcpy(open->material, block->material, len);
    err = qw_key_next(block->state, QW_KEY_LEASE, block->state, &block->state);
    if (err != QW_OK) {
        return err;
    }
    memcpy(block->master, pair->master, sizeof block->master);
    memcpy(block->slave, pair->slave, sizeof block->slave);
    block->charge = *charge;
    block->epoch = centre->start;
    block->next = block->keys; /* carved in memory alone: nobody else ever does */
    block->fetch_until_ms = now_ms + 2 * ttl_ms;
    block->ends_ms = block->fetch_until_ms + END_SLACK_MS;
    group->books.stored -= block->keys;
    qw_stock_part_take(&group->books, block, block->keys);
    group->books.paired += block->keys;
    qw_block_put(centre, group);
    return QW_OK;
}

struct lease { /* one group of blocks */
    struct qw_pair *pair;
    const struct qw_key_demand *demand;
    uint32_t bits;
    uint64_t missing; /* keys of so many bits that must come */
    struct qw_key_charge charge;
    uint64_t more; /* places that may come, if they are there, as long as whole blocks fit */
    bool has_mismatch;
    int64_t now_ms;
    uint64_t first_number;
    size_t taken, keys;
    struct qw_open_block *opened;
};

/* The workspace's block becomes the pair's. */
static qw_err take_block(struct qw_centre *centre, struct qw_group *group, struct lease *lease)
{
    const struct qw_block *block = &centre->block;
    qw_err err = qw_pair_take_block(centre, group, lease->pair, &lease->charge, lease->now_ms,
                                    &lease->opened);

    if (err == QW_OK) {
        lease->first_number = lease->taken == 0 ? block->number : lease->first_number;
        lease->taken++;
        lease->keys += block->keys;
    }
    return err;
}

static qw_err collect_blocks(struct qw_centre *centre, struct qw_group *group, struct lease *lease)
{
    const struct qw_block *block = &centre->block;
    struct qw_stock_walk walk = { .state = QW_KEY_STORED };
    uint64_t got = 0;
    qw_err err = QW_OK;

    for (size_t looked = 0;
         err == QW_OK &&
         (got < lease->missing || lease->keys + centre->config.block_keys <= lease->more);
         looked++) {
        err = looked == LOOK_MAX ? QW_ERR_NOT_FOUND : qw_stock_step(centre, &walk);
        if (err == QW_OK) {
            err = qw_block_load(centre, walk.number);
        }
        if (err == QW_OK &&
            !qw_pair_meets(block->source, block->ingested_ms, lease->demand, lease->now_ms)) {
            lease->has_mismatch = true;
        } else if (err == QW_OK && block->keys >= qw_key_slots(lease->bits)) {
            err = take_block(centre, group, lease);
            got += (uint64_t)(block->keys / qw_key_slots(lease->bits));
        }
    }
    if (err == QW_ERR_NOT_FOUND && got >= lease->missing) {
        err = QW_OK;
    }
    if (err == QW_ERR_NOT_FOUND) {
        err = lease->has_mismatch ? QW_ERR_UNAVAILABLE : QW_ERR_EXHAUSTED;
    }
    return err;
}

/* Three quarters of the stock are for whoever comes first; the last one is shared out. */
static bool may_lease(struct qw_centre *centre, const struct qw_pair *pair)
{
    bool has_share = qw_quota_has_share(centre->quota, pair->master, pair->weight);

    return has_share || centre->books.stored >= centre->config.stock_keys / 4;
}

static qw_err commit_lease(struct qw_centre *centre, struct qw_group *group,
                           const struct qw_deed *deed, const struct lease *lease)
{
    struct qw_deed lease_deed = { .caller = deed->caller, .verb = "lease-pair", .object = "" };
    char object[64];
    char detail[QW_AUDIT_TEXT_CAP];

    (void)snprintf(object, sizeof object, "block:%llu+%zu", (unsigned long long)lease->first_number,
                   lease->taken - 1);
    (void)snprintf(detail, sizeof detail, "%zu keys for %.50s > %.50s", lease->keys,
                   lease->pair->master, lease->pair->slave);
    lease_deed.object = object;
    return qw_group_commit(centre, group, &lease_deed, detail);
}

/* Behind the others: the oldest are carved first. */
static void append_blocks(struct qw_pair *pair, struct qw_open_block *opened)
{
    struct qw_open_block **end = &pair->blocks;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    while (opened != NULL) { /* the list was made front to back, so it is turned round */
        struct qw_open_block *block = opened;

        opened = block->next;
        block->next = *end;
        *end = block;
    }
}

/* A pair that has used up its last lease at once may have twice as much, up to lease_keys, so that
 * one write does for more of its keys; who is slow starts again with two blocks, and keeps no
 * stock from others. */
void qw_pair_set_places(const struct qw_centre *centre, struct qw_pair *pair, int64_t now_ms)
{
    uint64_t least = 2 * (uint64_t)centre->config.block_keys;
    bool is_hasty = now_ms >= pair->leased_ms && now_ms - pair->leased_ms < HASTE_MS;
    uint64_t places = is_hasty && pair->lease_places > 0 ? 2 * pair->lease_places : least;

    pair->lease_places = places < centre->config.lease_keys ? places : centre->config.lease_keys;
    pair->leased_ms = now_ms;
}

/* Places that the pair may still lease. */
static uint64_t room_of(const struct qw_pair *pair)
{
    uint64_t places = open_places(pair);

    return places < pair->lease_places ? pair->lease_places - places : 0;
}

/* All of it durable, or nothing has changed. The blocks are lease->opened. */
static qw_err lease_blocks(struct qw_centre *centre, const struct qw_deed *deed,
                           struct lease *lease)
{
    const struct qw_pair *pair = lease->pair;
    struct qw_group group;
    uint64_t allowed = 0;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_unit_keys_left(centre, pair->unit, &allowed, &lease->charge);
    lease->more = lease->more < allowed ? lease->more : allowed;
    qw_group_begin(centre, &group);
    if (err == QW_OK) {
        err = may_lease(centre, pair) ? collect_blocks(centre, &group, lease) : QW_ERR_EXHAUSTED;
    }
    if (err == QW_OK) {
        err = qw_unit_use_keys(centre, &group, pair->unit, lease->keys, &lease->charge);
    }
    if (err == QW_OK) {
        err = commit_lease(centre, &group, deed, lease);
    } else {
        qw_group_drop(&group);
    }
    if (err == QW_OK) {
        qw_quota_note_lease(centre->quota, pair->master, lease->keys);
    }
    qw_centre_leave(centre);
    while (err != QW_OK && lease->opened != NULL) {
        struct qw_open_block *block = lease->opened;

        lease->opened = block->next;
        qw_secret_free(block);
    }
    return err;
}

qw_err qw_pair_lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                     const struct qw_key_wish *wish, const struct qw_key_demand *demand)
{
    struct lease lease = {
        .pair = pair, .demand = demand, .bits = wish->bits, .now_ms = qw_clock_utc_ms()
    };
    uint64_t left;
    qw_err err;

    drop_blocks(centre, pair, lease.now_ms);
    if (demand->is_fresh) {
        return qw_fresh_lease(centre, pair, deed, wish, demand);
    }
    left = qw_pair_left(pair, wish->bits, demand, lease.now_ms);
    while (left < wish->count && pair->is_leasing_ahead) {
        pthread_cond_wait(&pair->leased_ahead, &pair->mutex);
        lease.now_ms = qw_clock_utc_ms();
        left = qw_pair_left(pair, wish->bits, demand, lease.now_ms);
    }
    if (left >= wish->count) {
        return QW_OK;
    }
    if (demand->is_relayed) {
        return QW_ERR_UNAVAILABLE;
    }
    qw_pair_set_places(centre, pair, lease.now_ms);
    lease.missing = wish->count - left;
    lease.more = room_of(pair);
    err = lease_blocks(centre, deed, &lease);
    if (err == QW_OK) {
        append_blocks(pair, lease.opened);
        pair->ahead_failed = false;
    }
    return err;
}

uint64_t qw_pair_room_ahead(const struct qw_centre *centre, const struct qw_pair *pair)
{
    uint64_t blocks = room_of(pair) / centre->config.block_keys;
    uint64_t places = blocks * centre->config.block_keys;

    return places < pair->lease_places / 2 ? 0 : places;
}

void qw_pair_lease_ahead(struct qw_centre *centre, struct qw_pair *pair,
                         const struct qw_ahead_wish *wish)
{
    const struct qw_deed deed = { .caller = &wish->caller, .verb = "lease-pair", .object = "" };
    struct lease lease = { .pair = pair,
                           .demand = &wish->demand,
                           .bits = QW_KEY_BITS_STANDARD,
                           .missing = wish->places,
                           .now_ms = qw_clock_utc_ms() };
    qw_err err = lease_blocks(centre, &deed, &lease);

    pthread_mutex_lock(&pair->mutex);
    append_blocks(pair, lease.opened);
    pair->ahead_failed = err != QW_OK;
    pair->is_leasing_ahead = false;
    pthread_cond_broadcast(&pair->leased_ahead);
    pthread_mutex_unlock(&pair->mutex);
}
