/* SPDX-License-Identifier: Apache-2.0 */
/* The store on SQLite 3, on the tables of sqlite_schema.h; why records are opaque here:
 * docs/adr/0007-sqlite-record-store.md. Statements are prepared once, values are bound, no SQL text
 * is ever made from data. */
#define _POSIX_C_SOURCE 200809L
#include "store/store_sqlite.h"

#include "base/secret.h"
#include "store/sqlite_err.h"
#include "store/sqlite_schema.h"
#include "store/store_kind.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 5000, SQL_CAP = 320 };

enum statement {
    INSERT_RECORD,
    UPDATE_BLOB,
    UPDATE_RECORD,
    REMOVE_RECORD,
    GET_RECORD,
    NEXT_RECORD,
    NEXT_RECORD_OF_TAG,
    COUNT_ALL,
    COUNT_TAG,
    STATEMENT_COUNT
};

/* %s is the table. Parameters have the same number everywhere: 1 id, 2 version, 3 tag, 4 blob. */
static const char *const statement_texts[STATEMENT_COUNT] = {
    [INSERT_RECORD] = "INSERT INTO \"%s\"(id, version, tag, blob) VALUES(?1, 1, ?3, ?4)",
    [UPDATE_BLOB] = "UPDATE \"%s\" SET version = version + 1, blob = ?4"
                    " WHERE id = ?1 AND version = ?2 AND tag = ?3",
    [UPDATE_RECORD] = "UPDATE \"%s\" SET version = version + 1, tag = ?3, blob = ?4"
                      " WHERE id = ?1 AND version = ?2",
    [REMOVE_RECORD] = "DELETE FROM \"%s\" WHERE id = ?1 AND version = ?2",
    [GET_RECORD] = "SELECT id, version, tag, blob FROM \"%s\" WHERE id = ?1",
    [NEXT_RECORD] = "SELECT id, version, tag, blob FROM \"%s\" WHERE id > ?1 ORDER BY id LIMIT 1",
    [NEXT_RECORD_OF_TAG] = "SELECT id, version, tag, blob FROM \"%s\" WHERE tag = ?3 AND id > ?1"
                           " ORDER BY id LIMIT 1",
    [COUNT_ALL] = "SELECT count(*) FROM \"%s\"",
    [COUNT_TAG] = "SELECT count(*) FROM \"%s\" WHERE tag = ?3",
};

struct sqlite_store {
    pthread_mutex_t mutex; /* around the connection and its statements */
    sqlite3 *connection;
    sqlite3_stmt *begin, *commit, *rollback;
    sqlite3_stmt *statements[QW_STORE_KIND_COUNT][STATEMENT_COUNT];
};

static qw_err run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    sqlite3_reset(statement);
    return qw_sqlite_err(code);
}

/* The borrowed values must stay until the statement was reset. */
static int bind_blob(sqlite3_stmt *statement, int index, const void *data, size_t len)
{
    if (len == 0) { /* a NULL pointer would be bound as SQL NULL */
        return sqlite3_bind_zeroblob(statement, index, 0);
    }
    return sqlite3_bind_blob64(statement, index, data, len, SQLITE_STATIC);
}

static qw_err record_exists(struct sqlite_store *s, const struct qw_store_op *op, bool *exists)
{
    sqlite3_stmt *get = s->statements[op->kind][GET_RECORD];
    int code = bind_blob(get, 1, op->id, op->id_len);

    if (code == SQLITE_OK) {
        code = sqlite3_step(get);
        *exists = code == SQLITE_ROW;
    }
    sqlite3_reset(get);
    return qw_sqlite_err(code);
}

/* *changed: it has met its record. */
static qw_err run_on_record(struct sqlite_store *s, const struct qw_store_op *op,
                            enum statement which, bool *changed)
{
    sqlite3_stmt *statement = s->statements[op->kind][which];
    int code = bind_blob(statement, 1, op->id, op->id_len);
    qw_err err;

    if (code == SQLITE_OK && op->verb != QW_STORE_INSERT) {
        code = sqlite3_bind_int64(statement, 2, (sqlite3_int64)op->expected_version);
    }
    if (code == SQLITE_OK && op->verb != QW_STORE_REMOVE) {
        code = sqlite3_bind_int64(statement, 3, op->tag);
    }
    if (code == SQLITE_OK && op->verb != QW_STORE_REMOVE) {
        code = bind_blob(statement, 4, op->blob, op->len);
    }
    err = code == SQLITE_OK ? run(statement) : qw_sqlite_err(code);
    *changed = err == QW_OK && sqlite3_changes(s->connection) == 1;
    return err;
}

