/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_PSK_CONNECTION_H
#define QW_API_PSK_CONNECTION_H

#include "api/http_connection.h"
#include "api/psk/keys.h"

/* Connections of a server that takes pre-shared keys in place of certificates [S1 to S7 of
 * docs/protocol/skip.md]. */
struct qw_psk_gate {                /* of a set; stays where it is while connections are open */
    const struct qw_psk_keys *keys; /* borrowed */
    gnutls_psk_server_credentials_t credentials;
};

/* QW_ERR_NOMEM. */
qw_err qw_psk_gate_open(struct qw_psk_gate *gate, const struct qw_psk_keys *keys) QW_MUST_USE;
void qw_psk_gate_close(struct qw_psk_gate *gate); /* zeroed is fine */

/* What the session is to be prepared with [S1]: for gnutls_priority_init. */
extern const char qw_psk_priorities[];

/* Before the handshake: the session, which points to the connection, demands a PSK. */
void qw_psk_connection_prepare(struct qw_http_connection *connection, gnutls_session_t session);

/* At the client's last handshake message: who it is, to connection->identity, and that the key is
 * still his; journalled [S4]. NULL: fine; else why not, for the log. */
const char *qw_psk_connection_identify(struct qw_http_connection *connection,
                                       gnutls_session_t session);

/* For each request: QW_OK; QW_ERR_AUTH: the key is gone; others: nobody can know now [S7]. */
qw_err qw_psk_connection_check(struct qw_http_connection *connection) QW_MUST_USE;

/* For the watchdog, under the set's lock, which it gives back while it asks: cuts every connection
 * whose key is gone. */
void qw_psk_connections_cut_revoked(struct qw_http_connection_set *set);

#endif
