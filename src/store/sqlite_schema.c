/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_schema.h"

#include "store/sqlite_err.h"
#include "store/store_kind.h"

#include <stdint.h>
#include <stdio.h>

enum {
    APPLICATION_ID = 0x51575354, /* "QWST" in the file's header */
    SQL_CAP = 320
};

static qw_err pragma_int(sqlite3 *connection, const char *sql, int64_t *value)
{
    sqlite3_stmt *query = NULL;
    int code = sqlite3_prepare_v2(connection, sql, -1, &query, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(query);
    }
    if (code == SQLITE_ROW) {
        *value = sqlite3_column_int64(query, 0);
    }
    sqlite3_finalize(query);
    return qw_sqlite_err(code);
}

static int create_table(sqlite3 *connection, enum qw_store_kind kind)
{
    const char *table = qw_store_kind_name(kind);
    char sql[SQL_CAP];
    int code;

    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE \"%s\"(id BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL,"
                   " tag INTEGER NOT NULL, blob BLOB NOT NULL) WITHOUT ROWID",
                   table);
    code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    if (code == SQLITE_OK && qw_store_kind_has_tags(kind)) {
        (void)snprintf(sql, sizeof sql, "CREATE INDEX \"%s_tag\" ON \"%s\"(tag, id)", table, table);
        code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    }
    return code;
}

/* From an earlier schema, or from 0, nothing: what it has not. */
static qw_err complete_schema(sqlite3 *connection, int64_t version)
{
    char sql[SQL_CAP];
    int code = SQLITE_OK;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT && code == SQLITE_OK; kind++) {
        if (qw_store_kind_since((enum qw_store_kind)kind) > version) {
            code = create_table(connection, (enum qw_store_kind)kind);
        }
    }
    if (code == SQLITE_OK) {
        (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                       APPLICATION_ID, QW_STORE_SCHEMA);
        code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    }
    return qw_sqlite_err(code);
}

qw_err qw_sqlite_schema_open(sqlite3 *connection)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t objects = 0;
    qw_err err = qw_sqlite_err(sqlite3_exec(connection, "BEGIN IMMEDIATE", NULL, NULL, NULL));

    if (err == QW_OK) {
        err = pragma_int(connection, "PRAGMA application_id", &application);
    }
    if (err == QW_OK) {
        err = pragma_int(connection, "PRAGMA user_version", &version);
    }
    if (err == QW_OK) {
        err = pragma_int(connection, "SELECT count(*) FROM sqlite_master", &objects);
    }
    if (err == QW_OK && objects == 0 && application == 0 && version == 0) {
        err = complete_schema(connection, 0);
    } else if (err == QW_OK && (application != APPLICATION_ID || version < QW_STORE_SCHEMA_OLDEST ||
                                version > QW_STORE_SCHEMA)) {
        err = QW_ERR_FORMAT;
    } else if (err == QW_OK && version < QW_STORE_SCHEMA) {
        err = complete_schema(connection, version);
    }
    if (err == QW_OK) {
        err = qw_sqlite_err(sqlite3_exec(connection, "COMMIT", NULL, NULL, NULL));
    }
    if (err != QW_OK && !sqlite3_get_autocommit(connection)) {
        (void)sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
    }
    return err;
}
