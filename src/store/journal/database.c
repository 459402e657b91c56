/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal/database.h"

#include "base/bytes.h"
#include "base/secret.h"

#include <sqlite3.h>
#include <string.h>

static const char magic[16] = "SQLite format 3"; /* with its NUL */

static const char rows_sql[] = "SELECT id, blob FROM \"audit\" ORDER BY id";

enum { BUSY_TIMEOUT_MS = 5000 };

bool qw_journal_is_database(FILE *file)
{
    char start[sizeof magic];
    bool is_one = fread(start, 1, sizeof start, file) == sizeof start &&
                  qw_equal_ct(start, magic, sizeof magic);

    rewind(file);
    return is_one;
}

static qw_err error_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_DONE:
    case SQLITE_ROW:
    case SQLITE_OK:
        return QW_OK;
    case SQLITE_NOMEM:
        return QW_ERR_NOMEM;
    case SQLITE_ERROR: /* no such table */
    case SQLITE_NOTADB:
        return QW_ERR_FORMAT;
    default:
        return QW_ERR_IO;
    }
}

/* The id under which a record stands is part of what is checked. */
static bool check_row(struct qw_journal_check *check, sqlite3_stmt *row)
{
    const uint8_t *id = sqlite3_column_blob(row, 0);
    int id_len = sqlite3_column_bytes(row, 0);
    const uint8_t *blob = sqlite3_column_blob(row, 1);
    int len = sqlite3_column_bytes(row, 1);

    if (id == NULL || id_len != 8 || qw_load_u64be(id) != check->report.records + 1) {
        qw_journal_check_fail(check, QW_JOURNAL_PLACE);
        return false;
    }
    if (blob == NULL || len <= QW_AUDIT_HASH_LEN) {
        qw_journal_check_fail(check, QW_JOURNAL_ALTERED);
        return false;
    }
    return qw_journal_check_record(check, blob, (size_t)len);
}

static qw_err check_records(sqlite3 *connection, struct qw_journal_check *check)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(connection, rows_sql, -1, &rows, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(rows);
    }
    while (code == SQLITE_ROW && check_row(check, rows)) {
        code = sqlite3_step(rows);
    }
    sqlite3_finalize(rows);
    return error_of(code);
}

/* The head in clear that the store keeps of its journal: a cut tail leaves it behind. */
static qw_err check_head(sqlite3 *connection, struct qw_journal_check *check)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(connection,
                                  "SELECT blob FROM \"meta\" WHERE id = CAST('audit-head' AS BLOB)",
                                  -1, &row, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(row);
    }
    if (code == SQLITE_ROW) {
        const uint8_t *blob = sqlite3_column_blob(row, 0);

        if (sqlite3_column_bytes(row, 0) != QW_AUDIT_HEAD_LEN || blob == NULL ||
            qw_load_u64be(blob) != check->report.records ||
            !qw_equal_ct(blob + 8, check->hash, sizeof check->hash)) {
            qw_journal_check_fail(check, QW_JOURNAL_CUT);
        }
    } else if (code == SQLITE_DONE) { /* there is none, which is right for an empty journal only */
        if (check->report.records > 0) {
            qw_journal_check_fail(check, QW_JOURNAL_CUT);
        }
    }
    sqlite3_finalize(row);
    return error_of(code);
}

static qw_err open_for_reading(const char *path, sqlite3 **connection)
{
    int code = sqlite3_open_v2(path, connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(*connection, BUSY_TIMEOUT_MS);
        code = sqlite3_exec(*connection,
                            "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;"
                            "BEGIN",
                            NULL, NULL, NULL); /* one state of it throughout */
    }
    return error_of(code);
}

qw_err qw_journal_database_check(const char *path, struct qw_journal_check *check)
{
    sqlite3 *connection = NULL;
    qw_err err = open_for_reading(path, &connection);

    if (err == QW_OK) {
        err = check_records(connection, check);
    }
    if (err == QW_OK) {
        err = check_head(connection, check);
    }
    if (err == QW_OK) {
        qw_journal_check_end(check);
    }
    sqlite3_close(connection); /* ends the transaction */
    return err;
}

qw_err qw_journal_database_read(const char *path,
                                bool (*visit)(void *self, const uint8_t *blob, size_t len),
                                void *self)
{
    sqlite3 *connection = NULL;
    sqlite3_stmt *rows = NULL;
    bool goes_on = true;
    int code;
    qw_err err = open_for_reading(path, &connection);

    if (err == QW_OK) {
        code = sqlite3_prepare_v2(connection, rows_sql, -1, &rows, NULL);
        code = code == SQLITE_OK ? sqlite3_step(rows) : code;
        while (code == SQLITE_ROW && goes_on) {
            goes_on =
                visit(self, sqlite3_column_blob(rows, 1), (size_t)sqlite3_column_bytes(rows, 1));
            code = goes_on ? sqlite3_step(rows) : SQLITE_DONE;
        }
        err = error_of(code);
        sqlite3_finalize(rows);
    }
    sqlite3_close(connection);
    return err;
}
