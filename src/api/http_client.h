/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_CLIENT_H
#define QW_API_HTTP_CLIENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One HTTPS peer with mutual certificates, over libcurl; keeps its connection. One thread at a
 * time. */
struct qw_http_client_config {
    const char *base_url;                              /* "https://127.0.0.1:8443" */
    const char *certificate_path, *key_path, *ca_path; /* PEM */
    int timeout_ms;
    /* NULL: a server, its certificate names the host. Else an equal: its certificate is a client's
     * like ours, for exactly this identity as api/certificate_identity.h reads it, at any host;
     * borrowed for the client's life. */
    const char *peer_identity;
    bool is_plain; /* "http://...", nothing of TLS: for what proves itself (docs/protocol/public.md)
                    */
    bool is_probe; /* of a foreign server: TLS 1.2 will do, and certificate and key may be NULL */
    /* Each call has a connection of its own. On one that was kept libcurl sends a request again,
     * any method, when the peer closes before its answer: wrong for what may happen only once. */
    bool sends_once;
};
struct qw_http_client;
qw_err qw_http_client_new(const struct qw_http_client_config *config,
                          struct qw_http_client **client) QW_MUST_USE;
void qw_http_client_free(struct qw_http_client *client);

/* body may be NULL (then no body). *answer is NUL-terminated secret memory of *answer_len bytes,
 * valid until the next call or free (wiped then). QW_OK whatever the status is; QW_ERR_IO,
 * QW_ERR_TIMEOUT, QW_ERR_AUTH (certificate), QW_ERR_SPACE when no usable answer came. A peer that
 * refuses our certificate is QW_ERR_AUTH if its alert arrives and QW_ERR_IO if its reset is faster:
 * in TLS 1.3 it says so after our side of the handshake is done. */
qw_err qw_http_client_call(struct qw_http_client *client, const char *method, const char *path,
                           const char *body, unsigned *status, const char **answer,
                           size_t *answer_len) QW_MUST_USE;

#endif
