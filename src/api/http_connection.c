/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/http_connection.h"

#include "api/psk/connection.h"
#include "base/clock.h"

#include <gnutls/x509.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { WATCH_MS = 100, REFRESH_TURNS = 5 /* of the watchdog, between two looks at a file */ };

static void wait_ms(struct qw_http_connection_set *set, int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&set->wake, &set->lock, &until);
}

/* The HTTP library sees the end of the stream and cleans up in its own thread. Under the lock, so
 * the descriptor cannot have been closed and given to another. What was not taken by then is thrown
 * away: the kernel would offer it to a slow reader for minutes. */
void qw_http_connection_cut(struct qw_http_connection *c, enum qw_log_level level, const char *why)
{
    static const struct linger none = { .l_onoff = 1, .l_linger = 0 };

    c->deadline_ms = INT64_MAX;
    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    shutdown(c->fd, SHUT_RDWR);
    qw_log_write(c->set->log, level, "%s: %s, connection cut", c->address, why);
}

static void cut_late(struct qw_http_connection_set *set)
{
    int64_t now_ms = qw_clock_monotonic_ms();

    for (struct qw_http_connection *c = set->first; c != NULL; c = c->next) {
        if (c->deadline_ms < now_ms) {
            qw_http_connection_cut(c, QW_LOG_INFO, "too slow");
        }
    }
}

static void cut_revoked(struct qw_http_connection_set *set, struct qw_revocation_list *list)
{
    for (struct qw_http_connection *c = set->first; c != NULL; c = c->next) {
        if (c->is_verified && qw_revocation_list_has(list, c->identity.issue_hash)) {
            qw_http_connection_cut(c, QW_LOG_WARNING, "certificate revoked");
        }
    }
}

/* Under the lock. */
static struct qw_tls_credentials *hold_current(struct qw_http_connection_set *set)
{
    return qw_tls_credentials_hold(atomic_load(&set->credentials));
}

/* must_cut: also when somebody else has just read the list, and not cut yet. */
static void look_for_revoked(struct qw_http_connection_set *set, bool must_cut)
{
    struct qw_tls_credentials *credentials;
    struct qw_revocation_list *list;
    bool has_changed;

    if (set->psk != NULL) {
        qw_psk_connections_cut_revoked(set);
        return;
    }
    if (set->is_plain || set->is_open) {
        return;
    }
    credentials = hold_current(set);
    list = qw_tls_credentials_revocations(credentials);
    pthread_mutex_unlock(&set->lock); /* no file is read under it */
    has_changed = list != NULL && qw_revocation_list_refresh(list);
    pthread_mutex_lock(&set->lock);
    if (has_changed || must_cut) {
        cut_revoked(set, list);
    }
    qw_tls_credentials_release(credentials);
}

void qw_http_connection_set_renew(struct qw_http_connection_set *set,
                                  struct qw_tls_credentials *credentials)
{
    struct qw_tls_credentials *old;

    pthread_mutex_lock(&set->lock);
    old = atomic_exchange(&set->credentials, credentials);
    qw_session_tickets_void(&set->tickets); /* they were given by the old authorities' word */
    if (!set->is_open) {
        cut_revoked(set, qw_tls_credentials_revocations(credentials));
    }
    pthread_mutex_unlock(&set->lock);
    qw_tls_credentials_release(old);
}

void qw_http_connection_set_refresh(struct qw_http_connection_set *set)
{
    pthread_mutex_lock(&set->lock);
    look_for_revoked(set, true);
    pthread_mutex_unlock(&set->lock);
}

static void *watch(void *self)
{
    struct qw_http_connection_set *set = self;
    unsigned turn = 0;

    pthread_mutex_lock(&set->lock);
    while (!set->is_stopping || set->first != NULL) {
        cut_late(set);
        qw_session_tickets_renew(&set->tickets);
        if (turn++ % REFRESH_TURNS == 0) {
            look_for_revoked(set, false);
        }
        wait_ms(set, WATCH_MS);
    }
    pthread_mutex_unlock(&set->lock);
    return NULL;
}

