/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/pair_list.h"

#include "base/clock.h"
#include "centre/pair/pair.h"
#include "centre/people/right.h"

#include <string.h>

_Static_assert((int)QW_PAIRS_LISTED_MAX == (int)QW_PAIRS_MAX, "every pair has a place in the list");

static void describe(struct qw_pair *pair, struct qw_pair_entry *entry)
{
    int64_t now_ms = qw_clock_utc_ms();

    memcpy(entry->master, pair->master, sizeof entry->master);
    memcpy(entry->slave, pair->slave, sizeof entry->slave);
    entry->ready_count = qw_pair_left_by_source(pair, now_ms, entry->ready, QW_PAIR_PARTS_MAX);
    entry->ready_keys = qw_pair_left(pair, QW_KEY_BITS_STANDARD, &qw_key_demand_none, now_ms);
    entry->given_keys = pair->given_keys;
    entry->given_ms = pair->given_ms;
}

qw_err qw_centre_pair_list(struct qw_centre *centre, const struct qw_caller *caller,
                           struct qw_pair_entry *entries, size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "pair-list", .object = "" };
    struct qw_pair *pairs[QW_PAIRS_MAX];
    size_t held;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_STATUS_READ, QW_UNIT_ROOT);
    qw_centre_leave(centre);
    if (err != QW_OK) {
        return err;
    }
    held = qw_pair_hold_all(centre->pairs, pairs);
    for (size_t i = 0; i < held; i++) { /* one pair locked at a time, and nothing else */
        pthread_mutex_lock(&pairs[i]->mutex);
        describe(pairs[i], &entries[i]);
        qw_pair_leave(centre->pairs, pairs[i]);
    }
    *count = held;
    return QW_OK;
}
