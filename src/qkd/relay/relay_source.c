/* SPDX-License-Identifier: Apache-2.0 */
/* The node where keys begin. */
#include "base/secret.h"
#include "qkd/relay/relay_state.h"

#include <string.h>

/* Whether a batch may begin: QW_OK and its end pool. */
static qw_err check_request(struct qw_relay *relay, const struct qw_relay_path *path, uint64_t len,
                            struct qw_node_pool **pool)
{
    struct qw_hop *hop;

    if (!qw_relay_path_valid(path) || path->node[0] != relay->config.node || len == 0 ||
        len > relay->config.batch_len_max || relay->config.batches_max == 0) {
        return QW_ERR_ARG;
    }
    *pool = relay->config.end_pool(relay->config.self, qw_relay_path_target(path));
    if (*pool == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    hop = relay->config.hop(relay->config.self, path->node[1]);
    return hop == NULL || qw_hop_status(hop) != QW_HOP_UP ? QW_ERR_CLOSED : QW_OK;
}

static qw_err send_reserve(struct qw_relay *relay, struct relay_end *end, enum qw_node_class class,
                           const struct qw_node_pool *pool)
{
    struct qw_relay_reserve m = { .count = end->batch.count,
                                  .key_len = end->batch.key_len,
                                  .class = class,
                                  .end_mark = qw_end_tag_mark(pool),
                                  .path = end->path };

    memcpy(m.batch, end->batch.id, sizeof m.batch);
    return relay_say(relay, end->neighbour, QW_RELAY_RESERVE,
                     qw_relay_reserve_encode(&m, relay_body(relay)));
}

static qw_err err_of(enum qw_relay_reason reason)
{
    return reason == QW_RELAY_EMPTY ? QW_ERR_EXHAUSTED
                                    : (reason == QW_RELAY_SIZE ? QW_ERR_ARG : QW_ERR_CLOSED);
}

qw_err qw_relay_request(struct qw_relay *relay, const struct qw_relay_path *path,
                        const struct qw_relay_demand *demand)
{
    uint64_t len = (uint64_t)demand->count * demand->key_len;
    struct qw_node_pool *pool = NULL;
    enum qw_relay_reason reason;
    struct relay_end *end;
    qw_err err = check_request(relay, path, len, &pool);

    if (err != QW_OK) {
        return err;
    }
    if (relay_end_find(relay, demand->id) != NULL) {
        return QW_ERR_CONFLICT;
    }
    end = relay_end_add(relay, demand->id);
    if (end == NULL) {
        return QW_ERR_LIMIT;
    }
    if (!relay_reserve_hop(relay, path->node[1], (size_t)len, demand->class, &reason)) {
        return err_of(reason);
    }
    end->phase = RELAY_RESERVING;
    end->batch.count = demand->count;
    end->batch.key_len = demand->key_len;
    end->batch.source = path->node[0];
    end->batch.target = qw_relay_path_target(path);
    end->path = *path;
    end->neighbour = path->node[1];
    end->reserved_len = len + QW_HOP_TAG_LEN;
    err = send_reserve(relay, end, demand->class, pool);
    if (err != QW_OK) {
        relay_release_hop(relay, end->neighbour, end->reserved_len);
        relay_end_remove(relay, end);
        return err;
    }
    relay->counters.requested++;
    return QW_OK;
}

/* Keys, their end tag, and all of it into one message. */
static qw_err send_data(struct qw_relay *relay, struct relay_end *end, uint64_t end_mark)
{
    struct qw_hop *hop = relay->config.hop(relay->config.self, end->neighbour);
    struct qw_node_pool *pool = relay->config.end_pool(relay->config.self, end->batch.target);
    uint8_t *keys = relay_keys_of(relay, end);
    size_t len = relay_batch_len(&end->batch);
    uint8_t said[RELAY_SAID_LEN];
    struct qw_bytes parts[2] = { { said, sizeof said }, { keys, len } };
    struct qw_relay_tagged m;
    qw_err err;

    if (hop == NULL || pool == NULL) {
        return QW_ERR_CLOSED;
    }
    err = relay->config.source->take(relay->config.source->self, keys, len);
    if (err != QW_OK) {
        return err;
    }
    relay_said(QW_RELAY_DATA, &end->batch, said);
    memcpy(m.batch, end->batch.id, sizeof m.batch);
    err = qw_end_tag_make(pool, end_mark, parts, 2, &m.position, m.tag);
    if (err != QW_OK) {
        return err;
    }
    relay->counters.end_tag_bits += 8 * QW_END_TAG_USE_LEN;
    qw_relay_tagged_encode(&m, relay_body(relay));
    memcpy(relay_body(relay) + QW_RELAY_TAGGED_LEN, keys, len);
    err = qw_hop_seal(hop, QW_RELAY_DATA, relay->message, QW_RELAY_TAGGED_LEN + len, len, NULL);
    if (err != QW_OK) { /* it may still be in clear there */
        qw_wipe(relay_body(relay) + QW_RELAY_TAGGED_LEN, len);
    }
    return err;
}

/* R3 */
void relay_source_reserved(struct qw_relay *relay, struct relay_end *end, uint64_t end_mark)
{
    qw_err err;

    relay_release_hop(relay, end->neighbour, end->reserved_len);
    end->reserved_len = 0;
    err = send_data(relay, end, end_mark);
    if (err == QW_OK) {
        end->phase = RELAY_SENT;
        return;
    }
    relay->counters.limited += err == QW_ERR_LIMIT;
    relay_source_fail(relay, end,
                      err == QW_ERR_EXHAUSTED ? QW_RELAY_EMPTY
                      : err == QW_ERR_LIMIT   ? QW_RELAY_WRONG_TAG
                                              : QW_RELAY_NO_LINK,
                      relay->config.node);
}

/* R6 */
void relay_source_confirm(struct qw_relay *relay, struct relay_end *end,
                          const struct qw_relay_tagged *m)
{
    struct qw_node_pool *pool = relay->config.end_pool(relay->config.self, end->batch.target);
    struct qw_relay_batch batch = end->batch;
    uint8_t said[RELAY_SAID_LEN];
    struct qw_bytes part = { said, sizeof said };

    relay_said(QW_RELAY_CONFIRM, &batch, said);
    if (pool == NULL ||
        qw_end_tag_check(relay->tags, pool, m->position, &part, 1, m->tag) != QW_OK) {
        relay->counters.wrong_tags++;
        relay_source_fail(relay, end, QW_RELAY_WRONG_TAG, relay->config.node);
    } else if (relay->config.deliver(relay->config.self, &batch, relay_keys_of(relay, end)) !=
               QW_OK) {
        relay_source_fail(relay, end, QW_RELAY_REFUSED, relay->config.node);
    } else {
        relay->counters.delivered++;
        relay->counters.delivered_keys += batch.count;
        relay_end_remove(relay, end);
    }
}

/* R7: this end is void now; VOID until the other one says so too. */
void relay_source_fail(struct qw_relay *relay, struct relay_end *end, enum qw_relay_reason reason,
                       uint32_t at)
{
    struct qw_relay_batch batch = end->batch;

    relay_release_hop(relay, end->neighbour, end->reserved_len);
    end->reserved_len = 0;
    qw_wipe(relay_keys_of(relay, end), relay_batch_len(&end->batch));
    relay_send_void(relay, end);
    relay->counters.voided++;
    relay->config.voided(relay->config.self, &batch, reason, at);
}
