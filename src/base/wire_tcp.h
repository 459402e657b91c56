/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_WIRE_TCP_H
#define QW_BASE_WIRE_TCP_H

#include "base/wire.h"

/* A wire over a connected stream socket: each message is its length (u32, big-endian,
 * 0..QW_WIRE_MESSAGE_MAX) and its bytes. Takes fd, also when it fails. Sending waits at most
 * send_timeout_ms. Works for TCP and Unix sockets alike. */
qw_err qw_wire_tcp_new(int fd, int send_timeout_ms, struct qw_wire *wire) QW_MUST_USE;

#endif
