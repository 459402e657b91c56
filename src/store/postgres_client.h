/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_POSTGRES_CLIENT_H
#define QW_STORE_POSTGRES_CLIENT_H

#include "base/log.h"
#include "store/postgres_founding.h"
#include "store/postgres_link.h"
#include "store/postgres_schema.h"

#include <stdbool.h>
#include <stdint.h>

/* One process's place at the database, which outlives its connections. The database counts the
 * groups of every client in a row of its own and all groups together in one row (the turn number);
 * both move in the transaction of the group. So after a connection broke, it can be found out
 * whether the last group is durable, and a database that was set back is noticed. */
struct qw_postgres_client {
    char *uri;
    const struct qw_log *log; /* borrowed; NULL: silent */
    struct qw_postgres_link link;
    uint8_t id[16];      /* of the row in qwave.client, random */
    int64_t number;      /* of the last group that is known to be durable (or fenced off) */
    int64_t turn_number; /* the highest one seen */
    int64_t next_try_ms; /* no connection is tried before */
    bool has_row;        /* the row in qwave.client was made */
    bool is_in_doubt;    /* group number + 1 was sent, and no answer came */
    bool was_durable;    /* what came out about the one that was in doubt last */
    bool is_set_back;    /* the database has lost what it acknowledged: nothing goes any more */
    bool is_moved;       /* others have written since the last turn of ours */
    bool has_turn;       /* between take and give */
    bool has_lost_turn;  /* the connection that held it is gone */
    bool is_founder;     /* of a centre (store/postgres_founding.h), under this id */
    uint8_t founding[QW_FOUNDING_ID_LEN];
};

/* uri and founder (NULL: none) are copied. Connects once. QW_ERR_NOMEM, and as
 * qw_postgres_link_open and _schema_open. */
qw_err qw_postgres_client_init(struct qw_postgres_client *client, const char *uri,
                               const struct qw_log *log, const uint8_t *founder) QW_MUST_USE;
void qw_postgres_client_wipe(struct qw_postgres_client *client); /* zeroed is fine */

/* A working link, a new one if need be, with nothing in doubt. QW_ERR_IO: the database is away.
 * QW_ERR_REFUSED: it was set back, or may no longer be relied on. */
qw_err qw_postgres_client_ready(struct qw_postgres_client *client) QW_MUST_USE;

/* After the link broke with a group under way: waits for the database, at most fifteen seconds, and
 * asks it. The group's late arrival is fenced off, so the answer is final. QW_OK: it is durable.
 * QW_ERR_CLOSED: it is not and never will be. QW_ERR_TIMEOUT: not known; it is asked before
 * anything else is done. QW_ERR_REFUSED as above. */
qw_err qw_postgres_client_settle(struct qw_postgres_client *client) QW_MUST_USE;

/* What a verb of store.h says of an error: what means something here alone is QW_ERR_IO. */
qw_err qw_postgres_outwards(qw_err err);

/* One statement that only reads, on a new link if the old one breaks. As qw_postgres_link_take, as
 * a verb says it. */
qw_err qw_postgres_client_ask(struct qw_postgres_client *client,
                              const struct qw_postgres_call *call, PGresult **result) QW_MUST_USE;

/* A group of ours has become durable with this turn number. */
void qw_postgres_client_count(struct qw_postgres_client *client, int64_t turn_number);

/* Turns: qw_store in store.h. */
qw_err qw_postgres_client_take_turn(struct qw_postgres_client *client, bool *is_moved) QW_MUST_USE;
void qw_postgres_client_give_turn(struct qw_postgres_client *client);

/* The number in the first column of a result's first row; -1 when there is none. */
int64_t qw_postgres_number(const PGresult *result);

#endif