qw_err qw_http_connection_set_start(struct qw_http_connection_set *set,
                                    struct qw_tls_credentials *credentials,
                                    const struct qw_log *log)
{
    pthread_condattr_t monotonic;

    set->log = log;
    atomic_init(&set->credentials, credentials);
    set->first = NULL;
    set->answering = 0;
    set->aside = 0;
    set->is_stopping = false;
    if (pthread_condattr_init(&monotonic) != 0) {
        qw_tls_credentials_release(credentials);
        return QW_ERR_NOMEM;
    }
    if (qw_session_tickets_start(&set->tickets, QW_SESSION_TICKET_KEY_LIFE_MS) != QW_OK) {
        pthread_condattr_destroy(&monotonic);
        qw_tls_credentials_release(credentials);
        return QW_ERR_NOMEM;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&set->lock, NULL);
    pthread_cond_init(&set->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&set->watchdog, NULL, watch, set) != 0) {
        pthread_cond_destroy(&set->wake);
        pthread_mutex_destroy(&set->lock);
        qw_session_tickets_stop(&set->tickets);
        qw_tls_credentials_release(credentials);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

void qw_http_connection_set_stop(struct qw_http_connection_set *set)
{
    pthread_mutex_lock(&set->lock);
    qw_assert(set->first == NULL);
    set->is_stopping = true;
    pthread_cond_broadcast(&set->wake);
    pthread_mutex_unlock(&set->lock);
    pthread_join(set->watchdog, NULL);
    pthread_cond_destroy(&set->wake);
    pthread_mutex_destroy(&set->lock);
    qw_session_tickets_stop(&set->tickets);
    qw_tls_credentials_release(atomic_load(&set->credentials));
}

void qw_http_connection_set_drain(struct qw_http_connection_set *set, int limit_ms)
{
    int64_t until_ms = qw_clock_monotonic_ms() + limit_ms;

    pthread_mutex_lock(&set->lock);
    set->is_stopping = true;
    while (set->aside > 0 || (set->answering > 0 && qw_clock_monotonic_ms() < until_ms)) {
        if (set->aside > 0) { /* their answers have their time when they are there */
            until_ms = qw_clock_monotonic_ms() + limit_ms;
        }
        wait_ms(set, WATCH_MS);
    }
    pthread_mutex_unlock(&set->lock);
}

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

static void name_peer(int fd, char *out, size_t cap)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof address;

    out[0] = '\0';
    if (getpeername(fd, (struct sockaddr *)&address, &len) == 0) {
        (void)getnameinfo((struct sockaddr *)&address, len, out, (socklen_t)cap, NULL, 0,
                          NI_NUMERICHOST);
    }
}

static void use_credentials(struct qw_http_connection *c, gnutls_session_t session)
{
    struct qw_http_connection_set *set = c->set;

    pthread_mutex_lock(&set->lock);
    c->credentials = hold_current(set);
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

static void prepare(struct qw_http_connection *c, gnutls_session_t session)
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

struct qw_http_connection *qw_http_connection_add(struct qw_http_connection_set *set, int fd,
                                                  gnutls_session_t session)
{
    struct qw_http_connection *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    c->set = set;
    c->fd = fd;
    c->session = session;
    c->opened_ms = qw_clock_monotonic_ms();
    c->deadline_ms = c->opened_ms + set->handshake_ms;
    name_peer(fd, c->address, sizeof c->address);
    if (set->is_plain) {
        c->is_verified = true;                           /* as nobody */
        c->deadline_ms = c->opened_ms + set->request_ms; /* for the head of the first request */
    } else {
        prepare(c, session);
    }
    pthread_mutex_lock(&set->lock);
    c->next = set->first;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    set->first = c;
    pthread_mutex_unlock(&set->lock);
    return c;
}

void qw_http_connection_remove(struct qw_http_connection *c)
{
    struct qw_http_connection_set *set = c->set;

    if (set->psk != NULL && !c->is_verified && c->identity.text[0] != '\0') {
        qw_log_write(set->log, QW_LOG_WARNING, "%s: no proof that it is %s", c->address,
                     c->identity.text);
    }
    pthread_mutex_lock(&set->lock);
    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        set->first = c->next;
    }
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    pthread_mutex_unlock(&set->lock);
    if (!c->is_verified && set->failures != NULL) {
        atomic_fetch_add(c->is_refused ? &set->failures->refused : &set->failures->broken, 1);
    }
    qw_tls_credentials_release(c->credentials);
    qw_tls_credentials_release(c->judge);
    free(c);
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
    c->judge = hold_current(set);
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

qw_err qw_http_connection_check(struct qw_http_connection *c)
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

void qw_http_connection_limit(struct qw_http_connection *c, int after_ms)
{
    pthread_mutex_lock(&c->set->lock);
    c->deadline_ms = after_ms < 0 ? INT64_MAX : qw_clock_monotonic_ms() + after_ms;
    pthread_mutex_unlock(&c->set->lock);
}

/* One step: whoever is told to go on is counted, so that _drain waits for him. */
bool qw_http_connection_answer_begin(struct qw_http_connection *c)
{
    bool is_stopping;

    pthread_mutex_lock(&c->set->lock);
    c->deadline_ms = INT64_MAX; /* the handler's own time is not the client's fault */
    c->set->answering++;
    is_stopping = c->set->is_stopping;
    pthread_mutex_unlock(&c->set->lock);
    return !is_stopping;
}

bool qw_http_connection_is_last(struct qw_http_connection *c)
{
    bool is_stopping;

    pthread_mutex_lock(&c->set->lock);
    is_stopping = c->set->is_stopping;
    pthread_mutex_unlock(&c->set->lock);
    return is_stopping || qw_clock_monotonic_ms() - c->opened_ms > QW_SESSION_TICKET_KEY_LIFE_MS;
}

void qw_http_connection_answer_end(struct qw_http_connection *c)
{
    pthread_mutex_lock(&c->set->lock);
    c->deadline_ms = qw_clock_monotonic_ms() + c->set->idle_ms + c->set->request_ms;
    c->set->answering--;
    if (c->set->is_stopping) { /* only then does somebody wait for it */
        pthread_cond_broadcast(&c->set->wake);
    }
    pthread_mutex_unlock(&c->set->lock);
}

void qw_http_connection_set_aside(struct qw_http_connection_set *set, int change)
{
    pthread_mutex_lock(&set->lock);
    set->aside += (unsigned)change;
    if (set->is_stopping) {
        pthread_cond_broadcast(&set->wake);
    }
    pthread_mutex_unlock(&set->lock);
}
