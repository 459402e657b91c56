/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of an air; its physics are in air/exchange.c. A client that breaks the protocol is
 * dropped, the air goes on. */
#define _GNU_SOURCE
#include "radio/air.h"

#include "base/clock.h"
#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air/exchange.h"
#include "radio/air/message.h"
#include "radio/air/moment.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 8,
    ROLE_UNKNOWN = 3, /* after enum qw_air_role */
    HELLO_TIMEOUT_MS = 2000,
    ANSWER_TIMEOUT_MS = 2000,
    SEND_TIMEOUT_MS = 1000,
    REQUEST_MAX = 64 /* clients send nothing longer */
};

struct client {
    int fd; /* the wire's; -1: no client */
    struct qw_wire wire;
    int role;
    int64_t hello_deadline_ms;
};

struct qw_air {
    struct qw_air_exchange *exchange;
    void (*on_probe)(void *self, const struct qw_air_probe *probe);
    void *self;
    int listener;
    int stop_read, stop_write; /* closing the second ends the thread */
    pthread_t thread;
    struct client client[CLIENTS_MAX];
    bool is_pair_open; /* the terminal waits for an answer */
    uint64_t sequence;
    int64_t answer_deadline_ms;
    struct qw_csi_frame frame;
    uint8_t message[QW_AIR_MESSAGE_MAX];
    bool is_looked_at; /* the viewer waits for the next pair that begins */
    size_t moment_len; /* of what is written of the present pair for the viewer; 0: nothing */
    uint8_t moment[QW_AIR_MOMENT_MAX];
};

static struct client *find_client(struct qw_air *air, int role)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (air->client[i].fd >= 0 && air->client[i].role == role) {
            return &air->client[i];
        }
    }
    return NULL;
}

static void close_client(struct client *client)
{
    qw_wire_close(&client->wire);
    client->fd = -1;
    client->role = ROLE_UNKNOWN;
}

/* L2: the first pair that begins after LOOK is the one that is told. */
static void begin_moment(struct qw_air *air, uint64_t sequence)
{
    air->moment_len =
        air->is_looked_at ? qw_air_moment_begin(sequence, air->moment, sizeof air->moment) : 0;
}

static void add_to_moment(struct qw_air *air, enum qw_air_end end, const struct qw_csi_frame *frame)
{
    air->moment_len =
        qw_air_moment_add(end, frame, air->moment, air->moment_len, sizeof air->moment);
}

/* L3: with what the eavesdropper heard, of the access point if she did. */
static void send_moment(struct qw_air *air)
{
    const struct qw_air_probe *probe = qw_air_exchange_probe(air->exchange);
    struct client *viewer = find_client(air, QW_AIR_VIEWER);

    if (probe->heard_access_point || probe->heard_terminal) {
        add_to_moment(air, QW_AIR_END_EVE,
                      probe->heard_access_point ? &probe->from_access_point
                                                : &probe->from_terminal);
    }
    if (viewer != NULL && qw_wire_send(&viewer->wire, air->moment, air->moment_len) != QW_OK) {
        close_client(viewer);
    }
    air->moment_len = 0;
    air->is_looked_at = false;
}

/* Also when the pair ends because its terminal has gone. */
static void end_pair(struct qw_air *air)
{
    air->is_pair_open = false;
    if (air->on_probe != NULL) {
        air->on_probe(air->self, qw_air_exchange_probe(air->exchange));
    }
    if (air->moment_len > 0) {
        send_moment(air);
    }
}

static void drop_client(struct qw_air *air, struct client *client)
{
    if (client->role == QW_AIR_TERMINAL && air->is_pair_open) {
        end_pair(air);
    }
    close_client(client);
}

/* Whoever does not take its messages is dropped. */
static bool send_to(struct qw_air *air, int role, size_t len)
{
    struct client *client = find_client(air, role);

    if (client == NULL) {
        return false;
    }
    if (len == 0 || qw_wire_send(&client->wire, air->message, len) != QW_OK) {
        drop_client(air, client);
        return false;
    }
    return true;
}

static void send_silence(struct qw_air *air)
{
    end_pair(air);
    send_to(air, QW_AIR_TERMINAL,
            qw_air_silence_encode(air->sequence, air->message, sizeof air->message));
}

/* For a client that leaves by itself or for another one. */
static void lose_client(struct qw_air *air, struct client *client)
{
    bool was_access_point = client->role == QW_AIR_ACCESS_POINT;

    drop_client(air, client);
    if (was_access_point && air->is_pair_open) { /* nobody is left to answer */
        send_silence(air);
    }
}

