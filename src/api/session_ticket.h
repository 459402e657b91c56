/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_SESSION_TICKET_H
#define QW_API_SESSION_TICKET_H

#include "base/error.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdint.h>

/* Tickets by which a client resumes its TLS session without the signatures of a full handshake
 * [RFC 8446 4.6.1]. They are sealed under a random key of this process that is thrown away after a
 * while: whoever takes the key later opens no ticket from before. The server keeps no session. */
enum {
    QW_SESSION_TICKET_LIFE_S = 600, /* a ticket is taken so long */
    QW_SESSION_TICKET_KEY_LIFE_MS =
        3600000 /* then there is another key, and old tickets are void */
};

struct qw_session_tickets {
    pthread_mutex_t lock;
    gnutls_datum_t key; /* wiped when it is replaced */
    int64_t made_ms;    /* qw_clock_monotonic_ms */
    int64_t key_life_ms;
};

/* QW_ERR_NOMEM. */
qw_err qw_session_tickets_start(struct qw_session_tickets *tickets,
                                int64_t key_life_ms) QW_MUST_USE;
void qw_session_tickets_stop(struct qw_session_tickets *tickets);

/* Another key when the time of the present one is over; call it now and then. */
void qw_session_tickets_renew(struct qw_session_tickets *tickets);

/* Another key now: no earlier ticket is taken. */
void qw_session_tickets_void(struct qw_session_tickets *tickets);

/* Before the handshake of a server's session: it takes tickets of the present key and gives new
 * ones. A session without them (no memory, no randomness) has a full handshake. */
void qw_session_tickets_offer(struct qw_session_tickets *tickets, gnutls_session_t session);

#endif
