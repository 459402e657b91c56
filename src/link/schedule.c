/* SPDX-License-Identifier: Apache-2.0 */
/* When the initiator rotates [L1]. */
#include "crypto/random.h"
#include "link/association_inside.h"

#define FIRST_JITTER 0.9
enum { BEATS_APART = 32 }; /* links with one heartbeat begin theirs at so many moments of it */

int64_t qw_link_next_beat(const struct qw_link_association *a, int64_t now_ms)
{
    int64_t apart_ms = a->config.heartbeat_ms / BEATS_APART;
    int64_t next_ms = now_ms + a->config.heartbeat_ms;

    return apart_ms == 0 ? next_ms : next_ms - next_ms % apart_ms;
}

/* The next rotation by time: somewhat earlier than the period, so that many links drift apart. */
static void draw_next(struct qw_link_association *a)
{
    double most = a->is_spread || a->config.jitter == 0 ? a->config.jitter : FIRST_JITTER;
    double share = 1 - most * ((double)qw_random_spread() / (double)UINT32_MAX);

    a->rotate_at_ms = a->since_ms + (int64_t)((double)a->config.rekey_ms * share);
    a->is_spread = true;
    a->has_turn = false;
}

/* A rotation that time has made due waits for its turn, once. */
static void take_turn(struct qw_link_association *a, int64_t now_ms)
{
    const struct qw_link_turns *turns = &a->config.turns;

    if (now_ms >= a->rotate_at_ms && !a->has_turn && turns->self != NULL) {
        a->rotate_at_ms = turns->take(turns->self, now_ms);
        a->has_turn = true;
    }
}

void qw_link_schedule_look(struct qw_link_association *a, int64_t now_ms)
{
    if (a->rotate_at_ms == INT64_MAX && a->record.has_key) {
        draw_next(a);
    }
    take_turn(a, now_ms);
}

/* After a long enough time without, the next unrest is answered at once again. */
void qw_link_schedule_calm(struct qw_link_association *a, int64_t now_ms)
{
    if (now_ms - a->unrest_at_ms >= a->config.retry_ms << QW_BACKOFF_DOUBLINGS_MAX) {
        qw_backoff_succeed(&a->unrest);
    }
}

/* Something that no one here has asked for. A peer, or another hand at the sink, that is never
 * content must not use up the keys: each such rotation waits longer than the last one did. */
static bool is_restless(const struct qw_link_association *a, int64_t now_ms)
{
    return now_ms >= a->unrest_at_ms && (a->is_provoked || !qw_link_sink_is_well(a));
}

static bool is_wanted(const struct qw_link_association *a, int64_t now_ms)
{
    uint64_t bytes = a->config.rekey_bytes == 0 ? UINT64_MAX : qw_link_sink_bytes(a);

    return a->is_asked || qw_link_old_key(a) == NULL || a->is_overdue ||
           now_ms >= a->rotate_at_ms || (bytes != UINT64_MAX && bytes >= a->config.rekey_bytes);
}

bool qw_link_schedule_is_due(const struct qw_link_association *a, int64_t now_ms)
{
    return is_wanted(a, now_ms) || is_restless(a, now_ms);
}

void qw_link_schedule_begin(struct qw_link_association *a, int64_t now_ms)
{
    if (!is_wanted(a, now_ms)) {
        a->unrest_at_ms = now_ms + qw_backoff_fail(&a->unrest, qw_random_spread());
    }
}
