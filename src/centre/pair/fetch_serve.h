/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_FETCH_SERVE_H
#define QW_CENTRE_PAIR_FETCH_SERVE_H

#include "base/hex.h"
#include "centre/books.h"

/* One fetch on its way through the queue. */
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
    char object[QW_UUID_TEXT_CAP]; /* of the deed */
    qw_err err;                    /* the result, once it was served */
    void (*done)(void *self, qw_err err);
    void *self;
    struct qw_fetch *next; /* in the queue, then in the batch */
};

/* One group for the whole list: what each may have is decided before anything of it is added, and
 * no two of them may name the same key, so none sees half of another. Sets err of each. */
void qw_fetch_serve(struct qw_centre *centre, struct qw_fetch *batch);

/* Says the result to who waits for it, and releases the fetch. */
void qw_fetch_conclude(struct qw_centre *centre, struct qw_fetch *fetch);

#endif
