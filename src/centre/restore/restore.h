/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_RESTORE_RESTORE_H
#define QW_CENTRE_RESTORE_RESTORE_H

#include "centre/books.h"
#include "store/store.h"

/* A store out of a backup does not know which of its keys were used since: none of them is given to
 * anybody any more [docs/protocol/backup.md B4]. */

/* What marks such a store, before it is opened for the first time: INSERTs for its QW_STORE_META.
 * lists: PEM of the revocations that stood last (restore/revocations.h), borrowed; len 0: none. */
enum {
    QW_RESTORED_LISTS_MAX = 8 << 20,
    QW_RESTORED_OPS_MAX = 1 + QW_RESTORED_LISTS_MAX / (1 << 19)
};
struct qw_restored_marks {
    struct qw_store_op ops[QW_RESTORED_OPS_MAX];
    char ids[QW_RESTORED_OPS_MAX][24];
    size_t count;
};
extern const char qw_restored_id[];
/* QW_ERR_LIMIT: lists of more than QW_RESTORED_LISTS_MAX bytes. */
qw_err qw_restored_marks_make(struct qw_restored_marks *marks, const uint8_t *lists,
                              size_t len) QW_MUST_USE;
/* Puts them into a store. QW_ERR_FORMAT: there is no centre in it; QW_ERR_CONFLICT: it is marked
 * already. */
qw_err qw_restored_mark(const struct qw_store *store,
                        const struct qw_restored_marks *marks) QW_MUST_USE;

/* At every start, with open books, under the mutex: does what such a store needs, group by group,
 * and takes the mark away with the last one. Without a mark nothing. */
qw_err qw_restored_settle(struct qw_centre *centre) QW_MUST_USE;

#endif
