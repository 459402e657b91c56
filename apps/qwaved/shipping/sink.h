/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SHIPPING_SINK_H
#define QWAVED_SHIPPING_SINK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A collector of syslog: a datagram socket of this machine ("/dev/log"), "udp://host:port" [RFC
 * 5426], or "tcp://host:port" with counted octets [RFC 6587 3.4.1]. A value; one thread. Nothing
 * waits longer than a few seconds. */
enum sink_kind { SINK_UNIX, SINK_UDP, SINK_TCP };
enum { SINK_HOST_CAP = 256 };
struct sink {
    enum sink_kind kind;
    char host[SINK_HOST_CAP]; /* or the path */
    uint16_t port;
    int fd; /* -1: not connected */
};

/* QW_ERR_FORMAT: none of the three. Connects to nothing yet. */
qw_err sink_init(struct sink *sink, const char *address) QW_MUST_USE;
/* QW_ERR_NOT_FOUND, QW_ERR_IO, QW_ERR_TIMEOUT: nobody is there. */
qw_err sink_open(struct sink *sink) QW_MUST_USE;
/* One message, on an open sink. An error closes it. */
qw_err sink_send(struct sink *sink, const char *line, size_t len) QW_MUST_USE;
/* Waits until the collector's machine has all that was sent, where that can be known (TCP). An
 * error closes the sink. */
qw_err sink_settle(struct sink *sink) QW_MUST_USE;
void sink_close(struct sink *sink);

#endif
