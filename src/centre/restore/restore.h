/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_RESTORE_RESTORE_H
#define QW_CENTRE_RESTORE_RESTORE_H

#include "centre/books.h"
#include "store/store.h"

/* A store out of a backup does not know which of its keys were used since: none of them is given to
 * anybody any more [docs/protocol/backup.md B4]. */

/* Marks such a store, before it is opened for the first time. QW_ERR_FORMAT: there is no centre in
 * it; QW_ERR_CONFLICT: it is marked already. */
qw_err qw_restored_mark(const struct qw_store *store) QW_MUST_USE;
extern const char qw_restored_id[];
enum { QW_RESTORED_ID_LEN = 8 };

/* At every start, with open books, under the mutex: does what such a store needs, group by group,
 * and takes the mark away with the last one. Without a mark nothing. */
qw_err qw_restored_settle(struct qw_centre *centre) QW_MUST_USE;

#endif