/* A1, A2 */
static bool take_hello(struct qw_air *air, struct client *client, const uint8_t *data, size_t len)
{
    struct qw_air_ready ready;
    enum qw_air_role role;
    struct client *former;

    if (qw_air_hello_decode(data, len, &role) != QW_OK) {
        return false;
    }
    former = find_client(air, (int)role);
    if (former !=
        NULL) { /* the process was restarted; its old connection is dead or soon will be */
        lose_client(air, former);
    }
    if (role == QW_AIR_VIEWER) {
        air->is_looked_at = false;
        air->moment_len = 0;
    } else {
        qw_air_exchange_join(air->exchange, role);
    }
    client->role = (int)role;
    qw_air_exchange_describe(air->exchange, &ready);
    send_to(air, client->role, qw_air_ready_encode(&ready, air->message, sizeof air->message));
    return true;
}

/* T1: a pair begins; one that is still open will never be answered. */
static bool take_terminal_pilot(struct qw_air *air, const struct qw_air_pilot *pilot)
{
    enum qw_air_outcome outcome;

    if (air->is_pair_open) {
        end_pair(air);
    }
    outcome = qw_air_exchange_terminal(air->exchange, pilot, &air->frame);
    if (outcome == QW_AIR_REFUSED) {
        return false;
    }
    air->is_pair_open = true;
    air->sequence = pilot->sequence;
    air->answer_deadline_ms = qw_clock_monotonic_ms() + ANSWER_TIMEOUT_MS;
    begin_moment(air, pilot->sequence);
    if (outcome == QW_AIR_HEARD) {
        add_to_moment(air, QW_AIR_END_ACCESS_POINT, &air->frame);
    }
    if (outcome == QW_AIR_LOST ||
        !send_to(air, QW_AIR_ACCESS_POINT,
                 qw_air_csi_encode(&air->frame, air->message, sizeof air->message))) {
        send_silence(air);
    }
    return true;
}

/* B1 */
static bool take_access_point_pilot(struct qw_air *air, const struct qw_air_pilot *pilot)
{
    switch (qw_air_exchange_access_point(air->exchange, pilot, &air->frame)) {
    case QW_AIR_HEARD:
        add_to_moment(air, QW_AIR_END_TERMINAL, &air->frame);
        end_pair(air);
        send_to(air, QW_AIR_TERMINAL,
                qw_air_csi_encode(&air->frame, air->message, sizeof air->message));
        return true;
    case QW_AIR_LOST:
        send_silence(air);
        return true;
    case QW_AIR_IGNORED: /* too late: the terminal has gone on */
        return true;
    case QW_AIR_REFUSED:
        break;
    }
    return false;
}

/* A3: whatever pair was open is none any more. */
static void take_tune(struct qw_air *air, struct client *client, const struct qw_tuning *tuning)
{
    enum qw_air_role role = (enum qw_air_role)client->role;
    bool is_tuned = qw_air_exchange_tune(air->exchange, role, tuning);

    if (air->is_pair_open) {
        send_silence(air);
    }
    send_to(air, (int)role, qw_air_tuned_encode(is_tuned, air->message, sizeof air->message));
}

/* False: the client is to be dropped. */
static bool take_message(struct qw_air *air, struct client *client, const uint8_t *data, size_t len)
{
    struct qw_air_pilot pilot;
    struct qw_tuning tuning;

    if (client->role == ROLE_UNKNOWN) {
        return take_hello(air, client, data, len);
    }
    if (client->role == QW_AIR_VIEWER) { /* L1 */
        air->is_looked_at = true;
        return qw_air_look_decode(data, len) == QW_OK;
    }
    if (qw_air_tune_decode(data, len, &tuning) == QW_OK) {
        take_tune(air, client, &tuning);
        return true;
    }
    if (qw_air_pilot_decode(data, len, &pilot) != QW_OK) {
        return false;
    }
    return client->role == QW_AIR_TERMINAL ? take_terminal_pilot(air, &pilot)
                                           : take_access_point_pilot(air, &pilot);
}

static void serve_client(struct qw_air *air, struct client *client)
{
    uint8_t request[REQUEST_MAX];
    size_t len;
    qw_err err = qw_wire_receive(&client->wire, request, sizeof request, &len, 0);

    if (err == QW_ERR_TIMEOUT) {
        return; /* the rest of the message is on its way */
    }
    if (err != QW_OK || !take_message(air, client, request, len)) {
        lose_client(air, client);
    }
}

