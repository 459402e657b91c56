/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "server.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "client.h"
#include "supply.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>

enum {
    SEATS = 32,
    LOOK_MS = 250,
    HALF_REQUEST_MS = 5000, /* a request that has begun, an answer that is not taken */
    FRESH_ATTEMPTS_MAX = 3  /* a package that was pending comes first and need not be a fresh key */
};

struct server { /* in secret memory */
    const struct server_context *context;
    struct supply supply;
    struct client seats[SEATS]; /* fd -1: free */
    bool is_over;               /* the card is gone */
    bool is_authenticating;     /* the job that runs, */
    uint8_t context_asked[32];  /* for whoever waits with this context */
};

static void answer(struct client *client, const struct qw_local_answer *a)
{
    if (client_answer(client, a, qw_clock_monotonic_ms()) != QW_OK) {
        client_close(client); /* a key that was in the answer is lost, never given again */
    }
}

static void answer_result(struct client *client, qw_err result)
{
    struct qw_local_answer a = { .result = (uint16_t)result,
                                 .request = (uint8_t)client->request.kind };

    answer(client, &a);
}

static void give_key(struct server *server, struct client *client)
{
    struct qw_local_answer a = { .request = QW_LOCAL_KEY };
    qw_err err = qw_card_take_key(server->context->card, a.key_id, a.key);

    a.result = (uint16_t)err;
    if (err == QW_OK) {
        qw_stock_use(&server->supply.stock, qw_clock_monotonic_ms());
    } else {
        qw_log_write(server->context->log, QW_LOG_WARNING, "no key given: %s", qw_err_text(err));
    }
    answer(client, &a);
    qw_wipe(&a, sizeof a);
}

static void give_ledger(struct server *server, struct client *client)
{
    struct qw_local_answer a = { .request = QW_LOCAL_LEDGER, .ledger_len = QW_PLKG_LEDGER_LEN };

    if (!server->supply.has_ledger) {
        answer_result(client, QW_ERR_NOT_FOUND);
        return;
    }
    _Static_assert(QW_PLKG_LEDGER_LEN <= sizeof a.ledger, "the ledger fits into an answer");
    qw_plkg_ledger_encode(&server->supply.ledger, a.ledger);
    answer(client, &a);
}

/* A whole request is there: answers what can be answered at once. */
static void handle(struct server *server, struct client *client)
{
    struct qw_local_answer a = { .request = QW_LOCAL_STATUS };

    switch (client->request.kind) {
    case QW_LOCAL_STATUS:
        supply_status(&server->supply, &a.status, qw_clock_monotonic_ms());
        answer(client, &a);
        return;
    case QW_LOCAL_KEY:
        give_key(server, client);
        return;
    case QW_LOCAL_LEDGER:
        give_ledger(server, client);
        return;
    case QW_LOCAL_REFILL:
        if (supply_is_full(&server->supply)) {
            answer_result(client, QW_OK);
        }
        return; /* else it waits for the radio */
    case QW_LOCAL_FRESH:
    case QW_LOCAL_AUTHENTICATE:
        return;
    }
}

/* The client of that kind that has waited longest, or NULL. */
static struct client *first_waiting(struct server *server, enum qw_local_request_kind kind)
{
    struct client *first = NULL;

    for (size_t i = 0; i < SEATS; i++) {
        struct client *c = &server->seats[i];

        if (c->fd >= 0 && c->phase == CLIENT_WAITING && c->request.kind == kind &&
            (first == NULL || c->since_ms < first->since_ms)) {
            first = c;
        }
    }
    return first;
}

static void finish_fresh(struct server *server, qw_err err, const struct qw_refill_result *result)
{
    struct client *client = first_waiting(server, QW_LOCAL_FRESH);
    struct qw_local_answer a = { .request = QW_LOCAL_FRESH };

    if (client == NULL) {
        if (result->has_fresh) {
            qw_log_write(server->context->log, QW_LOG_WARNING,
                         "a fresh key is lost: whoever asked for it has gone");
        }
        return;
    }
    client->attempts++;
    if (err == QW_OK && !result->has_fresh) {
        if (client->attempts < FRESH_ATTEMPTS_MAX) {
            return; /* the package that was pending is out of the way: once more */
        }
        err = QW_ERR_UNAVAILABLE;
    }
    a.result = (uint16_t)err;
    if (err == QW_OK) {
        memcpy(a.key_id, result->fresh_id, sizeof a.key_id);
        memcpy(a.key, result->fresh_key, sizeof a.key);
    }
    answer(client, &a);
    qw_wipe(&a, sizeof a);
}

static void finish_refill(struct server *server, qw_err err)
{
    for (size_t i = 0; i < SEATS; i++) {
        struct client *c = &server->seats[i];

        if (c->fd >= 0 && c->phase == CLIENT_WAITING && c->request.kind == QW_LOCAL_REFILL) {
            answer_result(c, err);
        }
    }
}

/* Before refills: who proves himself has nothing to prove with when the radio has taken its time.
 */
static void start_authentication(struct server *server)
{
    const struct client *client = first_waiting(server, QW_LOCAL_AUTHENTICATE);

    if (client == NULL || worker_is_busy(server->context->worker)) {
        return;
    }
    server->is_authenticating = true;
    memcpy(server->context_asked, client->request.context, sizeof server->context_asked);
    worker_authenticate(server->context->worker, server->context_asked);
}

