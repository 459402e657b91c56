/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd carries HTTP, GnuTLS the handshake; what they leave open is closed here and in
 * http_connection.c: a certificate (or a pre-shared key: api/psk/) is demanded, deadlines are
 * absolute, answers die in locked memory. Why this library: docs/adr/0009. */
#define _POSIX_C_SOURCE 200809L
#include "api/http_server.h"

#include "api/http_connection.h"
#include "api/http_exchange.h"
#include "api/psk/connection.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/socket.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEM_MAX = 256 * 1024,
    CONNECTION_MEMORY_LEN = 16 * 1024, /* request head and answer head; bodies live elsewhere */
    THREADS_MAX = 64,
    REQUEST_MS = 10000
};

/* TLS 1.3 only. What a resumed session may still do is http_connection.c's business [H1]. */
static const char PRIORITIES[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:"
                                 "+CHACHA20-POLY1305:%PROFILE_MEDIUM";

struct qw_http_server {
    struct qw_http_exchange_context context;
    const struct qw_log *log;
    struct MHD_Daemon *daemon;
    char *certificate, *key, *client_ca; /* PEM; the library keeps pointers to them */
    struct qw_revocation_list *revocations;
    struct qw_psk_gate psk;
    bool is_listener_lent;
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

static qw_err read_pem(const struct qw_log *log, const char *path, char **pem)
{
    uint8_t *data;
    size_t len;
    char *text;
    qw_err err = qw_file_read(path, PEM_MAX, &data, &len);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s: %s", path, qw_err_text(err));
        return err;
    }
    text = qw_secret_new(len + 1);
    if (text != NULL) {
        memcpy(text, data, len);
        *pem = text;
    }
    qw_secret_free(data);
    return text == NULL ? QW_ERR_NOMEM : QW_OK;
}

/* The library would only say "failed"; tells the operator which file it is. */
static qw_err check_credentials(const struct qw_http_server *server,
                                const struct qw_http_server_config *config)
{
    gnutls_datum_t certificate = { (unsigned char *)server->certificate,
                                   (unsigned)strlen(server->certificate) };
    gnutls_datum_t key = { (unsigned char *)server->key, (unsigned)strlen(server->key) };
    gnutls_datum_t ca = { (unsigned char *)server->client_ca, (unsigned)strlen(server->client_ca) };
    gnutls_certificate_credentials_t credentials;
    qw_err err = QW_OK;

    if (gnutls_certificate_allocate_credentials(&credentials) != 0) {
        return QW_ERR_NOMEM;
    }
    if (gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM) <= 0) {
        qw_log_write(server->log, QW_LOG_ERROR, "%s: no certificate authority in it",
                     config->client_ca_path);
        err = QW_ERR_FORMAT;
    } else if (gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key,
                                                   GNUTLS_X509_FMT_PEM) < 0) {
        qw_log_write(server->log, QW_LOG_ERROR, "%s, %s: no certificate and its key",
                     config->certificate_path, config->key_path);
        err = QW_ERR_FORMAT;
    }
    gnutls_certificate_free_credentials(credentials);
    return err;
}

static qw_err read_credentials(struct qw_http_server *server,
                               const struct qw_http_server_config *config)
{
    qw_err err;

    if (config->is_plain) {
        return QW_OK;
    }
    if (config->psk != NULL) {
        return qw_psk_gate_open(&server->psk, config->psk);
    }
    err = read_pem(server->log, config->certificate_path, &server->certificate);
    if (err == QW_OK) {
        err = read_pem(server->log, config->key_path, &server->key);
    }
    if (err == QW_OK) {
        err = read_pem(server->log, config->client_ca_path, &server->client_ca);
    }
    if (err == QW_OK) {
        err = check_credentials(server, config);
    }
    if (err == QW_OK && config->revocation_list_path != NULL) {
        err = qw_revocation_list_open(config->revocation_list_path, server->client_ca, server->log,
                                      &server->revocations);
    }
    return err;
}

