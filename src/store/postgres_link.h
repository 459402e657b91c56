/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_POSTGRES_LINK_H
#define QW_STORE_POSTGRES_LINK_H

#include "base/error.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection to a PostgreSQL server that never waits for ever: statements are queued, sent
 * together, and their results taken one by one, all before a deadline. A link that fails once is
 * lost: every further call says QW_ERR_CLOSED, and its owner opens another. Used by one thread at
 * a time; a value, initialised with { 0 }. */
struct qw_postgres_link {
    PGconn *connection;  /* NULL: closed */
    int64_t deadline_ms; /* of the statements under way, monotonic */
    bool is_lost;
    bool is_pipelined;
};

enum { QW_POSTGRES_PARAMETERS_MAX = 4 };

/* A prepared statement and its values, all in binary form: no value is ever part of SQL text. */
struct qw_postgres_call {
    const char *statement; /* its name */
    int count;
    const void *values[QW_POSTGRES_PARAMETERS_MAX]; /* borrowed until the call returns */
    int lens[QW_POSTGRES_PARAMETERS_MAX];
};
/* The call's next value, which may be empty. */
void qw_postgres_call_add(struct qw_postgres_call *call, const void *value, size_t len);

/* Looks at a connection URI without connecting. QW_ERR_FORMAT: libpq does not understand it.
 * QW_ERR_REFUSED: it holds a password (which belongs into a passfile), or it leads over a network
 * and does not ask for sslmode=verify-full: whoever sits in between could play old records back. */
qw_err qw_postgres_uri_check(const char *uri) QW_MUST_USE;

/* Connects, to a server that takes writes. QW_ERR_IO: nobody answers, or it does not let us in. */
qw_err qw_postgres_link_open(const char *uri, struct qw_postgres_link *link) QW_MUST_USE;
void qw_postgres_link_close(struct qw_postgres_link *link); /* a closed one is fine */
/* False also for a connection that the server has left while nobody asked. */
bool qw_postgres_link_is_up(struct qw_postgres_link *link);

/* One statement of constant text and at most one row of texts as its result; before pipelining.
 * QW_ERR_NOT_FOUND: no row; otherwise as qw_postgres_error. The texts go to values, cut to
 * QW_POSTGRES_TEXT_CAP. */
enum { QW_POSTGRES_TEXT_CAP = 64 };
qw_err qw_postgres_link_ask(struct qw_postgres_link *link, const char *sql,
                            char (*values)[QW_POSTGRES_TEXT_CAP], int count) QW_MUST_USE;
/* The same for one long text. QW_ERR_SPACE: it has no room. */
qw_err qw_postgres_link_ask_text(struct qw_postgres_link *link, const char *sql, char *text,
                                 size_t cap) QW_MUST_USE;

/* From here on the link is pipelined. */
qw_err qw_postgres_link_pipeline(struct qw_postgres_link *link) QW_MUST_USE;
/* Starts the deadline. Whatever was queued since the last begin must have been taken. */
void qw_postgres_link_begin(struct qw_postgres_link *link);
void qw_postgres_link_prepare(struct qw_postgres_link *link, const char *name, const char *sql);
void qw_postgres_link_send(struct qw_postgres_link *link, const struct qw_postgres_call *call);
/* Marks the end of what belongs together: after an error the server skips to here. */
void qw_postgres_link_sync(struct qw_postgres_link *link);
/* The result of the next statement in the order they were sent; a failed one yields its error, the
 * skipped ones after it QW_ERR_STATE. result may be NULL; else the caller clears it (after QW_OK).
 */
qw_err qw_postgres_link_take(struct qw_postgres_link *link, PGresult **result) QW_MUST_USE;
/* The mark that qw_postgres_link_sync made. */
qw_err qw_postgres_link_take_sync(struct qw_postgres_link *link) QW_MUST_USE;
/* All of these for one statement: sends it and takes its result, as qw_postgres_link_take. */
qw_err qw_postgres_link_call(struct qw_postgres_link *link, const struct qw_postgres_call *call,
                             PGresult **result) QW_MUST_USE;

/* What the server's SQLSTATE means here. QW_ERR_CONFLICT: an id that exists. QW_ERR_NOT_FOUND: no
 * record with this id and version (SQLSTATE 22012, raised by the statements themselves).
 * QW_ERR_FORMAT: a table is missing. QW_ERR_TIMEOUT: rolled back in favour of another process,
 * worth another try. QW_ERR_CLOSED: the server ends this connection. QW_ERR_IO: all else. */
qw_err qw_postgres_error(const char *sqlstate);

#endif
