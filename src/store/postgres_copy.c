/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of its own, with the statements of the store: what is read is one snapshot, what is
 * written one transaction. */
#include "store/postgres_copy.h"

#include "base/bytes.h"
#include "store/postgres_client.h"
#include "store/store_dump.h"
#include "store/store_kind.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_RECORDS = 64, BATCH_RECORDS = 64, BATCH_BYTES = 4 << 20 };
static const char snapshot[] = "snapshot";

static qw_err run(struct qw_postgres_link *link, const char *statement)
{
    struct qw_postgres_call call = { .statement = statement };

    return qw_postgres_link_call(link, &call, NULL);
}

static qw_err prepare(struct qw_postgres_link *link, const char *name, const char *sql)
{
    qw_err err;

    qw_postgres_link_begin(link);
    qw_postgres_link_prepare(link, name, sql);
    qw_postgres_link_sync(link);
    err = qw_postgres_link_take(link, NULL);
    return qw_postgres_link_take_sync(link) == QW_OK ? err : QW_ERR_CLOSED;
}

static qw_err has_schema(struct qw_postgres_link *link)
{
    char exists[1][QW_POSTGRES_TEXT_CAP];
    qw_err err = qw_postgres_link_ask(
        link, "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'qwave'", exists, 1);

    return err == QW_OK && strcmp(exists[0], "0") == 0 ? QW_ERR_NOT_FOUND : err;
}

/* *last: the id of the last record that was put, to go on behind it. */
static qw_err copy_page(struct qw_postgres_link *link, enum qw_store_kind kind,
                        struct qw_store_record *last, FILE *to, int *rows)
{
    char name[QW_POSTGRES_NAME_CAP];
    struct qw_postgres_call call = { .statement = name };
    uint8_t limit[8];
    PGresult *page = NULL;
    qw_err err;

    qw_postgres_name(kind, QW_POSTGRES_NEXT, name);
    qw_store_u64be(limit, PAGE_RECORDS);
    qw_postgres_call_add(&call, last->id, last->id_len);
    qw_postgres_call_add(&call, limit, sizeof limit);
    err = qw_postgres_link_call(link, &call, &page);
    *rows = err == QW_OK ? PQntuples(page) : 0;
    for (int row = 0; row < *rows && err == QW_OK; row++) {
        err = qw_postgres_record(page, row, last) ? qw_store_dump_put(to, kind, last) : QW_ERR_IO;
    }
    PQclear(page);
    return err;
}

static qw_err copy_tables(struct qw_postgres_link *link, FILE *to)
{
    qw_err err = qw_store_dump_begin(to);

    for (int kind = 0; kind < QW_STORE_KIND_COUNT && err == QW_OK; kind++) {
        struct qw_store_record last = { .id_len = 0 };
        int rows = PAGE_RECORDS;

        while (err == QW_OK && rows == PAGE_RECORDS) {
            err = copy_page(link, (enum qw_store_kind)kind, &last, to, &rows);
        }
    }
    return err == QW_OK ? qw_store_dump_end(to) : err;
}

static qw_err outwards(qw_err err)
{
    return err == QW_ERR_CLOSED || err == QW_ERR_TIMEOUT || err == QW_ERR_STATE ? QW_ERR_IO : err;
}

qw_err qw_store_postgres_copy(const char *uri, FILE *to)
{
    struct qw_postgres_link link = { 0 };
    qw_err err = qw_postgres_uri_check(uri);

    if (err == QW_OK) {
        err = qw_postgres_link_open(uri, &link);
    }
    if (err != QW_OK) {
        return outwards(err);
    }
    err = has_schema(&link);
    if (err == QW_OK) {
        err = qw_postgres_schema_open(&link, NULL);
        err = err == QW_ERR_STATE ? QW_ERR_NOT_FOUND : err; /* a centre that is not there yet */
    }
    if (err == QW_OK) {
        err = prepare(&link, snapshot, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }
    if (err == QW_OK) {
        err = run(&link, snapshot);
    }
    if (err == QW_OK) {
        err = copy_tables(&link, to);
    }
    qw_postgres_link_close(&link); /* which ends the transaction */
    return outwards(err);
}

static qw_err check_empty(struct qw_postgres_link *link)
{
    qw_err err = QW_OK;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT && err == QW_OK; kind++) {
        char name[QW_POSTGRES_NAME_CAP];
        struct qw_postgres_call call = { .statement = name };
        PGresult *count = NULL;

        qw_postgres_name((enum qw_store_kind)kind, QW_POSTGRES_COUNT, name);
        err = qw_postgres_link_call(link, &call, &count);
        if (err == QW_OK && qw_postgres_number(count) != 0) {
            err = QW_ERR_CONFLICT;
        }
        PQclear(count);
    }
    return err;
}

