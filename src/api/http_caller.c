/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_caller.h"

#include "api/http_connection_set.h"
#include "api/psk/connection.h"
#include "base/clock.h"

#include <gnutls/x509.h>
#include <stdio.h>

/* By the list of its judge. Of the connection's own thread. */
static bool is_revoked(const struct qw_http_connection *c)
{
    return qw_revocation_list_has(qw_tls_credentials_revocations(c->judge), c->identity.issue_hash);
}

/* Whose certificate it is, and that nobody has taken it back. NULL: fine; else why not, for the
 * log. */
static const char *identify(struct qw_http_connection *c, gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);

    if (chain == NULL || count == 0) {
        return "none";
    }
    if (qw_certificate_identity_read(chain[0].data, chain[0].size, &c->identity) != QW_OK) {
        return "unreadable";
    }
    if (!c->identity.is_client) {
        return "not a client's";
    }
    return is_revoked(c) ? "revoked" : NULL;
}

/* No cause reaches the peer. */
static int conclude(struct qw_http_connection *c, gnutls_session_t session, const char *why_not)
{
    if (why_not == NULL) {
        pthread_mutex_lock(&c->set->lock);
        c->is_verified = true;
        pthread_mutex_unlock(&c->set->lock);
        qw_http_connection_limit(c, c->set->request_ms); /* for the head of the first request */
        return 0;
    }
    c->is_refused = true;
    qw_log_write(c->set->log, QW_LOG_WARNING, "%s: caller refused: %s", c->address, why_not);
    (void)gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

/* Runs inside a full handshake [H2]: chain, validity, purpose and revocation. */
static int verify(gnutls_session_t session)
{
    struct qw_http_connection *c = gnutls_session_get_ptr(session);
    char why_not[48];
    unsigned status;

    if (qw_tls_verify_client(session, &status) != QW_OK) {
        (void)snprintf(why_not, sizeof why_not, "chain, status 0x%x", status);
        return conclude(c, session, why_not);
    }
    return conclude(c, session, identify(c, session));
}

/* Of a finished message: whether it is the client's. Behind it no handshake waits for anything. */
static bool is_last_message(struct qw_http_connection *c, unsigned incoming)
{
    if (incoming != 0) {
        qw_tls_pipe_on_empty(&c->pipe, NULL, NULL);
    }
    return incoming != 0;
}

/* At the client's last handshake message: a resumed session has not gone through verify. Its ticket
 * was sealed by us after the chain was verified, against the same authorities; what may have
 * changed since are time and revocation [H1]. */
static int verify_resumed(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                          const gnutls_datum_t *message)
{
    struct qw_http_connection *c = gnutls_session_get_ptr(session);
    const char *why_not;

    (void)type;
    (void)when;
    (void)message;
    if (!is_last_message(c, incoming) || c->is_verified) {
        return 0;
    }
    if (gnutls_session_is_resumed(session) == 0) {
        return conclude(c, session, "never verified");
    }
    why_not = identify(c, session);
    if (why_not == NULL && qw_clock_utc_ms() > c->identity.not_after_ms) {
        why_not = "expired";
    }
    return conclude(c, session, why_not);
}

/* At the client's last handshake message. Nobody is asked to prove himself a second time. */
static int verify_psk(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                      const gnutls_datum_t *message)
{
    struct qw_http_connection *c = gnutls_session_get_ptr(session);

    (void)type;
    (void)when;
    (void)message;
    if (!is_last_message(c, incoming)) {
        return 0;
    }
    return conclude(c, session,
                    c->is_verified ? "renegotiation" : qw_psk_connection_identify(c, session));
}

/* At the client's last handshake message, of a set that asks for no proof. */
static int admit(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                 const gnutls_datum_t *message)
{
    struct qw_http_connection *c = gnutls_session_get_ptr(session);

    (void)type;
    (void)when;
    (void)message;
    return is_last_message(c, incoming)
               ? conclude(c, session, c->is_verified ? "renegotiation" : NULL)
               : 0;
}

static void use_credentials(struct qw_http_connection *c, gnutls_session_t session)
{
    struct qw_http_connection_set *set = c->set;

    pthread_mutex_lock(&set->lock);
    c->credentials = qw_http_connection_set_hold(set);
    pthread_mutex_unlock(&set->lock);
    c->judge = qw_tls_credentials_hold(c->credentials);
    (void)!qw_tls_credentials_use(c->credentials, session); /* without them the handshake fails */
}

/* No tickets: who comes back has a cookie, and shakes hands anew. */
static void demand_nothing(struct qw_http_connection *c, gnutls_session_t session)
{
    use_credentials(c, session);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, admit);
}

static void demand_certificate(struct qw_http_connection *c, gnutls_session_t session)
{
    use_credentials(c, session);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_function(session, verify);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       verify_resumed);
    qw_session_tickets_offer(&c->set->tickets, session);
}

void qw_http_caller_demand(struct qw_http_connection *c, gnutls_session_t session)
{
    gnutls_session_set_ptr(session, c);
    if (c->set->psk != NULL) {
        qw_psk_connection_prepare(c, session);
        gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                           verify_psk);
    } else if (c->set->is_open) {
        demand_nothing(c, session);
    } else {
        demand_certificate(c, session);
    }
}

/* The set has other credentials than those the connection was judged by last: the chain that the
 * peer has shown is verified by them. Its own are the session's again afterwards: it was made with
 * their certificate. */
static qw_err judge_again(struct qw_http_connection *c)
{
    struct qw_http_connection_set *set = c->set;
    struct qw_tls_credentials *old;
    unsigned status;
    qw_err err;

    pthread_mutex_lock(&set->lock);
    old = c->judge;
    c->judge = qw_http_connection_set_hold(set);
    pthread_mutex_unlock(&set->lock);
    qw_tls_credentials_release(old);
    err = qw_tls_credentials_use(c->judge, c->session);
    if (err == QW_OK) {
        err = qw_tls_verify_client(c->session, &status);
    }
    if (qw_tls_credentials_use(c->credentials, c->session) != QW_OK) {
        err = QW_ERR_AUTH;
    }
    if (err != QW_OK) {
        c->identity.not_after_ms = INT64_MIN; /* and so for every further request */
        qw_log_write(set->log, QW_LOG_WARNING, "%s: caller refused: by the new authorities",
                     c->address);
    }
    return err;
}

qw_err qw_http_caller_check(struct qw_http_connection *c)
{
    if (c->set->is_plain || c->set->is_open) {
        return QW_OK;
    }
    if (c->set->psk != NULL) {
        return qw_psk_connection_check(c);
    }
    if (c->judge != atomic_load(&c->set->credentials) && judge_again(c) != QW_OK) {
        return QW_ERR_AUTH;
    }
    return qw_clock_utc_ms() > c->identity.not_after_ms || is_revoked(c) ? QW_ERR_AUTH : QW_OK;
}
