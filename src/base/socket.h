/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_SOCKET_H
#define QW_BASE_SOCKET_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Stream sockets, non-blocking and close-on-exec; every wait has a deadline. */

/* Listens on a numeric address; port 0 lets the system choose, *port says which. */
qw_err qw_socket_listen(const char *address, uint16_t port, int *fd,
                        uint16_t *bound_port) QW_MUST_USE;
/* Once more at the same address, after somebody has shut the listener down. Who called before the
 * shutdown was hung up on. Harmless while it listens. */
qw_err qw_socket_listen_again(int listener) QW_MUST_USE;

/* Listens on a Unix socket path with mode 0600; a stale socket file nobody answers on is replaced,
 * a live one is QW_ERR_CONFLICT. */
qw_err qw_socket_listen_unix(const char *path, int *fd) QW_MUST_USE;

/* QW_ERR_TIMEOUT when nobody came within timeout_ms. */
qw_err qw_socket_accept(int listener, int timeout_ms, int *fd) QW_MUST_USE;

qw_err qw_socket_connect(const char *address, uint16_t port, int timeout_ms, int *fd) QW_MUST_USE;
qw_err qw_socket_connect_unix(const char *path, int timeout_ms, int *fd) QW_MUST_USE;

/* Of a TCP socket: a peer that says nothing is asked by the system, and the connection ends as if
 * cut when nothing at all has come from it for about silent_s seconds (4..3600). */
qw_err qw_socket_keep_alive(int fd, int silent_s) QW_MUST_USE;

/* All len bytes or an error; deadline_ms is on qw_clock_monotonic_ms. QW_ERR_CLOSED at end of
 * stream. */
qw_err qw_socket_read(int fd, void *data, size_t len, int64_t deadline_ms) QW_MUST_USE;
qw_err qw_socket_write(int fd, const void *data, size_t len, int64_t deadline_ms) QW_MUST_USE;
/* At least one byte, at most cap (>= 1): for a reader that must keep what came before a timeout. */
qw_err qw_socket_read_some(int fd, void *data, size_t cap, size_t *len,
                           int64_t deadline_ms) QW_MUST_USE;
void qw_socket_close(int fd); /* negative is fine */

#endif
