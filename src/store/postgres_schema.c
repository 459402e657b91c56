/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, session settings and statements of the store on PostgreSQL. SQL text is made from the
 * names of the kinds alone, which are constants. */
#include "store/postgres_schema.h"

#include "base/bytes.h"
#include "store/postgres_founding.h"
#include "store/store_kind.h"

#include <stdio.h>
#include <string.h>

enum { SQL_CAP = 640 };

const char qw_postgres_begin[] = "begin";
const char qw_postgres_commit[] = "commit";
const char qw_postgres_rollback[] = "rollback";
const char qw_postgres_mark[] = "mark";
const char qw_postgres_turned[] = "turned";
const char qw_postgres_lock[] = "lock";
const char qw_postgres_unlock[] = "unlock";
const char qw_postgres_end_stopped[] = "end_stopped";
const char qw_postgres_look[] = "look";
const char qw_postgres_enter[] = "enter";
const char qw_postgres_fence[] = "fence";
const char qw_postgres_where[] = "where";
const char qw_postgres_quit[] = "quit";

/* A change that finds no row divides by zero: the transaction fails there and then, the server
 * skips the rest of the group, and COMMIT can be sent along without waiting for any answer. */
static const struct {
    const char *name, *sql;
} common[] = {
    { qw_postgres_begin, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE" },
    { qw_postgres_commit, "COMMIT" },
    { qw_postgres_rollback, "ROLLBACK" },
    { qw_postgres_mark, "WITH moved AS (UPDATE qwave.client SET number = number + 1, seen = now()"
                        " WHERE id = $1 AND number = $2 RETURNING 1)"
                        " SELECT 1 / count(*) FROM moved" },
    { qw_postgres_turned, "UPDATE qwave.turn SET number = number + 1 RETURNING number" },
    { qw_postgres_lock, "SELECT pg_advisory_lock(1364677191)" },
    { qw_postgres_unlock, "SELECT pg_advisory_unlock(1364677191)" },
    { qw_postgres_end_stopped,
      "SELECT pid::bigint, coalesce(host(client_addr), 'this host'), pg_terminate_backend(pid)"
      " FROM pg_locks JOIN pg_stat_activity USING (pid)"
      " WHERE locktype = 'advisory' AND classid = 0 AND objid = 1364677191 AND granted"
      " AND datname = current_database() AND wait_event_type = 'Client'"
      " AND state_change < now() - interval '10s'" },
    { qw_postgres_look, "SELECT number FROM qwave.turn" },
    { qw_postgres_enter, "INSERT INTO qwave.client(id, number) VALUES($1, 0)"
                         " ON CONFLICT DO NOTHING" },
    { qw_postgres_fence, "UPDATE qwave.client SET number = number + 1"
                         " WHERE id = $1 AND number = $2 RETURNING 1" },
    { qw_postgres_where, "SELECT number FROM qwave.client WHERE id = $1" },
    { qw_postgres_quit, "DELETE FROM qwave.client WHERE id = $1" },
};

/* %s is the table. The walk of a tag is ordered by (tag, id), which the index alone can give: with
 * tag = $3 and the order of the id the planner may walk the whole table for the few of one tag. */
static const char *const of_kind[QW_POSTGRES_STATEMENT_COUNT] = {
    [QW_POSTGRES_INSERT] = "INSERT INTO qwave.%s(id, version, tag, blob) VALUES($1, 1, $2, $3)",
    [QW_POSTGRES_UPDATE] =
        "WITH moved AS (UPDATE qwave.%s SET version = version + 1, tag = $2, blob = $3"
        " WHERE id = $1 AND version = $4 RETURNING 1) SELECT 1 / count(*) FROM moved",
    [QW_POSTGRES_REMOVE] =
        "WITH moved AS (DELETE FROM qwave.%s WHERE id = $1 AND version = $2 RETURNING 1)"
        " SELECT 1 / count(*) FROM moved",
    [QW_POSTGRES_GET] = "SELECT id, version, tag, blob FROM qwave.%s WHERE id = $1",
    [QW_POSTGRES_NEXT] = "SELECT id, version, tag, blob FROM qwave.%s WHERE id > $1"
                         " ORDER BY id LIMIT $2",
    [QW_POSTGRES_NEXT_OF] = "SELECT id, version, tag, blob FROM qwave.%s"
                            " WHERE (tag, id) > ($3, $1) AND tag <= $3 ORDER BY tag, id LIMIT $2",
    [QW_POSTGRES_COUNT] = "SELECT count(*) FROM qwave.%s",
    [QW_POSTGRES_COUNT_OF] = "SELECT count(*) FROM qwave.%s WHERE tag = $1",
};

void qw_postgres_name(enum qw_store_kind kind, enum qw_postgres_statement statement,
                      char out[static QW_POSTGRES_NAME_CAP])
{
    (void)snprintf(out, QW_POSTGRES_NAME_CAP, "k%d_%d", (int)kind, (int)statement);
}

bool qw_postgres_record(const PGresult *result, int row, struct qw_store_record *record)
{
    struct qw_store_record r = { 0 };
    int id_len = PQgetlength(result, row, 0);
    int len = PQgetlength(result, row, 3);

    if (PQnfields(result) != 4 || id_len < 1 || id_len > QW_STORE_ID_MAX ||
        len > QW_STORE_BLOB_MAX || PQgetlength(result, row, 1) != 8 ||
        PQgetlength(result, row, 2) != 8) {
        return false;
    }
    memcpy(r.id, PQgetvalue(result, row, 0), (size_t)id_len);
    r.id_len = (size_t)id_len;
    r.version = qw_load_u64be((const uint8_t *)PQgetvalue(result, row, 1));
    r.tag = (int64_t)qw_load_u64be((const uint8_t *)PQgetvalue(result, row, 2));
    r.blob = (uint8_t *)PQgetvalue(result, row, 3);
    r.len = (size_t)len;
    *record = r;
    return true;
}

/* Which plan is right is known: the index. Statistics of a table that was empty when it was looked
 * at must not talk the planner out of it. No statement_timeout: it would break off a COMMIT that
 * waits for a standby, and PostgreSQL then reports success. A process that was stopped loses its
 * turn with its session after ten seconds; where it stopped with half of its statements sent, the
 * server does not call that idle, and who waits ends the session (qw_postgres_end_stopped). */
static qw_err set_session(struct qw_postgres_link *link)
{
    return qw_postgres_link_ask(
        link,
        "SET search_path = ''; SET statement_timeout = 0; SET lock_timeout = '5s';"
        "SET idle_in_transaction_session_timeout = '30s'; SET idle_session_timeout = '10s';"
        "SET client_min_messages = error;"
        "SET enable_seqscan = off; SET enable_bitmapscan = off;"
        "SET plan_cache_mode = force_generic_plan; SET jit = off;"
        "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2;"
        "SET tcp_keepalives_count = 2",
        NULL, 0);
}

/* Anything less may lose acknowledged groups: then keys would be given twice. */
qw_err qw_postgres_schema_check_server(struct qw_postgres_link *link)
{
    char values[3][QW_POSTGRES_TEXT_CAP];
    qw_err err = qw_postgres_link_ask(link,
                                      "SELECT current_setting('fsync'),"
                                      " current_setting('full_page_writes'),"
                                      " current_setting('synchronous_commit')",
                                      values, 3);

    if (err != QW_OK) {
        return err;
    }
    return strcmp(values[0], "on") == 0 && strcmp(values[1], "on") == 0 &&
                   (strcmp(values[2], "on") == 0 || strcmp(values[2], "remote_apply") == 0)
               ? QW_OK
               : QW_ERR_REFUSED;
}

static qw_err create_table(struct qw_postgres_link *link, enum qw_store_kind kind)
{
    const char *name = qw_store_kind_name(kind);
    char sql[SQL_CAP];
    qw_err err;

    /* Sealed bytes do not compress. */
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE qwave.%s(id bytea PRIMARY KEY, version bigint NOT NULL,"
                   " tag bigint NOT NULL, blob bytea NOT NULL);"
                   "ALTER TABLE qwave.%s ALTER COLUMN blob SET STORAGE EXTERNAL",
                   name, name);
    err = qw_postgres_link_ask(link, sql, NULL, 0);
    if (err != QW_OK || !qw_store_kind_has_tags(kind)) {
        return err;
    }
    (void)snprintf(sql, sizeof sql, "CREATE INDEX %s_tag ON qwave.%s(tag, id)", name, name);
    return qw_postgres_link_ask(link, sql, NULL, 0);
}

/* From an earlier schema, or from 0, nothing: the tables of kinds that it has not. */
static qw_err complete_tables(struct qw_postgres_link *link, int version)
{
    qw_err err = QW_OK;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT && err == QW_OK; kind++) {
        if (qw_store_kind_since((enum qw_store_kind)kind) > version) {
            err = create_table(link, (enum qw_store_kind)kind);
        }
    }
    return err;
}

