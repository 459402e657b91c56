/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_TURN_H
#define QW_CENTRE_TURN_H

#include "centre/books.h"

/* Several processes of one centre on one store: whoever has entered is the only one of them all
 * that is inside, and what it remembers of the store is true. Without such a store both do nothing.
 * A turn that was not had shows in centre->turn_err: nothing is written then. Under the mutex. */
void qw_turn_take(struct qw_centre *centre);
void qw_turn_give(struct qw_centre *centre);

#endif
