/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI004_CLIENT_H
#define QW_API_ETSI004_CLIENT_H

#include "api/etsi004/get_key.h"
#include "api/etsi004/open_connect.h"

#include <stdbool.h>

/* An application's side of ETSI GS QKD 004: one connection to a key server, one request at a time.
 * One thread. */
struct qw_etsi004_client_config {
    const char *host; /* name or numeric address; the server's certificate must name it */
    uint16_t port;
    const char *certificate_path, *key_path, *ca_path; /* PEM */
    int timeout_ms;                                    /* of the handshake and of each call */
    bool takes_tls12;                                  /* for servers of others */
};

struct qw_etsi004_client;
/* QW_ERR_FORMAT (files), QW_ERR_AUTH (the server is not to be believed, or does not believe us),
 * QW_ERR_NOT_FOUND (name), QW_ERR_TIMEOUT, QW_ERR_CLOSED, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_etsi004_client_new(const struct qw_etsi004_client_config *config,
                             struct qw_etsi004_client **client) QW_MUST_USE;
void qw_etsi004_client_free(struct qw_etsi004_client *client); /* NULL is fine */

/* QW_OK: there is an answer, whatever its status says. QW_ERR_CLOSED, QW_ERR_TIMEOUT,
 * QW_ERR_FORMAT: there is none, and the connection is of no use any more. */
qw_err qw_etsi004_client_open(struct qw_etsi004_client *client, const struct qw_etsi004_open *open,
                              struct qw_etsi004_open_answer *answer) QW_MUST_USE;
qw_err qw_etsi004_client_get(struct qw_etsi004_client *client, const struct qw_etsi004_get *get,
                             struct qw_etsi004_get_answer *answer) QW_MUST_USE;
qw_err qw_etsi004_client_close(struct qw_etsi004_client *client,
                               const uint8_t ksid[static QW_ETSI004_KSID_LEN],
                               enum qw_etsi004_status *status) QW_MUST_USE;

#endif
