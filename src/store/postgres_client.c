/* SPDX-License-Identifier: Apache-2.0 */
/* Connections come and go, the client stays: reconnecting, doubt and turns. */
#define _POSIX_C_SOURCE 200809L
#include "store/postgres_client.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENDED_PID, ENDED_PLACE, ENDED_IS_TOLD, ENDED_COLUMNS }; /* of qw_postgres_end_stopped */
enum { PAUSE_MS = 200, DOUBT_MS = 15000, DOUBT_STEP_MS = 50 };

int64_t qw_postgres_number(const PGresult *result)
{
    if (PQntuples(result) < 1 || PQnfields(result) < 1 || PQgetlength(result, 0, 0) != 8) {
        return -1;
    }
    return (int64_t)qw_load_u64be((const uint8_t *)PQgetvalue(result, 0, 0));
}

static struct qw_postgres_call call_of(const struct qw_postgres_client *client,
                                       const char *statement)
{
    return (struct qw_postgres_call){
        .statement = statement, .count = 1, .values = { client->id }, .lens = { sizeof client->id }
    };
}

static qw_err take_number(struct qw_postgres_client *client, int64_t *number)
{
    PGresult *result = NULL;
    qw_err err = qw_postgres_link_take(&client->link, &result);

    if (err == QW_OK) {
        *number = qw_postgres_number(result);
        PQclear(result);
    }
    return err;
}

/* The row of the client: made on the first link; on a later one it must stand where we left it, and
 * a group in doubt is fenced off by taking its number. The fence waits for a transaction of a lost
 * link that the server is still working on. */
static qw_err find_row(struct qw_postgres_client *client)
{
    struct qw_postgres_link *link = &client->link;
    struct qw_postgres_call first =
        call_of(client, client->has_row ? qw_postgres_fence : qw_postgres_enter);
    struct qw_postgres_call where = call_of(client, qw_postgres_where);
    struct qw_postgres_call look = { .statement = qw_postgres_look };
    bool with_first = !client->has_row || client->is_in_doubt;
    PGresult *fenced = NULL;
    uint8_t number[8];
    int64_t row = -1;
    int64_t turn = -1;
    int64_t expected = client->number + (client->is_in_doubt ? 1 : 0);
    bool was_free = false;
    qw_err err = QW_OK;

    if (client->has_row) {
        qw_store_u64be(number, (uint64_t)client->number);
        first.count = 2;
        first.values[1] = number;
        first.lens[1] = sizeof number;
    }
    qw_postgres_link_begin(link);
    if (with_first) {
        qw_postgres_link_send(link, &first);
    }
    qw_postgres_link_sync(link); /* each statement a transaction: where sees what the fence met */
    qw_postgres_link_send(link, &where);
    qw_postgres_link_send(link, &look);
    qw_postgres_link_sync(link);
    if (with_first) {
        err = qw_postgres_link_take(link, &fenced);
        was_free = err == QW_OK && PQntuples(fenced) == 1;
        PQclear(fenced);
    }
    err = qw_postgres_link_take_sync(link) == QW_OK ? err : QW_ERR_CLOSED;
    if (err == QW_OK) {
        err = take_number(client, &row);
    }
    if (err == QW_OK) {
        err = take_number(client, &turn);
    }
    if (err == QW_OK) {
        err = qw_postgres_link_take_sync(link);
    }
    if (err != QW_OK) {
        return QW_ERR_IO;
    }
    if (row != expected || turn < client->turn_number) {
        client->is_set_back = true;
        return QW_ERR_REFUSED;
    }
    client->is_moved = client->is_moved || client->is_in_doubt || turn != client->turn_number;
    client->was_durable = client->is_in_doubt && !was_free;
    client->is_in_doubt = false;
    client->has_row = true;
    client->number = row;
    client->turn_number = turn;
    return QW_OK;
}

static qw_err connect_again(struct qw_postgres_client *client)
{
    qw_err err;

    client->has_lost_turn = client->has_turn;
    qw_postgres_link_close(&client->link);
    err = qw_postgres_link_open(client->uri, &client->link);
    if (err == QW_OK) {
        err = qw_postgres_schema_open(&client->link, client->is_founder ? client->founding : NULL);
    }
    if (err == QW_OK) {
        err = find_row(client);
    }
    if (err != QW_OK) {
        qw_postgres_link_close(&client->link);
        client->next_try_ms = qw_clock_monotonic_ms() + PAUSE_MS;
    }
    return err;
}

