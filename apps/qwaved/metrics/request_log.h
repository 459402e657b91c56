/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_METRICS_REQUEST_LOG_H
#define QWAVED_METRICS_REQUEST_LOG_H

#include <stddef.h>
#include <stdint.h>

/* How many requests each route had, with which answers, and how long they took. Counts only grow;
 * safe from several threads. As many series as there are routes: nothing of a caller is a label. */
enum { REQUEST_ROUTES_MAX = 128, REQUEST_BUCKETS = 11 };
struct request_log;

struct request_log *request_log_new(void);      /* NULL: no memory */
void request_log_free(struct request_log *log); /* NULL is fine */

int64_t request_clock_us(void); /* only grows */
/* route: its index in the table, REQUEST_ROUTES_MAX - 1 for what has none. */
void request_log_note(struct request_log *log, size_t route, unsigned status, int64_t took_us);

/* Statuses that are counted by themselves; what is none of them is counted as the last, 0. */
enum { REQUEST_STATUSES = 10 };
extern const unsigned request_statuses[REQUEST_STATUSES];
/* Upper ends of the buckets; the last has none. */
extern const double request_buckets_s[REQUEST_BUCKETS - 1];

struct request_counts { /* of one route; a copy */
    uint64_t status[REQUEST_STATUSES];
    uint64_t bucket[REQUEST_BUCKETS]; /* each alone, not summed up */
    uint64_t total, sum_us;
};
void request_log_look(const struct request_log *log, size_t route, struct request_counts *counts);

#endif
