/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/etsi004/client.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"

#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = QW_ETSI004_HEADER_LEN + QW_ETSI004_ANSWER_MAX };

struct qw_etsi004_client {
    int fd, timeout_ms;
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    char address[64];
    uint8_t *buffer; /* secret memory [MESSAGE_MAX] */
};

/* Until the session can go on. */
static qw_err wait_for(const struct qw_etsi004_client *client, int64_t deadline_ms)
{
    bool is_writing = gnutls_record_get_direction(client->session) == 1;
    struct pollfd fd = { .fd = client->fd, .events = is_writing ? POLLOUT : POLLIN };
    int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();

    return left_ms <= 0 || poll(&fd, 1, (int)left_ms) == 0 ? QW_ERR_TIMEOUT : QW_OK;
}

static bool is_again(ssize_t result)
{
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

static qw_err shake(const struct qw_etsi004_client *client)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + client->timeout_ms;
    qw_err err = QW_OK;

    while (err == QW_OK) {
        int result = gnutls_handshake(client->session);

        if (result == 0) {
            return QW_OK;
        }
        if (is_again(result)) {
            err = wait_for(client, deadline_ms);
        } else if (gnutls_error_is_fatal(result) != 0) {
            err = QW_ERR_AUTH;
        }
    }
    return err;
}

static qw_err send_all(const struct qw_etsi004_client *client, const uint8_t *data, size_t len,
                       int64_t deadline_ms)
{
    qw_err err = QW_OK;

    while (len > 0 && err == QW_OK) {
        ssize_t sent = gnutls_record_send(client->session, data, len);

        if (sent >= 0) {
            data += sent;
            len -= (size_t)sent;
        } else {
            err = is_again(sent) ? wait_for(client, deadline_ms) : QW_ERR_CLOSED;
        }
    }
    return err;
}

/* Tickets and other messages of the TLS layer come between, as interruptions. */
static qw_err receive_all(const struct qw_etsi004_client *client, uint8_t *data, size_t len,
                          int64_t deadline_ms)
{
    qw_err err = QW_OK;

    while (len > 0 && err == QW_OK) {
        ssize_t got = gnutls_record_recv(client->session, data, len);

        if (got > 0) {
            data += got;
            len -= (size_t)got;
        } else {
            err = is_again(got) ? wait_for(client, deadline_ms) : QW_ERR_CLOSED;
        }
    }
    return err;
}

/* The request's payload is in the buffer behind the header; the answer's will be. */
static qw_err call(struct qw_etsi004_client *client, enum qw_etsi004_service service, size_t *len)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + client->timeout_ms;
    struct qw_etsi004_header header;
    qw_err err;

    qw_etsi004_header_write(client->buffer, service, (uint32_t)*len);
    err = send_all(client, client->buffer, QW_ETSI004_HEADER_LEN + *len, deadline_ms);
    if (err == QW_OK) {
        err = receive_all(client, client->buffer, QW_ETSI004_HEADER_LEN, deadline_ms);
    }
    if (err == QW_OK) {
        err = qw_etsi004_header_decode(client->buffer, &header);
    }
    if (err != QW_OK) {
        return err;
    }
    if ((int)header.service != (int)service + 1) {
        return QW_ERR_FORMAT;
    }
    *len = header.payload_len;
    return receive_all(client, client->buffer + QW_ETSI004_HEADER_LEN, *len, deadline_ms);
}

