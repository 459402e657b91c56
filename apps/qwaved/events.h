/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_EVENTS_H
#define QWAVED_EVENTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happens in the centre, for officers who look at it now [docs/protocol/events.md]. One ring
 * of the last events for all of them: whoever is slow loses the oldest, and slows nobody down.
 * While nobody looks nothing is kept, and no thread wakes up. From any thread. */
enum {
    EVENTS_VIEWERS_MAX = 32, /* that wait at a time */
    EVENTS_KEPT = 64,
    EVENT_TEXT_MAX = 8192, /* of one event */
    EVENTS_TICK_MS = 1000,
    EVENTS_LOOK_MS = 3000 /* who has asked so long ago still looks */
};

struct events_waiter { /* one request without its thread; the caller's until it is woken */
    struct events_waiter *next;
    void (*wake)(struct events_waiter *waiter); /* once, from any thread */
};

struct events;
/* Starts the thread that ticks while somebody looks. QW_ERR_NOMEM. */
qw_err events_new(struct events **events) QW_MUST_USE;
/* Wakes all who wait; nobody waits from now on. */
void events_stop(struct events *events);
/* After _stop, when nobody can call any more; NULL is fine. */
void events_free(struct events *events);

/* Somebody has asked lately. */
bool events_is_watched(struct events *events);
/* The number of the newest event; 0: none yet. */
uint64_t events_newest(struct events *events);
/* Keeps data [len bytes, at most EVENT_TEXT_MAX, copied] for those who look, as an event called
 * name (static text); dropped when nobody looks, or it is too long. NULL data: a tick. */
void events_publish(struct events *events, const char *name, const char *data, size_t len);

/* Wakes waiter once there is something behind after; at once, when there is already or when all is
 * stopped. QW_ERR_LIMIT: too many wait, and it is not woken. */
qw_err events_wait(struct events *events, uint64_t after, struct events_waiter *waiter) QW_MUST_USE;

/* What was lost on its way to those who look, since the start: events that were gone when a slow
 * viewer asked for them, and moments that access points could not send (of theirs and of those that
 * arrived: seen and dropped). */
struct events_losses {
    uint64_t events;
    uint64_t moments_seen, moments_dropped;
};
void events_add_losses(struct events *events, const struct events_losses *more);
struct events_losses events_losses(struct events *events);

struct event { /* a copy */
    uint64_t number;
    const char *name; /* NULL: a tick */
    size_t len;
    char data[EVENT_TEXT_MAX];
};
/* The oldest event behind after that is still kept. False: there is none. */
bool events_next(struct events *events, uint64_t after, struct event *event);

#endif
