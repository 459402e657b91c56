/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_CLOCK_H
#define QW_RADIO_CAPTURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A capture's clock of 32 bits of microseconds, which wraps after 71 minutes. A value may repeat; a
 * step of more than half the range is a clock that was set back: time then stands still. */
struct qw_capture_clock { /* zeroed: not started */
    bool is_running;
    uint32_t previous_us;
    int64_t time_ns; /* of the last value, never decreasing */
};

/* Nanoseconds without wraps; the first value counts from 0 of the clock itself. */
int64_t qw_capture_clock_at(struct qw_capture_clock *clock, uint32_t time_us);

/* Microseconds of 64 bits in nanoseconds; false when that does not fit. */
bool qw_capture_time_from_us(uint64_t time_us, int64_t *time_ns);

#endif