static qw_err load_credentials(struct qw_etsi004_client *client,
                               const struct qw_etsi004_client_config *config)
{
    if (gnutls_certificate_allocate_credentials(&client->credentials) != 0) {
        client->credentials = NULL;
        return QW_ERR_NOMEM;
    }
    if (gnutls_certificate_set_x509_trust_file(client->credentials, config->ca_path,
                                               GNUTLS_X509_FMT_PEM) <= 0 ||
        gnutls_certificate_set_x509_key_file(client->credentials, config->certificate_path,
                                             config->key_path, GNUTLS_X509_FMT_PEM) < 0) {
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

static qw_err begin_session(struct qw_etsi004_client *client)
{
    if (gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK) != 0) {
        client->session = NULL;
        return QW_ERR_NOMEM;
    }
    if (gnutls_priority_set_direct(client->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL) != 0 ||
        gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->credentials) != 0) {
        return QW_ERR_NOMEM;
    }
    gnutls_session_set_verify_cert(client->session, client->address, 0);
    gnutls_transport_set_int(client->session, client->fd);
    return shake(client);
}

qw_err qw_etsi004_client_new(const struct qw_etsi004_client_config *config,
                             struct qw_etsi004_client **out)
{
    struct qw_etsi004_client *client = calloc(1, sizeof *client);
    qw_err err = QW_ERR_NOMEM;

    if (client == NULL) {
        return QW_ERR_NOMEM;
    }
    client->fd = -1;
    client->timeout_ms = config->timeout_ms;
    (void)snprintf(client->address, sizeof client->address, "%s", config->address);
    client->buffer = qw_secret_new(MESSAGE_MAX);
    if (client->buffer != NULL) {
        err = load_credentials(client, config);
    }
    if (err == QW_OK) {
        err = qw_socket_connect(config->address, config->port, config->timeout_ms, &client->fd);
    }
    if (err == QW_OK) {
        err = begin_session(client);
    }
    if (err != QW_OK) {
        qw_etsi004_client_free(client);
        return err;
    }
    *out = client;
    return QW_OK;
}

void qw_etsi004_client_free(struct qw_etsi004_client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->session != NULL) {
        (void)gnutls_bye(client->session, GNUTLS_SHUT_WR);
        gnutls_deinit(client->session);
    }
    if (client->credentials != NULL) {
        gnutls_certificate_free_credentials(client->credentials);
    }
    qw_socket_close(client->fd);
    qw_secret_free(client->buffer);
    free(client);
}

qw_err qw_etsi004_client_open(struct qw_etsi004_client *client, const struct qw_etsi004_open *open,
                              struct qw_etsi004_open_answer *answer)
{
    uint8_t *payload = client->buffer + QW_ETSI004_HEADER_LEN;
    size_t len = 0;
    qw_err err = qw_etsi004_open_encode(open, payload, QW_ETSI004_REQUEST_MAX, &len);

    if (err == QW_OK) {
        err = call(client, QW_ETSI004_OPEN_REQUEST, &len);
    }
    return err == QW_OK ? qw_etsi004_open_answer_decode(payload, len, answer) : err;
}

qw_err qw_etsi004_client_get(struct qw_etsi004_client *client, const struct qw_etsi004_get *get,
                             struct qw_etsi004_get_answer *answer)
{
    uint8_t *payload = client->buffer + QW_ETSI004_HEADER_LEN;
    size_t len = 0;
    qw_err err = qw_etsi004_get_encode(get, payload, QW_ETSI004_REQUEST_MAX, &len);

    if (err == QW_OK) {
        err = call(client, QW_ETSI004_GET_REQUEST, &len);
    }
    if (err == QW_OK) {
        err = qw_etsi004_get_answer_decode(payload, len, answer);
    }
    qw_wipe(client->buffer, MESSAGE_MAX);
    return err;
}

qw_err qw_etsi004_client_close(struct qw_etsi004_client *client,
                               const uint8_t ksid[static QW_ETSI004_KSID_LEN],
                               enum qw_etsi004_status *status)
{
    uint8_t *payload = client->buffer + QW_ETSI004_HEADER_LEN;
    size_t len = 0;
    qw_err err = qw_etsi004_close_encode(ksid, payload, QW_ETSI004_REQUEST_MAX, &len);

    if (err == QW_OK) {
        err = call(client, QW_ETSI004_CLOSE_REQUEST, &len);
    }
    return err == QW_OK ? qw_etsi004_close_answer_decode(payload, len, status) : err;
}
