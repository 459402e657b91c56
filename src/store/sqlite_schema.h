/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_SQLITE_SCHEMA_H
#define QW_STORE_SQLITE_SCHEMA_H

#include "base/error.h"

#include <sqlite3.h>

/* What a file of store_sqlite.h holds: one table per kind, all of one shape. */

/* Makes the tables of a new file, or checks that an old one is ours, and adds what an earlier
 * schema has not. In one transaction, so that two processes that start together do not both make
 * them. QW_ERR_FORMAT: not one of ours, or a schema version this build does not know; others as
 * sqlite_err.h. */
qw_err qw_sqlite_schema_open(sqlite3 *connection) QW_MUST_USE;

#endif
