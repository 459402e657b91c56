/* SPDX-License-Identifier: Apache-2.0 */
/* The end of keys: windows close, what is used up or withdrawn is zeroed in its block and leaves a
 * tombstone, all in one group per batch [C7]. What else has had its time goes as well: blocks of
 * pairs, sessions that nobody ended, shares of officers who did not come back. */
#include "base/clock.h"
#include "centre/device/import.h"
#include "centre/device/package_record.h"
#include "centre/device/session.h"
#include "centre/key/block.h"
#include "centre/key/block_sweep.h"
#include "centre/key/key_record.h"
#include "centre/key/releases.h"
#include "centre/key/tombstone.h"
#include "centre/pair/answer_record.h"
#include "centre/people/unit_use.h"
#include "centre/share/share_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_KEYS = 256, SECONDS_MAX = 600 };

struct batch {
    struct qw_centre *centre;
    struct qw_key_record *keys; /* BATCH_KEYS */
    size_t count;
    struct qw_key_releases releases; /* BATCH_KEYS: of the group at hand */
    int64_t now_ms;
    bool only_future; /* the clock went back: what was fetched later than now */
    qw_err err;
};

static bool was_fetched_later(const struct qw_key_record *key, int64_t now_ms)
{
    bool is_later = key->is_fetched && key->fetched_ms > now_ms;

    for (uint8_t i = 0; i < key->other_count; i++) {
        is_later = is_later || (key->others[i].is_fetched && key->others[i].fetched_ms > now_ms);
    }
    return is_later;
}

static int collect(void *self, const struct qw_store_record *record)
{
    struct batch *batch = self;
    struct qw_key_record key;

    batch->err = qw_key_record_open(batch->centre, record, &key);
    if (batch->err == QW_OK && (!batch->only_future || was_fetched_later(&key, batch->now_ms))) {
        batch->keys[batch->count++] = key;
    }
    return batch->err == QW_OK && batch->count < BATCH_KEYS;
}

static qw_err collect_tag(struct batch *batch, int64_t tag)
{
    const struct qw_store *store = batch->centre->config.store;
    qw_err err = store->scan(store->self, QW_STORE_KEY, tag, NULL, 0, SIZE_MAX, collect, batch);

    return err == QW_OK ? batch->err : err;
}

/* Fills the batch with keys whose material has to go: by their state, and by the second they are
 * due, up to to_s. */
static qw_err collect_keys(struct batch *batch, int64_t to_s)
{
    static const int64_t tags[] = { QW_KEY_CONSUMED, QW_KEY_VOIDED, QW_KEY_EXPIRED,
                                    QW_KEY_COMPROMISED };
    int64_t second = batch->centre->books.swept_s + 1;
    qw_err err = QW_OK;

    for (size_t i = 0; i < sizeof tags / sizeof tags[0] && err == QW_OK; i++) {
        if (batch->count < BATCH_KEYS) {
            err = collect_tag(batch, tags[i]);
        }
    }
    for (; second <= to_s && err == QW_OK && batch->count < BATCH_KEYS; second++) {
        err = collect_tag(batch, QW_TAG_DUE + second);
    }
    return err;
}

static int by_block(const void *a, const void *b)
{
    const struct qw_key_record *x = a;
    const struct qw_key_record *y = b;

    return x->place.block < y->place.block ? -1 : x->place.block > y->place.block;
}

static bool all_have_fetched(const struct qw_key_record *key)
{
    bool all = key->is_fetched;

    for (uint8_t i = 0; i < key->other_count; i++) {
        all = all && key->others[i].is_fetched;
    }
    return all;
}

