/* SPDX-License-Identifier: Apache-2.0 */
#include "turns.h"

/* Rotations that the links of which this end decides need in a second. */
static double rotations_per_s(const struct settings *settings)
{
    double per_s = 0;

    for (size_t i = 0; i < settings->peer_count; i++) {
        const struct peer_settings *p = &settings->peers[i];

        per_s += p->role == QW_LINK_INITIATOR ? 1 / (p->rekey_s * (1 - p->jitter)) : 0;
    }
    return per_s;
}

static int64_t take_turn(void *self, int64_t now_ms)
{
    struct turns *turns = self;
    int64_t turn_ms;

    pthread_mutex_lock(&turns->lock);
    turn_ms = qw_link_pace_take(&turns->pace, now_ms);
    pthread_mutex_unlock(&turns->lock);
    return turn_ms;
}

void turns_init(struct turns *turns, const struct settings *settings)
{
    turns->pace = qw_link_pace_for(rotations_per_s(settings));
    pthread_mutex_init(&turns->lock, NULL);
}

void turns_done(struct turns *turns)
{
    pthread_mutex_destroy(&turns->lock);
}

struct qw_link_turns turns_link(struct turns *turns)
{
    return (struct qw_link_turns){ turns, take_turn };
}
