/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI004_SERVER_H
#define QW_API_ETSI004_SERVER_H

#include "api/etsi004/frame.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

struct qw_tls_credentials; /* api/tls/credentials.h */
struct qw_tls_failures;    /* api/http_connection_set.h */

/* The listener of ETSI GS QKD 004: TLS 1.3 with certificates on both sides, one request and one
 * answer after the other on each connection. One thread serves them all without waiting for any of
 * them; who they are, their deadlines and revocations are the business of api/http_caller.h and
 * api/http_connection_set.h. */
enum { QW_ETSI004_CONNECTIONS_MAX = 256, QW_ETSI004_AGAIN_MS = 20 };

struct qw_etsi004_request {
    uint64_t connection; /* never 0, never given twice */
    const char *identity;
    const uint8_t *certificate_hash; /* [32 bytes] */
    enum qw_etsi004_service service; /* of a request */
    const uint8_t *payload;
    size_t len;
    int64_t waited_ms; /* since it was there as a whole; 0 when it is handed in first */
};

struct qw_etsi004_server_config {
    const char *address;                                      /* numeric */
    uint16_t port;                                            /* 0: any */
    const char *certificate_path, *key_path, *client_ca_path; /* PEM */
    const char *revocation_list_path;                         /* NULL: nobody is revoked */
    unsigned connections_max;                                 /* 1..QW_ETSI004_CONNECTIONS_MAX */
    unsigned connections_per_address_max;                     /* of these, at least 1 */
    int request_timeout_ms; /* absolute: for a request to come in, and again for its answer to be
                               taken; half of it for the handshake */
    int idle_timeout_ms;
    struct qw_tls_failures *failures; /* borrowed; counts up; NULL: nobody asks */
    const struct qw_log *log;
    void *self;
    /* The payload of the answer to out [QW_ETSI004_ANSWER_MAX bytes, wiped after it was sent].
     * QW_ERR_LIMIT: later again; the same request is handed in every QW_ETSI004_AGAIN_MS until
     * there is another result or its connection is gone, and whoever answers limits waited_ms.
     * Anything else ends the connection without an answer. From the server's thread, like the
     * others. */
    qw_err (*answer)(void *self, const struct qw_etsi004_request *request, uint8_t *out,
                     size_t *len);
    void (*hang_up)(void *self, uint64_t connection);
    void (*tick)(void *self); /* about once a second */
};

struct qw_etsi004_server;
/* QW_ERR_ARG, QW_ERR_NOT_FOUND and QW_ERR_FORMAT (files; the log says which), QW_ERR_IO (address),
 * QW_ERR_NOMEM. */
qw_err qw_etsi004_server_new(const struct qw_etsi004_server_config *config,
                             struct qw_etsi004_server **server, uint16_t *port) QW_MUST_USE;
/* As qw_http_server_renew. */
void qw_etsi004_server_renew(struct qw_etsi004_server *server,
                             struct qw_tls_credentials *credentials);
void qw_etsi004_server_free(struct qw_etsi004_server *server); /* NULL is fine */

#endif
