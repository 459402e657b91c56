/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd carries HTTP, GnuTLS the handshake; what they leave open is closed here, in
 * http_caller.c and in http_connection.c: a certificate (or a pre-shared key: api/psk/) is
 * demanded, deadlines are absolute, answers die in locked memory. Why this library: docs/adr/0009.
 */
#define _POSIX_C_SOURCE 200809L
#include "api/http_server.h"

#include "api/http_connection_set.h"
#include "api/http_exchange.h"
#include "api/psk/connection.h"
#include "base/socket.h"

#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    CONNECTION_MEMORY_LEN = 16 * 1024, /* request head and answer head; bodies live elsewhere */
    THREADS_MAX = 64,
    REQUEST_MS = 10000
};

/* TLS 1.3 only. What a resumed session may still do is http_caller.c's business [H1]. */
static const char PRIORITIES[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:"
                                 "+CHACHA20-POLY1305:%PROFILE_MEDIUM";

struct qw_http_server {
    struct qw_http_exchange_context context;
    const struct qw_log *log;
    struct MHD_Daemon *daemon;
    struct qw_psk_gate psk;
    struct qw_http_wait wait; /* of handshakes; used with TLS */
    atomic_bool is_stopping;
    int lent_listener; /* -1: it has its own */
};

/* Control and length of what the library says; never more than its own texts. */
static void log_library(void *cls, const char *format, va_list arguments)
{
    const struct qw_http_server *server = cls;
    char text[256];
    int len;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    len = vsnprintf(text, sizeof text, format, arguments);
#pragma GCC diagnostic pop
    while (len > 0 && len < (int)sizeof text && text[len - 1] == '\n') {
        text[--len] = '\0';
    }
    qw_log_write(server->log, QW_LOG_DEBUG, "http: %s", text);
}

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

static bool wait_for_more(void *self)
{
    return qw_http_wait_for(self);
}

static void notify_connection(void *cls, struct MHD_Connection *connection, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct qw_http_server *server = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        gnutls_session_t session = server->context.set.is_plain ? NULL : session_of(connection);
        struct qw_http_connection *c =
            qw_http_connection_add(&server->context.set, fd->connect_fd, session);

        if (c != NULL && session != NULL) {
            qw_tls_pipe_open(&c->pipe, fd->connect_fd, session);
            qw_tls_pipe_on_empty(&c->pipe, wait_for_more, &c->waiter);
            c->waiter = (struct qw_http_waiter){ .room = &server->wait,
                                                 .connection = connection,
                                                 .fd = fd->connect_fd };
        }
        *context = c;
    } else if (*context != NULL) {
        qw_http_connection_remove(*context);
        *context = NULL;
    }
}

/* Paths and queries are split before they are decoded, by api/url.c: nothing is decoded here. */
static size_t leave_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static qw_err read_credentials(struct qw_http_server *server,
                               const struct qw_http_server_config *config,
                               struct qw_tls_credentials **credentials)
{
    const struct qw_tls_files files = { config->certificate_path, config->key_path,
                                        config->client_ca_path, config->revocation_list_path };

    *credentials = NULL;
    if (config->is_plain) {
        return QW_OK;
    }
    return config->psk != NULL ? qw_psk_gate_open(&server->psk, config->psk)
                               : qw_tls_credentials_open(&files, config->log, credentials);
}

/* The library has no certificate of its own: each session gets its credentials in
 * qw_http_connection_add, and one that did not get any fails here. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
                          int authority_count, const gnutls_pk_algorithm_t *algorithms,
                          int algorithm_count, gnutls_pcert_st **certificates,
                          unsigned int *certificate_count, gnutls_privkey_t *key)
{
    (void)session;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    (void)certificates;
    (void)certificate_count;
    (void)key;
    return -1;
}

enum { CREDENTIAL_ITEMS = 3 };

/* What the library is told about the proof that callers owe. */
static void list_credentials(const struct qw_http_server *server,
                             struct MHD_OptionItem items[static CREDENTIAL_ITEMS])
{
    const struct MHD_OptionItem certificates[CREDENTIAL_ITEMS] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem psk[CREDENTIAL_ITEMS] = {
        { MHD_OPTION_HTTPS_CRED_TYPE, GNUTLS_CRD_PSK, NULL },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)qw_psk_priorities },
        { MHD_OPTION_END, 0, NULL },
    };

    static const struct MHD_OptionItem none = { MHD_OPTION_END, 0, NULL };

    if (server->context.set.is_plain) {
        items[0] = none;
        return;
    }
    memcpy(items, server->psk.keys != NULL ? psk : certificates, sizeof certificates);
}

/* Of who calls: is there anybody to serve him? */
static enum MHD_Result accept_caller(void *cls, const struct sockaddr *address, socklen_t len)
{
    struct qw_http_server *server = cls;

    (void)address;
    (void)len;
    return atomic_load(&server->is_stopping) ? MHD_NO : MHD_YES;
}

