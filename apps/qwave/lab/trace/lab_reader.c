/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/trace/lab_reader.h"

#include <stdio.h>
#include <time.h>

static qw_err transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    struct lab_reader *reader = self;

    (void)time_ns;
    if (reader->view == QW_AIR_VIEW_TERMINAL) {
        reader->next = (uint32_t)sequence;
        if (reader->slots != NULL) {
            reader->slots->sent[sequence] = 1;
            atomic_store(&reader->slots->passed, (unsigned)sequence + 1);
        }
    }
    return QW_OK;
}

/* False: the terminal has not come to this slot in time. */
static bool is_settled(const struct lab_reader *reader, int timeout_ms)
{
    const struct timespec pause = { .tv_nsec = 50000 };

    for (int waits = 20 * timeout_ms; reader->slots != NULL; waits--) {
        if (atomic_load(&reader->slots->passed) > reader->next) {
            break;
        }
        if (waits <= 0) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool is_heard_at_access_point(const struct lab_reader *reader, uint32_t probe)
{
    return reader->slots == NULL || reader->slots->sent[probe] != 0 ||
           lab_trace_channel(reader->trace)->attack == LAB_ATTACK_INJECT;
}

/* The terminal reads the answer to its last pilot; the access point all pilots that it heard, in
 * order. The measurements are there from the beginning: it waits only to know what was sent. */
static qw_err next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    struct lab_reader *reader = self;
    const struct timespec pause = { .tv_nsec = 1000000 };

    if (reader->view == QW_AIR_VIEW_TERMINAL) {
        return lab_trace_frame(reader->trace, QW_AIR_VIEW_TERMINAL, reader->next, frame)
                   ? QW_OK
                   : QW_ERR_TIMEOUT;
    }
    while (reader->next < lab_trace_probes(reader->trace) && is_settled(reader, timeout_ms)) {
        uint32_t probe = reader->next++;

        if (is_heard_at_access_point(reader, probe) &&
            lab_trace_frame(reader->trace, QW_AIR_VIEW_ACCESS_POINT, probe, frame)) {
            return QW_OK;
        }
    }
    nanosleep(&pause, NULL); /* no more pilots: the caller looks at the wire and comes again */
    return QW_ERR_TIMEOUT;
}

static void close_reader(void *self)
{
    (void)self; /* the laboratory's own */
}

struct qw_csi_source lab_reader_source(struct lab_reader *reader, const struct lab_trace *trace,
                                       enum qw_air_view view)
{
    const struct lab_channel *channel = lab_trace_channel(trace);
    struct qw_csi_source source = { .is_simulated = true,
                                    .has_phase = channel->front_end.has_phase,
                                    .tuning = lab_channel_tuning(channel),
                                    .self = reader,
                                    .transmit = transmit,
                                    .next = next,
                                    .close = close_reader };

    *reader = (struct lab_reader){ trace, view, 0, NULL };
    snprintf(source.label, sizeof source.label, "%s", channel->label);
    return source;
}
