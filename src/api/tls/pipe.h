/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_TLS_PIPE_H
#define QW_API_TLS_PIPE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between GnuTLS and its socket: what takes two system calls without it takes one. GnuTLS reads a
 * record's five bytes of head by themselves, and the HTTP library makes one record of the head of
 * an answer and another of its body. All that passes here is encrypted. One thread at a time. */
enum { QW_TLS_PIPE_AHEAD_CAP = 2048, QW_TLS_PIPE_HELD_CAP = 1024 };

struct qw_tls_pipe {
    int fd; /* borrowed, non-blocking */
    /* Called when a handshake finds nothing to read; false: the session is to end. */
    bool (*on_empty)(void *self);
    void *self;
    bool reads_ahead;
    bool holds_next;
    size_t ahead_at, ahead_len; /* what was read and not taken yet */
    size_t held_len;            /* what goes out with the next write */
    uint8_t ahead[QW_TLS_PIPE_AHEAD_CAP];
    uint8_t held[QW_TLS_PIPE_HELD_CAP];
};

/* The session reads and writes through the pipe from now on; both stay where they are until the
 * session has ended. Like before, until one of the next ones is called. */
void qw_tls_pipe_open(struct qw_tls_pipe *pipe, int fd, gnutls_session_t session);

/* What is to happen when there is nothing to read; NULL: nothing, any more. */
void qw_tls_pipe_on_empty(struct qw_tls_pipe *pipe, bool (*on_empty)(void *self), void *self);

/* From now on a read takes what is there. Only for a reader that goes on until it is told that
 * nothing is left: what was read ahead wakes nobody. */
void qw_tls_pipe_read_ahead(struct qw_tls_pipe *pipe);

/* The next record waits for the one that follows at once. Longer ones than QW_TLS_PIPE_HELD_CAP go
 * out by themselves. */
void qw_tls_pipe_hold(struct qw_tls_pipe *pipe);

/* Sends what is still held, as far as the socket takes it: for a record that nothing followed. */
void qw_tls_pipe_flush(struct qw_tls_pipe *pipe);

#endif
