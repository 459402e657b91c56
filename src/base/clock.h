/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_CLOCK_H
#define QW_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds that only grow; for deadlines and durations. */
int64_t qw_clock_monotonic_ms(void);

/* Milliseconds since 1970 UTC; may jump. For records that people read. */
int64_t qw_clock_utc_ms(void);

/* Nanoseconds of processor time of this process. */
int64_t qw_clock_cpu_ns(void);

#endif