qw_err qw_postgres_schema_create(struct qw_postgres_link *link)
{
    char sql[SQL_CAP];
    qw_err err = qw_postgres_link_ask(
        link,
        "CREATE SCHEMA qwave; REVOKE ALL ON SCHEMA qwave FROM PUBLIC;"
        "CREATE TABLE qwave.schema_version(version integer NOT NULL);"
        "CREATE TABLE qwave.client(id bytea PRIMARY KEY, number bigint NOT NULL,"
        " seen timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE qwave.turn(number bigint NOT NULL); INSERT INTO qwave.turn VALUES(0)",
        NULL, 0);

    if (err == QW_OK) {
        err = complete_tables(link, 0);
    }
    (void)snprintf(sql, sizeof sql, "INSERT INTO qwave.schema_version VALUES(%d)", QW_STORE_SCHEMA);
    return err == QW_OK ? qw_postgres_link_ask(link, sql, NULL, 0) : err;
}

static qw_err check_version(struct qw_postgres_link *link)
{
    char text[1][QW_POSTGRES_TEXT_CAP];
    char sql[SQL_CAP];
    qw_err err = qw_postgres_link_ask(link, "SELECT version FROM qwave.schema_version", text, 1);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_FORMAT : err;
    }
    for (int version = QW_STORE_SCHEMA_OLDEST; version < QW_STORE_SCHEMA; version++) {
        char old[QW_POSTGRES_TEXT_CAP];

        (void)snprintf(old, sizeof old, "%d", version);
        if (strcmp(text[0], old) == 0) {
            err = complete_tables(link, version);
            (void)snprintf(sql, sizeof sql, "UPDATE qwave.schema_version SET version = %d",
                           QW_STORE_SCHEMA);
            return err == QW_OK ? qw_postgres_link_ask(link, sql, NULL, 0) : err;
        }
    }
    (void)snprintf(sql, sizeof sql, "%d", QW_STORE_SCHEMA);
    return strcmp(text[0], sql) == 0 ? QW_OK : QW_ERR_FORMAT;
}

