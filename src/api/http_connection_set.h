/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_CONNECTION_SET_H
#define QW_API_HTTP_CONNECTION_SET_H

#include "api/http_connection.h"
#include "api/session_ticket.h"

#include <pthread.h>
#include <stdatomic.h>

/* The open connections of a server, and the watchdog that cuts those that are too slow or were
 * revoked. */
struct qw_psk_gate;

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
/* One request more is put aside, or one less. */
void qw_http_connection_set_aside(struct qw_http_connection_set *set, int change);
/* Under the lock: the credentials of now, held for the caller. */
struct qw_tls_credentials *qw_http_connection_set_hold(struct qw_http_connection_set *set);

#endif
