/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_PROCESSOR_TIME_H
#define QWAVE_BENCH_PROCESSOR_TIME_H

#include <sys/types.h>

/* User and system time that a process and its living children have used so far [s]; NAN when that
 * cannot be told. Unlike a rate it does not fall when others use the machine. */
double processor_time_s(pid_t pid);

#endif
