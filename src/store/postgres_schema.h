/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_POSTGRES_SCHEMA_H
#define QW_STORE_POSTGRES_SCHEMA_H

#include "store/postgres_link.h"
#include "store/store.h"

/* What a database must be before anything is written to it, and the statements that are prepared on
 * every link. Tables: docs/design/store.md. */

enum qw_postgres_statement {                       /* one per kind */
                             QW_POSTGRES_INSERT,   /* $1 id, $2 tag, $3 blob */
                             QW_POSTGRES_UPDATE,   /* $1 id, $2 tag, $3 blob, $4 version */
                             QW_POSTGRES_REMOVE,   /* $1 id, $2 version */
                             QW_POSTGRES_GET,      /* $1 id -> id, version, tag, blob */
                             QW_POSTGRES_NEXT,     /* $1 id, $2 limit -> the same */
                             QW_POSTGRES_NEXT_OF,  /* $1 id, $2 limit, $3 tag -> the same */
                             QW_POSTGRES_COUNT,    /* -> count */
                             QW_POSTGRES_COUNT_OF, /* $1 tag -> count */
                             QW_POSTGRES_STATEMENT_COUNT
};
enum { QW_POSTGRES_NAME_CAP = 16 };
void qw_postgres_name(enum qw_store_kind kind, enum qw_postgres_statement statement,
                      char out[static QW_POSTGRES_NAME_CAP]);

/* A row of GET, NEXT or NEXT_OF; the blob stays the result's. False: it is no record. */
bool qw_postgres_record(const PGresult *result, int row, struct qw_store_record *record);

/* Statements that belong to no kind. */
extern const char qw_postgres_begin[], qw_postgres_commit[], qw_postgres_rollback[];
extern const char qw_postgres_mark[];   /* $1 client, $2 number: ours goes from there to + 1 */
extern const char qw_postgres_turned[]; /* counts a group; -> turn number */
extern const char qw_postgres_lock[], qw_postgres_unlock[]; /* the turn itself */
/* Ends the session that has the turn and has kept the server waiting for ten seconds -> number of
 * its server process, where it came from, whether it was told to end. */
extern const char qw_postgres_end_stopped[];
extern const char qw_postgres_look[];  /* -> turn number */
extern const char qw_postgres_enter[]; /* $1 client: its row, when there is none */
extern const char qw_postgres_fence[]; /* $1 client, $2 number: to + 1, if it is there yet; -> 1 */
extern const char qw_postgres_where[]; /* $1 client -> its number */
extern const char qw_postgres_quit[];  /* $1 client: row removed */

/* For who founds a centre there (store/postgres_founding.h), each in a transaction of the caller's:
 * QW_ERR_REFUSED as below; the lock that keeps others from making or changing tables; *exists,
 * whether there is a schema qwave; its tables. */
qw_err qw_postgres_schema_check_server(struct qw_postgres_link *link) QW_MUST_USE;
qw_err qw_postgres_schema_lock(struct qw_postgres_link *link, bool *exists) QW_MUST_USE;
qw_err qw_postgres_schema_create(struct qw_postgres_link *link) QW_MUST_USE;

/* Settings of the session; refuses a server that may lose what it has acknowledged; makes the
 * tables of a new database, or checks that an old one is ours and adds what its schema has not;
 * prepares. The link is pipelined
 * afterwards. founder: who founds a centre there, and then nobody but he [QW_FOUNDING_ID_LEN];
 * NULL: all others. QW_ERR_STATE: a centre is being founded there, or that was never finished; or,
 * for a founder, his founding is over. QW_ERR_REFUSED: fsync, full_page_writes or
 * synchronous_commit is off. QW_ERR_FORMAT: the schema qwave is not ours, of another version, or
 * incomplete. QW_ERR_IO. */
qw_err qw_postgres_schema_open(struct qw_postgres_link *link, const uint8_t *founder) QW_MUST_USE;

#endif
