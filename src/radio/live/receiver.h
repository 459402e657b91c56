/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_LIVE_RECEIVER_H
#define QW_RADIO_LIVE_RECEIVER_H

#include "base/error.h"
#include "radio/capture/format.h"
#include "radio/csi_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A front end that measures while we listen [W15]: a thread of its own takes whole records (a
 * datagram, a line) from a device into a queue of fixed size, so that a slow reader loses whole
 * frames, which are counted, and never half of one. One-sided: it cannot send pilots. */
enum { QW_LIVE_RECORD_MAX = 8192, QW_LIVE_QUEUE_MIN = 2, QW_LIVE_QUEUE_MAX = 65536 };

struct qw_live_counters {
    uint64_t received;                   /* records that came whole */
    uint64_t dropped;                    /* of these, because the queue was full */
    uint64_t lost_before;                /* that the system dropped, where it tells */
    uint64_t foreign;                    /* not from the transmitter asked for; not in received */
    uint64_t count[QW_CAPTURE_OUTCOMES]; /* of those taken from the queue, by how they ended */
};

struct qw_live_record { /* one slot of the queue */
    int64_t time_ns;    /* when it came, since 1970 */
    size_t len;
    uint8_t data[QW_LIVE_RECORD_MAX];
};

struct qw_live_receiver;

/* What a device does. All are called with self; receive from the receiver's thread only. */
struct qw_live_device {
    void *self;
    int fd; /* readable when receive has something to do */
    /* Reads what is there and hands each whole record to qw_live_receiver_push. QW_ERR_CLOSED: the
     * device is gone. */
    qw_err (*receive)(void *self, struct qw_live_receiver *receiver);
    enum qw_capture_outcome (*decode)(void *self, const struct qw_live_record *record,
                                      struct qw_csi_frame *frame);
    void (*close)(void *self);
};

/* Starts the thread. Takes the device, also when it fails. queue_records QW_LIVE_QUEUE_MIN to
 * QW_LIVE_QUEUE_MAX, else QW_ERR_ARG; QW_ERR_NOMEM, QW_ERR_IO (no thread). */
qw_err qw_live_receiver_new(const struct qw_live_device *device, size_t queue_records,
                            struct qw_live_receiver **receiver) QW_MUST_USE;

/* The next good frame: finite, with power. Waits at most timeout_ms (0: only looks).
 * QW_ERR_TIMEOUT; QW_ERR_CLOSED when the device is gone and the queue is empty. One thread. */
qw_err qw_live_receiver_next(struct qw_live_receiver *receiver, struct qw_csi_frame *frame,
                             int timeout_ms) QW_MUST_USE;

struct qw_live_counters qw_live_receiver_counters(struct qw_live_receiver *receiver);
void qw_live_receiver_free(struct qw_live_receiver *receiver); /* NULL is fine */

/* As a front end of a session: label [copied], no transmitter. Takes the receiver. */
struct qw_csi_source qw_live_receiver_source(struct qw_live_receiver *receiver, const char *label);

/* For devices. */
void qw_live_receiver_push(struct qw_live_receiver *receiver, const uint8_t *data, size_t len,
                           int64_t time_ns);
void qw_live_receiver_count_lost(struct qw_live_receiver *receiver, uint64_t lost_before);
void qw_live_receiver_count_foreign(struct qw_live_receiver *receiver);

#endif
