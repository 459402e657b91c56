/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_STOCK_H
#define QW_TERMINAL_STOCK_H

#include <stdbool.h>
#include <stdint.h>

/* How much key a terminal has, when it must refill and how long it lasts [W6]. A plain value; the
 * caller gives the time, in milliseconds of a clock that only grows. */
enum {
    QW_STOCK_BUCKETS = 96,               /* of the day that the rate looks back on */
    QW_STOCK_BUCKET_MS = 15 * 60 * 1000, /* a quarter of an hour each */
    QW_STOCK_OBSERVED_MS_MIN = 60 * 1000 /* a shorter time counts as this long, so that one key in
                                            the first second is no rush */
};

struct qw_stock {
    uint32_t low_water_keys, high_water_keys; /* 1 <= low < high */
    int64_t since_ms;                         /* first moment observed */
    int64_t bucket_number;                    /* of the newest bucket, since since_ms */
    uint32_t used[QW_STOCK_BUCKETS];          /* keys used; index is bucket number modulo */
};

void qw_stock_init(struct qw_stock *stock, uint32_t low_water_keys, uint32_t high_water_keys,
                   int64_t now_ms);
/* One key has left the card. */
void qw_stock_use(struct qw_stock *stock, int64_t now_ms);

/* True below the low-water mark. */
bool qw_stock_wants_refill(const struct qw_stock *stock, uint32_t remaining_keys);
/* Up to the high-water mark; 0 above it. */
uint32_t qw_stock_wanted_keys(const struct qw_stock *stock, uint32_t remaining_keys);

/* Use over the last day (or since the start), per day; 0 when nothing was used. */
double qw_stock_keys_per_day(const struct qw_stock *stock, int64_t now_ms);
/* Seconds until the last key is used at that rate; -1 when the rate is 0. */
double qw_stock_lasts_s(const struct qw_stock *stock, uint32_t remaining_keys, int64_t now_ms);

#endif
