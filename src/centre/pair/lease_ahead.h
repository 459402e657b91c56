/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_LEASE_AHEAD_H
#define QW_CENTRE_PAIR_LEASE_AHEAD_H

#include "centre/pair/pair.h"

/* Leases before they are needed (docs/adr/0122-a-lease-ahead-of-need.md): while what a pair has
 * open is being carved, one thread of the centre leases the next blocks, so that no request waits
 * for the disk. Open and leased ahead are never more than the pair's lease_places together, and
 * those never more than the centre's lease_keys: what a kill costs. */
struct qw_lease_ahead;

struct qw_ahead_wish {
    uint64_t places; /* in whole blocks, at least one */
    struct qw_key_demand demand;
    struct qw_caller caller; /* for the journal */
};

/* Starts the thread. QW_ERR_NOMEM. */
qw_err qw_lease_ahead_new(struct qw_centre *centre, struct qw_lease_ahead **ahead) QW_MUST_USE;
/* What was asked for and not begun is not done any more. NULL is fine. */
void qw_lease_ahead_free(struct qw_lease_ahead *ahead);

/* Asks for blocks when the pair has room for some. With the pair locked, after a request of its
 * was carved. */
void qw_lease_ahead_ask(struct qw_centre *centre, struct qw_pair *pair,
                        const struct qw_caller *caller, const struct qw_key_wish *wish,
                        const struct qw_key_demand *demand);

/* Places in whole blocks that may come to what the pair has open; 0 until they are half of what it
 * may have. With the pair locked. */
uint64_t qw_pair_room_ahead(const struct qw_centre *centre, const struct qw_pair *pair);
/* At the beginning of a lease: how much the pair may have from now on
 * (docs/adr/0138-who-is-quick-leases-more.md). With the pair locked. */
void qw_pair_set_places(const struct qw_centre *centre, struct qw_pair *pair, int64_t now_ms);
/* The lease itself, and the end of it whether it has come to something or not. With the pair held
 * and not locked; is_leasing_ahead is set. */
void qw_pair_lease_ahead(struct qw_centre *centre, struct qw_pair *pair,
                         const struct qw_ahead_wish *wish);

#endif
