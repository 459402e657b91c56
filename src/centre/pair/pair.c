/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of applications [C12 C14]: the table of them, who is permitted, and carving. */
#include "centre/pair/pair.h"

#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/key_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    pthread_cond_destroy(&pair->leased_ahead);
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
    if (pthread_cond_init(&pair->leased_ahead, NULL) != 0) {
        pthread_mutex_destroy(&pair->mutex);
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
    qw_pair_let_go(table, pair);
}

void qw_pair_hold(struct qw_pair_table *table, struct qw_pair *pair)
{
    pthread_mutex_lock(&table->mutex);
    pair->users++;
    pthread_mutex_unlock(&table->mutex);
}

size_t qw_pair_hold_all(struct qw_pair_table *table, struct qw_pair *pairs[static QW_PAIRS_MAX])
{
    size_t count = 0;

    pthread_mutex_lock(&table->mutex);
    for (struct qw_pair *pair = table->first; pair != NULL; pair = pair->next) {
        pair->users++;
        pairs[count++] = pair;
    }
    pthread_mutex_unlock(&table->mutex);
    return count;
}

void qw_pair_let_go(struct qw_pair_table *table, struct qw_pair *pair)
{
    pthread_mutex_lock(&table->mutex);
    pair->users--;
    pthread_mutex_unlock(&table->mutex);
}

/* A slave of another tenant, unless the caller may have keys for it, is as if there were none: who
 * asks must not learn names from the difference. */
static qw_err not_permitted(const struct qw_device *master, const struct qw_device *slave,
                            const char **cause)
{
    *cause = qw_device_has_peer(master, slave->id) ? "its peer, said by who has no right there"
                                                   : "not its peer";
    return qw_unit_share_tenant(master->unit, slave->unit) ? QW_ERR_REFUSED : QW_ERR_NOT_FOUND;
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
        err = not_permitted(device, &centre->holder.device, cause);
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

bool qw_pair_meets(const char *source, int64_t ingested_ms, const struct qw_key_demand *demand,
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
           qw_pair_meets(block->place.source, block->ingested_ms, demand, now_ms);
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

static struct qw_stock_part *part_of(struct qw_stock_part *parts, size_t cap, size_t *count,
                                     const struct qw_key_place *place)
{
    struct qw_stock_part *part;

    for (size_t i = 0; i < *count; i++) {
        if (strcmp(parts[i].source, place->source) == 0 &&
            parts[i].is_quantum == place->is_quantum &&
            parts[i].is_simulated == place->is_simulated) {
            return &parts[i];
        }
    }
    if (*count == cap) {
        part = &parts[cap - 1];
        *part = (struct qw_stock_part){ .keys = part->keys,
                                        .is_quantum = part->is_quantum && place->is_quantum,
                                        .is_simulated = part->is_simulated || place->is_simulated };
        return part;
    }
    part = &parts[(*count)++];
    *part = (struct qw_stock_part){ .is_quantum = place->is_quantum,
                                    .is_simulated = place->is_simulated };
    memcpy(part->source, place->source, sizeof part->source);
    return part;
}

size_t qw_pair_left_by_source(const struct qw_pair *pair, int64_t now_ms,
                              struct qw_stock_part *parts, size_t cap)
{
    size_t count = 0;

    for (const struct qw_open_block *block = pair->blocks; block != NULL; block = block->next) {
        if (can_carve(block, 1, &qw_key_demand_none, now_ms)) {
            part_of(parts, cap, &count, &block->place)->keys += (uint64_t)(block->keys - block->at);
        }
    }
    return count;
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
    carved->id = block->ids[block->at];
    carved->material = block->material + (size_t)block->at * QW_KEY_LEN;
    carved->len = (size_t)slots * QW_KEY_LEN;
    block->at = (uint16_t)(block->at + slots);
}
