/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_DEADLINE_WIRE_H
#define QW_TERMINAL_DEADLINE_WIRE_H

#include "base/wire.h"

#include <stdatomic.h>
#include <stdint.h>

/* A wire under an absolute deadline that somebody else may also stop: a peer that answers each
 * message just in time cannot hold a session for ever, and a daemon that is told to end does so
 * within QW_DEADLINE_WIRE_SLICE_MS. */
enum { QW_DEADLINE_WIRE_SLICE_MS = 200 };

struct qw_deadline_wire {    /* the caller's; must outlive the wire made of it */
    struct qw_wire *inner;   /* borrowed */
    int64_t deadline_ms;     /* on qw_clock_monotonic_ms */
    int first_message_ms;    /* limit for the first message; 0: none of its own */
    const atomic_bool *stop; /* borrowed; may be NULL */
};

/* receive gives QW_ERR_TIMEOUT at the deadline and QW_ERR_CLOSED once *stop is true; so does send,
 * before it starts. Closing *wire leaves the inner wire open. */
void qw_deadline_wire_on(struct qw_deadline_wire *limits, struct qw_wire *wire);

#endif
