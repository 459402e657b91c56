/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_copy.h"

#include <sqlite3.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 5000 };

/* All pages in one step, within one read transaction: in WAL mode writers go on meanwhile. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code;

    if (backup == NULL) {
        return sqlite3_errcode(to);
    }
    code = sqlite3_backup_step(backup, -1);
    (void)sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? SQLITE_OK : code == SQLITE_OK ? SQLITE_ERROR : code;
}

qw_err qw_store_sqlite_copy(const char *path, const char *to)
{
    sqlite3 *source = NULL;
    sqlite3 *copy = NULL;
    int code;

    if (access(path, R_OK) != 0) {
        return QW_ERR_NOT_FOUND;
    }
    code = sqlite3_open_v2(path, &source, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(source, BUSY_TIMEOUT_MS);
        code = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    }
    if (code == SQLITE_OK) {
        code = copy_pages(source, copy);
    }
    (void)sqlite3_close(copy);
    (void)sqlite3_close(source);
    return code == SQLITE_OK ? QW_OK : code == SQLITE_NOMEM ? QW_ERR_NOMEM : QW_ERR_IO;
}
