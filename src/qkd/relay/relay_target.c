/* SPDX-License-Identifier: Apache-2.0 */
/* The node where keys arrive. */
#include "base/secret.h"
#include "qkd/relay/relay_state.h"

#include <string.h>

void relay_target_reserve(struct qw_relay *relay, uint32_t from, const struct qw_relay_reserve *m)
{
    struct qw_node_pool *pool = relay->config.end_pool(relay->config.self, m->path.node[0]);
    uint64_t len = (uint64_t)m->count * m->key_len;
    struct qw_relay_reserved reserved;
    struct relay_end *end = NULL;
    enum qw_relay_reason reason = QW_RELAY_REFUSED;

    if (len > relay->config.batch_len_max) {
        reason = QW_RELAY_SIZE;
    } else if (pool != NULL && qw_end_tag_allows(pool, m->end_mark) == QW_ERR_LIMIT) {
        relay->counters.limited++;
        reason = QW_RELAY_WRONG_TAG;
    } else if (pool != NULL) {
        end = relay_end_add(relay, m->batch);
        reason = QW_RELAY_BUSY;
    }
    if (end == NULL) {
        relay_fail(relay, from, m->batch, reason, relay->config.node);
        return;
    }
    end->phase = RELAY_EXPECTING;
    end->batch.count = m->count;
    end->batch.key_len = m->key_len;
    end->batch.source = m->path.node[0];
    end->batch.target = relay->config.node;
    end->neighbour = from;
    end->end_mark = m->end_mark;
    memcpy(reserved.batch, m->batch, sizeof reserved.batch);
    reserved.end_mark = qw_end_tag_mark(pool);
    if (relay_say(relay, from, QW_RELAY_RESERVED,
                  qw_relay_reserved_encode(&reserved, relay_body(relay))) != QW_OK) {
        relay_end_remove(relay, end);
    }
}

static qw_err check_tag(struct qw_relay *relay, const struct relay_end *end,
                        struct qw_node_pool *pool, const struct qw_relay_tagged *m)
{
    uint8_t said[RELAY_SAID_LEN];
    struct qw_bytes parts[2] = { { said, sizeof said },
                                 { relay->arrived, relay_batch_len(&end->batch) } };

    relay_said(QW_RELAY_DATA, &end->batch, said);
    return qw_end_tag_check(relay->tags, pool, m->position, parts, 2, m->tag);
}

static qw_err confirm(struct qw_relay *relay, const struct relay_end *end,
                      struct qw_node_pool *pool)
{
    uint8_t said[RELAY_SAID_LEN];
    struct qw_bytes part = { said, sizeof said };
    struct qw_relay_tagged m;
    qw_err err;

    relay_said(QW_RELAY_CONFIRM, &end->batch, said);
    memcpy(m.batch, end->batch.id, sizeof m.batch);
    err = qw_end_tag_make(pool, end->end_mark, &part, 1, &m.position, m.tag);
    if (err != QW_OK) {
        return err;
    }
    relay->counters.end_tag_bits += 8 * QW_END_TAG_USE_LEN;
    return relay_say(relay, end->neighbour, QW_RELAY_CONFIRM,
                     qw_relay_tagged_encode(&m, relay_body(relay)));
}

/* The keys are here: whether they are what the source sent, and stored. */
static bool take_keys(struct qw_relay *relay, const struct relay_end *end,
                      struct qw_node_pool *pool, const struct qw_relay_tagged *m,
                      enum qw_relay_reason *reason)
{
    if (check_tag(relay, end, pool, m) != QW_OK) {
        relay->counters.wrong_tags++;
        *reason = QW_RELAY_WRONG_TAG;
        return false;
    }
    if (relay->config.deliver(relay->config.self, &end->batch, relay->arrived) != QW_OK) {
        *reason = QW_RELAY_REFUSED;
        return false;
    }
    relay->counters.received++;
    relay->counters.received_keys += end->batch.count;
    return true;
}

/* R5 */
void relay_target_data(struct qw_relay *relay, struct relay_end *end,
                       const struct qw_relay_tagged *m, const struct qw_hop_message *message)
{
    struct qw_node_pool *pool = relay->config.end_pool(relay->config.self, end->batch.source);
    size_t len = relay_batch_len(&end->batch);
    const uint8_t *secret = message->body + QW_RELAY_TAGGED_LEN;
    enum qw_relay_reason reason = QW_RELAY_SIZE;
    bool is_taken = false;

    if (message->secret_len == len && pool != NULL) {
        for (size_t i = 0; i < len; i++) {
            relay->arrived[i] = secret[i] ^ message->pad[i];
        }
        is_taken = take_keys(relay, end, pool, m, &reason);
        qw_wipe(relay->arrived, len);
    }
    if (is_taken) {
        /* When it does not get out, the source times out and has the keys given up here. */
        (void)!confirm(relay, end, pool);
        relay_end_remove(relay, end);
    } else {
        relay_fail(relay, end->neighbour, end->batch.id, reason, relay->config.node);
        relay_target_fail(relay, end, reason, relay->config.node);
    }
}

void relay_target_fail(struct qw_relay *relay, struct relay_end *end, enum qw_relay_reason reason,
                       uint32_t at)
{
    struct qw_relay_batch batch = end->batch;

    relay_end_remove(relay, end);
    relay->counters.voided++;
    relay->config.voided(relay->config.self, &batch, reason, at);
}