static qw_err apply(struct sqlite_store *s, const struct qw_store_op *op)
{
    static const enum statement of_verb[] = { [QW_STORE_INSERT] = INSERT_RECORD,
                                              [QW_STORE_UPDATE] = UPDATE_RECORD,
                                              [QW_STORE_REMOVE] = REMOVE_RECORD };
    bool changed = false;
    bool exists = false;
    qw_err err = QW_OK;

    /* A tag that is set is written into the index again, a page more, also when it is the same. */
    if (op->verb == QW_STORE_UPDATE) {
        err = run_on_record(s, op, UPDATE_BLOB, &changed);
    }
    if (err == QW_OK && !changed) {
        err = run_on_record(s, op, of_verb[op->verb], &changed);
    }
    if (err != QW_OK || changed) {
        return err;
    }
    err = record_exists(s, op, &exists);
    if (err != QW_OK) {
        return err;
    }
    return exists ? QW_ERR_CONFLICT : QW_ERR_NOT_FOUND;
}

static qw_err sqlite_submit(void *self, const struct qw_store_op *ops, size_t count)
{
    struct sqlite_store *s = self;
    qw_err err;

    if (!qw_store_ops_ok(ops, count)) {
        return QW_ERR_ARG;
    }
    pthread_mutex_lock(&s->mutex);
    err = run(s->begin);
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        err = apply(s, &ops[i]);
    }
    if (err == QW_OK) {
        err = run(s->commit);
    }
    if (err != QW_OK && !sqlite3_get_autocommit(s->connection)) {
        (void)run(
            s->rollback); /* its own failure changes nothing: the transaction has no commit mark */
    }
    pthread_mutex_unlock(&s->mutex);
    return err;
}

/* Copies the current row. */
static qw_err read_row(sqlite3_stmt *row, struct qw_store_record *record)
{
    struct qw_store_record r = { 0 };
    const void *id = sqlite3_column_blob(row, 0);
    int id_len = sqlite3_column_bytes(row, 0);
    const void *blob = sqlite3_column_blob(row, 3);
    int len = sqlite3_column_bytes(row, 3);

    if (id == NULL || id_len < 1 || id_len > QW_STORE_ID_MAX || len > QW_STORE_BLOB_MAX) {
        return QW_ERR_IO; /* not written by us: the file is damaged */
    }
    r.blob = malloc(len > 0 ? (size_t)len : 1);
    if (r.blob == NULL || (blob == NULL && len > 0)) {
        free(r.blob);
        return QW_ERR_NOMEM;
    }
    memcpy(r.id, id, (size_t)id_len);
    r.id_len = (size_t)id_len;
    r.version = (uint64_t)sqlite3_column_int64(row, 1);
    r.tag = sqlite3_column_int64(row, 2);
    r.len = (size_t)len;
    if (len > 0) {
        memcpy(r.blob, blob, r.len);
    }
    *record = r;
    return QW_OK;
}

/* Runs a query for one record under the mutex; QW_ERR_NOT_FOUND when there is none. */
static qw_err fetch(struct sqlite_store *s, enum qw_store_kind kind, enum statement which,
                    int64_t tag, const void *id, size_t id_len, struct qw_store_record *record)
{
    sqlite3_stmt *query = s->statements[kind][which];
    qw_err err;
    int code;

    pthread_mutex_lock(&s->mutex);
    code = bind_blob(query, 1, id, id_len);
    if (code == SQLITE_OK && which == NEXT_RECORD_OF_TAG) {
        code = sqlite3_bind_int64(query, 3, tag);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(query);
    }
    if (code == SQLITE_ROW) {
        err = read_row(query, record);
    } else {
        err = code == SQLITE_DONE ? QW_ERR_NOT_FOUND : qw_sqlite_err(code);
    }
    sqlite3_reset(query);
    pthread_mutex_unlock(&s->mutex);
    return err;
}

static qw_err sqlite_get(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                         struct qw_store_record *record)
{
    if (!qw_store_kind_ok(kind) || !qw_store_id_ok(id, id_len)) {
        return QW_ERR_ARG;
    }
    return fetch(self, kind, GET_RECORD, 0, id, id_len, record);
}

/* One query per record: the visitor runs without the mutex and may use the store, and a long walk
 * never keeps writers waiting. Records that change meanwhile may be seen in either form. */