static void accept_client(struct qw_air *air)
{
    struct client *place = NULL;
    int fd;

    if (qw_socket_accept(air->listener, 0, &fd) != QW_OK) {
        return;
    }
    for (size_t i = 0; i < CLIENTS_MAX && place == NULL; i++) {
        if (air->client[i].fd < 0) {
            place = &air->client[i];
        }
    }
    if (place == NULL) { /* silent strangers lose their place after HELLO_TIMEOUT_MS */
        qw_socket_close(fd);
        return;
    }
    if (qw_wire_tcp_new(fd, SEND_TIMEOUT_MS, &place->wire) != QW_OK) {
        return;
    }
    place->fd = fd;
    place->role = ROLE_UNKNOWN;
    place->hello_deadline_ms = qw_clock_monotonic_ms() + HELLO_TIMEOUT_MS;
}

/* Ends what has waited too long; gives the time until the next such moment, -1 for none. */
static int keep_deadlines(struct qw_air *air)
{
    int64_t now_ms = qw_clock_monotonic_ms();
    int64_t next_ms = INT64_MAX;

    if (air->is_pair_open && now_ms >= air->answer_deadline_ms) {
        send_silence(air);
    }
    if (air->is_pair_open) {
        next_ms = air->answer_deadline_ms;
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &air->client[i];

        if (client->fd < 0 || client->role != ROLE_UNKNOWN) {
            continue;
        }
        if (now_ms >= client->hello_deadline_ms) {
            drop_client(air, client);
        } else if (client->hello_deadline_ms < next_ms) {
            next_ms = client->hello_deadline_ms;
        }
    }
    return next_ms == INT64_MAX ? -1 : (int)(next_ms - now_ms);
}

static void *run(void *self)
{
    struct qw_air *air = self;
    struct pollfd wait[CLIENTS_MAX + 2];

    for (;;) {
        int timeout_ms = keep_deadlines(air);

        wait[0] = (struct pollfd){ .fd = air->stop_read, .events = POLLIN };
        wait[1] = (struct pollfd){ .fd = air->listener, .events = POLLIN };
        for (size_t i = 0; i < CLIENTS_MAX; i++) { /* poll leaves out the negative ones */
            wait[i + 2] = (struct pollfd){ .fd = air->client[i].fd, .events = POLLIN };
        }
        if (poll(wait, CLIENTS_MAX + 2, timeout_ms) < 0) {
            continue;
        }
        if (wait[0].revents != 0) {
            return NULL;
        }
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
            /* A client may have been dropped for another one in this round. */
            if (wait[i + 2].revents != 0 && air->client[i].fd == wait[i + 2].fd) {
                serve_client(air, &air->client[i]);
            }
        }
        if (wait[1].revents != 0) {
            accept_client(air);
        }
    }
}

static qw_err start(struct qw_air *air, const char *address, uint16_t *port)
{
    int ends[2];
    qw_err err = qw_socket_listen(address, *port, &air->listener, port);

    if (err != QW_OK) {
        air->listener = -1;
        return err;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return QW_ERR_IO;
    }
    air->stop_read = ends[0];
    air->stop_write = ends[1];
    if (pthread_create(&air->thread, NULL, run, air) != 0) {
        close(air->stop_write);
        air->stop_write = -1;
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

qw_err qw_air_new(const struct qw_air_config *config,
                  void (*on_probe)(void *self, const struct qw_air_probe *probe), void *self,
                  struct qw_air **air, uint16_t *port, char error[static 256])
{
    const char *address = config->address == NULL ? "127.0.0.1" : config->address;
    struct qw_air *made = calloc(1, sizeof *made);
    uint16_t bound = *port;
    qw_err err = QW_ERR_NOMEM;

    if (made == NULL) {
        snprintf(error, 256, "%s", qw_err_text(err));
        return err;
    }
    *made = (struct qw_air){
        .on_probe = on_probe, .self = self, .listener = -1, .stop_read = -1, .stop_write = -1
    };
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        made->client[i].fd = -1;
    }
    err = qw_air_exchange_new(config, &made->exchange, error);
    if (err == QW_OK) {
        err = start(made, address, &bound);
        if (err != QW_OK) {
            snprintf(error, 256, "%s:%u: %s", address, (unsigned)*port, qw_err_text(err));
        }
    }
    if (err != QW_OK) {
        qw_air_free(made);
        return err;
    }
    *air = made;
    *port = bound;
    return QW_OK;
}

void qw_air_free(struct qw_air *air)
{
    if (air == NULL) {
        return;
    }
    if (air->stop_write >= 0) { /* only while the thread runs */
        close(air->stop_write);
        pthread_join(air->thread, NULL);
    }
    if (air->stop_read >= 0) {
        close(air->stop_read);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (air->client[i].fd >= 0) {
            qw_wire_close(&air->client[i].wire);
        }
    }
    qw_socket_close(air->listener);
    qw_air_exchange_free(air->exchange);
    free(air);
}
