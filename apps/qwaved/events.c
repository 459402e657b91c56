/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "events.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct events {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic clock: somebody looks again, or all is stopped */
    pthread_t ticker;
    bool is_stopped;
    int64_t asked_ms; /* when somebody did last; INT64_MIN: never */
    uint64_t newest;
    struct events_losses losses;
    unsigned waiting;
    struct events_waiter *first;
    struct event kept[EVENTS_KEPT]; /* event n at n % EVENTS_KEPT */
};

/* Under the lock, like those below. */
static bool is_watched(const struct events *events)
{
    return events->waiting > 0 || (events->asked_ms != INT64_MIN &&
                                   qw_clock_monotonic_ms() - events->asked_ms < EVENTS_LOOK_MS);
}

static struct events_waiter *take_waiters(struct events *events)
{
    struct events_waiter *all = events->first;

    events->first = NULL;
    events->waiting = 0;
    return all;
}

/* Without the lock: each goes its way at once, and may be gone when wake returns. */
static void wake_all(struct events_waiter *waiter)
{
    while (waiter != NULL) {
        struct events_waiter *next = waiter->next;

        waiter->wake(waiter);
        waiter = next;
    }
}

void events_publish(struct events *events, const char *name, const char *data, size_t len)
{
    struct events_waiter *woken = NULL;

    if (len > EVENT_TEXT_MAX) {
        return;
    }
    pthread_mutex_lock(&events->lock);
    if (is_watched(events)) {
        struct event *event = &events->kept[++events->newest % EVENTS_KEPT];

        event->number = events->newest;
        event->name = name;
        event->len = len;
        if (len > 0) {
            memcpy(event->data, data, len);
        }
        woken = take_waiters(events);
    }
    pthread_mutex_unlock(&events->lock);
    wake_all(woken);
}

static void wait_a_tick(struct events *events)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVENTS_TICK_MS / 1000;
    (void)pthread_cond_timedwait(&events->changed, &events->lock, &until);
}

static void *tick(void *self)
{
    struct events *events = self;

    pthread_mutex_lock(&events->lock);
    while (!events->is_stopped) {
        if (!is_watched(events)) {
            (void)pthread_cond_wait(&events->changed, &events->lock);
            continue;
        }
        pthread_mutex_unlock(&events->lock);
        events_publish(events, NULL, NULL, 0);
        pthread_mutex_lock(&events->lock);
        if (!events->is_stopped) {
            wait_a_tick(events);
        }
    }
    pthread_mutex_unlock(&events->lock);
    return NULL;
}

qw_err events_new(struct events **out)
{
    struct events *events = calloc(1, sizeof *events);
    pthread_condattr_t monotonic;

    if (events == NULL) {
        return QW_ERR_NOMEM;
    }
    events->asked_ms = INT64_MIN;
    if (pthread_condattr_init(&monotonic) != 0) {
        free(events);
        return QW_ERR_NOMEM;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&events->lock, NULL);
    pthread_cond_init(&events->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&events->ticker, NULL, tick, events) != 0) {
        pthread_cond_destroy(&events->changed);
        pthread_mutex_destroy(&events->lock);
        free(events);
        return QW_ERR_NOMEM;
    }
    *out = events;
    return QW_OK;
}

void events_stop(struct events *events)
{
    struct events_waiter *woken;

    pthread_mutex_lock(&events->lock);
    events->is_stopped = true;
    woken = take_waiters(events);
    pthread_cond_broadcast(&events->changed);
    pthread_mutex_unlock(&events->lock);
    wake_all(woken);
}

void events_free(struct events *events)
{
    if (events == NULL) {
        return;
    }
    events_stop(events);
    pthread_join(events->ticker, NULL);
    pthread_cond_destroy(&events->changed);
    pthread_mutex_destroy(&events->lock);
    free(events);
}

bool events_is_watched(struct events *events)
{
    bool watched;

    pthread_mutex_lock(&events->lock);
    watched = is_watched(events);
    pthread_mutex_unlock(&events->lock);
    return watched;
}

uint64_t events_newest(struct events *events)
{
    uint64_t newest;

    pthread_mutex_lock(&events->lock);
    newest = events->newest;
    pthread_mutex_unlock(&events->lock);
    return newest;
}

void events_add_losses(struct events *events, const struct events_losses *more)
{
    pthread_mutex_lock(&events->lock);
    events->losses.events += more->events;
    events->losses.moments_seen += more->moments_seen;
    events->losses.moments_dropped += more->moments_dropped;
    pthread_mutex_unlock(&events->lock);
}

struct events_losses events_losses(struct events *events)
{
    struct events_losses losses;

    pthread_mutex_lock(&events->lock);
    losses = events->losses;
    pthread_mutex_unlock(&events->lock);
    return losses;
}

qw_err events_wait(struct events *events, uint64_t after, struct events_waiter *waiter)
{
    bool is_new; /* who looks: the ticker may be asleep */
    bool is_ready;
    qw_err err = QW_OK;

    pthread_mutex_lock(&events->lock);
    is_new = !is_watched(events);
    is_ready = events->is_stopped || after < events->newest;
    if (!is_ready && events->waiting >= EVENTS_VIEWERS_MAX) {
        err = QW_ERR_LIMIT;
    } else {
        events->asked_ms = qw_clock_monotonic_ms();
        if (!is_ready) {
            waiter->next = events->first;
            events->first = waiter;
            events->waiting++;
        }
        if (is_new) {
            pthread_cond_broadcast(&events->changed);
        }
    }
    pthread_mutex_unlock(&events->lock);
    if (err == QW_OK && is_ready) {
        waiter->wake(waiter);
    }
    return err;
}

bool events_next(struct events *events, uint64_t after, struct event *event)
{
    uint64_t number;
    bool found;

    pthread_mutex_lock(&events->lock);
    number = after + 1;
    if (events->newest > EVENTS_KEPT && number <= events->newest - EVENTS_KEPT) {
        number = events->newest - EVENTS_KEPT + 1; /* the ones before are lost to this viewer */
    }
    found = number <= events->newest;
    if (found) {
        const struct event *kept = &events->kept[number % EVENTS_KEPT];

        event->number = kept->number;
        event->name = kept->name;
        event->len = kept->len;
        memcpy(event->data, kept->data, kept->len);
    }
    pthread_mutex_unlock(&events->lock);
    return found;
}
