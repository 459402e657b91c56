/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/etsi004/line.h"

#include "base/clock.h"
#include "base/host.h"
#include "base/socket.h"

#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOST_CAP = 256 };

struct qw_etsi004_line {
    int fd;
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    char host[HOST_CAP];
};

/* Until the session can go on. */
static qw_err wait_for(const struct qw_etsi004_line *line, int64_t deadline_ms)
{
    bool is_writing = gnutls_record_get_direction(line->session) == 1;
    struct pollfd fd = { .fd = line->fd, .events = is_writing ? POLLOUT : POLLIN };
    int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();

    return left_ms <= 0 || poll(&fd, 1, (int)left_ms) == 0 ? QW_ERR_TIMEOUT : QW_OK;
}

static bool is_again(ssize_t result)
{
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

static qw_err shake(const struct qw_etsi004_line *line, int timeout_ms)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    qw_err err = QW_OK;

    while (err == QW_OK) {
        int result = gnutls_handshake(line->session);

        if (result == 0) {
            return QW_OK;
        }
        if (is_again(result)) {
            err = wait_for(line, deadline_ms);
        } else if (gnutls_error_is_fatal(result) != 0) {
            err = QW_ERR_AUTH;
        }
    }
    return err;
}

static qw_err load_credentials(struct qw_etsi004_line *line,
                               const struct qw_etsi004_line_config *config)
{
    if (gnutls_certificate_allocate_credentials(&line->credentials) != 0) {
        line->credentials = NULL;
        return QW_ERR_NOMEM;
    }
    if (gnutls_certificate_set_x509_trust_file(line->credentials, config->ca_path,
                                               GNUTLS_X509_FMT_PEM) <= 0 ||
        (config->certificate_path != NULL &&
         gnutls_certificate_set_x509_key_file(line->credentials, config->certificate_path,
                                              config->key_path, GNUTLS_X509_FMT_PEM) < 0)) {
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

static qw_err begin_session(struct qw_etsi004_line *line,
                            const struct qw_etsi004_line_config *config)
{
    const char *priorities = config->takes_tls12 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
                                                 : "NORMAL:-VERS-ALL:+VERS-TLS1.3";

    if (gnutls_init(&line->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0) {
        line->session = NULL;
        return QW_ERR_NOMEM;
    }
    if (gnutls_priority_set_direct(line->session, priorities, NULL) != 0 ||
        gnutls_credentials_set(line->session, GNUTLS_CRD_CERTIFICATE, line->credentials) != 0) {
        return QW_ERR_NOMEM;
    }
    gnutls_session_set_verify_cert(line->session, line->host, 0);
    gnutls_transport_set_int(line->session, line->fd);
    return shake(line, config->timeout_ms);
}

qw_err qw_etsi004_line_new(const struct qw_etsi004_line_config *config,
                           struct qw_etsi004_line **out)
{
    struct qw_etsi004_line *line = calloc(1, sizeof *line);
    qw_err err;

    if (line == NULL) {
        return QW_ERR_NOMEM;
    }
    line->fd = -1;
    (void)snprintf(line->host, sizeof line->host, "%s", config->host);
    err = load_credentials(line, config);
    if (err == QW_OK) {
        err = qw_host_connect(config->host, config->port, config->timeout_ms, &line->fd);
    }
    if (err == QW_OK) {
        err = begin_session(line, config);
    }
    if (err != QW_OK) {
        qw_etsi004_line_free(line);
        return err;
    }
    *out = line;
    return QW_OK;
}

void qw_etsi004_line_free(struct qw_etsi004_line *line)
{
    if (line == NULL) {
        return;
    }
    if (line->session != NULL) {
        (void)gnutls_bye(line->session, GNUTLS_SHUT_WR);
        gnutls_deinit(line->session);
    }
    if (line->credentials != NULL) {
        gnutls_certificate_free_credentials(line->credentials);
    }
    qw_socket_close(line->fd);
    free(line);
}

qw_err qw_etsi004_line_send(struct qw_etsi004_line *line, const uint8_t *data, size_t len,
                            int64_t deadline_ms)
{
    qw_err err = QW_OK;

    while (len > 0 && err == QW_OK) {
        ssize_t sent = gnutls_record_send(line->session, data, len);

        if (sent >= 0) {
            data += sent;
            len -= (size_t)sent;
        } else {
            err = is_again(sent) ? wait_for(line, deadline_ms) : QW_ERR_CLOSED;
        }
    }
    return err;
}

/* Tickets and other messages of the TLS layer come between, as interruptions. */
qw_err qw_etsi004_line_receive(struct qw_etsi004_line *line, uint8_t *data, size_t len,
                               int64_t deadline_ms, size_t *got)
{
    qw_err err = QW_OK;

    *got = 0;
    while (*got < len && err == QW_OK) {
        ssize_t more = gnutls_record_recv(line->session, data + *got, len - *got);

        if (more > 0) {
            *got += (size_t)more;
        } else {
            err = is_again(more) ? wait_for(line, deadline_ms) : QW_ERR_CLOSED;
        }
    }
    return err;
}
