/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit for fetches: those that come while a group is being written form the next one. */
#define _POSIX_C_SOURCE 200809L
#include "centre/pair/fetch_queue.h"

#include "base/secret.h"
#include "centre/pair/fetch.h"

#include <time.h>

enum { BATCH_FETCHES = 64, BATCH_IDS = 128 }; /* of one group; a single fetch always fits */
enum { GATHER_US = 300 };                     /* a group's write takes longer */

static bool shares_an_id(const struct qw_fetch *a, const struct qw_fetch *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            if (qw_equal_ct(a->ids[i], b->ids[k], 16)) {
                return true;
            }
        }
    }
    return false;
}

qw_err qw_fetch_queue_init(struct qw_fetch_queue *queue)
{
    pthread_condattr_t monotonic;
    bool has_attr = pthread_condattr_init(&monotonic) == 0;
    bool has_mutex = has_attr && pthread_mutex_init(&queue->mutex, NULL) == 0;
    bool has_served = has_mutex && pthread_cond_init(&queue->served, NULL) == 0;

    if (has_served && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
        pthread_cond_init(&queue->arrived, &monotonic) == 0) {
        pthread_condattr_destroy(&monotonic);
        return QW_OK;
    }
    if (has_served) {
        pthread_cond_destroy(&queue->served);
    }
    if (has_mutex) {
        pthread_mutex_destroy(&queue->mutex);
    }
    if (has_attr) {
        pthread_condattr_destroy(&monotonic);
    }
    return QW_ERR_NOMEM;
}

void qw_fetch_queue_destroy(struct qw_fetch_queue *queue)
{
    pthread_cond_destroy(&queue->arrived);
    pthread_cond_destroy(&queue->served);
    pthread_mutex_destroy(&queue->mutex);
}

/* Those whose answers have just gone out ask again at once: the first of them must not be served
 * alone while the others wait for his group. Waits for as many as came last time, not for long. */
static void gather(struct qw_fetch_queue *queue)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += GATHER_US * 1000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (queue->waiting < queue->expected &&
           pthread_cond_timedwait(&queue->arrived, &queue->mutex, &until) == 0) {
    }
    queue->expected = queue->waiting;
}

static void enqueue(struct qw_fetch_queue *queue, struct qw_fetch *fetch)
{
    if (queue->first == NULL) {
        queue->first = fetch;
    } else {
        queue->last->next = fetch;
    }
    queue->last = fetch;
    queue->waiting++;
    pthread_cond_signal(&queue->arrived);
}

/* The head of the queue as a list of its own, up to the first that has to wait for another of it.
 * Under the queue's mutex. */
static struct qw_fetch *take_batch(struct qw_fetch_queue *queue)
{
    struct qw_fetch *batch = queue->first;
    struct qw_fetch *last = batch;
    size_t fetches = 1;
    size_t ids = batch->count;

    while (last->next != NULL && fetches < BATCH_FETCHES && ids + last->next->count <= BATCH_IDS) {
        bool shares = false;

        for (const struct qw_fetch *f = batch; f != last->next && !shares; f = f->next) {
            shares = shares_an_id(f, last->next);
        }
        if (shares) {
            break;
        }
        last = last->next;
        fetches++;
        ids += last->count;
    }
    queue->first = last->next;
    queue->waiting -= fetches;
    last->next = NULL;
    return batch;
}

void qw_fetch_queue_pass(struct qw_centre *centre, struct qw_fetch *fetch)
{
    struct qw_fetch_queue *queue = &centre->fetches;

    pthread_mutex_lock(&queue->mutex);
    enqueue(queue, fetch);
    while (!fetch->is_served) {
        struct qw_fetch *batch;

        if (queue->is_busy) {
            pthread_cond_wait(&queue->served, &queue->mutex);
            continue;
        }
        queue->is_busy = true;
        gather(queue);
        batch = take_batch(queue);
        pthread_mutex_unlock(&queue->mutex);
        qw_fetch_serve(centre, batch);
        pthread_mutex_lock(&queue->mutex);
        while (batch != NULL) {
            struct qw_fetch *next = batch->next;

            batch->is_served = true; /* its thread may leave as soon as the mutex is free */
            batch = next;
        }
        queue->is_busy = false;
        pthread_cond_broadcast(&queue->served);
    }
    pthread_mutex_unlock(&queue->mutex);
}
