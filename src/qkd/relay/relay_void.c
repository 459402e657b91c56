/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of batches that were not to be: links lost, time over, VOID and VOIDED [R7]. */
#include "base/secret.h"
#include "qkd/relay/relay_state.h"

#include <string.h>

/* VOID or VOIDED goes on along its path, whether this node knows the batch or not. */
static void send_on(struct qw_relay *relay, uint32_t neighbour, uint8_t type,
                    struct qw_relay_void *m, uint8_t index)
{
    m->index = index;
    /* When it does not get out, the source says it again. */
    (void)!relay_say(relay, neighbour, type, qw_relay_void_encode(m, relay_body(relay)));
}

void relay_send_void(struct qw_relay *relay, struct relay_end *end)
{
    struct qw_relay_void m = { .path = end->path };

    memcpy(m.batch, end->batch.id, sizeof m.batch);
    end->phase = RELAY_VOIDING;
    end->since_ms = relay->now_ms;
    end->tries++;
    send_on(relay, end->neighbour, QW_RELAY_VOID, &m, 0);
}

qw_err qw_relay_give_up(struct qw_relay *relay, const struct qw_relay_path *path,
                        const uint8_t id[static QW_RELAY_BATCH_ID_LEN])
{
    struct relay_end *end = relay_end_find(relay, id);

    if (end == NULL) {
        end = relay_end_add(relay, id);
        if (end == NULL) {
            return QW_ERR_LIMIT;
        }
    } else {
        relay_release_hop(relay, end->neighbour, end->reserved_len);
        end->reserved_len = 0;
        qw_wipe(relay_keys_of(relay, end), relay_batch_len(&end->batch));
    }
    end->path = *path;
    end->neighbour = path->node[1];
    relay_send_void(relay, end);
    return QW_OK;
}

void relay_take_void(struct qw_relay *relay, uint32_t from, struct qw_relay_void *m)
{
    struct qw_relay_batch batch = { .source = m->path.node[0],
                                    .target = qw_relay_path_target(&m->path) };
    struct relay_passing *passing = relay_passing_find(relay, m->batch);
    struct relay_end *end = relay_end_find(relay, m->batch);
    uint8_t index;

    if (!qw_relay_path_find(&m->path, relay->config.node, &index) || index == 0 ||
        m->path.node[index - 1] != from) {
        relay->counters.ignored++;
        return;
    }
    if (index + 1 < m->path.nodes) {
        if (passing != NULL) {
            relay_passing_remove(relay, passing);
        }
        send_on(relay, m->path.node[index + 1], QW_RELAY_VOID, m, index);
        return;
    }
    memcpy(batch.id, m->batch, sizeof batch.id);
    if (end != NULL && end->phase == RELAY_EXPECTING) {
        batch = end->batch;
        relay_end_remove(relay, end);
    }
    relay->counters.voided++;
    relay->config.voided(relay->config.self, &batch, QW_RELAY_REFUSED, m->path.node[0]);
    send_on(relay, from, QW_RELAY_VOIDED, m, index);
}

void relay_take_voided(struct qw_relay *relay, uint32_t from, struct qw_relay_void *m)
{
    struct relay_end *end = relay_end_find(relay, m->batch);
    uint8_t index;

    if (!qw_relay_path_find(&m->path, relay->config.node, &index) || index + 1 >= m->path.nodes ||
        m->path.node[index + 1] != from) {
        relay->counters.ignored++;
    } else if (index > 0) {
        send_on(relay, m->path.node[index - 1], QW_RELAY_VOIDED, m, index);
    } else if (end != NULL && end->phase == RELAY_VOIDING) {
        relay_end_remove(relay, end);
    }
}

void qw_relay_hop_down(struct qw_relay *relay, uint32_t neighbour)
{
    for (size_t i = 0; i < relay->config.passing_max; i++) {
        struct relay_passing *passing = &relay->passing[i];

        if (passing->is_used && passing->next == neighbour) {
            passing->reserved_len = 0; /* went with the session */
        }
        if (passing->is_used && (passing->next == neighbour || passing->before == neighbour)) {
            relay_pass_fail(relay, passing, neighbour, QW_RELAY_NO_LINK, relay->config.node);
        }
    }
    for (size_t i = 0; i < relay->config.batches_max; i++) {
        struct relay_end *end = &relay->ends[i];

        if (end->phase == RELAY_FREE || end->neighbour != neighbour) {
            continue;
        }
        end->reserved_len = 0;
        if (end->phase == RELAY_EXPECTING) {
            relay_target_fail(relay, end, QW_RELAY_NO_LINK, relay->config.node);
        } else if (end->phase != RELAY_VOIDING) {
            relay_source_fail(relay, end, QW_RELAY_NO_LINK, relay->config.node);
        }
    }
}

static void tick_end(struct qw_relay *relay, struct relay_end *end)
{
    int64_t age_ms = relay->now_ms - end->since_ms;

    if (end->phase == RELAY_FREE || age_ms < relay->config.timeout_ms) {
        return;
    }
    if (end->phase == RELAY_EXPECTING) {
        if (age_ms >= 2 * relay->config.timeout_ms) { /* the source has given up before */
            relay_target_fail(relay, end, QW_RELAY_TIMEOUT, relay->config.node);
        }
    } else if (end->phase != RELAY_VOIDING) {
        relay_source_fail(relay, end, QW_RELAY_TIMEOUT, relay->config.node);
    } else if (end->tries < RELAY_VOID_TRIES) {
        relay_send_void(relay, end);
    } else {
        relay_end_remove(relay, end);
    }
}

void qw_relay_tick(struct qw_relay *relay, int64_t now_ms)
{
    relay->now_ms = now_ms;
    for (size_t i = 0; i < relay->config.batches_max; i++) {
        tick_end(relay, &relay->ends[i]);
    }
    for (size_t i = 0; i < relay->config.passing_max; i++) {
        struct relay_passing *passing = &relay->passing[i];

        if (passing->is_used && now_ms - passing->since_ms >= 2 * relay->config.timeout_ms) {
            relay_passing_remove(relay, passing);
        }
    }
}
