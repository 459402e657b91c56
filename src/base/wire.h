/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_WIRE_H
#define QW_BASE_WIRE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A wire carries whole messages, in order, between two parties that share nothing else. It is
 * public: whoever listens reads everything. Implementations: memory pair (wire_memory.h, tests) and
 * TCP (wire_tcp.h). One thread at a time per end and direction. */
enum { QW_WIRE_MESSAGE_MAX = 1 << 20 };

struct qw_wire_counters { /* of this end, since it was opened */
    uint64_t messages_sent;
    uint64_t messages_received;
    uint64_t bytes_sent; /* of message bodies, without framing */
    uint64_t bytes_received;
    uint64_t round_trips; /* times the direction changed from sending to receiving */
};

struct qw_wire {
    void *self;
    /* QW_ERR_SPACE when len > QW_WIRE_MESSAGE_MAX, QW_ERR_CLOSED, QW_ERR_TIMEOUT, QW_ERR_IO. */
    qw_err (*send)(void *self, const void *message, size_t len);
    /* Waits up to timeout_ms (0: only look). QW_ERR_TIMEOUT, QW_ERR_CLOSED, QW_ERR_SPACE when the
     * message is longer than cap (the wire is then closed), QW_ERR_IO. The time limit covers the
     * whole message: a peer that sends a byte a second gains nothing. */
    qw_err (*receive)(void *self, void *message, size_t cap, size_t *len, int timeout_ms);
    void (*close)(
        void *self); /* frees; the peer sees QW_ERR_CLOSED after it has read what was sent */
    const struct qw_wire_counters *(*counters)(void *self);
};

qw_err qw_wire_send(struct qw_wire *wire, const void *message, size_t len) QW_MUST_USE;
qw_err qw_wire_receive(struct qw_wire *wire, void *message, size_t cap, size_t *len,
                       int timeout_ms) QW_MUST_USE;
void qw_wire_close(struct qw_wire *wire); /* NULL and a zeroed wire are fine; zeroes it */

#endif
