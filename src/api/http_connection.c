/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/http_connection.h"

#include "api/http_caller.h"
#include "api/http_connection_set.h"
#include "base/clock.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

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
        qw_http_caller_demand(c, session);
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
