/* SPDX-License-Identifier: Apache-2.0 */
#include "api/session_ticket.h"

#include "base/clock.h"
#include "base/secret.h"

/* GnuTLS derives the keys it seals with from this one and the time; so a key that is kept would
 * give away all of them, and rotation is ours. */
static qw_err make_key(struct qw_session_tickets *tickets)
{
    gnutls_datum_t key;

    if (gnutls_session_ticket_key_generate(&key) != 0) {
        return QW_ERR_NOMEM;
    }
    if (tickets->key.data != NULL) {
        qw_wipe(tickets->key.data, tickets->key.size);
        gnutls_free(tickets->key.data);
    }
    tickets->key = key;
    tickets->made_ms = qw_clock_monotonic_ms();
    return QW_OK;
}

qw_err qw_session_tickets_start(struct qw_session_tickets *tickets, int64_t key_life_ms)
{
    qw_err err;

    *tickets = (struct qw_session_tickets){ .key_life_ms = key_life_ms };
    err = make_key(tickets);
    if (err == QW_OK) {
        pthread_mutex_init(&tickets->lock, NULL);
    }
    return err;
}

void qw_session_tickets_stop(struct qw_session_tickets *tickets)
{
    qw_wipe(tickets->key.data, tickets->key.size);
    gnutls_free(tickets->key.data);
    pthread_mutex_destroy(&tickets->lock);
}

/* Under the lock. */
static qw_err renew(struct qw_session_tickets *tickets)
{
    return qw_clock_monotonic_ms() - tickets->made_ms < tickets->key_life_ms ? QW_OK
                                                                             : make_key(tickets);
}

void qw_session_tickets_renew(struct qw_session_tickets *tickets)
{
    pthread_mutex_lock(&tickets->lock);
    if (renew(tickets) != QW_OK) { /* the old one is used no more, and tried again next time */
        qw_wipe(tickets->key.data, tickets->key.size);
    }
    pthread_mutex_unlock(&tickets->lock);
}

void qw_session_tickets_void(struct qw_session_tickets *tickets)
{
    pthread_mutex_lock(&tickets->lock);
    tickets->made_ms = INT64_MIN / 2; /* its time is over, also if there is no other key now */
    if (renew(tickets) != QW_OK) {
        qw_wipe(tickets->key.data, tickets->key.size);
    }
    pthread_mutex_unlock(&tickets->lock);
}

void qw_session_tickets_offer(struct qw_session_tickets *tickets, gnutls_session_t session)
{
    pthread_mutex_lock(&tickets->lock);
    if (renew(tickets) == QW_OK &&
        gnutls_session_ticket_enable_server(session, &tickets->key) == 0) {
        gnutls_db_set_cache_expiration(session, QW_SESSION_TICKET_LIFE_S);
    }
    pthread_mutex_unlock(&tickets->lock);
}
