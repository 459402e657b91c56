/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/two_paths.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    bool is_used, is_source, is_held, is_void;
    bool is_ended[2]; /* voided by the relay already, or never begun: nothing to give up */
    uint8_t id[QW_RELAY_BATCH_ID_LEN]; /* joined */
    int64_t since_ms;
    struct qw_relay_path path[2]; /* source */
    struct qw_relay_batch held;   /* is_held: the half that came first */
};

struct qw_two_paths {
    struct qw_two_paths_config config;
    int64_t now_ms;
    struct pair *pairs; /* [pairs_max] */
    uint8_t *halves;    /* [pairs_max x batch_len_max] locked: the one that came first */
    uint8_t *joined;    /* [batch_len_max] locked */
};

qw_err qw_two_paths_new(const struct qw_two_paths_config *config, struct qw_two_paths **out)
{
    struct qw_two_paths *p;

    if (config->pairs_max < 1 || config->pairs_max > QW_RELAY_BATCHES_MAX ||
        config->batch_len_max < 1 || config->batch_len_max > QW_RELAY_BATCH_LEN_MAX) {
        return QW_ERR_ARG;
    }
    p = calloc(1, sizeof *p);
    if (p == NULL) {
        return QW_ERR_NOMEM;
    }
    p->config = *config;
    p->pairs = calloc(config->pairs_max, sizeof *p->pairs);
    p->halves = qw_secret_new(config->pairs_max * config->batch_len_max);
    p->joined = qw_secret_new(config->batch_len_max);
    if (p->pairs == NULL || p->halves == NULL || p->joined == NULL) {
        qw_two_paths_free(p);
        return QW_ERR_NOMEM;
    }
    *out = p;
    return QW_OK;
}

void qw_two_paths_free(struct qw_two_paths *p)
{
    if (p != NULL) {
        free(p->pairs);
        qw_secret_free(p->halves);
        qw_secret_free(p->joined);
        free(p);
    }
}

static uint8_t *half_of(struct qw_two_paths *p, const struct pair *pair)
{
    return p->halves + (size_t)(pair - p->pairs) * p->config.batch_len_max;
}

static bool is_part(const uint8_t *id)
{
    return id[QW_RELAY_PART_AT] <= 1;
}

static struct pair *find(struct qw_two_paths *p, const uint8_t *id)
{
    for (size_t i = 0; i < p->config.pairs_max; i++) {
        if (p->pairs[i].is_used && qw_equal_ct(p->pairs[i].id, id, QW_RELAY_PART_AT)) {
            return &p->pairs[i];
        }
    }
    return NULL;
}

static struct pair *add(struct qw_two_paths *p, const uint8_t *id)
{
    for (size_t i = 0; i < p->config.pairs_max; i++) {
        struct pair *pair = &p->pairs[i];

        if (!pair->is_used) {
            *pair = (struct pair){ .is_used = true, .since_ms = p->now_ms };
            memcpy(pair->id, id, sizeof pair->id);
            pair->id[QW_RELAY_PART_AT] = QW_TWO_PATHS_JOINED;
            return pair;
        }
    }
    return NULL;
}

static void remove_pair(struct qw_two_paths *p, struct pair *pair)
{
    qw_wipe(half_of(p, pair), p->config.batch_len_max);
    pair->is_used = false;
}

qw_err qw_two_paths_request(struct qw_two_paths *p, struct qw_relay *relay,
                            const struct qw_relay_path *paths, size_t paths_count, uint32_t count,
                            uint16_t key_len)
{
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    struct pair *pair;
    qw_err err;

    if (paths_count != 2 || !qw_relay_paths_disjoint(&paths[0], &paths[1])) {
        return QW_ERR_REFUSED;
    }
    if ((uint64_t)count * key_len > p->config.batch_len_max) {
        return QW_ERR_ARG;
    }
    err = qw_relay_new_id(id);
    if (err != QW_OK) {
        return err;
    }
    pair = add(p, id);
    if (pair == NULL) {
        return QW_ERR_LIMIT;
    }
    pair->is_source = true;
    pair->path[0] = paths[0];
    pair->path[1] = paths[1];
    id[QW_RELAY_PART_AT] = 0;
    err = qw_relay_request(relay, &paths[0], id, count, key_len);
    if (err == QW_OK) {
        id[QW_RELAY_PART_AT] = 1;
        err = qw_relay_request(relay, &paths[1], id, count, key_len);
        if (err == QW_OK) {
            return QW_OK;
        }
        id[QW_RELAY_PART_AT] = 0;
        (void)!qw_relay_give_up(relay, &paths[0], id); /* it is known: there is a place for it */
    }
    remove_pair(p, pair);
    return err;
}

