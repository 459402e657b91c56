/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/stock.h"

#include "base/error.h"

static const double MS_PER_DAY = 24.0 * 3600 * 1000;

void qw_stock_init(struct qw_stock *stock, uint32_t low_water_keys, uint32_t high_water_keys,
                   int64_t now_ms)
{
    qw_assert(low_water_keys >= 1 && low_water_keys < high_water_keys);
    *stock = (struct qw_stock){
        .low_water_keys = low_water_keys,
        .high_water_keys = high_water_keys,
        .since_ms = now_ms,
    };
}

static int64_t bucket_at(const struct qw_stock *stock, int64_t now_ms)
{
    return (now_ms - stock->since_ms) / QW_STOCK_BUCKET_MS;
}

void qw_stock_use(struct qw_stock *stock, int64_t now_ms)
{
    int64_t bucket = bucket_at(stock, now_ms);

    if (bucket - stock->bucket_number >= QW_STOCK_BUCKETS) {
        stock->bucket_number = bucket - QW_STOCK_BUCKETS; /* every bucket is older than a day */
    }
    while (stock->bucket_number < bucket) {
        stock->bucket_number++;
        stock->used[stock->bucket_number % QW_STOCK_BUCKETS] = 0;
    }
    stock->used[bucket % QW_STOCK_BUCKETS]++;
}

bool qw_stock_wants_refill(const struct qw_stock *stock, uint32_t remaining_keys)
{
    return remaining_keys < stock->low_water_keys;
}

uint32_t qw_stock_wanted_keys(const struct qw_stock *stock, uint32_t remaining_keys)
{
    return remaining_keys < stock->high_water_keys ? stock->high_water_keys - remaining_keys : 0;
}

double qw_stock_keys_per_day(const struct qw_stock *stock, int64_t now_ms)
{
    int64_t newest = bucket_at(stock, now_ms);
    int64_t oldest = newest - QW_STOCK_BUCKETS + 1;
    int64_t from_ms, observed_ms;
    uint64_t used = 0;

    if (oldest < 0) {
        oldest = 0;
    }
    for (int64_t b = oldest; b <= stock->bucket_number; b++) {
        used += stock->used[b % QW_STOCK_BUCKETS];
    }
    from_ms = stock->since_ms + oldest * QW_STOCK_BUCKET_MS;
    observed_ms = now_ms - from_ms;
    if (observed_ms < QW_STOCK_OBSERVED_MS_MIN) {
        observed_ms = QW_STOCK_OBSERVED_MS_MIN;
    }
    return (double)used * MS_PER_DAY / (double)observed_ms;
}

double qw_stock_lasts_s(const struct qw_stock *stock, uint32_t remaining_keys, int64_t now_ms)
{
    double keys_per_day = qw_stock_keys_per_day(stock, now_ms);

    return keys_per_day > 0 ? (double)remaining_keys / keys_per_day * 24 * 3600 : -1;
}
