/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of processes that share a store: docs/adr/0038-turns-instead-of-shards.md. In memory a
 * centre keeps of the store: the books, the end of the journal, and what it has found out about
 * applications; all of it is read again when somebody else has written. Blocks of pairs are not
 * among it: they are this process's alone. */
#include "centre/turn.h"

#include "centre/unseal.h"

void qw_turn_take(struct qw_centre *centre)
{
    const struct qw_store *store = centre->config.store;
    bool is_moved = false;

    centre->turn_err = QW_OK;
    if (store->take_turn == NULL) {
        return;
    }
    centre->turn_err = store->take_turn(store->self, &is_moved);
    if (centre->turn_err == QW_ERR_REFUSED) {
        atomic_store(&centre->is_set_back, true);
    }
    centre->is_stale = centre->is_stale || is_moved;
    if (centre->turn_err == QW_OK && centre->is_stale && centre->books_version > 0) {
        centre->turn_err = qw_centre_reread(centre);
    }
    centre->is_stale = centre->turn_err != QW_OK;
}

void qw_turn_give(struct qw_centre *centre)
{
    const struct qw_store *store = centre->config.store;

    if (store->give_turn != NULL) {
        store->give_turn(store->self);
    }
}