/* From wherever the key stands, by the table, to destroyed. */
static qw_err end_key(struct batch *batch, struct qw_group *group, struct qw_key_record *key)
{
    struct qw_block *block = &batch->centre->block;
    uint16_t slots = qw_key_slots(key->bits);
    enum qw_key_state last;
    qw_err err = QW_OK;

    if (key->state == QW_KEY_DELIVERED || key->state == QW_KEY_ASSIGNED) {
        err = qw_key_next(key->state, all_have_fetched(key) ? QW_KEY_CLOSE : QW_KEY_EXPIRE,
                          key->state, &key->state);
    }
    if (err == QW_OK) {
        err = qw_key_next(key->state, QW_KEY_DESTROY, key->state, &last);
    }
    if (err == QW_OK && key->place.position + slots > block->keys) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        qw_tombstone_put_key(batch->centre, group, key,
                             block->material + (size_t)key->place.position * QW_KEY_LEN,
                             batch->now_ms);
        for (uint16_t i = 0; i < slots; i++) {
            qw_block_erase(block, group, (uint16_t)(key->place.position + i));
        }
        group->books.paired -= slots - 1u; /* the record stood for one place of it */
        qw_key_releases_note(&batch->releases,
                             key->charge.unit[0] != '\0' ? &key->charge : &block->charge, slots);
    }
    return err;
}

static qw_err erase_by_block(struct batch *batch, struct qw_group *group)
{
    struct qw_centre *centre = batch->centre;
    qw_err err = QW_OK;

    qsort(batch->keys, batch->count, sizeof *batch->keys, by_block);
    for (size_t i = 0; i < batch->count && err == QW_OK; i++) {
        bool is_first = i == 0 || batch->keys[i].place.block != batch->keys[i - 1].place.block;

        if (is_first) {
            if (i > 0) {
                qw_block_put(centre, group);
            }
            err = qw_block_load(centre, batch->keys[i].place.block);
        }
        if (err == QW_OK) {
            err = end_key(batch, group, &batch->keys[i]);
        }
    }
    if (err == QW_OK) {
        qw_block_put(centre, group);
    }
    return err;
}

