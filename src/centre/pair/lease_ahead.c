/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that leases ahead of need. */
#include "centre/pair/lease_ahead.h"

#include "base/clock.h"
#include "centre/key/key_record.h"

#include <stdlib.h>

/* A request for more than this part of what the pair may have would use up at once what is leased
 * for the next one: it leases for itself, as much as fits, with one write. */
enum { SMALL_PART = 8 };

struct ahead_order {
    struct ahead_order *next;
    struct qw_pair *pair; /* held */
    struct qw_ahead_wish wish;
};

struct qw_lease_ahead {
    struct qw_centre *centre;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct ahead_order *first, **end;
    bool is_stopping;
};

/* Under the queue's mutex, which is free meanwhile. */
static void serve(struct qw_lease_ahead *ahead)
{
    struct ahead_order *order = ahead->first;

    ahead->first = order->next;
    if (ahead->first == NULL) {
        ahead->end = &ahead->first;
    }
    pthread_mutex_unlock(&ahead->mutex);
    qw_pair_lease_ahead(ahead->centre, order->pair, &order->wish);
    qw_pair_let_go(ahead->centre->pairs, order->pair);
    free(order);
    pthread_mutex_lock(&ahead->mutex);
}

static void *work(void *self)
{
    struct qw_lease_ahead *ahead = self;

    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->is_stopping) {
        if (ahead->first == NULL) {
            pthread_cond_wait(&ahead->wake, &ahead->mutex);
        } else {
            serve(ahead);
        }
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

qw_err qw_lease_ahead_new(struct qw_centre *centre, struct qw_lease_ahead **out)
{
    struct qw_lease_ahead *ahead = calloc(1, sizeof *ahead);

    if (ahead == NULL) {
        return QW_ERR_NOMEM;
    }
    ahead->centre = centre;
    ahead->end = &ahead->first;
    if (pthread_mutex_init(&ahead->mutex, NULL) != 0) {
        free(ahead);
        return QW_ERR_NOMEM;
    }
    if (pthread_cond_init(&ahead->wake, NULL) != 0) {
        pthread_mutex_destroy(&ahead->mutex);
        free(ahead);
        return QW_ERR_NOMEM;
    }
    if (pthread_create(&ahead->thread, NULL, work, ahead) != 0) {
        pthread_cond_destroy(&ahead->wake);
        pthread_mutex_destroy(&ahead->mutex);
        free(ahead);
        return QW_ERR_NOMEM;
    }
    *out = ahead;
    return QW_OK;
}

void qw_lease_ahead_free(struct qw_lease_ahead *ahead)
{
    if (ahead == NULL) {
        return;
    }
    pthread_mutex_lock(&ahead->mutex);
    ahead->is_stopping = true;
    pthread_cond_signal(&ahead->wake);
    pthread_mutex_unlock(&ahead->mutex);
    pthread_join(ahead->thread, NULL);
    while (ahead->first != NULL) {
        struct ahead_order *order = ahead->first;

        ahead->first = order->next;
        qw_pair_let_go(ahead->centre->pairs, order->pair);
        free(order);
    }
    pthread_cond_destroy(&ahead->wake);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead);
}

void qw_lease_ahead_ask(struct qw_centre *centre, struct qw_pair *pair,
                        const struct qw_caller *caller, const struct qw_key_wish *wish,
                        const struct qw_key_demand *demand)
{
    struct qw_lease_ahead *ahead = centre->ahead;
    uint64_t used = (uint64_t)wish->count * qw_key_slots(wish->bits);
    uint64_t room = qw_pair_room_ahead(centre, pair);
    struct ahead_order *order;

    if (ahead == NULL || pair->is_leasing_ahead || pair->ahead_failed || room == 0 ||
        demand->is_fresh || used > pair->lease_places / SMALL_PART) {
        return;
    }
    order = calloc(1, sizeof *order);
    if (order == NULL) {
        return; /* the next request asks again, or leases for itself */
    }
    order->pair = pair;
    order->wish = (struct qw_ahead_wish){ .places = room, .demand = *demand, .caller = *caller };
    qw_pair_set_places(centre, pair, qw_clock_utc_ms());
    qw_pair_hold(centre->pairs, pair);
    pair->is_leasing_ahead = true;
    pthread_mutex_lock(&ahead->mutex);
    *ahead->end = order;
    ahead->end = &order->next;
    pthread_cond_signal(&ahead->wake);
    pthread_mutex_unlock(&ahead->mutex);
}