/* INSERT with a version that is not 1. */
static void put_name(enum qw_store_kind kind, char out[static QW_POSTGRES_NAME_CAP])
{
    (void)snprintf(out, QW_POSTGRES_NAME_CAP, "put_%d", (int)kind);
}

static qw_err prepare_puts(struct qw_postgres_link *link)
{
    qw_err err = QW_OK;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT && err == QW_OK; kind++) {
        char name[QW_POSTGRES_NAME_CAP];
        char sql[160];

        put_name((enum qw_store_kind)kind, name);
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO qwave.%s(id, version, tag, blob) VALUES($1, $2, $3, $4)",
                       qw_store_kind_name((enum qw_store_kind)kind));
        err = prepare(link, name, sql);
    }
    return err;
}

static void send_put(struct qw_postgres_link *link, enum qw_store_kind kind,
                     const struct qw_store_record *record)
{
    char name[QW_POSTGRES_NAME_CAP];
    struct qw_postgres_call call = { .statement = name };
    uint8_t version[8];
    uint8_t tag[8];

    put_name(kind, name);
    qw_store_u64be(version, record->version);
    qw_store_u64be(tag, (uint64_t)record->tag);
    qw_postgres_call_add(&call, record->id, record->id_len);
    qw_postgres_call_add(&call, version, sizeof version);
    qw_postgres_call_add(&call, tag, sizeof tag);
    qw_postgres_call_add(&call, record->blob, record->len);
    qw_postgres_link_send(link, &call);
}

/* The answers to what was sent since the last one. */
static qw_err take_batch(struct qw_postgres_link *link, size_t sent)
{
    qw_err err = QW_OK;

    qw_postgres_link_sync(link);
    for (size_t i = 0; i < sent; i++) {
        qw_err one = qw_postgres_link_take(link, NULL);

        err = err == QW_OK ? one : err;
    }
    return qw_postgres_link_take_sync(link) == QW_OK ? err : QW_ERR_CLOSED;
}

/* Some records at a time, so that neither side waits for each. */
static qw_err fill_tables(struct qw_postgres_link *link, FILE *from, uint8_t *blob)
{
    qw_err err = qw_store_dump_open(from);
    bool is_end = false;

    while (err == QW_OK && !is_end) {
        size_t sent = 0;
        size_t bytes = 0;
        qw_err taken;

        qw_postgres_link_begin(link);
        while (err == QW_OK && !is_end && sent < BATCH_RECORDS && bytes < BATCH_BYTES) {
            struct qw_store_record record = { .blob = blob };
            enum qw_store_kind kind;

            err = qw_store_dump_next(from, &kind, &record, &is_end);
            if (err == QW_OK && !is_end) {
                send_put(link, kind, &record);
                bytes += record.len;
                sent++;
            }
        }
        taken = take_batch(link, sent);
        err = err == QW_OK ? taken : err;
    }
    return err;
}

static qw_err put_ops(struct qw_postgres_link *link, const struct qw_store_op *ops, size_t count)
{
    qw_postgres_link_begin(link);
    for (size_t i = 0; i < count; i++) {
        struct qw_store_record record = { .id_len = ops[i].id_len,
                                          .version = 1,
                                          .tag = ops[i].tag,
                                          .blob = (uint8_t *)(uintptr_t)ops[i].blob,
                                          .len = ops[i].len };

        memcpy(record.id, ops[i].id, ops[i].id_len);
        send_put(link, ops[i].kind, &record);
    }
    return take_batch(link, count);
}

static qw_err fill(struct qw_postgres_link *link, FILE *from, const struct qw_store_op *ops,
                   size_t count, uint8_t *blob)
{
    qw_err err = qw_postgres_schema_open(link, NULL);

    err = err == QW_ERR_STATE ? QW_ERR_CONFLICT : err; /* somebody founds a centre there */
    if (err == QW_OK) {
        err = prepare_puts(link);
    }
    if (err == QW_OK) {
        err = run(link, qw_postgres_begin);
    }
    if (err == QW_OK) {
        err = check_empty(link);
    }
    if (err == QW_OK) {
        err = fill_tables(link, from, blob);
    }
    if (err == QW_OK) {
        err = put_ops(link, ops, count);
    }
    return err == QW_OK ? run(link, qw_postgres_commit) : err;
}

qw_err qw_store_postgres_fill(const char *uri, FILE *from, const struct qw_store_op *ops,
                              size_t count)
{
    struct qw_postgres_link link = { 0 };
    uint8_t *blob;
    qw_err err = qw_postgres_uri_check(uri);

    if (err == QW_OK) {
        err = qw_postgres_link_open(uri, &link);
    }
    if (err != QW_OK) {
        return outwards(err);
    }
    blob = malloc(QW_STORE_BLOB_MAX);
    err = blob == NULL ? QW_ERR_NOMEM : fill(&link, from, ops, count, blob);
    free(blob);
    qw_postgres_link_close(&link); /* what is not committed is gone */
    return outwards(err);
}
