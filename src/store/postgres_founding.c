/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "store/postgres_founding.h"

#include "base/hex.h"
#include "base/secret.h"
#include "store/postgres_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_CAP = 2 * QW_FOUNDING_PLACE_CAP + 256, ID_TEXT_CAP = 2 * QW_FOUNDING_ID_LEN + 1 };

struct qw_founding {
    char *uri;
    struct qw_postgres_link link;
};

/* Values are hex digits of our own: nothing of a caller's text is ever SQL. */
struct id_text {
    char text[ID_TEXT_CAP];
};

static struct id_text text_of(const uint8_t *id)
{
    struct id_text text;

    qw_hex_encode(id, QW_FOUNDING_ID_LEN, text.text);
    return text;
}

/* No idle_session_timeout: officers may be typing meanwhile. lock_timeout bounds the wait for the
 * right to found, and for the last group of a process that was killed. */
static qw_err connect_to(struct qw_founding *founding)
{
    struct qw_postgres_link *link = &founding->link;
    qw_err err;

    qw_postgres_link_close(link);
    err = qw_postgres_link_open(founding->uri, link);
    if (err == QW_OK) {
        err = qw_postgres_link_ask(link,
                                   "SET search_path = ''; SET statement_timeout = 0;"
                                   "SET lock_timeout = '8s'; SET idle_session_timeout = 0;"
                                   "SET client_min_messages = error;"
                                   "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2;"
                                   "SET tcp_keepalives_count = 2",
                                   NULL, 0);
    }
    if (err == QW_OK) {
        err = qw_postgres_schema_check_server(link);
    }
    if (err == QW_OK) {
        err = qw_postgres_link_ask(link, "SELECT pg_advisory_lock(1364677193)", NULL, 0);
        err = err == QW_ERR_IO ? QW_ERR_CONFLICT : err; /* waited in vain */
    }
    if (err != QW_OK) {
        qw_postgres_link_close(link);
    }
    return err;
}

qw_err qw_founding_open(const char *uri, struct qw_founding **out)
{
    struct qw_founding *founding;
    qw_err err = qw_postgres_uri_check(uri);

    if (err != QW_OK) {
        return err;
    }
    founding = calloc(1, sizeof *founding);
    if (founding == NULL) {
        return QW_ERR_NOMEM;
    }
    founding->uri = strdup(uri);
    err = founding->uri == NULL ? QW_ERR_NOMEM : connect_to(founding);
    if (err != QW_OK) {
        qw_founding_close(founding);
        return err == QW_ERR_CLOSED ? QW_ERR_IO : err;
    }
    *out = founding;
    return QW_OK;
}

void qw_founding_close(struct qw_founding *founding)
{
    if (founding != NULL) {
        qw_postgres_link_close(&founding->link);
        free(founding->uri);
        free(founding);
    }
}

static qw_err has_table(struct qw_postgres_link *link, bool *has)
{
    char count[1][QW_POSTGRES_TEXT_CAP];
    qw_err err = qw_postgres_link_ask(
        link,
        "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid = c.relnamespace WHERE n.nspname = 'qwave' AND c.relname = 'founding'",
        count, 1);

    if (err == QW_OK) {
        *has = strcmp(count[0], "0") != 0;
    }
    return err;
}

qw_err qw_postgres_founding_admits(struct qw_postgres_link *link, const uint8_t *founder)
{
    char sql[SQL_CAP];
    char count[1][QW_POSTGRES_TEXT_CAP];
    bool has = false;
    qw_err err = has_table(link, &has);

    if (err != QW_OK || !has) {
        return err != QW_OK ? err : founder == NULL ? QW_OK : QW_ERR_STATE;
    }
    if (founder == NULL) {
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM qwave.founding WHERE NOT is_made");
    } else {
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM qwave.founding"
                       " WHERE NOT is_made AND id = decode('%s', 'hex')",
                       text_of(founder).text);
    }
    err = qw_postgres_link_ask(link, sql, count, 1);
    if (err != QW_OK) {
        return err;
    }
    return (strcmp(count[0], "0") == 0) == (founder == NULL) ? QW_OK : QW_ERR_STATE;
}

static qw_err read_mark(struct qw_postgres_link *link, struct qw_founding_mark *mark)
{
    char values[2][QW_POSTGRES_TEXT_CAP];
    char place[2 * QW_FOUNDING_PLACE_CAP];
    qw_err err = qw_postgres_link_ask(
        link, "SELECT encode(id, 'hex'), CASE WHEN is_made THEN 1 ELSE 0 END FROM qwave.founding",
        values, 2);

    if (err == QW_OK) {
        err = qw_postgres_link_ask_text(link, "SELECT encode(place, 'hex') FROM qwave.founding",
                                        place, sizeof place);
    }
    if (err == QW_OK) {
        err = qw_hex_decode(values[0], mark->id, sizeof mark->id);
    }
    if (err == QW_OK) {
        err = qw_hex_decode(place, (uint8_t *)mark->place, strlen(place) / 2);
        mark->state = strcmp(values[1], "1") == 0 ? QW_FOUNDING_MADE : QW_FOUNDING_BEGUN;
    }
    return err == QW_ERR_NOT_FOUND ? QW_ERR_FORMAT : err; /* a table of that name, but not ours */
}