qw_err qw_postgres_schema_lock(struct qw_postgres_link *link, bool *exists)
{
    char count[1][QW_POSTGRES_TEXT_CAP];
    qw_err err = qw_postgres_link_ask(link, "SELECT pg_advisory_xact_lock(1364677192)", NULL, 0);

    if (err == QW_OK) {
        err = qw_postgres_link_ask(
            link, "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'qwave'", count, 1);
    }
    if (err == QW_OK) {
        *exists = strcmp(count[0], "0") != 0;
    }
    return err;
}

/* In one transaction behind a lock, so that two processes that start together do not both make the
 * tables, or both add to them. */
static qw_err open_tables(struct qw_postgres_link *link, const uint8_t *founder)
{
    bool exists = false;
    qw_err err = qw_postgres_link_ask(link, "BEGIN", NULL, 0);

    if (err == QW_OK) {
        err = qw_postgres_schema_lock(link, &exists);
    }
    if (err == QW_OK && (exists || founder != NULL)) {
        err = qw_postgres_founding_admits(link, founder);
    }
    if (err == QW_OK) {
        err = exists ? check_version(link) : qw_postgres_schema_create(link);
    }
    /* After an error the owner closes the link, and that rolls back. */
    return err == QW_OK ? qw_postgres_link_ask(link, "COMMIT", NULL, 0) : err;
}

static qw_err prepare_all(struct qw_postgres_link *link)
{
    size_t count = sizeof common / sizeof common[0];
    qw_err err = QW_OK;
    qw_err end;

    qw_postgres_link_begin(link);
    for (size_t i = 0; i < count; i++) {
        qw_postgres_link_prepare(link, common[i].name, common[i].sql);
    }
    for (int kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        for (int i = 0; i < QW_POSTGRES_STATEMENT_COUNT; i++, count++) {
            char name[QW_POSTGRES_NAME_CAP];
            char sql[SQL_CAP];
            const char *mark = strstr(of_kind[i], "%s");

            qw_postgres_name((enum qw_store_kind)kind, (enum qw_postgres_statement)i, name);
            (void)snprintf(sql, sizeof sql, "%.*s%s%s", (int)(mark - of_kind[i]), of_kind[i],
                           qw_store_kind_name((enum qw_store_kind)kind), mark + 2);
            qw_postgres_link_prepare(link, name, sql);
        }
    }
    qw_postgres_link_sync(link);
    for (size_t i = 0; i < count; i++) {
        qw_err one = qw_postgres_link_take(link, NULL);

        err = err == QW_OK ? one : err;
    }
    end = qw_postgres_link_take_sync(link);
    return err == QW_OK ? end : err;
}

qw_err qw_postgres_schema_open(struct qw_postgres_link *link, const uint8_t *founder)
{
    qw_err err = set_session(link);

    if (err == QW_OK) {
        err = qw_postgres_schema_check_server(link);
    }
    if (err == QW_OK) {
        err = open_tables(link, founder);
    }
    if (err == QW_OK) {
        err = qw_postgres_link_pipeline(link);
    }
    if (err == QW_OK) {
        err = prepare_all(link);
    }
    return err == QW_OK || err == QW_ERR_REFUSED || err == QW_ERR_FORMAT || err == QW_ERR_STATE
               ? err
               : QW_ERR_IO;
}
