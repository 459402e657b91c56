/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit for fetches: those that come while a group is being written form the next one. */
#define _POSIX_C_SOURCE 200809L
#include "centre/pair/fetch_queue.h"

#include "base/secret.h"
#include "centre/pair/fetch_serve.h"

#include <time.h>

enum { BATCH_FETCHES = 64, BATCH_IDS = 128 }; /* of one group; a single fetch always fits */
enum { PATIENCE_US_MIN = 300, PATIENCE_US_MAX = 2000 };

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

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

static bool make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    bool ok;

    if (pthread_condattr_init(&monotonic) != 0) {
        return false;
    }
    ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(condition, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    return ok;
}

/* Those whose answers have just gone out ask again at once: the first of them must not be served
 * while the others are still on their way, or they split into two companies that wait for each
 * other's groups for ever. Waits for as many as there were when the last group ended, at most half
 * as long as that group took. */
static void gather(struct qw_fetch_queue *queue)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += queue->patience_us * 1000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (queue->waiting < queue->expected && !queue->is_stopping &&
           pthread_cond_timedwait(&queue->wake, &queue->mutex, &until) == 0) {
    }
}

/* What the next gathering goes by, after a group of so many. Under the queue's mutex. */
static void learn(struct qw_fetch_queue *queue, size_t served, int64_t took_us)
{
    int64_t half_us = took_us / 2;

    queue->expected = served + queue->waiting;
    if (queue->expected > BATCH_FETCHES) {
        queue->expected = BATCH_FETCHES;
    }
    queue->patience_us = half_us < PATIENCE_US_MIN   ? PATIENCE_US_MIN
                         : half_us > PATIENCE_US_MAX ? PATIENCE_US_MAX
                                                     : (long)half_us;
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

/* Gathers and serves a batch. Under the queue's mutex, which is free meanwhile. */
static void serve(struct qw_centre *centre)
{
    struct qw_fetch_queue *queue = &centre->fetches;
    struct qw_fetch *batch;
    size_t served = 0;
    int64_t took_us;

    gather(queue);
    batch = take_batch(queue);
    pthread_mutex_unlock(&queue->mutex);
    took_us = -now_us();
    qw_fetch_serve(centre, batch);
    took_us += now_us();
    for (const struct qw_fetch *fetch = batch; fetch != NULL; fetch = fetch->next) {
        served++;
    }
    pthread_mutex_lock(&queue->mutex);
    learn(queue, served, took_us); /* before the first of them asks again */
    pthread_mutex_unlock(&queue->mutex);
    while (batch != NULL) {
        struct qw_fetch *next = batch->next;

        qw_fetch_conclude(centre, batch);
        batch = next;
    }
    pthread_mutex_lock(&queue->mutex);
}

static void *work(void *self)
{
    struct qw_centre *centre = self;
    struct qw_fetch_queue *queue = &centre->fetches;

    pthread_mutex_lock(&queue->mutex);
    while (queue->first != NULL || !queue->is_stopping) {
        if (queue->first == NULL) {
            pthread_cond_wait(&queue->wake, &queue->mutex);
        } else {
            serve(centre);
        }
    }
    pthread_mutex_unlock(&queue->mutex);
    return NULL;
}

qw_err qw_fetch_queue_start(struct qw_centre *centre)
{
    struct qw_fetch_queue *queue = &centre->fetches;

    if (pthread_mutex_init(&queue->mutex, NULL) != 0) {
        return QW_ERR_NOMEM;
    }
    if (!make_condition(&queue->wake)) {
        pthread_mutex_destroy(&queue->mutex);
        return QW_ERR_NOMEM;
    }
    if (pthread_create(&queue->thread, NULL, work, centre) != 0) {
        pthread_cond_destroy(&queue->wake);
        pthread_mutex_destroy(&queue->mutex);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

void qw_fetch_queue_stop(struct qw_centre *centre)
{
    struct qw_fetch_queue *queue = &centre->fetches;

    pthread_mutex_lock(&queue->mutex);
    queue->is_stopping = true;
    pthread_cond_signal(&queue->wake);
    pthread_mutex_unlock(&queue->mutex);
    pthread_join(queue->thread, NULL);
    pthread_cond_destroy(&queue->wake);
    pthread_mutex_destroy(&queue->mutex);
}

void qw_fetch_queue_put(struct qw_fetch_queue *queue, struct qw_fetch *fetch)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->first == NULL) {
        queue->first = fetch;
    } else {
        queue->last->next = fetch;
    }
    queue->last = fetch;
    queue->waiting++;
    if (queue->waiting == 1 || queue->waiting == queue->expected) {
        pthread_cond_signal(&queue->wake);
    }
    pthread_mutex_unlock(&queue->mutex);
}
