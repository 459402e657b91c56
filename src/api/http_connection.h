/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_CONNECTION_H
#define QW_API_HTTP_CONNECTION_H

#include "api/certificate_identity.h"
#include "api/http_wait.h"
#include "api/tls/credentials.h"
#include "api/tls/pipe.h"
#include "base/error.h"
#include "base/log.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

/* An open connection of a server, who is at the other end, and its absolute deadline. An inactivity
 * timer, which each byte resets, lets a client hold a connection for ever; a deadline does not. */
struct qw_http_connection_set;

struct qw_http_connection {
    struct qw_http_connection *next, *previous;
    struct qw_http_connection_set *set;
    int fd;                   /* borrowed from the HTTP library, which closes it after _remove */
    gnutls_session_t session; /* borrowed from it too */
    struct qw_tls_credentials *credentials; /* held: of the handshake; NULL: a pre-shared key */
    struct qw_tls_credentials *judge; /* held: by which it may call; changed under the set's lock */
    int64_t deadline_ms;  /* qw_clock_monotonic_ms; INT64_MAX: none. Under the set's lock. */
    int64_t opened_ms;    /* qw_clock_monotonic_ms */
    bool is_verified;     /* the handshake has checked who it is; nothing is served before */
    bool is_refused;      /* and has said no */
    bool is_void;         /* its pre-shared key was revoked; under the set's lock, like the next */
    uint64_t psk_changes; /* when that was looked up last; see api/psk/keys.h */
    struct qw_certificate_identity identity; /* with a pre-shared key: text, hash (its name); before
                                                it is verified the text is what somebody claims */
    char address[64];                        /* of the peer, for the log */
    struct qw_tls_pipe pipe;                 /* these two are used by the HTTP server alone */
    struct qw_http_waiter waiter;
};

/* NULL without memory. The session demands what http_caller.h says. */
struct qw_http_connection *qw_http_connection_add(struct qw_http_connection_set *set, int fd,
                                                  gnutls_session_t session);
void qw_http_connection_remove(struct qw_http_connection *connection);

/* Under the set's lock. Whoever serves the connection sees the end of the stream. */
void qw_http_connection_cut(struct qw_http_connection *connection, enum qw_log_level level,
                            const char *why);
/* A new deadline, after_ms from now; negative: none. */
void qw_http_connection_limit(struct qw_http_connection *connection, int after_ms);
/* A request is answered from here to _end. False: it came after _drain, which does not wait for
 * more than an answer that says so. */
bool qw_http_connection_answer_begin(struct qw_http_connection *connection) QW_MUST_USE;
/* Whether nothing follows the present answer: the server stops, or the connection has had its time.
 * The TLS library keeps the ticket key of each session as long as it lasts. */
bool qw_http_connection_is_last(struct qw_http_connection *connection);
void qw_http_connection_answer_end(struct qw_http_connection *connection);

#endif
