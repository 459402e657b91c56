/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of applications [C12 C14]: leases of theirs, carving, and who is permitted. */
#include "centre/pair/pair.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/stock.h"
#include "centre/pair/fresh.h"
#include "centre/pair/quota.h"
#include "centre/people/unit_quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A block outlives the longest window of its last fetch, whatever window is set by then. */
enum {
    OPEN_BLOCKS_MAX = 8,
    LOOK_MAX = 128, /* stored blocks that are looked at until a demand is met */
    END_SLACK_MS = QW_WINDOW_MS_MAX + 60000
};

const struct qw_key_demand qw_key_demand_none = { .max_age_ms = -1 };

struct qw_pair_table {
    pthread_mutex_t mutex;
    struct qw_pair *first;
    size_t count;
    uint64_t clock; /* counts entries */
};

qw_err qw_pair_table_new(struct qw_pair_table **table)
{
    struct qw_pair_table *t = calloc(1, sizeof *t);

    if (t == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_mutex_init(&t->mutex, NULL) != 0) {
        free(t);
        return QW_ERR_NOMEM;
    }
    *table = t;
    return QW_OK;
}

static void pair_free(struct qw_pair *pair)
{
    while (pair->blocks != NULL) {
        struct qw_open_block *block = pair->blocks;

        pair->blocks = block->next;
        qw_secret_free(block);
    }
    pthread_mutex_destroy(&pair->mutex);
    free(pair);
}

void qw_pair_table_free(struct qw_pair_table *table)
{
    if (table == NULL) {
        return;
    }
    while (table->first != NULL) {
        struct qw_pair *pair = table->first;

        table->first = pair->next;
        pair_free(pair);
    }
    pthread_mutex_destroy(&table->mutex);
    free(table);
}

/* False when every pair is in use. Under the table's mutex. */
static bool make_room(struct qw_pair_table *table)
{
    struct qw_pair **oldest = NULL;
    struct qw_pair *pair;

    if (table->count < QW_PAIRS_MAX) {
        return true;
    }
    for (struct qw_pair **at = &table->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->users == 0 && (oldest == NULL || (*at)->last_used < (*oldest)->last_used)) {
            oldest = at;
        }
    }
    if (oldest == NULL) {
        return false;
    }
    pair = *oldest;
    *oldest = pair->next;
    table->count--;
    pair_free(pair);
    return true;
}

static struct qw_pair *pair_new(struct qw_pair_table *table, const char *master, const char *slave)
{
    struct qw_pair *pair = make_room(table) ? calloc(1, sizeof *pair) : NULL;

    if (pair == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&pair->mutex, NULL) != 0) {
        free(pair);
        return NULL;
    }
    (void)snprintf(pair->master, sizeof pair->master, "%s", master);
    (void)snprintf(pair->slave, sizeof pair->slave, "%s", slave);
    pair->next = table->first;
    table->first = pair;
    table->count++;
    return pair;
}

qw_err qw_pair_enter(struct qw_pair_table *table, const char *master, const char *slave,
                     struct qw_pair **out)
{
    struct qw_pair *pair;

    pthread_mutex_lock(&table->mutex);
    pair = table->first;
    while (pair != NULL && (strcmp(pair->master, master) != 0 || strcmp(pair->slave, slave) != 0)) {
        pair = pair->next;
    }
    if (pair == NULL) {
        pair = pair_new(table, master, slave);
    }
    if (pair != NULL) {
        pair->users++;
        pair->last_used = ++table->clock;
    }
    pthread_mutex_unlock(&table->mutex);
    if (pair == NULL) {
        return QW_ERR_NOMEM;
    }
    pthread_mutex_lock(&pair->mutex);
    *out = pair;
    return QW_OK;
}

void qw_pair_leave(struct qw_pair_table *table, struct qw_pair *pair)
{
    pthread_mutex_unlock(&pair->mutex);
    pthread_mutex_lock(&table->mutex);
    pair->users--;
    pthread_mutex_unlock(&table->mutex);
}

