/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_PAIR_LIST_H
#define QW_CENTRE_PAIR_PAIR_LIST_H

#include "centre/centre.h"

/* The pairs that this process serves, for who looks [C10]: what is leased to each and not taken
 * yet, and what it was given. A pair that nobody has asked keys for since the start is not there.
 */
enum { QW_PAIRS_LISTED_MAX = 256, QW_PAIR_PARTS_MAX = 8 };

struct qw_pair_entry {
    char master[64], slave[64];
    uint64_t ready_keys; /* of the standard size: leased, and can be given now */
    struct qw_stock_part ready[QW_PAIR_PARTS_MAX]; /* the same by source */
    size_t ready_count;  /* with more sources than that, the last one is "": all others */
    uint64_t given_keys; /* of whatever size, since the pair was opened */
    int64_t given_ms;    /* UTC, of the last; 0: none */
};

/* For officers of the whole centre who may read its status; entries [QW_PAIRS_LISTED_MAX].
 * QW_ERR_REFUSED, QW_ERR_NOMEM. */
qw_err qw_centre_pair_list(struct qw_centre *centre, const struct qw_caller *caller,
                           struct qw_pair_entry *entries, size_t *count) QW_MUST_USE;

#endif
