/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/fair_share.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double given_now(const struct qw_share *share, int64_t now_ms)
{
    return share->given * exp2(-(double)(now_ms - share->given_ms) / QW_FAIR_SHARE_HALF_LIFE_MS);
}

static struct qw_share *find(struct qw_fair_share *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->shares[i].name, name) == 0) {
            return &all->shares[i];
        }
    }
    return NULL;
}

static struct qw_share *place_for(struct qw_fair_share *all)
{
    struct qw_share *idle = &all->shares[0];

    if (all->count < QW_FAIR_SHARE_NAMES) {
        return &all->shares[all->count++];
    }
    for (size_t i = 1; i < all->count; i++) {
        if (all->shares[i].asked_ms < idle->asked_ms) {
            idle = &all->shares[i];
        }
    }
    return idle;
}

bool qw_fair_share_ask(struct qw_fair_share *all, const char *name, unsigned weight, int64_t now_ms)
{
    struct qw_share *own = find(all, name);
    double given = 0;
    double weights = 0;

    if (own == NULL) {
        own = place_for(all);
        *own = (struct qw_share){ .given_ms = now_ms };
        (void)snprintf(own->name, sizeof own->name, "%s", name);
    }
    own->weight = weight;
    own->asked_ms = now_ms;
    for (size_t i = 0; i < all->count; i++) {
        if (now_ms - all->shares[i].asked_ms < QW_FAIR_SHARE_HALF_LIFE_MS) {
            given += given_now(&all->shares[i], now_ms);
            weights += all->shares[i].weight;
        }
    }
    return given_now(own, now_ms) * weights <= given * weight;
}

void qw_fair_share_give(struct qw_fair_share *all, const char *name, double amount, int64_t now_ms)
{
    struct qw_share *own = find(all, name);

    if (own != NULL) {
        own->given = given_now(own, now_ms) + amount;
        own->given_ms = now_ms;
    }
}
