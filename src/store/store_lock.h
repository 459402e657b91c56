/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_LOCK_H
#define QW_STORE_STORE_LOCK_H

#include "base/error.h"

/* A database in an SQLite file has one process, which keeps in memory what is in it: a second one
 * that wrote would put the first out of service [docs/adr/0147]. The lock is on NAME.lock beside
 * the file, ends with the process however that ends, and is gone after a give. SQLite's own locks
 * are on the file itself and end when any descriptor of it is closed. */
struct qw_store_lock;

/* QW_ERR_CONFLICT: another process, or another store of this one, has it. QW_ERR_NOT_FOUND: no such
 * folder. QW_ERR_ARG: too long a path. QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_store_lock_take(const char *database, struct qw_store_lock **lock) QW_MUST_USE;
void qw_store_lock_give(struct qw_store_lock *lock); /* NULL is fine */

#endif
