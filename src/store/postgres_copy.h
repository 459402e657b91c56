/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_POSTGRES_COPY_H
#define QW_STORE_POSTGRES_COPY_H

#include "store/store.h"

#include <stdio.h>

/* A store of store_postgres.h as one stream of store_dump.h, and back. uri and its errors: as
 * there. */

/* As it is at one moment, beside whoever works with it: nobody waits. QW_ERR_NOT_FOUND: no store
 * in that database. */
qw_err qw_store_postgres_copy(const char *uri, FILE *to) QW_MUST_USE;

/* Into a database that holds no store, or an empty one: all records with their versions, and then
 * the ops, which are INSERTs, in one transaction. QW_ERR_CONFLICT: there are records, or an op's is
 * among those of the stream. QW_ERR_FORMAT: no such stream, or not the whole of one. */
qw_err qw_store_postgres_fill(const char *uri, FILE *from, const struct qw_store_op *ops,
                              size_t count) QW_MUST_USE;

#endif
