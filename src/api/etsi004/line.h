/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI004_LINE_H
#define QW_API_ETSI004_LINE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A TLS connection to a server of ETSI GS QKD 004 and bytes on it, whatever they say. One thread.
 */
struct qw_etsi004_line_config {
    const char *host; /* name or numeric address; the server's certificate must name it */
    uint16_t port;
    const char *certificate_path, *key_path; /* PEM; NULL: comes without a certificate */
    const char *ca_path;                     /* PEM */
    int timeout_ms;                          /* to connect, and for the handshake */
    bool takes_tls12;                        /* for servers of others; ours have TLS 1.3 */
};

struct qw_etsi004_line;
/* QW_ERR_FORMAT (files), QW_ERR_AUTH (the server is not to be believed, or does not believe us),
 * QW_ERR_NOT_FOUND (name), QW_ERR_TIMEOUT, QW_ERR_CLOSED, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_etsi004_line_new(const struct qw_etsi004_line_config *config,
                           struct qw_etsi004_line **line) QW_MUST_USE;
void qw_etsi004_line_free(struct qw_etsi004_line *line); /* hangs up; NULL is fine */

/* All bytes or an error, after which the line is of no use any more: QW_ERR_TIMEOUT, QW_ERR_CLOSED.
 * deadline_ms is on qw_clock_monotonic_ms. */
qw_err qw_etsi004_line_send(struct qw_etsi004_line *line, const uint8_t *data, size_t len,
                            int64_t deadline_ms) QW_MUST_USE;
/* *got: how many bytes there were, also with an error; a timeout can be followed by another call.
 */
qw_err qw_etsi004_line_receive(struct qw_etsi004_line *line, uint8_t *data, size_t len,
                               int64_t deadline_ms, size_t *got) QW_MUST_USE;

#endif