qw_err qw_postgres_client_ready(struct qw_postgres_client *client)
{
    if (client->is_set_back) {
        return QW_ERR_REFUSED;
    }
    if (!client->is_in_doubt && qw_postgres_link_is_up(&client->link)) {
        return QW_OK;
    }
    if (qw_clock_monotonic_ms() < client->next_try_ms) {
        return QW_ERR_IO;
    }
    return connect_again(client);
}

qw_err qw_postgres_client_settle(struct qw_postgres_client *client)
{
    const struct timespec step = { .tv_nsec = DOUBT_STEP_MS * 1000000L };
    int64_t deadline_ms = qw_clock_monotonic_ms() + DOUBT_MS;
    qw_err err;

    client->is_in_doubt = true;
    for (;;) {
        err = qw_postgres_client_ready(client);
        if (!client->is_in_doubt) { /* whatever became of the link since */
            return client->was_durable ? QW_OK : QW_ERR_CLOSED;
        }
        if (err == QW_ERR_REFUSED && client->is_set_back) {
            return err;
        }
        if (qw_clock_monotonic_ms() >= deadline_ms) {
            return QW_ERR_TIMEOUT;
        }
        (void)nanosleep(&step, NULL);
    }
}

qw_err qw_postgres_outwards(qw_err err)
{
    switch (err) {
    case QW_ERR_CLOSED:  /* the link broke, twice */
    case QW_ERR_STATE:   /* skipped after an error: that one counts */
    case QW_ERR_FORMAT:  /* what was prepared is gone */
    case QW_ERR_REFUSED: /* set back, or no longer to be relied on; take_turn says so */
        return QW_ERR_IO;
    default:
        return err;
    }
}

qw_err qw_postgres_client_ask(struct qw_postgres_client *client,
                              const struct qw_postgres_call *call, PGresult **result)
{
    qw_err err = QW_ERR_CLOSED;

    for (int attempt = 0; attempt < 2 && err == QW_ERR_CLOSED; attempt++) {
        err = qw_postgres_client_ready(client);
        if (err == QW_OK) {
            err = qw_postgres_link_call(&client->link, call, result);
        }
    }
    return qw_postgres_outwards(err);
}

void qw_postgres_client_count(struct qw_postgres_client *client, int64_t turn_number)
{
    client->is_moved = client->is_moved || turn_number != client->turn_number + 1;
    client->number++;
    client->turn_number = turn_number;
}

static qw_err lock(struct qw_postgres_client *client)
{
    struct qw_postgres_link *link = &client->link;
    struct qw_postgres_call calls[2] = { { .statement = qw_postgres_lock },
                                         { .statement = qw_postgres_look } };
    int64_t turn = -1;
    qw_err err;
    qw_err end;

    qw_postgres_link_begin(link);
    qw_postgres_link_send(link, &calls[0]);
    qw_postgres_link_sync(link); /* the look's snapshot must not be older than the lock */
    qw_postgres_link_send(link, &calls[1]);
    qw_postgres_link_sync(link);
    err = qw_postgres_link_take(link, NULL);
    end = qw_postgres_link_take_sync(link);
    err = err == QW_OK ? end : err;
    end = take_number(client, &turn);
    err = err == QW_OK ? end : err;
    end = qw_postgres_link_take_sync(link);
    err = err == QW_OK ? end : err;
    if (err == QW_OK && turn < client->turn_number) {
        client->is_set_back = true;
        err = QW_ERR_REFUSED;
    }
    if (err == QW_OK) {
        client->is_moved = client->is_moved || turn != client->turn_number;
        client->turn_number = turn;
    }
    return err;
}

