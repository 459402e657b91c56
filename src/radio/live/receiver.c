/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "radio/live/receiver.h"

#include "radio/capture/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct qw_live_receiver {
    struct qw_live_device device;
    int stop[2]; /* a pipe: closing its end wakes the thread */
    pthread_t thread;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t changed;
    struct qw_live_counters counters;
    bool is_closed;
    size_t first, used; /* records in the ring; used <= cap */
    size_t cap;
    struct qw_live_record taken; /* outside the lock: the reader's own */
    struct qw_live_record ring[];
};

void qw_live_receiver_push(struct qw_live_receiver *receiver, const uint8_t *data, size_t len,
                           int64_t time_ns)
{
    qw_assert(len <= QW_LIVE_RECORD_MAX);
    pthread_mutex_lock(&receiver->lock);
    receiver->counters.received++;
    if (receiver->used == receiver->cap) {
        receiver->counters.dropped++; /* the newest: what is queued stays a series */
    } else {
        struct qw_live_record *slot =
            &receiver->ring[(receiver->first + receiver->used) % receiver->cap];

        slot->time_ns = time_ns;
        slot->len = len;
        memcpy(slot->data, data, len);
        receiver->used++;
        pthread_cond_signal(&receiver->changed);
    }
    pthread_mutex_unlock(&receiver->lock);
}

void qw_live_receiver_count_lost(struct qw_live_receiver *receiver, uint64_t lost_before)
{
    pthread_mutex_lock(&receiver->lock);
    receiver->counters.lost_before = lost_before;
    pthread_mutex_unlock(&receiver->lock);
}

void qw_live_receiver_count_foreign(struct qw_live_receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    receiver->counters.foreign++;
    pthread_mutex_unlock(&receiver->lock);
}

static void *listen_until_stopped(void *self)
{
    struct qw_live_receiver *receiver = self;
    struct pollfd fds[2] = { { .fd = receiver->device.fd, .events = POLLIN },
                             { .fd = receiver->stop[0], .events = POLLIN } };
    qw_err err = QW_OK;

    while (err == QW_OK) {
        if (poll(fds, 2, -1) < 0) {
            err = errno == EINTR ? QW_OK : QW_ERR_IO;
            continue;
        }
        if (fds[1].revents != 0) {
            break;
        }
        err = receiver->device.receive(receiver->device.self, receiver);
    }
    pthread_mutex_lock(&receiver->lock);
    receiver->is_closed = true;
    pthread_cond_signal(&receiver->changed);
    pthread_mutex_unlock(&receiver->lock);
    return NULL;
}

static qw_err start(struct qw_live_receiver *receiver)
{
    pthread_condattr_t monotonic;

    if (pipe2(receiver->stop, O_CLOEXEC) != 0) {
        return QW_ERR_IO;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&receiver->lock, NULL);
    pthread_cond_init(&receiver->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&receiver->thread, NULL, listen_until_stopped, receiver) != 0) {
        pthread_cond_destroy(&receiver->changed);
        pthread_mutex_destroy(&receiver->lock);
        close(receiver->stop[0]);
        close(receiver->stop[1]);
        return QW_ERR_IO;
    }
    return QW_OK;
}

qw_err qw_live_receiver_new(const struct qw_live_device *device, size_t queue_records,
                            struct qw_live_receiver **receiver)
{
    struct qw_live_receiver *made = NULL;
    qw_err err = QW_ERR_ARG;

    if (queue_records >= QW_LIVE_QUEUE_MIN && queue_records <= QW_LIVE_QUEUE_MAX) {
        made = calloc(1, sizeof *made + queue_records * sizeof made->ring[0]);
        err = made == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err == QW_OK) {
        made->device = *device;
        made->cap = queue_records;
        err = start(made);
    }
    if (err != QW_OK) {
        free(made);
        device->close(device->self);
        return err;
    }
    *receiver = made;
    return QW_OK;
}

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* One record from the queue into taken. */
static qw_err take(struct qw_live_receiver *receiver, const struct timespec *deadline)
{
    qw_err err = QW_OK;

    pthread_mutex_lock(&receiver->lock);
    while (receiver->used == 0 && !receiver->is_closed && err == QW_OK) {
        if (pthread_cond_timedwait(&receiver->changed, &receiver->lock, deadline) == ETIMEDOUT) {
            err = QW_ERR_TIMEOUT;
        }
    }
    if (receiver->used > 0) {
        const struct qw_live_record *slot = &receiver->ring[receiver->first];

        receiver->taken.time_ns = slot->time_ns;
        receiver->taken.len = slot->len;
        memcpy(receiver->taken.data, slot->data, slot->len);
        receiver->first = (receiver->first + 1) % receiver->cap;
        receiver->used--;
        err = QW_OK;
    } else if (receiver->is_closed) {
        err = QW_ERR_CLOSED;
    }
    pthread_mutex_unlock(&receiver->lock);
    return err;
}

qw_err qw_live_receiver_next(struct qw_live_receiver *receiver, struct qw_csi_frame *frame,
                             int timeout_ms)
{
    struct timespec deadline = deadline_in(timeout_ms);

    for (;;) {
        enum qw_capture_outcome outcome;
        qw_err err = take(receiver, &deadline);

        if (err != QW_OK) {
            return err;
        }
        outcome = receiver->device.decode(receiver->device.self, &receiver->taken, frame);
        if (outcome == QW_CAPTURE_FRAME) {
            outcome = qw_capture_judge(frame);
        }
        pthread_mutex_lock(&receiver->lock);
        receiver->counters.count[outcome]++;
        pthread_mutex_unlock(&receiver->lock);
        if (outcome == QW_CAPTURE_FRAME) {
            return QW_OK;
        }
    }
}

struct qw_live_counters qw_live_receiver_counters(struct qw_live_receiver *receiver)
{
    struct qw_live_counters counters;

    pthread_mutex_lock(&receiver->lock);
    counters = receiver->counters;
    pthread_mutex_unlock(&receiver->lock);
    return counters;
}

void qw_live_receiver_free(struct qw_live_receiver *receiver)
{
    if (receiver == NULL) {
        return;
    }
    close(receiver->stop[1]);
    pthread_join(receiver->thread, NULL);
    close(receiver->stop[0]);
    pthread_cond_destroy(&receiver->changed);
    pthread_mutex_destroy(&receiver->lock);
    receiver->device.close(receiver->device.self);
    free(receiver);
}

static qw_err source_transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    (void)self;
    (void)sequence;
    (void)time_ns;
    return QW_ERR_UNAVAILABLE;
}

static qw_err source_next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    return qw_live_receiver_next(self, frame, timeout_ms);
}

static void source_close(void *self)
{
    qw_live_receiver_free(self);
}

struct qw_csi_source qw_live_receiver_source(struct qw_live_receiver *receiver, const char *label)
{
    struct qw_csi_source source = {
        .self = receiver, .transmit = source_transmit, .next = source_next, .close = source_close
    };

    snprintf(source.label, sizeof source.label, "%s", label);
    return source;
}
