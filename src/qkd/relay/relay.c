/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/relay.h"

#include "base/secret.h"
#include "crypto/random.h"
#include "qkd/relay/relay_state.h"

#include <stdlib.h>
#include <string.h>

static bool config_is_sound(const struct qw_relay_config *c)
{
    return c->batch_len_max >= 1 && c->batch_len_max <= QW_RELAY_BATCH_LEN_MAX &&
           c->batches_max <= QW_RELAY_BATCHES_MAX && c->passing_max <= QW_RELAY_BATCHES_MAX &&
           c->timeout_ms > 0 && (c->batches_max > 0 || c->passing_max > 0);
}

static qw_err allocate(struct qw_relay *relay)
{
    const struct qw_relay_config *c = &relay->config;

    relay->message_cap = QW_HOP_FRAME_LEN + QW_RELAY_BODY_MAX;
    if (c->batches_max > 0) {
        relay->message_cap += c->batch_len_max;
        relay->ends = calloc(c->batches_max, sizeof *relay->ends);
        relay->keys = qw_secret_new(c->batches_max * c->batch_len_max);
        relay->arrived = qw_secret_new(c->batch_len_max);
        relay->tags = qw_secret_new(sizeof *relay->tags);
        if (relay->ends == NULL || relay->keys == NULL || relay->arrived == NULL ||
            relay->tags == NULL) {
            return QW_ERR_NOMEM;
        }
    }
    if (c->passing_max > 0) {
        relay->passing = calloc(c->passing_max, sizeof *relay->passing);
        if (relay->passing == NULL) {
            return QW_ERR_NOMEM;
        }
    }
    relay->message = qw_secret_new(relay->message_cap); /* a source's keys, before the pad */
    return relay->message == NULL ? QW_ERR_NOMEM : QW_OK;
}

qw_err qw_relay_new(const struct qw_relay_config *config, struct qw_relay **out)
{
    struct qw_relay *relay;
    qw_err err;

    if (!config_is_sound(config)) {
        return QW_ERR_ARG;
    }
    relay = calloc(1, sizeof *relay);
    if (relay == NULL) {
        return QW_ERR_NOMEM;
    }
    relay->config = *config;
    err = allocate(relay);
    if (err != QW_OK) {
        qw_relay_free(relay);
        return err;
    }
    *out = relay;
    return QW_OK;
}

void qw_relay_free(struct qw_relay *relay)
{
    if (relay != NULL) {
        qw_secret_free(relay->keys);
        qw_secret_free(relay->arrived);
        qw_secret_free(relay->tags);
        free(relay->ends);
        free(relay->passing);
        qw_secret_free(relay->message);
        free(relay);
    }
}

struct qw_relay_counters qw_relay_counters(const struct qw_relay *relay)
{
    return relay->counters;
}

size_t qw_relay_under_way(const struct qw_relay *relay)
{
    size_t count = 0;

    for (size_t i = 0; i < relay->config.batches_max; i++) {
        count += relay->ends[i].phase != RELAY_FREE;
    }
    return count;
}

qw_err qw_relay_new_id(uint8_t id[static QW_RELAY_BATCH_ID_LEN])
{
    qw_err err = qw_random_bytes(id, QW_RELAY_BATCH_ID_LEN);

    if (err == QW_OK) {
        id[QW_RELAY_PART_AT] = QW_RELAY_WHOLE;
    }
    return err;
}

bool relay_is_same_id(const uint8_t *a, const uint8_t *b)
{
    return qw_equal_ct(a, b, QW_RELAY_BATCH_ID_LEN);
}

struct relay_end *relay_end_find(struct qw_relay *relay, const uint8_t *id)
{
    for (size_t i = 0; i < relay->config.batches_max; i++) {
        struct relay_end *end = &relay->ends[i];

        if (end->phase != RELAY_FREE && relay_is_same_id(end->batch.id, id)) {
            return end;
        }
    }
    return NULL;
}

struct relay_end *relay_end_add(struct qw_relay *relay, const uint8_t *id)
{
    for (size_t i = 0; i < relay->config.batches_max; i++) {
        struct relay_end *end = &relay->ends[i];

        if (end->phase == RELAY_FREE) {
            *end = (struct relay_end){ .since_ms = relay->now_ms };
            memcpy(end->batch.id, id, QW_RELAY_BATCH_ID_LEN);
            return end;
        }
    }
    return NULL;
}

