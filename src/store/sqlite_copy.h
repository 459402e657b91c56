/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_SQLITE_COPY_H
#define QW_STORE_SQLITE_COPY_H

#include "base/error.h"

/* A copy of a store of store_sqlite.h as it is at one moment, beside whoever works with it: nobody
 * waits. `to` is an empty file of the caller's. QW_ERR_NOT_FOUND: no such store; QW_ERR_IO;
 * QW_ERR_NOMEM. */
qw_err qw_store_sqlite_copy(const char *path, const char *to) QW_MUST_USE;

#endif
