/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_CONNECTION_H
#define QW_API_HTTP_CONNECTION_H

#include "api/certificate_identity.h"
#include "api/http_wait.h"
#include "api/session_ticket.h"
#include "api/tls/credentials.h"
#include "api/tls/pipe.h"
#include "base/error.h"
#include "base/log.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The open connections of a server, who is at the other end, and their absolute deadlines. An
 * inactivity timer, which each byte resets, lets a client hold a connection for ever; a deadline
 * does not. */
struct qw_http_connection_set;
struct qw_psk_gate;

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

/* Connections that ended before anybody was proved to be at the other end. Totals. */
struct qw_tls_failures {
    atomic_uint_fast64_t refused; /* by the certificate that was shown, or the pre-shared key */
    atomic_uint_fast64_t broken;  /* hung up, no TLS, no common version, too slow */
};

struct qw_http_connection_set {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* monotonic clock */
    pthread_t watchdog;
    bool is_stopping;
    unsigned answering; /* requests between handler and last byte */
    unsigned aside;     /* those that were put aside */
    struct qw_http_connection *first;
    struct qw_session_tickets tickets;
    _Atomic(struct qw_tls_credentials *) credentials; /* held; changed under the lock */
    struct qw_tls_failures *failures;                 /* borrowed; NULL: not counted */
    const struct qw_psk_gate *psk; /* owned by the server; NULL: callers show certificates */
    const struct qw_log *log;
    int handshake_ms, request_ms, idle_ms;
    bool is_plain; /* no TLS: nobody is verified, and everybody is served */
    bool is_open;  /* TLS, and nobody is asked who he is: likewise */
};

/* Starts the watchdog, which also reads revocations again when they change and shuts the open
 * connections of whoever is on the list, or whose pre-shared key is gone. psk, is_open, failures
 * and the three times are set before. The set stays where it is until _stop. credentials become the
 * set's, also when this fails; NULL: callers have pre-shared keys. */
qw_err qw_http_connection_set_start(struct qw_http_connection_set *set,
                                    struct qw_tls_credentials *credentials,
                                    const struct qw_log *log) QW_MUST_USE;
/* Other credentials, which become the set's. Open connections stay: each is judged by them before
 * its next request, and those that the new list revokes are cut now. Earlier tickets are void. Any
 * thread. */
void qw_http_connection_set_renew(struct qw_http_connection_set *set,
                                  struct qw_tls_credentials *credentials);
/* Joins the watchdog. Connections must be gone. */
void qw_http_connection_set_stop(struct qw_http_connection_set *set);
/* Looks at the list of revocations now, and cuts the connections of those who are on it. */
void qw_http_connection_set_refresh(struct qw_http_connection_set *set);
/* Waits until none is put aside, as long as it takes, and then until no request is being answered,
 * at most limit_ms. New ones are refused from now on. */
void qw_http_connection_set_drain(struct qw_http_connection_set *set, int limit_ms);

/* NULL without memory. Makes the session demand a certificate and check it in the handshake, also
 * in one that resumes an earlier session; or a pre-shared key, when the set takes these; or
 * nothing, in an open one. */
struct qw_http_connection *qw_http_connection_add(struct qw_http_connection_set *set, int fd,
                                                  gnutls_session_t session);
void qw_http_connection_remove(struct qw_http_connection *connection);

/* For each request: QW_OK; QW_ERR_AUTH: who is at the other end may not call any more (time,
 * revocation); others: nobody can know now. */
qw_err qw_http_connection_check(struct qw_http_connection *connection) QW_MUST_USE;
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
/* One request more is put aside, or one less. */
void qw_http_connection_set_aside(struct qw_http_connection_set *set, int change);

#endif
