/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_STOCK_H
#define QW_CENTRE_KEY_STOCK_H

#include "centre/group.h"

/* Free keys: blocks nobody has, leases, carving. */

uint64_t qw_stock_free(const struct qw_centre *centre); /* keys that can be assigned now */

/* The blocks in a state from the oldest on. Never in random order: keys are random already. */
struct qw_stock_walk {
    enum qw_key_state state;
    bool is_begun;
    uint64_t number; /* of the block at hand */
};
/* To the next block. QW_ERR_NOT_FOUND: there is none. */
qw_err qw_stock_step(struct qw_centre *centre, struct qw_stock_walk *walk) QW_MUST_USE;

/* Leases blocks until at least count keys are leased: durable, with the number of this start of the
 * centre, before any of them is carved. QW_ERR_EXHAUSTED: not enough in stock, nothing changed. */
qw_err qw_stock_lease(struct qw_centre *centre, size_t count) QW_MUST_USE;

/* Carves spent + count leased keys, in order, into centre->material. The first spent ones are
 * material for pools and card keys: their place in the block is zeroed in the same group. The
 * places of the others go to centre->places. The block's mark moves in the group, so what was
 * carved once is never carved again, whatever happens after the commit; before it nothing has
 * happened. */
void qw_stock_carve(struct qw_centre *centre, struct qw_group *group, size_t spent, size_t count);

#endif
