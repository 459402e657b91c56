/* SPDX-License-Identifier: Apache-2.0 */
/* The end of keys: windows close, what is used up or withdrawn is zeroed in its block and leaves a
 * tombstone, all in one group per batch [C7]. Sessions that nobody ended go as well. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/block.h"
#include "centre/key_record.h"
#include "centre/package_record.h"
#include "centre/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_KEYS = 256 };

struct batch {
    struct qw_centre *centre;
    struct qw_key_record *keys; /* BATCH_KEYS */
    size_t count;
    int64_t now_ms;
    qw_err err;
};

static bool is_due(const struct batch *batch, const struct qw_key_record *key)
{
    int64_t age_ms = batch->now_ms - key->fetched_ms;

    return key->state != QW_KEY_DELIVERED || age_ms < 0 ||
           age_ms >= (int64_t)batch->centre->config.window_ms;
}

static int collect(void *self, const struct qw_store_record *record)
{
    struct batch *batch = self;
    struct qw_key_record key;

    batch->err = qw_key_record_open(batch->centre, record, &key);
    if (batch->err == QW_OK && is_due(batch, &key)) {
        batch->keys[batch->count++] = key;
    }
    return batch->err == QW_OK && batch->count < BATCH_KEYS;
}

/* Fills the batch with keys whose material has to go. */
static qw_err collect_keys(struct batch *batch)
{
    static const int64_t tags[] = { QW_KEY_TAG_WINDOW, QW_KEY_CONSUMED, QW_KEY_VOIDED,
                                    QW_KEY_EXPIRED, QW_KEY_COMPROMISED };
    const struct qw_store *store = batch->centre->config.store;
    qw_err err = QW_OK;

    for (size_t i = 0; i < sizeof tags / sizeof tags[0] && batch->count < BATCH_KEYS; i++) {
        err = store->scan(store->self, QW_STORE_KEY, tags[i], NULL, 0, SIZE_MAX, collect, batch);
        err = err == QW_OK ? batch->err : err;
        if (err != QW_OK) {
            break;
        }
    }
    return err;
}

static int by_block(const void *a, const void *b)
{
    const struct qw_key_record *x = a;
    const struct qw_key_record *y = b;

    return x->place.block < y->place.block ? -1 : x->place.block > y->place.block;
}

/* From wherever the key stands, by the table, to destroyed. */
static qw_err end_key(struct batch *batch, struct qw_group *group, struct qw_key_record *key)
{
    struct qw_block *block = &batch->centre->block;
    enum qw_key_state last;
    qw_err err = QW_OK;

    if (key->state == QW_KEY_DELIVERED) {
        err = qw_key_next(key->state, QW_KEY_CLOSE, key->state, &key->state);
    }
    if (err == QW_OK) {
        err = qw_key_next(key->state, QW_KEY_DESTROY, key->state, &last);
    }
    if (err == QW_OK && key->place.position >= block->keys) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        qw_key_record_bury(batch->centre, group, key,
                           block->material + (size_t)key->place.position * QW_KEY_LEN,
                           batch->now_ms);
        qw_block_erase(block, group, key->place.position);
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
        if (is_last) {
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

    qw_group_begin(batch->centre, &group);
    err = erase_by_block(batch, &group);
    if (err == QW_OK) {
        err = count_by_package(batch, &group);
    }
    qw_group_fail(&group, err);
    (void)snprintf(detail, sizeof detail, "%zu keys, tombstones written", batch->count);
    return qw_group_commit(batch->centre, &group, &deed, detail);
}

/* One batch under the mutex; *more when there may be another. */
static qw_err sweep_keys(struct qw_centre *centre, struct batch *batch, bool *more)
{
    qw_err err;

    qw_centre_enter(centre);
    batch->count = 0;
    batch->now_ms = qw_clock_utc_ms();
    err = collect_keys(batch);
    if (err == QW_OK && batch->count > 0) {
        err = destroy_batch(batch);
    }
    *more = batch->count == BATCH_KEYS;
    qw_centre_leave(centre);
    return err;
}

struct expired {
    struct qw_centre *centre;
    struct qw_group *group;
    int64_t now_ms;
    size_t count;
};

static int end_old_session(void *self, const struct qw_store_record *record)
{
    struct expired *expired = self;
    struct qw_session session;
    qw_err err = qw_session_open(expired->centre, record, &session);
    int64_t age_ms = err == QW_OK ? expired->now_ms - session.created_ms : 0;

    if (err != QW_OK) {
        qw_group_fail(expired->group, err);
    } else if (age_ms < 0 || age_ms > QW_SESSION_LIFE_MS) {
        qw_session_remove(expired->centre, expired->group, &session);
        expired->count++;
    }
    return err == QW_OK && expired->count < BATCH_KEYS;
}

static qw_err sweep_sessions(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "session-expire", .object = "sessions" };
    const struct qw_store *store = centre->config.store;
    struct qw_group group;
    struct expired expired = { .centre = centre, .group = &group };
    char detail[64];
    qw_err err;

    qw_centre_enter(centre);
    expired.now_ms = qw_clock_utc_ms();
    qw_group_begin(centre, &group);
    err = store->scan(store->self, QW_STORE_SESSION, QW_STORE_ANY_TAG, NULL, 0, SIZE_MAX,
                      end_old_session, &expired);
    qw_group_fail(&group, err);
    err = group.err;
    if (err == QW_OK && expired.count > 0) {
        (void)snprintf(detail, sizeof detail, "%zu sessions", expired.count);
        err = qw_group_commit(centre, &group, &deed, detail);
    } else {
        qw_group_drop(&group);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_sweep(struct qw_centre *centre)
{
    struct batch batch = { .centre = centre };
    bool more = true;
    qw_err err = QW_OK;

    batch.keys = calloc(BATCH_KEYS, sizeof *batch.keys);
    if (batch.keys == NULL) {
        return QW_ERR_NOMEM;
    }
    while (more && err == QW_OK) {
        err = sweep_keys(centre, &batch, &more);
    }
    free(batch.keys);
    return err == QW_OK ? sweep_sessions(centre) : err;
}
