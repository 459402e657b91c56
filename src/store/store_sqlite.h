/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_SQLITE_H
#define QW_STORE_STORE_SQLITE_H

#include "base/error.h"
#include "store/store.h"

/* One SQLite file (WAL, synchronous=FULL, secure_delete) behind the verbs of store.h: a group is
 * one transaction. Made with mode 0600 when it does not exist. One connection behind one mutex:
 * safe from several threads; a second process waits up to five seconds for the first one's
 * transaction. QW_ERR_REFUSED    the file belongs to somebody else, or others may read it
 *   QW_ERR_FORMAT     not a database, not one of ours, or a schema version this build does not know
 *   QW_ERR_IO         cannot be opened or created, or is read-only
 *   QW_ERR_NOMEM
 * A damaged page shows later, as QW_ERR_IO of the verb that meets it. */
qw_err qw_store_sqlite_open(const char *path, struct qw_store *store) QW_MUST_USE;

#endif