static qw_err look(struct qw_postgres_link *link, struct qw_founding_mark *out)
{
    struct qw_founding_mark mark = { .state = QW_FOUNDING_NONE };
    bool exists = false, has = false;
    qw_err err = qw_postgres_schema_lock(link, &exists);

    if (err == QW_OK && exists) {
        mark.state = QW_FOUNDING_BOOKS;
        err = has_table(link, &has);
    }
    if (err == QW_OK && has) {
        err = read_mark(link, &mark);
    }
    if (err == QW_OK) {
        *out = mark;
    }
    return err;
}

struct step { /* of one transaction */
    const uint8_t *id;
    const char *place;
    struct qw_founding_mark mark; /* before it */
};

static bool is_of(const struct step *step, enum qw_founding_state state)
{
    return step->mark.state == state && qw_equal_ct(step->mark.id, step->id, QW_FOUNDING_ID_LEN);
}

static qw_err do_look(struct qw_postgres_link *link, const struct step *step)
{
    (void)link;
    (void)step;
    return QW_OK;
}

static qw_err do_begin(struct qw_postgres_link *link, const struct step *step)
{
    char place[2 * QW_FOUNDING_PLACE_CAP];
    char sql[SQL_CAP];
    size_t len = strnlen(step->place, QW_FOUNDING_PLACE_CAP - 1);
    qw_err err = step->mark.state == QW_FOUNDING_MADE || step->mark.state == QW_FOUNDING_BOOKS
                     ? QW_ERR_STATE
                     : QW_OK;

    if (err == QW_OK && step->mark.state == QW_FOUNDING_BEGUN) {
        err = qw_postgres_link_ask(link, "DROP SCHEMA qwave CASCADE", NULL, 0);
    }
    if (err == QW_OK) {
        err = qw_postgres_schema_create(link);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_hex_encode((const uint8_t *)step->place, len, place);
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE qwave.founding(id bytea NOT NULL, place bytea NOT NULL,"
                   " is_made boolean NOT NULL);"
                   "INSERT INTO qwave.founding VALUES(decode('%s', 'hex'), decode('%s', 'hex'),"
                   " false)",
                   text_of(step->id).text, place);
    return qw_postgres_link_ask(link, sql, NULL, 0);
}

static qw_err do_make(struct qw_postgres_link *link, const struct step *step)
{
    return is_of(step, QW_FOUNDING_BEGUN)
               ? qw_postgres_link_ask(link, "UPDATE qwave.founding SET is_made = true", NULL, 0)
               : QW_ERR_NOT_FOUND;
}

static qw_err do_end(struct qw_postgres_link *link, const struct step *step)
{
    return is_of(step, QW_FOUNDING_MADE)
               ? qw_postgres_link_ask(link, "DROP TABLE qwave.founding", NULL, 0)
               : QW_ERR_NOT_FOUND;
}

static qw_err do_clear(struct qw_postgres_link *link, const struct step *step)
{
    return is_of(step, QW_FOUNDING_BEGUN) || is_of(step, QW_FOUNDING_MADE)
               ? qw_postgres_link_ask(link, "DROP SCHEMA qwave CASCADE", NULL, 0)
               : QW_ERR_NOT_FOUND;
}

/* Between the look and the COMMIT nobody else founds, makes or changes tables. */
static qw_err run(struct qw_founding *founding, struct step *step,
                  qw_err (*act)(struct qw_postgres_link *link, const struct step *step))
{
    struct qw_postgres_link *link = &founding->link;
    qw_err err = qw_postgres_link_is_up(link) ? QW_OK : connect_to(founding);

    if (err == QW_OK) {
        err = qw_postgres_link_ask(link, "BEGIN", NULL, 0);
    }
    if (err == QW_OK) {
        err = look(link, &step->mark);
    }
    if (err == QW_OK) {
        err = act(link, step);
    }
    if (err == QW_OK) {
        return qw_postgres_link_ask(link, "COMMIT", NULL, 0);
    }
    if (link->connection != NULL && !link->is_lost &&
        qw_postgres_link_ask(link, "ROLLBACK", NULL, 0) != QW_OK) {
        qw_postgres_link_close(link);
    }
    return err;
}

qw_err qw_founding_look(struct qw_founding *founding, struct qw_founding_mark *mark)
{
    struct step step = { .id = NULL };
    qw_err err = run(founding, &step, do_look);

    if (err == QW_OK) {
        *mark = step.mark;
    }
    return err;
}

qw_err qw_founding_begin(struct qw_founding *founding, const uint8_t id[static QW_FOUNDING_ID_LEN],
                         const char *place)
{
    struct step step = { .id = id, .place = place };

    return run(founding, &step, do_begin);
}

qw_err qw_founding_make(struct qw_founding *founding, const uint8_t id[static QW_FOUNDING_ID_LEN])
{
    struct step step = { .id = id };

    return run(founding, &step, do_make);
}

qw_err qw_founding_end(struct qw_founding *founding, const uint8_t id[static QW_FOUNDING_ID_LEN])
{
    struct step step = { .id = id };

    return run(founding, &step, do_end);
}

qw_err qw_founding_clear(struct qw_founding *founding, const uint8_t id[static QW_FOUNDING_ID_LEN])
{
    struct step step = { .id = id };

    return run(founding, &step, do_clear);
}