void relay_end_remove(struct qw_relay *relay, struct relay_end *end)
{
    qw_wipe(relay_keys_of(relay, end), relay_batch_len(&end->batch));
    end->phase = RELAY_FREE;
}

struct relay_passing *relay_passing_find(struct qw_relay *relay, const uint8_t *id)
{
    for (size_t i = 0; i < relay->config.passing_max; i++) {
        if (relay->passing[i].is_used && relay_is_same_id(relay->passing[i].id, id)) {
            return &relay->passing[i];
        }
    }
    return NULL;
}

struct relay_passing *relay_passing_add(struct qw_relay *relay, const uint8_t *id)
{
    for (size_t i = 0; i < relay->config.passing_max; i++) {
        struct relay_passing *passing = &relay->passing[i];

        if (!passing->is_used) {
            *passing = (struct relay_passing){ .is_used = true, .since_ms = relay->now_ms };
            memcpy(passing->id, id, QW_RELAY_BATCH_ID_LEN);
            return passing;
        }
    }
    return NULL;
}

void relay_passing_remove(struct qw_relay *relay, struct relay_passing *passing)
{
    relay_release_hop(relay, passing->next, passing->reserved_len);
    passing->is_used = false;
}

qw_err relay_say(struct qw_relay *relay, uint32_t neighbour, uint8_t type, size_t body_len)
{
    struct qw_hop *hop = relay->config.hop(relay->config.self, neighbour);

    return hop == NULL ? QW_ERR_CLOSED : qw_hop_seal(hop, type, relay->message, body_len, 0, NULL);
}

void relay_fail(struct qw_relay *relay, uint32_t neighbour, const uint8_t *id,
                enum qw_relay_reason reason, uint32_t at)
{
    struct qw_relay_fail fail = { .reason = reason, .node = at };

    memcpy(fail.batch, id, sizeof fail.batch);
    /* When it does not get out, the other end of the path times out. */
    (void)!relay_say(relay, neighbour, QW_RELAY_FAIL,
                     qw_relay_fail_encode(&fail, relay_body(relay)));
}

/* Whether it failed for what is left to better classes alone. */
static bool is_kept(struct qw_node_pool *pool, size_t len)
{
    if (qw_node_pool_reserve(pool, QW_NODE_GOLD, len) != QW_OK) {
        return false;
    }
    qw_node_pool_release(pool, len);
    return true;
}

bool relay_reserve_hop(struct qw_relay *relay, uint32_t neighbour, size_t len,
                       enum qw_node_class class, enum qw_relay_reason *reason)
{
    struct qw_hop *hop = relay->config.hop(relay->config.self, neighbour);

    if (hop == NULL || qw_hop_status(hop) != QW_HOP_UP) {
        *reason = QW_RELAY_NO_LINK;
        return false;
    }
    if (len > relay->config.batch_len_max ||
        len + QW_HOP_TAG_LEN > qw_node_pool_head(qw_hop_pool(hop))->lease) {
        *reason = QW_RELAY_SIZE;
        return false;
    }
    if (qw_node_pool_reserve(qw_hop_pool(hop), class, len + QW_HOP_TAG_LEN) != QW_OK) {
        relay->counters.kept[class] += is_kept(qw_hop_pool(hop), len + QW_HOP_TAG_LEN);
        *reason = QW_RELAY_EMPTY;
        return false;
    }
    return true;
}

void relay_release_hop(struct qw_relay *relay, uint32_t neighbour, uint64_t len)
{
    struct qw_hop *hop = relay->config.hop(relay->config.self, neighbour);

    if (hop != NULL && len > 0) {
        qw_node_pool_release(qw_hop_pool(hop), len);
    }
}

void relay_said(uint8_t type, const struct qw_relay_batch *batch,
                uint8_t out[static RELAY_SAID_LEN])
{
    struct qw_writer w = qw_writer_on(out, RELAY_SAID_LEN);

    qw_write_u8(&w, type);
    qw_write_bytes(&w, batch->id, sizeof batch->id);
    qw_write_u32be(&w, batch->count);
    qw_write_u16be(&w, batch->key_len);
}
