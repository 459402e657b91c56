/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/tls/pipe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PARTS_MAX = 16 };

static size_t take_ahead(struct qw_tls_pipe *pipe, void *data, size_t len)
{
    size_t left = pipe->ahead_len - pipe->ahead_at;
    size_t taken = len < left ? len : left;

    memcpy(data, pipe->ahead + pipe->ahead_at, taken);
    pipe->ahead_at += taken;
    return taken;
}

static ssize_t pull_in_handshake(const struct qw_tls_pipe *pipe, void *data, size_t len)
{
    ssize_t got = recv(pipe->fd, data, len, 0);

    if (got < 0 && errno == EAGAIN && pipe->on_empty != NULL) {
        errno = pipe->on_empty(pipe->self) ? EAGAIN : ECONNABORTED;
    }
    return got;
}

static ssize_t pull(gnutls_transport_ptr_t self, void *data, size_t len)
{
    struct qw_tls_pipe *pipe = self;
    ssize_t got;

    if (pipe->ahead_at < pipe->ahead_len) {
        return (ssize_t)take_ahead(pipe, data, len);
    }
    if (!pipe->reads_ahead) {
        return pull_in_handshake(pipe, data, len);
    }
    if (len >= sizeof pipe->ahead) {
        return recv(pipe->fd, data, len, 0);
    }
    got = recv(pipe->fd, pipe->ahead, sizeof pipe->ahead, 0);
    if (got <= 0) {
        return got;
    }
    pipe->ahead_at = 0;
    pipe->ahead_len = (size_t)got;
    return (ssize_t)take_ahead(pipe, data, len);
}

/* GnuTLS asks before it waits, which it never does on a socket that does not block. */
static int wait_for_data(gnutls_transport_ptr_t self, unsigned limit_ms)
{
    const struct qw_tls_pipe *pipe = self;
    struct pollfd entry = { .fd = pipe->fd, .events = POLLIN };

    return pipe->ahead_at < pipe->ahead_len
               ? 1
               : poll(&entry, 1, limit_ms == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (int)limit_ms);
}

/* False: it is too long, or in too many parts. */
static bool keep(struct qw_tls_pipe *pipe, const struct iovec *parts, size_t count, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].iov_len > sizeof pipe->held - *len) {
            return false;
        }
        memcpy(pipe->held + *len, parts[i].iov_base, parts[i].iov_len);
        *len += parts[i].iov_len;
    }
    pipe->held_len = *len;
    return true;
}

static ssize_t send_parts(const struct qw_tls_pipe *pipe, struct iovec *parts, size_t count)
{
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };

    return sendmsg(pipe->fd, &message, MSG_NOSIGNAL);
}

/* What is held goes first; how much of parts[1..] went out. */
static ssize_t send_behind_held(struct qw_tls_pipe *pipe, struct iovec *parts, size_t count)
{
    ssize_t sent;

    parts[0] = (struct iovec){ pipe->held, pipe->held_len };
    sent = send_parts(pipe, parts, count);
    if (sent < 0) {
        return sent;
    }
    if ((size_t)sent <= pipe->held_len) {
        pipe->held_len -= (size_t)sent;
        memmove(pipe->held, pipe->held + sent, pipe->held_len);
        errno = EAGAIN; /* of what was given nothing */
        return -1;
    }
    sent -= (ssize_t)pipe->held_len;
    pipe->held_len = 0;
    return sent;
}

static ssize_t push(gnutls_transport_ptr_t self, const giovec_t *given, int given_count)
{
    struct qw_tls_pipe *pipe = self;
    struct iovec parts[1 + PARTS_MAX];
    size_t count = given_count < PARTS_MAX ? (size_t)given_count : PARTS_MAX; /* the rest comes
                                                                                 again */
    size_t kept;

    memcpy(parts + 1, given, count * sizeof parts[0]);
    if (pipe->holds_next && pipe->held_len == 0) {
        pipe->holds_next = false;
        if ((int)count == given_count && keep(pipe, parts + 1, count, &kept)) {
            return (ssize_t)kept;
        }
    }
    return pipe->held_len > 0 ? send_behind_held(pipe, parts, count + 1)
                              : send_parts(pipe, parts + 1, count);
}

void qw_tls_pipe_open(struct qw_tls_pipe *pipe, int fd, gnutls_session_t session)
{
    _Static_assert(sizeof(giovec_t) == sizeof(struct iovec), "the same structure");
    pipe->fd = fd;
    pipe->on_empty = NULL;
    pipe->reads_ahead = false;
    pipe->holds_next = false;
    pipe->ahead_at = 0;
    pipe->ahead_len = 0;
    pipe->held_len = 0;
    gnutls_transport_set_ptr(session, pipe);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_pull_timeout_function(session, wait_for_data);
    gnutls_transport_set_vec_push_function(session, push);
}

void qw_tls_pipe_on_empty(struct qw_tls_pipe *pipe, bool (*on_empty)(void *self), void *self)
{
    pipe->on_empty = on_empty;
    pipe->self = self;
}

void qw_tls_pipe_read_ahead(struct qw_tls_pipe *pipe)
{
    pipe->reads_ahead = true;
}

void qw_tls_pipe_hold(struct qw_tls_pipe *pipe)
{
    pipe->holds_next = true;
}

void qw_tls_pipe_flush(struct qw_tls_pipe *pipe)
{
    pipe->holds_next = false;
    if (pipe->held_len > 0) {
        ssize_t sent = send(pipe->fd, pipe->held, pipe->held_len, MSG_NOSIGNAL);

        if (sent > 0) {
            pipe->held_len -= (size_t)sent;
            memmove(pipe->held, pipe->held + sent, pipe->held_len);
        }
    }
}
