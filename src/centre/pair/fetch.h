/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_FETCH_H
#define QW_CENTRE_PAIR_FETCH_H

#include "centre/books.h"

#include <semaphore.h>

/* One call of qw_centre_fetch on its way through the queue. */
struct qw_fetch {
    const struct qw_caller *caller;
    const char *master;
    const uint8_t (*ids)[16];
    size_t count;
    struct qw_key_record *records; /* count, in the order asked */
    struct qw_given_key *keys;     /* count, for the answer */
    int64_t now_ms;
    size_t repeats;
    struct qw_deed deed;
    qw_err err;     /* the result, when is_served */
    bool is_served; /* written before woken is posted */
    sem_t woken;
    struct qw_fetch *next; /* in the queue, then in the batch */
};

/* One group for the whole list: what each may have is decided before anything of it is added, and
 * no two of them may name the same key, so none sees half of another. Sets err of each. */
void qw_fetch_serve(struct qw_centre *centre, struct qw_fetch *batch);

#endif