/* The other half of what is held, of the same shape. */
static bool fits(const struct pair *pair, const struct qw_relay_batch *batch)
{
    const struct qw_relay_batch *held = &pair->held;

    return batch->id[QW_RELAY_PART_AT] != held->id[QW_RELAY_PART_AT] &&
           batch->count == held->count && batch->key_len == held->key_len &&
           batch->source == held->source && batch->target == held->target;
}

static qw_err join(struct qw_two_paths *p, struct pair *pair, const struct qw_relay_batch *batch,
                   const uint8_t *keys)
{
    size_t len = (size_t)batch->count * batch->key_len;
    const uint8_t *half = half_of(p, pair);
    struct qw_relay_batch joined = *batch;
    qw_err err;

    for (size_t i = 0; i < len; i++) {
        p->joined[i] = keys[i] ^ half[i];
    }
    memcpy(joined.id, pair->id, sizeof joined.id);
    err = p->config.deliver(p->config.self, &joined, p->joined);
    qw_wipe(p->joined, len);
    if (err == QW_OK) {
        remove_pair(p, pair);
    }
    return err;
}

qw_err qw_two_paths_deliver(struct qw_two_paths *p, const struct qw_relay_batch *batch,
                            const uint8_t *keys)
{
    size_t len = (size_t)batch->count * batch->key_len;
    struct pair *pair;

    if (!is_part(batch->id)) {
        return p->config.deliver(p->config.self, batch, keys);
    }
    pair = find(p, batch->id);
    if (pair == NULL) {
        pair = add(p, batch->id); /* the target hears of it now */
    }
    if (pair == NULL || pair->is_void || len > p->config.batch_len_max) {
        return QW_ERR_LIMIT;
    }
    if (pair->is_held) {
        return fits(pair, batch) ? join(p, pair, batch, keys) : QW_ERR_CONFLICT;
    }
    memcpy(half_of(p, pair), keys, len);
    pair->held = *batch;
    pair->is_held = true;
    return QW_OK;
}

void qw_two_paths_voided(struct qw_two_paths *p, const struct qw_relay_batch *batch,
                         enum qw_relay_reason reason, uint32_t at)
{
    struct qw_relay_batch whole = *batch;
    struct pair *pair;

    if (!is_part(batch->id)) {
        p->config.voided(p->config.self, batch, reason, at);
        return;
    }
    pair = find(p, batch->id);
    whole.id[QW_RELAY_PART_AT] = QW_TWO_PATHS_JOINED;
    if (pair == NULL) { /* joined before, or nothing of it came */
        p->config.voided(p->config.self, &whole, reason, at);
        return;
    }
    pair->is_ended[batch->id[QW_RELAY_PART_AT]] = true;
    if (!pair->is_void) {
        pair->is_void = true;
        p->config.voided(p->config.self, &whole, reason, at);
    }
    if (!pair->is_source) {
        remove_pair(p, pair);
    }
}

/* False: there is no place for it now. */
static bool give_up_parts(struct pair *pair, struct qw_relay *relay)
{
    uint8_t id[QW_RELAY_BATCH_ID_LEN];

    memcpy(id, pair->id, sizeof id);
    for (uint8_t part = 0; part < 2; part++) {
        id[QW_RELAY_PART_AT] = part;
        if (!pair->is_ended[part] && qw_relay_give_up(relay, &pair->path[part], id) != QW_OK) {
            return false;
        }
        pair->is_ended[part] = true;
    }
    return true;
}

void qw_two_paths_settle(struct qw_two_paths *p, struct qw_relay *relay, int64_t now_ms)
{
    p->now_ms = now_ms;
    for (size_t i = 0; i < p->config.pairs_max; i++) {
        struct pair *pair = &p->pairs[i];

        if (!pair->is_used) {
            continue;
        }
        if (pair->is_source ? pair->is_void && give_up_parts(pair, relay)
                            : now_ms - pair->since_ms >= 4 * p->config.timeout_ms) {
            remove_pair(p, pair);
        }
    }
}
