/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/network/sim_events.h"

#include <stdlib.h>

qw_err sim_events_push(struct sim_events *events, const struct sim_event *event)
{
    size_t at = events->count;

    if (events->count == events->cap) {
        size_t cap = events->cap == 0 ? 1024 : 2 * events->cap;
        struct sim_event *grown = realloc(events->event, cap * sizeof *grown);

        if (grown == NULL) {
            return QW_ERR_NOMEM;
        }
        events->event = grown;
        events->cap = cap;
    }
    events->count++;
    while (at > 0 && events->event[(at - 1) / 2].at_s > event->at_s) {
        events->event[at] = events->event[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    events->event[at] = *event;
    return QW_OK;
}

struct sim_event sim_events_pop(struct sim_events *events)
{
    struct sim_event first = events->event[0];
    struct sim_event last;
    size_t at = 0;

    qw_assert(events->count >= 1);
    last = events->event[--events->count];
    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < events->count &&
            events->event[child + 1].at_s < events->event[child].at_s) {
            child++;
        }
        if (child >= events->count || events->event[child].at_s >= last.at_s) {
            break;
        }
        events->event[at] = events->event[child];
        at = child;
    }
    events->event[at] = last;
    return first;
}

void sim_events_free(struct sim_events *events)
{
    free(events->event);
    *events = (struct sim_events){ 0 };
}
