/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_OPEN_H
#define QW_STORE_STORE_OPEN_H

#include "base/error.h"
#include "base/log.h"
#include "store/store.h"

/* The store that a setting names: "postgresql://…" a database on a server (store_postgres.h, also
 * about log), all else an SQLite file (store_sqlite.h), which nobody else may have open to write:
 * QW_ERR_CONFLICT; errors as there. */
qw_err qw_store_open(const char *name, const struct qw_log *log,
                     struct qw_store *store) QW_MUST_USE;

#endif
