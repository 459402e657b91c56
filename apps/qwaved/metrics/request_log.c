/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "metrics/request_log.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

const unsigned request_statuses[REQUEST_STATUSES] = {
    200, 201, 400, 401, 403, 404, 405, 409, 503, 0
};
const double request_buckets_s[REQUEST_BUCKETS - 1] = { 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                        0.025,  0.05,  0.1,    0.25,  1 };

struct route_log {
    atomic_uint_fast64_t status[REQUEST_STATUSES];
    atomic_uint_fast64_t bucket[REQUEST_BUCKETS];
    atomic_uint_fast64_t sum_us;
};
struct request_log {
    struct route_log route[REQUEST_ROUTES_MAX];
};

struct request_log *request_log_new(void)
{
    return calloc(1, sizeof(struct request_log));
}

void request_log_free(struct request_log *log)
{
    free(log);
}

int64_t request_clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void add(atomic_uint_fast64_t *counter, uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void request_log_note(struct request_log *log, size_t route, unsigned status, int64_t took_us)
{
    struct route_log *r = &log->route[route < REQUEST_ROUTES_MAX ? route : REQUEST_ROUTES_MAX - 1];
    size_t which = 0;
    size_t bucket = 0;

    while (which < REQUEST_STATUSES - 1 && request_statuses[which] != status) {
        which++;
    }
    while (bucket < REQUEST_BUCKETS - 1 && (double)took_us > request_buckets_s[bucket] * 1e6) {
        bucket++;
    }
    add(&r->status[which], 1);
    add(&r->bucket[bucket], 1);
    add(&r->sum_us, took_us > 0 ? (uint64_t)took_us : 0);
}

static uint64_t value_of(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void request_log_look(const struct request_log *log, size_t route, struct request_counts *counts)
{
    const struct route_log *r = &log->route[route];

    *counts = (struct request_counts){ .sum_us = value_of(&r->sum_us) };
    for (size_t i = 0; i < REQUEST_STATUSES; i++) {
        counts->status[i] = value_of(&r->status[i]);
    }
    for (size_t i = 0; i < REQUEST_BUCKETS; i++) {
        counts->bucket[i] = value_of(&r->bucket[i]);
        counts->total += counts->bucket[i]; /* so that a histogram agrees with itself */
    }
}
