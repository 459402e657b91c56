/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/http_connection_set.h"

#include "api/psk/connection.h"
#include "base/clock.h"

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

struct qw_tls_credentials *qw_http_connection_set_hold(struct qw_http_connection_set *set)
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
    credentials = qw_http_connection_set_hold(set);
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

void qw_http_connection_set_aside(struct qw_http_connection_set *set, int change)
{
    pthread_mutex_lock(&set->lock);
    set->aside += (unsigned)change;
    if (set->is_stopping) {
        pthread_cond_broadcast(&set->wake);
    }
    pthread_mutex_unlock(&set->lock);
}
