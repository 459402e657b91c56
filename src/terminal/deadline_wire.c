/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/deadline_wire.h"

#include "base/clock.h"

static qw_err check(const struct qw_deadline_wire *limits)
{
    if (limits->stop != NULL && atomic_load(limits->stop)) {
        return QW_ERR_CLOSED;
    }
    return qw_clock_monotonic_ms() < limits->deadline_ms ? QW_OK : QW_ERR_TIMEOUT;
}

static qw_err limited_send(void *self, const void *message, size_t len)
{
    struct qw_deadline_wire *limits = self;
    qw_err err = check(limits);

    return err == QW_OK ? qw_wire_send(limits->inner, message, len) : err;
}

/* Looks in slices: the inner wire keeps what came before a timeout. */
static qw_err limited_receive(void *self, void *message, size_t cap, size_t *len, int timeout_ms)
{
    struct qw_deadline_wire *limits = self;
    int64_t end_ms = qw_clock_monotonic_ms() + timeout_ms;
    qw_err err;

    if (limits->first_message_ms > 0 && timeout_ms > limits->first_message_ms) {
        end_ms = qw_clock_monotonic_ms() + limits->first_message_ms;
    }
    if (end_ms > limits->deadline_ms) {
        end_ms = limits->deadline_ms;
    }
    for (;;) {
        int64_t left_ms = end_ms - qw_clock_monotonic_ms();
        int slice_ms = left_ms > QW_DEADLINE_WIRE_SLICE_MS ? QW_DEADLINE_WIRE_SLICE_MS
                       : left_ms > 0                       ? (int)left_ms
                                                           : 0;

        if (limits->stop != NULL && atomic_load(limits->stop)) {
            return QW_ERR_CLOSED;
        }
        err = qw_wire_receive(limits->inner, message, cap, len, slice_ms);
        if (err == QW_OK) {
            limits->first_message_ms = 0;
        }
        if (err != QW_ERR_TIMEOUT || left_ms <= slice_ms) {
            return err;
        }
    }
}

static void limited_close(void *self)
{
    (void)self; /* the inner wire belongs to somebody else */
}

static const struct qw_wire_counters *limited_counters(void *self)
{
    struct qw_deadline_wire *limits = self;

    return limits->inner->counters(limits->inner->self);
}

void qw_deadline_wire_on(struct qw_deadline_wire *limits, struct qw_wire *wire)
{
    *wire = (struct qw_wire){
        .self = limits,
        .send = limited_send,
        .receive = limited_receive,
        .close = limited_close,
        .counters = limited_counters,
    };
}
