/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_FAIR_SHARE_H
#define QW_CENTRE_PAIR_FAIR_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who has had how much lately, so that one application cannot take all there is while others wait.
 * What was given counts half after ten seconds; who has not asked for ten seconds does not compete.
 * One thread at a time. */
enum {
    QW_FAIR_SHARE_HALF_LIFE_MS = 10000,
    QW_FAIR_SHARE_NAMES = 256,
    QW_FAIR_SHARE_WEIGHT_MAX = 100
};

struct qw_fair_share {
    struct qw_share {
        char name[64];
        unsigned weight;
        double given; /* at given_ms */
        int64_t given_ms, asked_ms;
    } shares[QW_FAIR_SHARE_NAMES];
    size_t count;
};

/* A new wish. True when the name has had no more than its part, by weight (1 to
 * QW_FAIR_SHARE_WEIGHT_MAX), of what all who compete have had; a name without competitors always
 * has. now_ms never goes back. With more names than places the one that asked longest ago goes. */
bool qw_fair_share_ask(struct qw_fair_share *share, const char *name, unsigned weight,
                       int64_t now_ms);
/* After an ask of the same name. */
void qw_fair_share_give(struct qw_fair_share *share, const char *name, double amount,
                        int64_t now_ms);

#endif