static int by_package(const void *a, const void *b)
{
    const struct qw_key_record *x = a;
    const struct qw_key_record *y = b;

    for (size_t i = 0; i < sizeof x->package_id; i++) {
        if (x->package_id[i] != y->package_id[i]) {
            return x->package_id[i] < y->package_id[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Counts the destroyed keys of one package. */
static qw_err count_in_package(struct batch *batch, struct qw_group *group,
                               const uint8_t id[static 16], uint16_t gone)
{
    struct qw_centre *centre = batch->centre;
    struct qw_package_record package;
    const uint8_t *pools = NULL;
    qw_err err = qw_package_record_load(centre, id, &package, &pools);

    if (err != QW_OK) {
        return err;
    }
    package.gone_count = (uint16_t)(package.gone_count + gone);
    if (package.pool_up_len + package.pool_down_len >
        0) { /* still pending: written back as it is */
        memcpy(centre->material, pools, (size_t)package.pool_up_len + package.pool_down_len);
    }
    qw_package_record_put(centre, group, &package, centre->material);
    return QW_OK;
}

static qw_err count_by_package(struct batch *batch, struct qw_group *group)
{
    uint16_t gone = 0;
    qw_err err = QW_OK;

    qsort(batch->keys, batch->count, sizeof *batch->keys, by_package);
    for (size_t i = 0; i < batch->count && err == QW_OK; i++) {
        bool is_last = i + 1 == batch->count || by_package(&batch->keys[i], &batch->keys[i + 1]);

        gone++;
        if (is_last && batch->keys[i].package_kind == 0) {
            gone = 0; /* keys of pairs come in no package */
        } else if (is_last) {
            err = count_in_package(batch, group, batch->keys[i].package_id, gone);
            gone = 0;
        }
    }
    return err;
}

static qw_err destroy_batch(struct batch *batch)
{
    struct qw_deed deed = { .verb = "destroy", .object = "keys" };
    struct qw_group group;
    char detail[64];
    qw_err err;

    batch->releases.count = 0;
    qw_group_begin(batch->centre, &group);
    err = erase_by_block(batch, &group);
    if (err == QW_OK) {
        err = count_by_package(batch, &group);
    }
    if (err == QW_OK) {
        err = qw_unit_release_keys(batch->centre, &group, batch->releases.list,
                                   batch->releases.count);
    }
    qw_group_fail(&group, err);
    (void)snprintf(detail, sizeof detail, "%zu keys, tombstones written", batch->count);
    return qw_group_commit(batch->centre, &group, &deed, detail);
}

/* What was fetched in a future that is not there yet: its windows close at once. */
static qw_err sweep_future(struct batch *batch)
{
    struct qw_centre *centre = batch->centre;
    qw_err err = QW_OK;

    do {
        batch->count = 0;
        batch->only_future = true;
        err = collect_tag(batch, QW_STORE_ANY_TAG);
        batch->only_future = false;
        if (err == QW_OK && batch->count > 0) {
            err = destroy_batch(batch);
        }
    } while (err == QW_OK && batch->count == BATCH_KEYS);
    if (err == QW_OK) { /* what is fetched from now on is due before what was swept already */
        int64_t now_s = batch->now_ms / 1000;

        centre->books.swept_s = centre->books.swept_s < now_s ? centre->books.swept_s : now_s - 1;
        centre->latest_ms = batch->now_ms;
    }
    return err;
}

/* One batch under the mutex; *more when there may be another. */
static qw_err sweep_keys(struct qw_centre *centre, struct batch *batch, bool *more)
{
    int64_t to_s;
    qw_err err = QW_OK;

    qw_centre_enter(centre);
    batch->now_ms = qw_clock_utc_ms();
    if (batch->now_ms < centre->latest_ms) {
        err = sweep_future(batch);
    }
    centre->latest_ms = centre->latest_ms < batch->now_ms ? batch->now_ms : centre->latest_ms;
    to_s = batch->now_ms / 1000;
    to_s = to_s - centre->books.swept_s > SECONDS_MAX ? centre->books.swept_s + SECONDS_MAX : to_s;
    batch->count = 0;
    if (err == QW_OK) {
        err = collect_keys(batch, to_s);
    }
    if (err == QW_OK && batch->count > 0) {
        err = destroy_batch(batch);
    }
    *more = batch->count == BATCH_KEYS || to_s < batch->now_ms / 1000;
    if (err == QW_OK && batch->count < BATCH_KEYS) {
        err = qw_block_sweep(centre, &batch->releases, batch->now_ms, to_s);
        if (err == QW_OK) {
            err = qw_answer_sweep(centre, centre->books.swept_s + 1, to_s);
        }
        if (err == QW_OK && centre->books.swept_s < to_s) {
            centre->books.swept_s = to_s; /* on disk with the next group that moves the books */
        }
    }
    qw_centre_leave(centre);
    return err;
}

static qw_err sweep_sessions(struct qw_centre *centre)
{
    qw_err err;

    qw_centre_enter(centre);
    err = qw_session_sweep(centre);
    qw_share_desk_sweep(centre);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_sweep(struct qw_centre *centre)
{
    struct batch batch = { .centre = centre, .releases = { .cap = BATCH_KEYS } };
    bool more = true;
    qw_err err = QW_OK;

    batch.keys = calloc(BATCH_KEYS, sizeof *batch.keys);
    batch.releases.list = calloc(BATCH_KEYS, sizeof *batch.releases.list);
    if (batch.keys == NULL || batch.releases.list == NULL) {
        err = QW_ERR_NOMEM;
    }
    while (more && err == QW_OK) {
        err = sweep_keys(centre, &batch, &more);
    }
    free(batch.keys);
    free(batch.releases.list);
    if (err == QW_OK) {
        err = sweep_sessions(centre);
    }
    if (err == QW_OK) {
        err = qw_import_sweep(centre);
    }
    return err == QW_OK ? qw_signer_sweep(centre) : err;
}