/* A statement for one context says nothing to who has asked with another. */
static void finish_authentication(struct server *server)
{
    struct client *client = first_waiting(server, QW_LOCAL_AUTHENTICATE);
    struct qw_local_answer a = { .request = QW_LOCAL_AUTHENTICATE };
    struct qw_auth_outcome outcome = { .until_ms = 0 };

    a.result = (uint16_t)worker_authenticated(server->context->worker, &outcome);
    server->is_authenticating = false;
    if (client == NULL || !qw_equal_ct(client->request.context, server->context_asked,
                                       sizeof server->context_asked)) {
        return; /* it hung up */
    }
    if (a.result == QW_OK) {
        memcpy(a.key_id, outcome.id, sizeof a.key_id);
        a.until_ms = outcome.until_ms;
        qw_stock_use(&server->supply.stock, qw_clock_monotonic_ms());
    }
    answer(client, &a);
}

static void finish_job(struct server *server)
{
    struct qw_refill_result result;
    struct supply_outcome outcome;
    qw_err err = supply_finish(&server->supply, &result, &outcome, qw_clock_monotonic_ms());

    if (!outcome.is_tried_again) { /* else whoever waits goes on waiting */
        if (outcome.was_fresh) {
            finish_fresh(server, err, &result);
        } else {
            finish_refill(server, err);
        }
    }
    server->is_over = result.is_destroyed;
    qw_wipe(&result, sizeof result);
}

/* A free seat; when there is none, that of whoever has been idle longest. NULL: all are busy. */
static struct client *find_seat(struct server *server)
{
    struct client *idle = NULL;

    for (size_t i = 0; i < SEATS; i++) {
        struct client *c = &server->seats[i];

        if (c->fd < 0) {
            return c;
        }
        if (c->phase == CLIENT_READING && c->in_len == 0 &&
            (idle == NULL || c->since_ms < idle->since_ms)) {
            idle = c;
        }
    }
    if (idle != NULL) {
        client_close(idle);
    }
    return idle;
}

static void let_in(struct server *server, int listener)
{
    int fd = -1;
    struct client *seat;

    if (qw_socket_accept(listener, 0, &fd) != QW_OK) {
        return; /* gone again; a lasting error shows as nobody getting in */
    }
    seat = find_seat(server);
    if (seat == NULL) {
        qw_socket_close(fd);
        return;
    }
    client_open(seat, fd, qw_clock_monotonic_ms());
}

static void serve_client(struct server *server, struct client *client, short events)
{
    qw_err err = QW_OK;

    if (client->phase == CLIENT_WAITING) {
        if (events != 0) {
            client_close(client); /* it hung up */
        }
        return;
    }
    if (events == 0) {
        bool is_idle = client->phase == CLIENT_READING && client->in_len == 0;

        if (!is_idle && qw_clock_monotonic_ms() - client->since_ms > HALF_REQUEST_MS) {
            client_close(client);
        }
        return;
    }
    err = client->phase == CLIENT_READING ? client_read(client, qw_clock_monotonic_ms())
                                          : client_write(client, qw_clock_monotonic_ms());
    if (err != QW_OK) {
        client_close(client);
    } else if (client->phase == CLIENT_WAITING) {
        handle(server, client);
    }
}

static short events_of(const struct client *client)
{
    switch (client->phase) {
    case CLIENT_READING:
        return POLLIN;
    case CLIENT_WRITING:
        return POLLOUT;
    case CLIENT_WAITING:
        return POLLRDHUP;
    }
    return 0;
}

/* One round: waits for something to happen and handles it. */
static void turn(struct server *server, int listener)
{
    struct pollfd fds[2 + SEATS] = {
        { .fd = listener, .events = POLLIN },
        { .fd = worker_fd(server->context->worker), .events = POLLIN },
    };

    for (size_t i = 0; i < SEATS; i++) {
        fds[2 + i] =
            (struct pollfd){ .fd = server->seats[i].fd, .events = events_of(&server->seats[i]) };
    }
    if (poll(fds, 2 + SEATS, LOOK_MS) < 0) {
        return; /* interrupted: the caller looks whether to stop */
    }
    for (size_t i = 0; i < SEATS; i++) {
        if (server->seats[i].fd >= 0) {
            serve_client(server, &server->seats[i], fds[2 + i].revents);
        }
    }
    if (fds[1].revents != 0) {
        if (server->is_authenticating) {
            finish_authentication(server);
        } else {
            finish_job(server);
        }
    }
    if (fds[0].revents != 0) {
        let_in(server, listener);
    }
    if (server->is_over) {
        return;
    }
    start_authentication(server);
    supply_start(&server->supply, first_waiting(server, QW_LOCAL_FRESH) != NULL,
                 first_waiting(server, QW_LOCAL_REFILL) != NULL, qw_clock_monotonic_ms());
}

qw_err server_run(const struct server_context *context, int listener)
{
    struct server *server = qw_secret_new(sizeof *server);
    bool is_over;

    if (server == NULL) {
        return QW_ERR_NOMEM;
    }
    server->context = context;
    server->supply = (struct supply){ .settings = context->settings,
                                      .card = context->card,
                                      .worker = context->worker,
                                      .log = context->log };
    supply_init(&server->supply, qw_clock_monotonic_ms());
    for (size_t i = 0; i < SEATS; i++) {
        server->seats[i].fd = -1;
    }
    while (!atomic_load(context->stop) && !server->is_over) {
        turn(server, listener);
    }
    for (size_t i = 0; i < SEATS; i++) {
        if (server->seats[i].fd >= 0) {
            client_close(&server->seats[i]);
        }
    }
    is_over = server->is_over;
    qw_secret_free(server);
    return is_over ? QW_ERR_STATE : QW_OK;
}
