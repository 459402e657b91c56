/* SPDX-License-Identifier: Apache-2.0 */
/* The connection under store_postgres.c. Nothing here knows what the statements are about. */
#define _POSIX_C_SOURCE 200809L
#include "store/postgres_link.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 30000, REMARKS_MAX = 16 };

static bool is_local(const char *host)
{
    static const char *const loopback[] = { "localhost", "127.0.0.1", "::1" };

    if (host[0] == '/' || host[0] == '@' || host[0] == '\0') {
        return true;
    }
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        if (strcmp(host, loopback[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* hosts: a list with commas. */
static bool all_local(const char *hosts)
{
    char host[256];

    for (;;) {
        size_t len = strcspn(hosts, ",");

        if (len >= sizeof host) {
            return false;
        }
        memcpy(host, hosts, len);
        host[len] = '\0';
        if (!is_local(host)) {
            return false;
        }
        if (hosts[len] == '\0') {
            return true;
        }
        hosts += len + 1;
    }
}

struct uri_facts {
    bool has_password, is_verified, stays_here;
};

static qw_err look_at_uri(const char *uri, struct uri_facts *facts)
{
    struct uri_facts f = { .stays_here = true };
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(uri, &message);

    if (options == NULL) {
        PQfreemem(message);
        return QW_ERR_FORMAT;
    }
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *value = option->val;

        if (value == NULL) {
            continue;
        }
        if (strcmp(option->keyword, "password") == 0 ||
            strcmp(option->keyword, "sslpassword") == 0) {
            f.has_password = true;
        } else if (strcmp(option->keyword, "sslmode") == 0) {
            f.is_verified = strcmp(value, "verify-full") == 0;
        } else if (strcmp(option->keyword, "host") == 0 ||
                   strcmp(option->keyword, "hostaddr") == 0) {
            f.stays_here = f.stays_here && all_local(value);
        }
    }
    PQconninfoFree(options);
    *facts = f;
    return QW_OK;
}

qw_err qw_postgres_uri_check(const char *uri)
{
    struct uri_facts facts;
    qw_err err = look_at_uri(uri, &facts);

    if (err == QW_OK && (facts.has_password || (!facts.is_verified && !facts.stays_here))) {
        err = QW_ERR_REFUSED;
    }
    return err;
}

static void ignore_notice(void *self, const PGresult *result)
{
    (void)self;
    (void)result;
}

qw_err qw_postgres_link_open(const char *uri, struct qw_postgres_link *link)
{
    /* What the URI says comes last and wins. Dead peers are noticed within ten seconds. */
    static const char *const names[] = { "connect_timeout",
                                         "tcp_user_timeout",
                                         "keepalives_idle",
                                         "keepalives_interval",
                                         "keepalives_count",
                                         "gssencmode",
                                         "target_session_attrs",
                                         "fallback_application_name",
                                         "dbname",
                                         NULL };
    const char *const values[] = { "3",       "10000",      "5",      "2", "2",
                                   "disable", "read-write", "qwaved", uri, NULL };
    struct qw_postgres_link l = { .connection = NULL };
    struct uri_facts facts;
    qw_err err = look_at_uri(uri, &facts);

    if (err != QW_OK) {
        return err;
    }
    l.connection = PQconnectdbParams(names, values, 1);
    if (l.connection == NULL) {
        return QW_ERR_NOMEM;
    }
    PQsetNoticeReceiver(l.connection, ignore_notice, NULL);
    if (PQstatus(l.connection) != CONNECTION_OK || PQsetnonblocking(l.connection, 1) != 0) {
        err = QW_ERR_IO;
    } else if (!facts.is_verified && !is_local(PQhostaddr(l.connection))) {
        err = QW_ERR_REFUSED; /* the environment has led us elsewhere */
    }
    if (err != QW_OK) {
        PQfinish(l.connection);
        return err;
    }
    *link = l;
    return QW_OK;
}

void qw_postgres_link_close(struct qw_postgres_link *link)
{
    PQfinish(link->connection); /* NULL is fine */
    *link = (struct qw_postgres_link){ 0 };
}

/* An idle server says nothing but that it leaves: first why, then the end of the stream. */
bool qw_postgres_link_is_up(struct qw_postgres_link *link)
{
    if (link->connection == NULL) {
        return false;
    }
    for (int i = 0; i < REMARKS_MAX && !link->is_lost; i++) {
        struct pollfd wait = { .fd = PQsocket(link->connection), .events = POLLIN };

        if (poll(&wait, 1, 0) <= 0) {
            return true;
        }
        link->is_lost =
            PQconsumeInput(link->connection) != 1 || PQstatus(link->connection) != CONNECTION_OK;
    }
    link->is_lost = true;
    return false;
}

/* Waits until there is something to read, or room to write if that is wanted. */
static bool wait_for_socket(struct qw_postgres_link *link, bool wants_room)
{
    struct pollfd wait = { .fd = PQsocket(link->connection),
                           .events = (short)(POLLIN | (wants_room ? POLLOUT : 0)) };
    int64_t left_ms = link->deadline_ms - qw_clock_monotonic_ms();
    int ready = left_ms <= 0 ? 0 : poll(&wait, 1, (int)left_ms);

    return ready > 0 || (ready < 0 && errno == EINTR);
}

/* Sends what is queued and reads what comes meanwhile: a server whose answers nobody reads would
 * stop reading as well. */
static void flush(struct qw_postgres_link *link)
{
    while (!link->is_lost) {
        int left = PQflush(link->connection);

        if (left == 0) {
            return;
        }
        link->is_lost =
            left < 0 || !wait_for_socket(link, true) || PQconsumeInput(link->connection) != 1;
    }
}

/* NULL: no further result of the statement, or the link is lost. */
static PGresult *next_result(struct qw_postgres_link *link)
{
    PGresult *result;

    while (!link->is_lost && PQisBusy(link->connection) == 1) {
        link->is_lost = !wait_for_socket(link, false) || PQconsumeInput(link->connection) != 1;
    }
    if (link->is_lost) {
        return NULL;
    }
    result = PQgetResult(link->connection);
    link->is_lost = PQstatus(link->connection) != CONNECTION_OK;
    return result;
}

qw_err qw_postgres_error(const char *sqlstate)
{
    static const struct {
        const char *code;
        qw_err err;
    } known[] = {
        { "23505", QW_ERR_CONFLICT },  /* unique_violation */
        { "22012", QW_ERR_NOT_FOUND }, /* division_by_zero: of a count of changed rows */
        { "42P01", QW_ERR_FORMAT },    /* undefined_table */
        { "42703", QW_ERR_FORMAT },    /* undefined_column */
        { "40001", QW_ERR_TIMEOUT },   /* serialization_failure */
        { "40P01", QW_ERR_TIMEOUT },   /* deadlock_detected */
        { "57P01", QW_ERR_CLOSED },    /* admin_shutdown */
        { "57P02", QW_ERR_CLOSED },    /* crash_shutdown */
        { "57P03", QW_ERR_CLOSED },    /* cannot_connect_now */
    };

    for (size_t i = 0; sqlstate != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(sqlstate, known[i].code) == 0) {
            return known[i].err;
        }
    }
    return QW_ERR_IO;
}

static qw_err error_of(struct qw_postgres_link *link, const PGresult *result)
{
    qw_err err;

    if (link->is_lost || result == NULL) {
        return QW_ERR_CLOSED;
    }
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        return QW_OK;
    case PGRES_PIPELINE_ABORTED:
        return QW_ERR_STATE;
    default:
        err = qw_postgres_error(PQresultErrorField(result, PG_DIAG_SQLSTATE));
        link->is_lost = err == QW_ERR_CLOSED;
        return err;
    }
}

/* Of several statements the last one counts. *result is the caller's, whatever comes out. */
static qw_err ask(struct qw_postgres_link *link, const char *sql, int count, PGresult **result)
{
    PGresult *further;
    qw_err err;

    qw_assert(!link->is_pipelined);
    link->deadline_ms = qw_clock_monotonic_ms() + ANSWER_MS;
    link->is_lost = link->is_lost || PQsendQuery(link->connection, sql) != 1;
    flush(link);
    *result = next_result(link);
    err = error_of(link, *result);
    while ((further = next_result(link)) != NULL) {
        err = err == QW_OK ? error_of(link, further) : err;
        PQclear(*result);
        *result = further;
    }
    if (err == QW_OK && count > 0 && (PQntuples(*result) != 1 || PQnfields(*result) != count)) {
        err = QW_ERR_NOT_FOUND;
    }
    return err;
}

qw_err qw_postgres_link_ask(struct qw_postgres_link *link, const char *sql,
                            char (*values)[QW_POSTGRES_TEXT_CAP], int count)
{
    PGresult *result = NULL;
    qw_err err = ask(link, sql, count, &result);

    for (int i = 0; err == QW_OK && i < count; i++) {
        (void)snprintf(values[i], QW_POSTGRES_TEXT_CAP, "%s", PQgetvalue(result, 0, i));
    }
    PQclear(result);
    return err;
}

qw_err qw_postgres_link_ask_text(struct qw_postgres_link *link, const char *sql, char *text,
                                 size_t cap)
{
    PGresult *result = NULL;
    qw_err err = ask(link, sql, 1, &result);

    if (err == QW_OK && (size_t)PQgetlength(result, 0, 0) >= cap) {
        err = QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        (void)snprintf(text, cap, "%s", PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return err;
}

qw_err qw_postgres_link_pipeline(struct qw_postgres_link *link)
{
    if (link->is_lost || PQenterPipelineMode(link->connection) != 1) {
        return QW_ERR_CLOSED;
    }
    link->is_pipelined = true;
    return QW_OK;
}

void qw_postgres_call_add(struct qw_postgres_call *call, const void *value, size_t len)
{
    call->values[call->count] = len == 0 ? "" : value; /* a NULL pointer would be SQL NULL */
    call->lens[call->count] = (int)len;
    call->count++;
}

void qw_postgres_link_begin(struct qw_postgres_link *link)
{
    link->deadline_ms = qw_clock_monotonic_ms() + ANSWER_MS;
}

void qw_postgres_link_prepare(struct qw_postgres_link *link, const char *name, const char *sql)
{
    link->is_lost = link->is_lost || PQsendPrepare(link->connection, name, sql, 0, NULL) != 1;
}

void qw_postgres_link_send(struct qw_postgres_link *link, const struct qw_postgres_call *call)
{
    static const int binary[QW_POSTGRES_PARAMETERS_MAX] = { 1, 1, 1, 1 };

    link->is_lost =
        link->is_lost ||
        PQsendQueryPrepared(link->connection, call->statement, call->count,
                            (const char *const *)call->values, call->lens, binary, 1) != 1;
}

void qw_postgres_link_sync(struct qw_postgres_link *link)
{
    link->is_lost = link->is_lost || PQpipelineSync(link->connection) != 1;
    flush(link);
}

qw_err qw_postgres_link_take(struct qw_postgres_link *link, PGresult **result)
{
    PGresult *taken = next_result(link);
    PGresult *end = taken == NULL ? NULL : next_result(link);
    qw_err err = error_of(link, taken);

    if (end != NULL) { /* NULL ends the results of a statement */
        PQclear(end);
        link->is_lost = true;
    }
    if (link->is_lost) {
        err = QW_ERR_CLOSED;
    }
    if (err == QW_OK && result != NULL) {
        *result = taken;
    } else {
        PQclear(taken);
    }
    return err;
}

qw_err qw_postgres_link_take_sync(struct qw_postgres_link *link)
{
    PGresult *taken = next_result(link);

    link->is_lost = link->is_lost || taken == NULL || PQresultStatus(taken) != PGRES_PIPELINE_SYNC;
    PQclear(taken);
    return link->is_lost ? QW_ERR_CLOSED : QW_OK;
}

qw_err qw_postgres_link_call(struct qw_postgres_link *link, const struct qw_postgres_call *call,
                             PGresult **result)
{
    PGresult *taken = NULL;
    qw_err err;

    qw_postgres_link_begin(link);
    qw_postgres_link_send(link, call);
    qw_postgres_link_sync(link);
    err = qw_postgres_link_take(link, result == NULL ? NULL : &taken);
    if (qw_postgres_link_take_sync(link) != QW_OK) {
        PQclear(taken);
        return QW_ERR_CLOSED;
    }
    if (err == QW_OK && result != NULL) {
        *result = taken;
    }
    return err;
}
