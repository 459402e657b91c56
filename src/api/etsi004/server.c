/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* POLLRDHUP */
#include "api/etsi004/server.h"

#include "api/http_caller.h"
#include "api/http_connection_set.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 1000, FRAMES_PER_TURN = 8 };

static const char PRIORITIES[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:"
                                 "+CHACHA20-POLY1305:%PROFILE_MEDIUM";

struct connection {
    uint64_t number; /* 0: free */
    int fd;
    gnutls_session_t session;
    struct qw_http_connection *guard;
    bool is_open; /* the handshake is over */
    uint8_t in[QW_ETSI004_HEADER_LEN + QW_ETSI004_REQUEST_MAX];
    size_t in_len;
    bool is_waiting; /* the request in `in` is whole and is answered later */
    int64_t came_ms, again_ms;
    uint8_t *out; /* secret memory [HEADER_LEN + ANSWER_MAX] */
    size_t out_len, out_at;
};

struct qw_etsi004_server {
    struct qw_etsi004_server_config config;
    gnutls_priority_t priorities;
    struct qw_http_connection_set set;
    bool has_set;
    int listener;
    int stop[2]; /* a pipe; its end is the sign */
    pthread_t thread;
    bool has_thread;
    uint64_t numbers;
    struct connection connections[]; /* [connections_max] */
};

static void release(struct qw_etsi004_server *server, struct connection *c)
{
    qw_http_connection_remove(c->guard);
    gnutls_deinit(c->session);
    qw_socket_close(c->fd);
    server->config.hang_up(server->config.self, c->number);
    qw_secret_free(c->out);
    qw_wipe(c->in, sizeof c->in);
    memset(c, 0, sizeof *c);
}

/* False: nothing has been kept, fd is closed. */
static bool admit(struct qw_etsi004_server *server, struct connection *c, int fd)
{
    *c = (struct connection){ .fd = fd };
    c->out = qw_secret_new(QW_ETSI004_HEADER_LEN + QW_ETSI004_ANSWER_MAX);
    if (c->out == NULL || gnutls_init(&c->session, GNUTLS_SERVER | GNUTLS_NONBLOCK) != 0) {
        qw_secret_free(c->out);
        qw_socket_close(fd);
        return false;
    }
    if (gnutls_priority_set(c->session, server->priorities) == 0) {
        gnutls_transport_set_int(c->session, fd);
        c->guard = qw_http_connection_add(&server->set, fd, c->session);
    }
    if (c->guard == NULL) {
        gnutls_deinit(c->session);
        qw_secret_free(c->out);
        qw_socket_close(fd);
        return false;
    }
    c->number = ++server->numbers;
    return true;
}

static bool is_over_its_part(const struct qw_etsi004_server *server, const struct connection *c)
{
    unsigned count = 0;

    for (unsigned i = 0; i < server->config.connections_max; i++) {
        const struct connection *other = &server->connections[i];

        count += other->number != 0 && strcmp(other->guard->address, c->guard->address) == 0;
    }
    return count > server->config.connections_per_address_max;
}

static void accept_one(struct qw_etsi004_server *server)
{
    struct connection *c = server->connections;
    int fd;

    while (c->number != 0) { /* there is a free one: only then the listener is looked at */
        c++;
    }
    if (qw_socket_accept(server->listener, 0, &fd) != QW_OK) {
        return;
    }
    if (!admit(server, c, fd)) {
        qw_log_write(server->config.log, QW_LOG_WARNING, "streams: %s", qw_err_text(QW_ERR_NOMEM));
    } else if (is_over_its_part(server, c)) {
        qw_log_write(server->config.log, QW_LOG_WARNING, "%s: streams: too many connections",
                     c->guard->address);
        release(server, c);
    }
}

static bool is_again(ssize_t result)
{
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* The three moves of a connection: done, not now, or it is over. */
enum move { DONE, NOT_NOW, OVER };

static enum move shake(struct qw_etsi004_server *server, struct connection *c)
{
    int result = gnutls_handshake(c->session);

    if (result != 0) {
        return is_again(result) || gnutls_error_is_fatal(result) == 0 ? NOT_NOW : OVER;
    }
    c->is_open = true;
    qw_http_connection_limit(c->guard, server->config.request_timeout_ms);
    return c->guard->is_verified ? DONE : OVER;
}

static enum move send_rest(struct qw_etsi004_server *server, struct connection *c)
{
    while (c->out_at < c->out_len) {
        ssize_t sent = gnutls_record_send(c->session, c->out + c->out_at, c->out_len - c->out_at);

        if (sent < 0) {
            return is_again(sent) ? NOT_NOW : OVER;
        }
        c->out_at += (size_t)sent;
    }
    qw_wipe(c->out, c->out_len);
    c->out_len = 0;
    c->out_at = 0;
    qw_http_connection_limit(c->guard, server->config.idle_timeout_ms);
    return DONE;
}

/* G7: puts the request aside. Our own time is not the client's fault: no deadline runs. */
static enum move wait_on(struct connection *c, int64_t now_ms)
{
    c->is_waiting = true;
    c->again_ms = now_ms + QW_ETSI004_AGAIN_MS;
    return NOT_NOW;
}

/* One whole message is there, for the first time or again. */
static enum move serve(struct qw_etsi004_server *server, struct connection *c,
                       const struct qw_etsi004_header *header)
{
    int64_t now_ms = qw_clock_monotonic_ms();
    struct qw_etsi004_request request = { .connection = c->number,
                                          .identity = c->guard->identity.text,
                                          .certificate_hash = c->guard->identity.hash,
                                          .service = header->service,
                                          .payload = c->in + QW_ETSI004_HEADER_LEN,
                                          .len = header->payload_len };
    size_t len = 0;
    qw_err err = QW_ERR_AUTH;

    c->came_ms = c->is_waiting ? c->came_ms : now_ms;
    request.waited_ms = now_ms - c->came_ms;
    if (qw_http_caller_check(c->guard) == QW_OK) {
        qw_http_connection_limit(c->guard, -1);
        err = server->config.answer(server->config.self, &request, c->out + QW_ETSI004_HEADER_LEN,
                                    &len);
    }
    if (err == QW_ERR_LIMIT) {
        return wait_on(c, now_ms);
    }
    if (err != QW_OK) {
        qw_log_write(server->config.log, QW_LOG_WARNING, "%s: streams: %s, connection ended",
                     request.identity, qw_err_text(err));
        return OVER;
    }
    qw_etsi004_header_write(c->out, (enum qw_etsi004_service)(header->service + 1), (uint32_t)len);
    c->out_len = QW_ETSI004_HEADER_LEN + len;
    c->in_len = 0;
    c->is_waiting = false;
    qw_http_connection_limit(c->guard, server->config.request_timeout_ms);
    return send_rest(server, c);
}

/* Reads no byte beyond the message, so a hurried client waits in the socket, not here. */
static enum move receive(struct qw_etsi004_server *server, struct connection *c)
{
    struct qw_etsi004_header header = { .payload_len = 0 };

    for (;;) {
        size_t want = QW_ETSI004_HEADER_LEN;
        ssize_t got;

        if (c->in_len >= QW_ETSI004_HEADER_LEN) {
            if (qw_etsi004_header_decode(c->in, &header) != QW_OK ||
                header.payload_len > QW_ETSI004_REQUEST_MAX || header.service % 2 != 0) {
                return OVER; /* [docs/protocol/etsi004.md] T4 */
            }
            want += header.payload_len;
        }
        if (c->in_len >= QW_ETSI004_HEADER_LEN && c->in_len == want) {
            return serve(server, c, &header);
        }
        got = gnutls_record_recv(c->session, c->in + c->in_len, want - c->in_len);
        if (got <= 0) {
            return is_again(got) ? NOT_NOW : OVER;
        }
        if (c->in_len == 0) {
            qw_http_connection_limit(c->guard, server->config.request_timeout_ms);
        }
        c->in_len += (size_t)got;
    }
}

static void turn(struct qw_etsi004_server *server, struct connection *c)
{
    enum move move = DONE;

    if (!c->is_open) {
        move = shake(server, c);
    }
    if (move == DONE && c->out_len > 0) {
        move = send_rest(server, c);
    }
    for (unsigned i = 0; move == DONE && i < FRAMES_PER_TURN; i++) { /* then the others */
        move = receive(server, c);
    }
    if (move == OVER) {
        release(server, c);
    }
}

/* Of a connection whose request waits, only its end is looked for. */
static short events_of(const struct connection *c)
{
    bool is_writing =
        c->out_len > 0 || (!c->is_open && gnutls_record_get_direction(c->session) == 1);

    if (c->is_waiting) {
        return POLLRDHUP;
    }
    return is_writing ? POLLOUT : POLLIN;
}

/* How long nothing need be done for it, at most limit_ms. What the TLS layer has read already shows
 * in no poll. */
static int rest_of(const struct connection *c, int64_t now_ms, int limit_ms)
{
    if (c->is_waiting) {
        int64_t rest_ms = c->again_ms > now_ms ? c->again_ms - now_ms : 0;

        return rest_ms < limit_ms ? (int)rest_ms : limit_ms;
    }
    return c->is_open && c->out_len == 0 && gnutls_record_check_pending(c->session) > 0 ? 0
                                                                                        : limit_ms;
}

/* What the poll said, and what no poll says. */
static void attend(struct qw_etsi004_server *server, struct connection *c, short events)
{
    if (c->is_waiting && events != 0) {
        release(server, c); /* gone: nobody reads the answer */
    } else if (events != 0 || rest_of(c, qw_clock_monotonic_ms(), TICK_MS) == 0) {
        turn(server, c);
    }
}

static void *run(void *self)
{
    struct qw_etsi004_server *server = self;
    unsigned max = server->config.connections_max;
    struct pollfd fds[QW_ETSI004_CONNECTIONS_MAX + 2];
    int64_t ticked_ms = qw_clock_monotonic_ms();

    for (;;) {
        int64_t now_ms = qw_clock_monotonic_ms();
        int wait_ms = TICK_MS;
        bool has_room = false;

        for (unsigned i = 0; i < max; i++) {
            const struct connection *c = &server->connections[i];

            fds[i] = (struct pollfd){ .fd = c->number == 0 ? -1 : c->fd };
            has_room = has_room || c->number == 0;
            if (c->number != 0) {
                fds[i].events = events_of(c);
                wait_ms = rest_of(c, now_ms, wait_ms);
            }
        }
        fds[max] = (struct pollfd){ .fd = has_room ? server->listener : -1, .events = POLLIN };
        fds[max + 1] = (struct pollfd){ .fd = server->stop[0], .events = POLLIN };
        (void)poll(fds, max + 2, wait_ms);
        if (fds[max + 1].revents != 0) {
            return NULL;
        }
        for (unsigned i = 0; i < max; i++) {
            struct connection *c = &server->connections[i];

            if (c->number != 0) {
                attend(server, c, fds[i].revents);
            }
        }
        if (fds[max].revents != 0) {
            accept_one(server);
        }
        if (qw_clock_monotonic_ms() - ticked_ms >= TICK_MS) {
            ticked_ms = qw_clock_monotonic_ms();
            server->config.tick(server->config.self);
        }
    }
}

static bool config_ok(const struct qw_etsi004_server_config *config)
{
    return config->connections_max >= 1 && config->connections_max <= QW_ETSI004_CONNECTIONS_MAX &&
           config->connections_per_address_max >= 1 && config->request_timeout_ms >= 2 &&
           config->idle_timeout_ms >= 1 && config->answer != NULL && config->hang_up != NULL &&
           config->tick != NULL;
}

static qw_err start(struct qw_etsi004_server *server, uint16_t *port)
{
    const struct qw_etsi004_server_config *config = &server->config;
    const struct qw_tls_files files = { config->certificate_path, config->key_path,
                                        config->client_ca_path, config->revocation_list_path };
    struct qw_tls_credentials *credentials = NULL;
    qw_err err;

    if (gnutls_priority_init(&server->priorities, PRIORITIES, NULL) != 0) {
        server->priorities = NULL;
        return QW_ERR_NOMEM;
    }
    err = qw_tls_credentials_open(&files, config->log, &credentials);
    if (err == QW_OK) {
        err =
            qw_socket_listen(server->config.address, server->config.port, &server->listener, port);
    }
    if (err == QW_OK && pipe(server->stop) != 0) {
        server->stop[0] = -1;
        server->stop[1] = -1;
        err = QW_ERR_NOMEM;
    }
    if (err == QW_OK) {
        (void)fcntl(server->stop[0], F_SETFD, FD_CLOEXEC);
        (void)fcntl(server->stop[1], F_SETFD, FD_CLOEXEC);
        server->set.request_ms = server->config.request_timeout_ms;
        server->set.handshake_ms = server->config.request_timeout_ms / 2;
        server->set.idle_ms = server->config.idle_timeout_ms;
        server->set.failures = config->failures;
        err = qw_http_connection_set_start(&server->set, credentials, config->log);
        server->has_set = err == QW_OK;
    } else {
        qw_tls_credentials_release(credentials);
    }
    if (err == QW_OK) {
        server->has_thread = pthread_create(&server->thread, NULL, run, server) == 0;
        err = server->has_thread ? QW_OK : QW_ERR_NOMEM;
    }
    return err;
}

qw_err qw_etsi004_server_new(const struct qw_etsi004_server_config *config,
                             struct qw_etsi004_server **server_out, uint16_t *port_out)
{
    struct qw_etsi004_server *server;
    uint16_t port = 0;
    qw_err err;

    if (!config_ok(config)) {
        return QW_ERR_ARG;
    }
    server = calloc(1, sizeof *server + config->connections_max * sizeof server->connections[0]);
    if (server == NULL) {
        return QW_ERR_NOMEM;
    }
    server->config = *config;
    server->listener = -1;
    server->stop[0] = -1;
    server->stop[1] = -1;
    err = start(server, &port);
    if (err != QW_OK) {
        qw_etsi004_server_free(server);
        return err;
    }
    *server_out = server;
    *port_out = port;
    return QW_OK;
}

void qw_etsi004_server_renew(struct qw_etsi004_server *server,
                             struct qw_tls_credentials *credentials)
{
    qw_http_connection_set_renew(&server->set, credentials);
}

void qw_etsi004_server_free(struct qw_etsi004_server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->has_thread) {
        (void)close(server->stop[1]); /* the other end reads as over */
        server->stop[1] = -1;
        pthread_join(server->thread, NULL);
    }
    for (unsigned i = 0; i < server->config.connections_max; i++) {
        if (server->connections[i].number != 0) {
            release(server, &server->connections[i]);
        }
    }
    if (server->has_set) {
        qw_http_connection_set_stop(&server->set);
    }
    qw_socket_close(server->stop[0]);
    qw_socket_close(server->stop[1]);
    qw_socket_close(server->listener);
    if (server->priorities != NULL) {
        gnutls_priority_deinit(server->priorities);
    }
    free(server);
}
