/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/clock.h"

static const int64_t NS_PER_US = 1000;

int64_t qw_capture_clock_at(struct qw_capture_clock *clock, uint32_t time_us)
{
    uint32_t step_us = time_us - clock->previous_us;

    if (!clock->is_running) {
        clock->is_running = true;
        clock->time_ns = (int64_t)time_us * NS_PER_US;
    } else if (step_us < UINT32_MAX / 2 &&
               clock->time_ns <= INT64_MAX - (int64_t)step_us * NS_PER_US) {
        clock->time_ns += (int64_t)step_us * NS_PER_US;
    }
    clock->previous_us = time_us;
    return clock->time_ns;
}

bool qw_capture_time_from_us(uint64_t time_us, int64_t *time_ns)
{
    if (time_us > (uint64_t)(INT64_MAX / NS_PER_US)) {
        return false;
    }
    *time_ns = (int64_t)time_us * NS_PER_US;
    return true;
}
