/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_err.h"

#include <sqlite3.h>

qw_err qw_sqlite_err(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return QW_OK;
    case SQLITE_CONSTRAINT:
        return QW_ERR_CONFLICT;
    case SQLITE_NOMEM:
        return QW_ERR_NOMEM;
    case SQLITE_NOTADB:
        return QW_ERR_FORMAT;
    default:
        return QW_ERR_IO; /* full, read-only, damaged, locked for too long */
    }
}
