/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_CALLER_H
#define QW_API_HTTP_CALLER_H

#include "api/http_connection.h"

/* Who is at the other end of a connection: proved in the handshake, and looked at again before each
 * request. */

/* Makes the session demand a certificate and check it in the handshake, also in one that resumes an
 * earlier session; or a pre-shared key, when the set takes these; or nothing, in an open one. */
void qw_http_caller_demand(struct qw_http_connection *connection, gnutls_session_t session);

/* For each request: QW_OK; QW_ERR_AUTH: who is at the other end may not call any more (time,
 * revocation); others: nobody can know now. */
qw_err qw_http_caller_check(struct qw_http_connection *connection) QW_MUST_USE;

#endif
