/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_TLS_CREDENTIALS_H
#define QW_API_TLS_CREDENTIALS_H

#include "api/revocation_list.h"

#include <gnutls/gnutls.h>

/* A server's certificate, its private key, the authorities of its clients and their revocations:
 * one thing, so that a server that is given other files changes all of it at once (docs/adr/0097).
 * Counted, since each connection keeps what its handshake was made with. Any thread. */
struct qw_tls_credentials;

struct qw_tls_files {
    const char *certificate_path, *key_path, *client_ca_path; /* PEM */
    const char *revocation_list_path;                         /* NULL: nobody is revoked */
};
/* With one holder. QW_ERR_NOT_FOUND, QW_ERR_FORMAT and QW_ERR_AUTH: the log says which file.
 * QW_ERR_NOMEM. log is borrowed for as long as there is a holder. */
qw_err qw_tls_credentials_open(const struct qw_tls_files *files, const struct qw_log *log,
                               struct qw_tls_credentials **credentials) QW_MUST_USE;
struct qw_tls_credentials *qw_tls_credentials_hold(struct qw_tls_credentials *credentials);
/* The last one takes all of it away; NULL is fine. */
void qw_tls_credentials_release(struct qw_tls_credentials *credentials);

/* The session shows this certificate and verifies by these authorities, from now on; it does not
 * hold them. */
qw_err qw_tls_credentials_use(const struct qw_tls_credentials *credentials,
                              gnutls_session_t session) QW_MUST_USE;
/* Chain, validity and purpose of the peer's certificate, by what the session uses. QW_ERR_AUTH with
 * GnuTLS's status. */
qw_err qw_tls_verify_client(gnutls_session_t session, unsigned *status) QW_MUST_USE;

/* NULL: nobody is revoked. Lives as long as the credentials; one thread refreshes it. */
struct qw_revocation_list *
qw_tls_credentials_revocations(const struct qw_tls_credentials *credentials);

#endif
