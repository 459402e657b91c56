/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_POSTGRES_H
#define QW_STORE_STORE_POSTGRES_H

#include "base/error.h"
#include "base/log.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* A PostgreSQL database (15 tested) behind the verbs of store.h: a group is one transaction, sent
 * in one go. Any number of processes may share it, and take turns. uri: "postgresql://…" as libpq
 * reads it, several hosts allowed; tables are made in the schema qwave when it is not there.
 * One connection behind one mutex: safe from several threads. log: borrowed as long as the store is
 * open, for what nobody asked for (another process's session that was ended); NULL: silent.
 *   QW_ERR_FORMAT     no such URI; the schema is not ours, of another version, or incomplete
 *   QW_ERR_REFUSED    the URI holds a password (a passfile may), or leads over a network without
 *                     sslmode=verify-full; fsync, full_page_writes or synchronous_commit is off
 *   QW_ERR_STATE      a centre is being founded in it, or that was never finished
 *   QW_ERR_IO         nobody answers, or it does not let us in, or it is read-only
 *   QW_ERR_NOMEM
 * While the server is away every verb is QW_ERR_IO after at most a few seconds; it is looked for
 * again with the next verb. When the connection breaks during submit, the outcome is found out as
 * soon as the server answers again, up to fifteen seconds long; only then is it QW_ERR_TIMEOUT. A
 * server that comes back without something it had acknowledged (an older copy, a failover without
 * synchronous replication) is never used again by this handle: take_turn is
 * QW_ERR_REFUSED, every other verb QW_ERR_IO. */
qw_err qw_store_postgres_open(const char *uri, const struct qw_log *log,
                              struct qw_store *store) QW_MUST_USE;

/* The same for who founds a centre there, while he does (store/postgres_founding.h): id
 * [QW_FOUNDING_ID_LEN]. QW_ERR_STATE: his founding is over. */
qw_err qw_store_postgres_found(const char *uri, const uint8_t *id,
                               struct qw_store *store) QW_MUST_USE;

/* What an error of these two means, for whoever set the URI, which itself is not to be shown: it
 * may hold a password. Static text. */
const char *qw_store_postgres_why(qw_err err);

/* Whether a setting names such a database, and not a file. */
bool qw_store_postgres_is_uri(const char *text);

#endif