/* A process that goes on finds its session gone; its operator finds here who ended it. */
static void report_ended(const struct qw_postgres_client *client, const PGresult *ended)
{
    bool is_told = PQntuples(ended) == 1 && PQnfields(ended) == ENDED_COLUMNS &&
                   PQgetlength(ended, 0, ENDED_IS_TOLD) == 1 &&
                   *PQgetvalue(ended, 0, ENDED_IS_TOLD) != 0;

    if (is_told) {
        qw_log_write(client->log, QW_LOG_WARNING,
                     "database: the session that had the turn, server process %lld, from %.*s, was "
                     "ended: it has kept the server waiting for ten seconds",
                     (long long)qw_postgres_number(ended), PQgetlength(ended, 0, ENDED_PLACE),
                     PQgetvalue(ended, 0, ENDED_PLACE));
    }
}

/* The server ends an idle session by itself, but not one whose process has sent half of what
 * belongs together and was stopped. */
static void end_stopped_holder(struct qw_postgres_client *client)
{
    struct qw_postgres_link *link = &client->link;
    struct qw_postgres_call call = { .statement = qw_postgres_end_stopped };
    PGresult *ended = NULL;

    if (!qw_postgres_link_is_up(link)) {
        return;
    }
    qw_postgres_link_begin(link);
    qw_postgres_link_send(link, &call);
    qw_postgres_link_sync(link);
    if (qw_postgres_link_take(link, &ended) != QW_OK) {
        return; /* another role's session, which is not ours to end: the next wait fails as well */
    }
    report_ended(client, ended);
    PQclear(ended);
}

qw_err qw_postgres_client_take_turn(struct qw_postgres_client *client, bool *is_moved)
{
    qw_err err = QW_ERR_CLOSED;

    qw_assert(!client->has_turn);
    for (int attempt = 0; attempt < 2 && err == QW_ERR_CLOSED; attempt++) {
        err = qw_postgres_client_ready(client);
        if (err == QW_OK) {
            err = lock(client);
        }
    }
    client->has_turn = true;
    client->has_lost_turn = err != QW_OK;
    if (err != QW_OK) { /* a wait that is broken off may have got the lock in that moment, and a
                           session keeps it, whatever becomes of the statement */
        end_stopped_holder(client);
        qw_postgres_link_close(&client->link);
    }
    if (err == QW_OK) {
        *is_moved = client->is_moved;
        client->is_moved = false;
    }
    return err == QW_OK || err == QW_ERR_REFUSED ? err : QW_ERR_IO;
}

void qw_postgres_client_give_turn(struct qw_postgres_client *client)
{
    struct qw_postgres_link *link = &client->link;
    struct qw_postgres_call call = { .statement = qw_postgres_unlock };

    qw_assert(client->has_turn);
    client->has_turn = false;
    if (client->has_lost_turn || link->connection == NULL) {
        client->has_lost_turn = false;
        return; /* the server gave it away with the connection */
    }
    if (qw_postgres_link_call(link, &call, NULL) != QW_OK) {
        qw_postgres_link_close(link); /* which gives it away as well */
    }
}

qw_err qw_postgres_client_init(struct qw_postgres_client *client, const char *uri,
                               const struct qw_log *log, const uint8_t *founder)
{
    struct qw_postgres_client c = { .log = log, .is_moved = true, .is_founder = founder != NULL };
    size_t len = strlen(uri) + 1;
    qw_err err = qw_postgres_uri_check(uri);

    if (err == QW_OK) {
        err = qw_random_bytes(c.id, sizeof c.id);
    }
    if (err != QW_OK) {
        return err;
    }
    c.uri = malloc(len);
    if (c.uri == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(c.uri, uri, len);
    if (founder != NULL) {
        memcpy(c.founding, founder, sizeof c.founding);
    }
    err = connect_again(&c);
    if (err != QW_OK) {
        free(c.uri);
        return err;
    }
    *client = c;
    return QW_OK;
}

void qw_postgres_client_wipe(struct qw_postgres_client *client)
{
    struct qw_postgres_call call = call_of(client, qw_postgres_quit);

    if (!client->is_in_doubt && qw_postgres_link_is_up(&client->link)) {
        qw_postgres_link_begin(&client->link);
        qw_postgres_link_send(&client->link, &call);
        qw_postgres_link_sync(&client->link);
        client->has_row = qw_postgres_link_take(&client->link, NULL) != QW_OK; /* a few bytes */
    }
    qw_postgres_link_close(&client->link);
    free(client->uri);
    *client = (struct qw_postgres_client){ 0 };
}
