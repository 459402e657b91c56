/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/quota.h"

#include "base/clock.h"
#include "base/rate_limit.h"
#include "centre/pair/fair_share.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 1024, PAIR_NAME_CAP = 2 * 64 };

struct qw_quota {
    struct qw_rate_limit *saes, *pairs, *misses;
    atomic_uint_fast32_t sae_keys_per_s, pair_keys_per_s, misses_per_s;
    pthread_mutex_t mutex; /* around shares */
    struct qw_fair_share shares;
};

qw_err qw_quota_new(const struct qw_centre_config *config, struct qw_quota **quota_out)
{
    struct qw_quota *quota = calloc(1, sizeof *quota);
    qw_err err = QW_ERR_NOMEM;

    if (quota == NULL) {
        return QW_ERR_NOMEM;
    }
    pthread_mutex_init(&quota->mutex, NULL);
    qw_quota_set(quota, config->sae_keys_per_s, config->pair_keys_per_s, config->misses_per_s);
    err = qw_rate_limit_new(NAMES, &quota->saes);
    if (err == QW_OK) {
        err = qw_rate_limit_new(NAMES, &quota->pairs);
    }
    if (err == QW_OK) {
        err = qw_rate_limit_new(NAMES, &quota->misses);
    }
    if (err != QW_OK) {
        qw_quota_free(quota);
        return err;
    }
    *quota_out = quota;
    return QW_OK;
}

void qw_quota_free(struct qw_quota *quota)
{
    if (quota != NULL) {
        qw_rate_limit_free(quota->saes);
        qw_rate_limit_free(quota->pairs);
        qw_rate_limit_free(quota->misses);
        pthread_mutex_destroy(&quota->mutex);
        free(quota);
    }
}

void qw_quota_set(struct qw_quota *quota, uint32_t sae_keys_per_s, uint32_t pair_keys_per_s,
                  uint32_t misses_per_s)
{
    atomic_store(&quota->sae_keys_per_s, sae_keys_per_s);
    atomic_store(&quota->pair_keys_per_s, pair_keys_per_s);
    atomic_store(&quota->misses_per_s, misses_per_s);
}

static double pair_rate(struct qw_quota *quota)
{
    return (double)atomic_load(&quota->pair_keys_per_s);
}

static double miss_rate(struct qw_quota *quota)
{
    return (double)atomic_load(&quota->misses_per_s);
}

static double sae_rate(struct qw_quota *quota, const struct qw_quota_account *account)
{
    return account->keys_per_s > 0 ? (double)account->keys_per_s
                                   : (double)atomic_load(&quota->sae_keys_per_s);
}

static void name_pair(const struct qw_quota_account *account, char name[static PAIR_NAME_CAP])
{
    (void)snprintf(name, PAIR_NAME_CAP, "%s %s", account->master, account->slave);
}

/* The usual case, which costs neither a name nor a clock. */
static bool is_unlimited(struct qw_quota *quota, const struct qw_quota_account *account)
{
    return sae_rate(quota, account) <= 0 && pair_rate(quota) <= 0;
}

bool qw_quota_has_keys(struct qw_quota *quota, const struct qw_quota_account *account)
{
    int64_t now_ms;
    char pair[PAIR_NAME_CAP];

    if (is_unlimited(quota, account)) {
        return true;
    }
    now_ms = qw_clock_monotonic_ms();
    name_pair(account, pair);
    return qw_rate_limit_has(quota->saes, account->master, sae_rate(quota, account), now_ms) &&
           qw_rate_limit_has(quota->pairs, pair, pair_rate(quota), now_ms);
}

void qw_quota_spend_keys(struct qw_quota *quota, const struct qw_quota_account *account,
                         uint64_t places)
{
    int64_t now_ms;
    char pair[PAIR_NAME_CAP];

    if (is_unlimited(quota, account)) {
        return;
    }
    now_ms = qw_clock_monotonic_ms();
    name_pair(account, pair);
    qw_rate_limit_spend(quota->saes, account->master, sae_rate(quota, account), (double)places,
                        now_ms);
    qw_rate_limit_spend(quota->pairs, pair, pair_rate(quota), (double)places, now_ms);
}

bool qw_quota_has_share(struct qw_quota *quota, const char *master, uint8_t weight)
{
    bool has;

    pthread_mutex_lock(&quota->mutex);
    has = qw_fair_share_ask(&quota->shares, master, weight, qw_clock_monotonic_ms());
    pthread_mutex_unlock(&quota->mutex);
    return has;
}

void qw_quota_note_lease(struct qw_quota *quota, const char *master, uint64_t keys)
{
    pthread_mutex_lock(&quota->mutex);
    qw_fair_share_give(&quota->shares, master, (double)keys, qw_clock_monotonic_ms());
    pthread_mutex_unlock(&quota->mutex);
}

bool qw_quota_may_fetch(struct qw_quota *quota, const char *who)
{
    return qw_rate_limit_has(quota->misses, who, miss_rate(quota), qw_clock_monotonic_ms());
}

void qw_quota_note_miss(struct qw_quota *quota, const char *who)
{
    qw_rate_limit_spend(quota->misses, who, miss_rate(quota), 1, qw_clock_monotonic_ms());
}