static qw_err sqlite_scan(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                          size_t after_len, size_t limit,
                          int (*visit)(void *visitor, const struct qw_store_record *record),
                          void *visitor)
{
    enum statement which = tag == QW_STORE_ANY_TAG ? NEXT_RECORD : NEXT_RECORD_OF_TAG;
    uint8_t last[QW_STORE_ID_MAX];
    size_t last_len = after_len;
    qw_err err = QW_OK;

    if (!qw_store_kind_ok(kind) || after_len > sizeof last || (after == NULL && after_len > 0)) {
        return QW_ERR_ARG;
    }
    if (after_len > 0) {
        memcpy(last, after, after_len);
    }
    for (size_t i = 0; i < limit && err == QW_OK; i++) {
        struct qw_store_record record = { 0 };
        bool go_on;

        err = fetch(self, kind, which, tag, last, last_len, &record);
        if (err != QW_OK) {
            break;
        }
        memcpy(last, record.id, record.id_len);
        last_len = record.id_len;
        go_on = visit(visitor, &record) != 0;
        qw_store_record_free(&record);
        if (!go_on) {
            break;
        }
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

static qw_err sqlite_count(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *count)
{
    struct sqlite_store *s = self;
    sqlite3_stmt *query;
    int code = SQLITE_OK;

    if (!qw_store_kind_ok(kind)) {
        return QW_ERR_ARG;
    }
    query = s->statements[kind][tag == QW_STORE_ANY_TAG ? COUNT_ALL : COUNT_TAG];
    pthread_mutex_lock(&s->mutex);
    if (tag != QW_STORE_ANY_TAG) {
        code = sqlite3_bind_int64(query, 3, tag);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(query);
    }
    if (code == SQLITE_ROW) {
        *count = (uint64_t)sqlite3_column_int64(query, 0);
    }
    sqlite3_reset(query);
    pthread_mutex_unlock(&s->mutex);
    return qw_sqlite_err(code);
}

static void sqlite_close(void *self)
{
    struct sqlite_store *s = self;

    if (s == NULL) {
        return;
    }
    for (size_t kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        for (size_t i = 0; i < STATEMENT_COUNT; i++) {
            sqlite3_finalize(s->statements[kind][i]);
        }
    }
    sqlite3_finalize(s->begin);
    sqlite3_finalize(s->commit);
    sqlite3_finalize(s->rollback);
    sqlite3_close(s->connection);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* SQLite gives its -wal and -shm files the mode of the main file, so this one decides for all. */
static qw_err claim_file(const char *path)
{
    struct stat found;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    qw_err err = QW_OK;

    if (fd < 0) {
        return QW_ERR_IO;
    }
    if (fstat(fd, &found) != 0) {
        err = QW_ERR_IO;
    } else if (!S_ISREG(found.st_mode) || found.st_uid != geteuid() ||
               (found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err = QW_ERR_REFUSED;
    }
    close(fd);
    return err;
}

static qw_err prepare(struct sqlite_store *s)
{
    unsigned flags = SQLITE_PREPARE_PERSISTENT;
    int code = sqlite3_prepare_v3(s->connection, "BEGIN IMMEDIATE", -1, flags, &s->begin, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v3(s->connection, "COMMIT", -1, flags, &s->commit, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v3(s->connection, "ROLLBACK", -1, flags, &s->rollback, NULL);
    }
    for (size_t kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        for (size_t i = 0; i < STATEMENT_COUNT && code == SQLITE_OK; i++) {
            char head[SQL_CAP];
            const char *mark = strstr(statement_texts[i], "%s");
            int before = (int)(mark - statement_texts[i]);

            (void)snprintf(head, sizeof head, "%.*s%s%s", before, statement_texts[i],
                           qw_store_kind_name((enum qw_store_kind)kind), mark + 2);
            code =
                sqlite3_prepare_v3(s->connection, head, -1, flags, &s->statements[kind][i], NULL);
        }
    }
    return code == SQLITE_ERROR ? QW_ERR_FORMAT : qw_sqlite_err(code); /* a table is not there */
}

static qw_err connect_file(struct sqlite_store *s, const char *path)
{
    /* synchronous=FULL: in WAL mode anything less may lose acknowledged groups in a power cut. */
    static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
                                   "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
    int code =
        sqlite3_open_v2(path, &s->connection,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    qw_err err;

    if (code != SQLITE_OK) {
        return qw_sqlite_err(code);
    }
    sqlite3_busy_timeout(s->connection, BUSY_TIMEOUT_MS);
    code = sqlite3_exec(s->connection, settings, NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        return qw_sqlite_err(code);
    }
    err = qw_sqlite_schema_open(s->connection);
    return err == QW_OK ? prepare(s) : err;
}

qw_err qw_store_sqlite_open(const char *path, struct qw_store *store)
{
    struct sqlite_store *s;
    qw_err err = claim_file(path);

    if (err != QW_OK) {
        return err;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_mutex_init(&s->mutex, NULL) != 0) {
        free(s);
        return QW_ERR_NOMEM;
    }
    err = connect_file(s, path);
    if (err != QW_OK) {
        sqlite_close(s);
        return err;
    }
    *store = (struct qw_store){ .self = s,
                                .submit = sqlite_submit,
                                .get = sqlite_get,
                                .scan = sqlite_scan,
                                .count = sqlite_count,
                                .close = sqlite_close };
    return QW_OK;
}