/* Under the centre's mutex. */
static qw_err ask_registry(struct qw_centre *centre, const struct qw_pair *pair, const char **cause)
{
    const struct qw_device *device = &centre->card.device;
    qw_err err = qw_card_book_load(centre, pair->master, &centre->card);

    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    if (err == QW_ERR_NOT_FOUND || device->kind != QW_DEVICE_APPLICATION ||
        device->state != QW_DEVICE_ACTIVE || device->home[0] != '\0') {
        *cause = "the caller is no application in service here";
        return QW_ERR_REFUSED;
    }
    qw_wipe(&centre->holder, sizeof centre->holder);
    switch (qw_card_book_load(centre, pair->slave, &centre->holder)) {
    case QW_OK:
        break;
    case QW_ERR_NOT_FOUND:
        *cause = "no such slave";
        return QW_ERR_NOT_FOUND;
    default:
        return QW_ERR_IO;
    }
    if (!qw_device_permits(device, &centre->holder.device)) {
        *cause = qw_device_has_peer(device, pair->slave)
                     ? "its peer, said by who has no right there"
                     : "not its peer";
        err = QW_ERR_REFUSED;
    }
    device = &centre->holder.device;
    if (device->kind != QW_DEVICE_APPLICATION || device->state == QW_DEVICE_DESTROYED) {
        *cause = "no such slave";
        return QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK && device->state != QW_DEVICE_ACTIVE) {
        *cause = "the slave is suspended";
        err = QW_ERR_REFUSED;
    }
    return err;
}

qw_err qw_pair_check(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed)
{
    uint64_t changes = atomic_load(&centre->registry_changes);
    const char *cause = NULL;
    qw_err err;

    if (pair->registry_changes == changes) {
        return QW_OK;
    }
    qw_centre_enter(centre);
    err = ask_registry(centre, pair, &cause);
    if (cause != NULL) {
        err = qw_centre_refuse(centre, deed, err, cause);
    }
    if (err == QW_OK) {
        pair->keys_per_s = centre->card.device.keys_per_s;
        pair->weight = centre->card.device.weight;
        memcpy(pair->unit, centre->card.device.unit, sizeof pair->unit);
        memcpy(pair->slave_kme, centre->holder.device.home, sizeof pair->slave_kme);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        pair->registry_changes = changes;
    }
    return err;
}

qw_err qw_pair_permit(struct qw_centre *centre, const struct qw_deed *deed, const char *slave,
                      char kme[static 64])
{
    struct qw_pair *pair;
    qw_err err = qw_pair_enter(centre->pairs, deed->caller->id, slave, &pair);

    if (err == QW_OK) {
        err = qw_pair_check(centre, pair, deed);
        memcpy(kme, pair->slave_kme, sizeof pair->slave_kme);
        qw_pair_leave(centre->pairs, pair);
    }
    return err;
}

bool qw_pair_source_meets(const char *source, const char *wanted)
{
    size_t len = strlen(wanted);

    return strncmp(source, wanted, len) == 0 &&
           (len == 0 || source[len] == '\0' || source[len] == ':');
}

static bool meets(const char *source, int64_t ingested_ms, const struct qw_key_demand *demand,
                  int64_t now_ms)
{
    return !demand->is_relayed && qw_pair_source_meets(source, demand->source) &&
           (demand->max_age_ms < 0 ||
            (ingested_ms <= now_ms && now_ms - ingested_ms <= demand->max_age_ms));
}

static bool can_carve(const struct qw_open_block *block, uint16_t slots,
                      const struct qw_key_demand *demand, int64_t now_ms)
{
    return block->keys - block->at >= slots && now_ms < block->carve_until_ms &&
           meets(block->place.source, block->ingested_ms, demand, now_ms);
}

uint64_t qw_pair_left(const struct qw_pair *pair, uint32_t bits, const struct qw_key_demand *demand,
                      int64_t now_ms)
{
    uint16_t slots = qw_key_slots(bits);
    uint64_t left = 0;

    for (const struct qw_open_block *block = pair->blocks; block != NULL; block = block->next) {
        if (can_carve(block, slots, demand, now_ms)) {
            left += (uint64_t)((block->keys - block->at) / slots);
        }
    }
    return left;
}

/* What is used up or too old goes; then the oldest ones, while there are too many. */
static void drop_blocks(struct qw_pair *pair, int64_t now_ms)
{
    struct qw_open_block **at = &pair->blocks;
    size_t count = 0;

    for (const struct qw_open_block *block = pair->blocks; block != NULL; block = block->next) {
        count++;
    }
    while (*at != NULL) {
        struct qw_open_block *block = *at;

        if (block->at == block->keys || now_ms >= block->carve_until_ms ||
            count > OPEN_BLOCKS_MAX) {
            *at = block->next;
            qw_secret_free(block);
            count--;
        } else {
            at = &block->next;
        }
    }
}