/* The library shuts the listener down and closes it when it stops. */
static struct MHD_Daemon *start(struct qw_http_server *server,
                                const struct qw_http_server_config *config, int listener)
{
    unsigned flags = (config->is_plain ? 0 : MHD_USE_TLS) | MHD_USE_EPOLL_INTERNAL_THREAD |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem threads[] = {
        { config->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
          (intptr_t)config->threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem credentials[CREDENTIAL_ITEMS];

    list_credentials(server, credentials);
    return MHD_start_daemon(
        flags, 0, accept_caller, server, qw_http_exchange_step,
        &server->context, /* the logger comes first, so that it hears the rest */
        MHD_OPTION_EXTERNAL_LOGGER, log_library, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_ARRAY, threads, MHD_OPTION_HTTPS_CERT_CALLBACK, no_certificate, MHD_OPTION_ARRAY,
        credentials, MHD_OPTION_CONNECTION_LIMIT, config->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->connections_per_address_max,
        MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_LEN, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_URI_LOG_CALLBACK,
        qw_http_exchange_begin, &server->context, MHD_OPTION_NOTIFY_COMPLETED, qw_http_exchange_end,
        &server->context, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, server, MHD_OPTION_END);
}

static qw_err start_library(struct qw_http_server *server,
                            const struct qw_http_server_config *config, int listener)
{
    if (!config->is_plain) {
        qw_err err = qw_http_wait_start(&server->wait);

        if (err != QW_OK) {
            return err;
        }
    }
    server->daemon = start(server, config, listener);
    if (server->daemon == NULL && !config->is_plain) {
        qw_http_wait_stop(&server->wait);
        qw_http_wait_close(&server->wait);
    }
    return server->daemon == NULL ? QW_ERR_IO : QW_OK;
}

static bool config_ok(const struct qw_http_server_config *config)
{
    return config->threads >= 1 && config->threads <= THREADS_MAX &&
           config->connections_max >= config->threads && config->connections_per_address_max >= 1 &&
           config->idle_timeout_s >= 1 && config->request_timeout_ms >= 0 && config->handle != NULL;
}

/* Of a lent one the library gets a descriptor of its own, because it closes it. */
static qw_err open_listener(const struct qw_http_server_config *config, int *listener,
                            uint16_t *port)
{
    if (config->listener <= 0) {
        return qw_socket_listen(config->address, config->port, listener, port);
    }
    *listener = fcntl(config->listener, F_DUPFD_CLOEXEC, 0);
    return *listener < 0 ? QW_ERR_IO : qw_socket_listen_again(*listener);
}

/* Which socket it is, whatever its number; 0: none. */
static ino_t socket_at(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

/* A library that does not start has closed the listener, or not: it depends on how far it came. And
 * the number may be another thread's by now. */
static void close_if_still(int listener, ino_t socket)
{
    if (socket_at(listener) == socket) {
        qw_socket_close(listener);
    }
}

static void release(struct qw_http_server *server)
{
    qw_psk_gate_close(&server->psk);
    free(server);
}

qw_err qw_http_server_new(const struct qw_http_server_config *config,
                          struct qw_http_server **server_out, uint16_t *port_out)
{
    struct qw_http_server *server;
    struct qw_http_connection_set *set;
    struct qw_tls_credentials *credentials;
    uint16_t port = 0;
    int listener = -1;
    ino_t socket;
    qw_err err;

    if (!config_ok(config)) {
        return QW_ERR_ARG;
    }
    server = calloc(1, sizeof *server);
    if (server == NULL) {
        return QW_ERR_NOMEM;
    }
    set = &server->context.set;
    server->log = config->log;
    server->context.self = config->self;
    server->context.handle = config->handle;
    atomic_init(&server->is_stopping, false);
    server->lent_listener = config->listener > 0 ? config->listener : -1;
    set->request_ms = config->request_timeout_ms == 0 ? REQUEST_MS : config->request_timeout_ms;
    set->handshake_ms = set->request_ms / 2;
    set->idle_ms = (int)(config->idle_timeout_s < 86400 ? config->idle_timeout_s : 86400) * 1000;
    set->is_plain = config->is_plain;
    set->is_open = config->is_open;
    set->failures = config->failures;
    err = read_credentials(server, config, &credentials);
    set->psk = server->psk.keys != NULL ? &server->psk : NULL;
    if (err == QW_OK) {
        err = open_listener(config, &listener, &port);
    }
    if (err == QW_OK) {
        err = qw_http_connection_set_start(set, credentials, config->log);
    } else {
        qw_tls_credentials_release(credentials);
    }
    if (err != QW_OK) {
        qw_socket_close(listener);
        release(server);
        return err;
    }
    socket = socket_at(listener);
    err = start_library(server, config, listener);
    if (err != QW_OK) {
        qw_http_connection_set_stop(set);
        close_if_still(listener, socket);
        release(server);
        return err;
    }
    *server_out = server;
    if (config->listener <= 0) {
        *port_out = port;
    }
    return QW_OK;
}

void qw_http_server_refresh(struct qw_http_server *server)
{
    qw_http_connection_set_refresh(&server->context.set);
}

void qw_http_server_renew(struct qw_http_server *server, struct qw_tls_credentials *credentials)
{
    qw_assert(server->psk.keys == NULL && !server->context.set.is_plain);
    qw_http_connection_set_renew(&server->context.set, credentials);
}

/* The library could stop listening at once (MHD_quiesce_daemon), but its threads and the caller may
 * then both take the listener out of the same epoll set, and the second ends the process. */
void qw_http_server_free(struct qw_http_server *server)
{
    if (server == NULL) {
        return;
    }
    atomic_store(&server->is_stopping, true);
    qw_http_connection_set_drain(&server->context.set, server->context.set.request_ms);
    if (!server->context.set.is_plain) {
        qw_http_wait_stop(&server->wait);
    }
    MHD_stop_daemon(server->daemon);
    if (!server->context.set.is_plain) {
        qw_http_wait_close(&server->wait);
    }
    if (server->lent_listener >= 0 && qw_socket_listen_again(server->lent_listener) != QW_OK) {
        qw_log_write(server->log, QW_LOG_ERROR, "http: the listener is lost until the next server");
    }
    qw_http_connection_set_stop(&server->context.set);
    release(server);
}
