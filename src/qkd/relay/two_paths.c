/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/two_paths.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    bool is_used, is_source, is_held, is_void;
    bool has_second;  /* source: part 1 has begun */
    bool is_ended[2]; /* voided by the relay already, or never begun: nothing to give up */
    uint8_t id[QW_RELAY_BATCH_ID_LEN]; /* joined */
    int64_t since_ms;
    struct qw_relay_path path[2]; /* source */
    enum qw_node_class class;     /* source */
    struct qw_relay_batch held;   /* is_held: the half that came first */
};

struct qw_two_paths {
    struct qw_two_paths_config config;
    struct qw_two_paths_counters counters;
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

struct qw_two_paths_counters qw_two_paths_counters(const struct qw_two_paths *p)
{
    return p->counters;
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
                            const struct qw_relay_path *paths, size_t paths_count,
                            const struct qw_relay_demand *demand)
{
    struct qw_relay_demand first = *demand;
    struct pair *pair;
    qw_err err;

    if (paths_count != 2 || !qw_relay_paths_disjoint(&paths[0], &paths[1])) {
        return QW_ERR_REFUSED;
    }
    if ((uint64_t)demand->count * demand->key_len > p->config.batch_len_max) {
        return QW_ERR_ARG;
    }
    pair = add(p, demand->id);
    if (pair == NULL) {
        return QW_ERR_LIMIT;
    }
    pair->is_source = true;
    pair->is_ended[1] = true;
    pair->path[0] = paths[0];
    pair->path[1] = paths[1];
    pair->class = demand->class;
    first.id[QW_RELAY_PART_AT] = 0;
    err = qw_relay_request(relay, &paths[0], &first);
    if (err != QW_OK) {
        remove_pair(p, pair);
    }
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
        *(pair->is_source ? &p->counters.delivered_keys : &p->counters.received_keys) +=
            batch->count;
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
    if (pair == NULL && batch->id[QW_RELAY_PART_AT] == 1) {
        return QW_ERR_STATE; /* or the source would take CONFIRM of it for both */
    }
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

static void say_void(struct qw_two_paths *p, const struct qw_relay_batch *batch, uint8_t part,
                     enum qw_relay_reason reason, uint32_t at)
{
    struct qw_relay_batch whole = *batch;

    whole.id[QW_RELAY_PART_AT] = QW_TWO_PATHS_JOINED;
    p->config.voided(p->config.self, &whole, part, reason, at);
}

void qw_two_paths_voided(struct qw_two_paths *p, const struct qw_relay_batch *batch,
                         enum qw_relay_reason reason, uint32_t at)
{
    uint8_t part = batch->id[QW_RELAY_PART_AT];
    struct pair *pair;

    if (!is_part(batch->id)) {
        p->config.voided(p->config.self, batch, QW_RELAY_WHOLE, reason, at);
        return;
    }
    pair = find(p, batch->id);
    if (pair == NULL) { /* joined before, or nothing of it came */
        say_void(p, batch, part, reason, at);
        return;
    }
    pair->is_ended[part] = true;
    if (!pair->is_void) {
        pair->is_void = true;
        p->counters.voided += pair->is_source;
        say_void(p, batch, part, reason, at);
    }
    if (!pair->is_source) {
        remove_pair(p, pair);
    }
}

static enum qw_relay_reason reason_of(qw_err err)
{
    return err == QW_ERR_CLOSED      ? QW_RELAY_NO_LINK
           : err == QW_ERR_EXHAUSTED ? QW_RELAY_EMPTY
           : err == QW_ERR_LIMIT     ? QW_RELAY_BUSY
                                     : QW_RELAY_REFUSED;
}

/* R8: the target has part 0, so that its CONFIRM of part 1 says that it has both. */
static void begin_second(struct qw_two_paths *p, struct pair *pair, struct qw_relay *relay)
{
    struct qw_relay_demand second = { .count = pair->held.count,
                                      .key_len = pair->held.key_len,
                                      .class = pair->class };
    qw_err err;

    memcpy(second.id, pair->id, sizeof second.id);
    second.id[QW_RELAY_PART_AT] = 1;
    err = qw_relay_request(relay, &pair->path[1], &second);
    pair->has_second = true;
    pair->is_ended[1] = err != QW_OK;
    if (err != QW_OK) {
        pair->is_void = true;
        p->counters.voided++;
        say_void(p, &pair->held, 1, reason_of(err), pair->path[1].node[0]);
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
        if (pair->is_source && pair->is_held && !pair->has_second && !pair->is_void) {
            begin_second(p, pair, relay);
        }
        if (pair->is_source ? pair->is_void && give_up_parts(pair, relay)
                            : now_ms - pair->since_ms >= 4 * p->config.timeout_ms) {
            p->counters.alone += !pair->is_source;
            remove_pair(p, pair);
        }
    }
}
