/* SPDX-License-Identifier: Apache-2.0 */
/* A node between two others: passes on, and never sees a key in clear in its own memory (it could:
 * it has both pads). */
#include "qkd/relay/relay_state.h"

#include <string.h>

void relay_pass_reserve(struct qw_relay *relay, uint32_t from, struct qw_relay_reserve *m)
{
    uint32_t next = m->path.node[m->index + 2];
    uint64_t len = (uint64_t)m->count * m->key_len;
    enum qw_relay_reason reason = QW_RELAY_BUSY;
    struct relay_passing *passing = relay_passing_add(relay, m->batch);

    if (passing == NULL) {
        relay_fail(relay, from, m->batch, reason, relay->config.node);
        return;
    }
    passing->before = from;
    passing->next = next;
    if (len > relay->config.batch_len_max) {
        reason = QW_RELAY_SIZE;
    } else if (relay_reserve_hop(relay, next, (size_t)len, m->class, &reason)) {
        passing->len = (size_t)len;
        passing->reserved_len = len + QW_HOP_TAG_LEN;
        reason = QW_RELAY_NO_LINK;
        m->index++;
        if (relay_say(relay, next, QW_RELAY_RESERVE,
                      qw_relay_reserve_encode(m, relay_body(relay))) == QW_OK) {
            return;
        }
    }
    relay_passing_remove(relay, passing);
    relay_fail(relay, from, m->batch, reason, relay->config.node);
}

static void give_up(struct qw_relay *relay, struct relay_passing *passing,
                    enum qw_relay_reason reason)
{
    relay_fail(relay, passing->before, passing->id, reason, relay->config.node);
    relay_fail(relay, passing->next, passing->id, reason, relay->config.node);
    relay_passing_remove(relay, passing);
}

/* R4 */
void relay_pass_data(struct qw_relay *relay, struct relay_passing *passing,
                     const struct qw_hop_message *m)
{
    struct qw_hop *hop = relay->config.hop(relay->config.self, passing->next);
    qw_err err = QW_ERR_CLOSED;

    if (m->secret_len != passing->len) {
        give_up(relay, passing, QW_RELAY_SIZE);
        return;
    }
    relay_release_hop(relay, passing->next, passing->reserved_len);
    passing->reserved_len = 0;
    if (hop != NULL) {
        err = qw_hop_seal(hop, m->type, m->body - QW_HOP_HEAD_LEN, m->body_len, m->secret_len,
                          m->pad);
    }
    if (err != QW_OK) {
        give_up(relay, passing, err == QW_ERR_EXHAUSTED ? QW_RELAY_EMPTY : QW_RELAY_NO_LINK);
        return;
    }
    passing->has_passed = true;
    relay->counters.passed++;
}

void relay_pass_back(struct qw_relay *relay, struct relay_passing *passing,
                     const struct qw_hop_message *m)
{
    memcpy(relay_body(relay), m->body, m->body_len);
    /* When it does not get out, the source times out. */
    (void)!relay_say(relay, passing->before, m->type, m->body_len);
}

void relay_pass_fail(struct qw_relay *relay, struct relay_passing *passing, uint32_t from,
                     enum qw_relay_reason reason, uint32_t at)
{
    uint32_t on = from == passing->before ? passing->next : passing->before;

    relay_fail(relay, on, passing->id, reason, at);
    relay_passing_remove(relay, passing);
}