qw_err qw_pair_take_block(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_pair *pair, int64_t now_ms, struct qw_open_block **out)
{
    struct qw_block *block = &centre->block;
    int64_t ttl_ms = (int64_t)centre->config.key_ttl_s * 1000;
    size_t len = (size_t)block->keys * QW_KEY_LEN;
    struct qw_open_block *open = qw_secret_new(sizeof *open + len);
    qw_err err;

    if (open == NULL) {
        return QW_ERR_NOMEM;
    }
    open->next = *out;
    *out = open;
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
    block->epoch = centre->start;
    block->next = block->keys; /* carved in memory alone: nobody else ever does */
    block->fetch_until_ms = now_ms + 2 * ttl_ms;
    block->ends_ms = block->fetch_until_ms + END_SLACK_MS;
    group->books.stored -= block->keys;
    group->books.paired += block->keys;
    qw_block_put(centre, group);
    return QW_OK;
}

struct lease { /* one call of qw_pair_lease */
    struct qw_pair *pair;
    const struct qw_key_demand *demand;
    uint32_t bits;
    uint64_t missing; /* keys that the open blocks do not hold */
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
    qw_err err = qw_pair_take_block(centre, group, lease->pair, lease->now_ms, &lease->opened);

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

    for (size_t looked = 0; err == QW_OK && got < lease->missing; looked++) {
        err = looked == LOOK_MAX ? QW_ERR_NOT_FOUND : qw_stock_step(centre, &walk);
        if (err == QW_OK) {
            err = qw_block_load(centre, walk.number);
        }
        if (err == QW_OK &&
            !meets(block->source, block->ingested_ms, lease->demand, lease->now_ms)) {
            lease->has_mismatch = true;
        } else if (err == QW_OK && block->keys >= qw_key_slots(lease->bits)) {
            err = take_block(centre, group, lease);
            got += (uint64_t)(block->keys / qw_key_slots(lease->bits));
        }
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

qw_err qw_pair_lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                     const struct qw_key_wish *wish, const struct qw_key_demand *demand)
{
    struct lease lease = {
        .pair = pair, .demand = demand, .bits = wish->bits, .now_ms = qw_clock_utc_ms()
    };
    uint64_t left;
    struct qw_group group;
    qw_err err;

    drop_blocks(pair, lease.now_ms);
    if (demand->is_fresh) {
        return qw_fresh_lease(centre, pair, deed, wish, demand);
    }
    left = qw_pair_left(pair, wish->bits, demand, lease.now_ms);
    if (left >= wish->count) {
        return QW_OK;
    }
    if (demand->is_relayed) {
        return QW_ERR_UNAVAILABLE;
    }
    lease.missing = wish->count - left;
    qw_centre_enter(centre);
    qw_group_begin(centre, &group);
    err = may_lease(centre, pair) ? collect_blocks(centre, &group, &lease) : QW_ERR_EXHAUSTED;
    if (err == QW_OK) {
        err = qw_unit_use_keys(centre, &group, pair->unit, lease.keys);
    }
    if (err == QW_OK) {
        err = commit_lease(centre, &group, deed, &lease);
    } else {
        qw_group_drop(&group);
    }
    if (err == QW_OK) {
        qw_quota_note_lease(centre->quota, pair->master, lease.keys);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        append_blocks(pair, lease.opened);
        return QW_OK;
    }
    while (lease.opened != NULL) {
        struct qw_open_block *block = lease.opened;

        lease.opened = block->next;
        qw_secret_free(block);
    }
    return err;
}

void qw_pair_carve(struct qw_pair *pair, uint32_t bits, const struct qw_key_demand *demand,
                   int64_t now_ms, struct qw_carved *carved)
{
    uint16_t slots = qw_key_slots(bits);
    struct qw_open_block *block = pair->blocks;

    while (block != NULL && !can_carve(block, slots, demand, now_ms)) {
        block = block->next;
    }
    qw_assert(block != NULL);
    carved->place = block->place;
    carved->place.position = block->at;
    carved->material = block->material + (size_t)block->at * QW_KEY_LEN;
    carved->len = (size_t)slots * QW_KEY_LEN;
    block->at = (uint16_t)(block->at + slots);
}