enum { CREDENTIAL_ITEMS = 5 };

/* What the library is told about the proof that callers owe. */
static void list_credentials(const struct qw_http_server *server,
                             struct MHD_OptionItem items[static CREDENTIAL_ITEMS])
{
    const struct MHD_OptionItem certificates[CREDENTIAL_ITEMS] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, server->key },
        { MHD_OPTION_HTTPS_MEM_TRUST, 0, server->client_ca },
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
        flags, 0, NULL, NULL, qw_http_exchange_step, &server->context, /* the logger comes first, so
                                                                          that it hears the rest */
        MHD_OPTION_EXTERNAL_LOGGER, log_library, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_ARRAY, threads, MHD_OPTION_ARRAY, credentials, MHD_OPTION_CONNECTION_LIMIT,
        config->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        config->connections_per_address_max, MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_LEN,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, qw_http_exchange_begin, &server->context,
        MHD_OPTION_NOTIFY_COMPLETED, qw_http_exchange_end, &server->context,
        MHD_OPTION_NOTIFY_CONNECTION, notify_connection, server, MHD_OPTION_END);
}

static bool config_ok(const struct qw_http_server_config *config)
{
    return config->threads >= 1 && config->threads <= THREADS_MAX &&
           config->connections_max >= config->threads && config->connections_per_address_max >= 1 &&
           config->idle_timeout_s >= 1 && config->request_timeout_ms >= 0 && config->handle != NULL;
}

static void release(struct qw_http_server *server)
{
    qw_secret_free(server->certificate);
    qw_secret_free(server->key);
    qw_secret_free(server->client_ca);
    qw_revocation_list_free(server->revocations);
    qw_psk_gate_close(&server->psk);
    free(server);
}

qw_err qw_http_server_new(const struct qw_http_server_config *config,
                          struct qw_http_server **server_out, uint16_t *port_out)
{
    struct qw_http_server *server;
    struct qw_http_connection_set *set;
    uint16_t port = 0;
    int own = -1;
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
    server->is_listener_lent = config->listener > 0;
    set->request_ms = config->request_timeout_ms == 0 ? REQUEST_MS : config->request_timeout_ms;
    set->handshake_ms = set->request_ms / 2;
    set->idle_ms = (int)(config->idle_timeout_s < 86400 ? config->idle_timeout_s : 86400) * 1000;
    set->is_plain = config->is_plain;
    err = read_credentials(server, config);
    set->psk = server->psk.keys != NULL ? &server->psk : NULL;
    if (err == QW_OK && !server->is_listener_lent) {
        err = qw_socket_listen(config->address, config->port, &own, &port);
    }
    if (err == QW_OK) {
        err = qw_http_connection_set_start(set, server->revocations, config->log);
    }
    if (err != QW_OK) {
        qw_socket_close(own);
        release(server);
        return err;
    }
    server->daemon = start(server, config, server->is_listener_lent ? config->listener : own);
    if (server->daemon == NULL) {
        qw_http_connection_set_stop(set);
        qw_socket_close(own);
        release(server);
        return QW_ERR_IO;
    }
    if (server->key != NULL) {
        qw_wipe(server->key, strlen(server->key)); /* parsed by now */
    }
    *server_out = server;
    if (!server->is_listener_lent) {
        *port_out = port;
    }
    return QW_OK;
}

void qw_http_server_refresh(struct qw_http_server *server)
{
    qw_http_connection_set_refresh(&server->context.set);
}

void qw_http_server_free(struct qw_http_server *server)
{
    int listener;

    if (server == NULL) {
        return;
    }
    listener = MHD_quiesce_daemon(server->daemon);
    qw_http_connection_set_drain(&server->context.set, server->context.set.request_ms);
    MHD_stop_daemon(server->daemon);
    if (!server->is_listener_lent) {
        qw_socket_close(listener);
    }
    qw_http_connection_set_stop(&server->context.set);
    release(server);
}
