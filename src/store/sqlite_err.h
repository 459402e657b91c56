/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_SQLITE_ERR_H
#define QW_STORE_SQLITE_ERR_H

#include "base/error.h"

/* What a result code of SQLite, extended or not, is to the caller of a store. */
qw_err qw_sqlite_err(int code) QW_MUST_USE;

#endif
