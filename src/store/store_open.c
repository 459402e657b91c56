/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_open.h"

#include "store/store_postgres.h"
#include "store/store_sqlite.h"

qw_err qw_store_open(const char *name, struct qw_store *store)
{
    return qw_store_postgres_is_uri(name) ? qw_store_postgres_open(name, store)
                                          : qw_store_sqlite_open(name, store);
}
