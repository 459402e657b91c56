/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate_limit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8 /* places where a name may stand */, NAME_CAP = 136 /* two ids of 63 and more */ };

struct bucket {
    char name[NAME_CAP]; /* "": free */
    double tokens;
    int64_t filled_ms; /* and used last */
};

struct qw_rate_limit {
    pthread_mutex_t mutex;
    size_t sets;
    struct bucket buckets[]; /* sets * WAYS */
};

qw_err qw_rate_limit_new(size_t names, struct qw_rate_limit **limit_out)
{
    size_t sets = (names + WAYS - 1) / WAYS * 2; /* half empty: names do not spread evenly */
    struct qw_rate_limit *limit = calloc(1, sizeof *limit + sets * WAYS * sizeof limit->buckets[0]);

    if (limit == NULL) {
        return QW_ERR_NOMEM;
    }
    pthread_mutex_init(&limit->mutex, NULL);
    limit->sets = sets;
    *limit_out = limit;
    return QW_OK;
}

void qw_rate_limit_free(struct qw_rate_limit *limit)
{
    if (limit != NULL) {
        pthread_mutex_destroy(&limit->mutex);
        free(limit);
    }
}

static size_t hash_of(const char *name)
{
    size_t hash = 2166136261u; /* FNV-1a */

    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return hash;
}

/* The name's bucket, filled up to now. */
static struct bucket *bucket_of(struct qw_rate_limit *limit, const char *name, double per_s,
                                int64_t now_ms)
{
    double cap = per_s * QW_RATE_LIMIT_BURST_S < 1 ? 1 : per_s * QW_RATE_LIMIT_BURST_S;
    struct bucket *set = &limit->buckets[hash_of(name) % limit->sets * WAYS];
    struct bucket *found = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (strncmp(set[i].name, name, NAME_CAP - 1) == 0) {
            found = &set[i];
            break;
        }
        if (set[i].filled_ms < found->filled_ms || set[i].name[0] == '\0') {
            found = &set[i];
        }
    }
    if (strncmp(found->name, name, NAME_CAP - 1) != 0) {
        (void)snprintf(found->name, sizeof found->name, "%s", name);
        found->tokens = cap;
        found->filled_ms = now_ms;
    }
    if (now_ms > found->filled_ms) {
        found->tokens += per_s * (double)(now_ms - found->filled_ms) / 1000;
        found->filled_ms = now_ms;
    }
    if (found->tokens > cap) {
        found->tokens = cap;
    }
    return found;
}

bool qw_rate_limit_has(struct qw_rate_limit *limit, const char *name, double per_s, int64_t now_ms)
{
    return qw_rate_limit_take(limit, name, per_s, 0, now_ms);
}

void qw_rate_limit_spend(struct qw_rate_limit *limit, const char *name, double per_s, double amount,
                         int64_t now_ms)
{
    if (per_s > 0) {
        pthread_mutex_lock(&limit->mutex);
        bucket_of(limit, name, per_s, now_ms)->tokens -= amount;
        pthread_mutex_unlock(&limit->mutex);
    }
}

bool qw_rate_limit_take(struct qw_rate_limit *limit, const char *name, double per_s, double amount,
                        int64_t now_ms)
{
    struct bucket *bucket;
    bool has;

    if (per_s <= 0) {
        return true;
    }
    pthread_mutex_lock(&limit->mutex);
    bucket = bucket_of(limit, name, per_s, now_ms);
    has = bucket->tokens > 0;
    if (has) {
        bucket->tokens -= amount;
    }
    pthread_mutex_unlock(&limit->mutex);
    return has;
}
