/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends share one allocation; the end that is closed last releases it. The queues are bounded,
 * so a sender without a reader fails instead of eating the memory. */
#define _POSIX_C_SOURCE 200809L
#include "base/wire_memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { QUEUE_BYTES_MAX = 16 << 20, SEND_TIMEOUT_MS = 10000, NS_PER_MS = 1000000 };

struct message {
    struct message *next;
    size_t len;
    uint8_t bytes[];
};

struct queue {
    struct message *first; /* NULL: empty */
    struct message *last;  /* valid when first is not NULL */
    size_t bytes;          /* waiting in the queue */
};

struct end {
    struct pair *pair;
    size_t index;       /* 0 or 1; writes queue[1 - index], reads queue[index] */
    bool is_open;       /* our owner still holds it */
    bool is_broken;     /* a message was longer than the reader's buffer */
    bool was_receiving; /* direction of the last message */
    struct qw_wire_counters counters;
};

struct pair {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a message came, left, or an end was closed */
    struct queue queue[2];
    struct end end[2];
};

static void queue_clear(struct queue *queue)
{
    while (queue->first != NULL) {
        struct message *message = queue->first;

        queue->first = message->next;
        free(message);
    }
    queue->bytes = 0;
}

static void pair_free(struct pair *pair)
{
    queue_clear(&pair->queue[0]);
    queue_clear(&pair->queue[1]);
    pthread_cond_destroy(&pair->changed);
    pthread_mutex_destroy(&pair->lock);
    free(pair);
}

static struct timespec time_after(int timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * NS_PER_MS;
    if (at.tv_nsec >= 1000L * NS_PER_MS) {
        at.tv_nsec -= 1000L * NS_PER_MS;
        at.tv_sec++;
    }
    return at;
}

static bool is_gone(const struct end *end)
{
    return !end->is_open || end->is_broken;
}

/* Waits for room behind the messages that the peer has not read yet; the lock is held. */
static qw_err wait_for_room(struct end *end, const struct queue *queue, size_t len)
{
    struct timespec deadline = time_after(SEND_TIMEOUT_MS);
    struct end *peer = &end->pair->end[1 - end->index];

    while (!is_gone(peer) && !end->is_broken && queue->bytes + len > QUEUE_BYTES_MAX) {
        if (pthread_cond_timedwait(&end->pair->changed, &end->pair->lock, &deadline) != 0) {
            return QW_ERR_TIMEOUT;
        }
    }
    return is_gone(peer) || end->is_broken ? QW_ERR_CLOSED : QW_OK;
}

static qw_err memory_send(void *self, const void *data, size_t len)
{
    struct end *end = self;
    struct pair *pair = end->pair;
    struct queue *queue = &pair->queue[1 - end->index];
    struct message *message;
    qw_err err;

    if (len > QW_WIRE_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    message = malloc(sizeof *message + len);
    if (message == NULL) {
        return QW_ERR_NOMEM;
    }
    message->next = NULL;
    message->len = len;
    if (len > 0) {
        memcpy(message->bytes, data, len);
    }
    pthread_mutex_lock(&pair->lock);
    err = wait_for_room(end, queue, len);
    if (err == QW_OK) {
        *(queue->first == NULL ? &queue->first : &queue->last->next) = message;
        queue->last = message;
        queue->bytes += len;
        end->counters.messages_sent++;
        end->counters.bytes_sent += len;
        end->was_receiving = false;
        message = NULL; /* now owned by the queue */
        pthread_cond_broadcast(&pair->changed);
    }
    pthread_mutex_unlock(&pair->lock);
    free(message);
    return err;
}

/* Waits for a message; the lock is held. */
static qw_err wait_for_message(struct end *end, int timeout_ms)
{
    struct timespec deadline = time_after(timeout_ms);
    struct pair *pair = end->pair;

    while (pair->queue[end->index].first == NULL && !end->is_broken) {
        if (is_gone(&pair->end[1 - end->index])) {
            return QW_ERR_CLOSED;
        }
        if (pthread_cond_timedwait(&pair->changed, &pair->lock, &deadline) != 0) {
            return pair->queue[end->index].first != NULL ? QW_OK : QW_ERR_TIMEOUT;
        }
    }
    return end->is_broken ? QW_ERR_CLOSED : QW_OK;
}

static void count_received(struct end *end, size_t len)
{
    end->counters.messages_received++;
    end->counters.bytes_received += len;
    if (!end->was_receiving && end->counters.messages_sent > 0) {
        end->counters.round_trips++;
    }
    end->was_receiving = true;
}

static qw_err memory_receive(void *self, void *data, size_t cap, size_t *len, int timeout_ms)
{
    struct end *end = self;
    struct pair *pair = end->pair;
    struct queue *queue = &pair->queue[end->index];
    qw_err err;

    pthread_mutex_lock(&pair->lock);
    err = wait_for_message(end, timeout_ms);
    if (err == QW_OK && queue->first->len > cap) {
        end->is_broken = true; /* what follows could not be told apart from the rest */
        pthread_cond_broadcast(&pair->changed);
        err = QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        struct message *message = queue->first;

        queue->first = message->next;
        queue->bytes -= message->len;
        count_received(end, message->len);
        memcpy(data, message->bytes, message->len);
        *len = message->len;
        free(message);
        pthread_cond_broadcast(&pair->changed);
    }
    pthread_mutex_unlock(&pair->lock);
    return err;
}

static void memory_close(void *self)
{
    struct end *end = self;
    struct pair *pair = end->pair;
    bool is_last;

    pthread_mutex_lock(&pair->lock);
    end->is_open = false;
    is_last = !pair->end[1 - end->index].is_open;
    pthread_cond_broadcast(&pair->changed);
    pthread_mutex_unlock(&pair->lock);
    if (is_last) {
        pair_free(pair);
    }
}

static const struct qw_wire_counters *memory_counters(void *self)
{
    struct end *end = self;

    return &end->counters;
}

static bool pair_init(struct pair *pair)
{
    pthread_condattr_t attributes;
    bool ok = pthread_condattr_init(&attributes) == 0;

    if (!ok) {
        return false;
    }
    ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&pair->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!ok) {
        return false;
    }
    if (pthread_mutex_init(&pair->lock, NULL) != 0) {
        pthread_cond_destroy(&pair->changed);
        return false;
    }
    return true;
}

qw_err qw_wire_memory_pair(struct qw_wire *a, struct qw_wire *b)
{
    struct qw_wire *wires[2] = { a, b };
    struct pair *pair = calloc(1, sizeof *pair);

    if (pair == NULL || !pair_init(pair)) {
        free(pair);
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < 2; i++) {
        pair->end[i] = (struct end){ .pair = pair, .index = i, .is_open = true };
        *wires[i] = (struct qw_wire){
            .self = &pair->end[i],
            .send = memory_send,
            .receive = memory_receive,
            .close = memory_close,
            .counters = memory_counters,
        };
    }
    return QW_OK;
}
