/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit for fetches: those that come while a group is being written form the next one. */
#define _POSIX_C_SOURCE 200809L
#include "centre/pair/fetch_queue.h"

#include "base/secret.h"
#include "centre/pair/fetch.h"

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

qw_err qw_fetch_queue_init(struct qw_fetch_queue *queue)
{
    pthread_condattr_t monotonic;
    bool has_attr = pthread_condattr_init(&monotonic) == 0;
    bool has_mutex = has_attr && pthread_mutex_init(&queue->mutex, NULL) == 0;

    if (has_mutex && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
        pthread_cond_init(&queue->complete, &monotonic) == 0) {
        pthread_condattr_destroy(&monotonic);
        return QW_OK;
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
    pthread_cond_destroy(&queue->complete);
    pthread_mutex_destroy(&queue->mutex);
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
    while (queue->waiting < queue->expected &&
           pthread_cond_timedwait(&queue->complete, &queue->mutex, &until) == 0) {
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

static void enqueue(struct qw_fetch_queue *queue, struct qw_fetch *fetch)
{
    if (queue->first == NULL) {
        queue->first = fetch;
    } else {
        queue->last->next = fetch;
    }
    queue->last = fetch;
    queue->waiting++;
    if (queue->waiting == queue->expected) {
        pthread_cond_signal(&queue->complete);
    }
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

/* Gathers, serves and wakes a batch, and then the head of what came meanwhile: it leads the next
 * one. Each has a semaphore of its own: with one condition for all, whoever wakes would wait for
 * the mutex of the others. */
static void lead(struct qw_centre *centre, const struct qw_fetch *leader)
{
    struct qw_fetch_queue *queue = &centre->fetches;
    struct qw_fetch *batch;
    struct qw_fetch *heir;
    size_t served = 0;
    int64_t began_us;

    pthread_mutex_lock(&queue->mutex);
    gather(queue);
    batch = take_batch(queue);
    pthread_mutex_unlock(&queue->mutex);
    began_us = now_us();
    qw_fetch_serve(centre, batch);
    for (const struct qw_fetch *fetch = batch; fetch != NULL; fetch = fetch->next) {
        served++;
    }
    pthread_mutex_lock(&queue->mutex);
    learn(queue, served, now_us() - began_us);
    heir = queue->first;
    queue->is_led = heir != NULL;
    pthread_mutex_unlock(&queue->mutex);
    if (heir != NULL) {
        (void)sem_post(&heir->woken);
    }
    while (batch != NULL) {
        struct qw_fetch *next = batch->next;

        batch->is_served = true;
        if (batch != leader) {
            (void)sem_post(&batch->woken); /* from here on its thread may leave with it */
        }
        batch = next;
    }
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) { /* a signal came in between */
    }
}

void qw_fetch_queue_pass(struct qw_centre *centre, struct qw_fetch *fetch)
{
    struct qw_fetch_queue *queue = &centre->fetches;
    bool leads;

    (void)sem_init(&fetch->woken, 0, 0); /* fails for arguments alone */
    pthread_mutex_lock(&queue->mutex);
    enqueue(queue, fetch);
    leads = !queue->is_led;
    queue->is_led = true;
    pthread_mutex_unlock(&queue->mutex);
    if (!leads) {
        wait_for(&fetch->woken); /* served, or at the head of those who wait */
    }
    if (!fetch->is_served) {
        lead(centre, fetch);
    }
    sem_destroy(&fetch->woken);
}
