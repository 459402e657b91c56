/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "shipping/sink.h"

#include "base/clock.h"
#include "base/host.h"
#include "base/socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_MS = 3000, SETTLE_STEP_MS = 5, PREFIX_CAP = 16 };

/* "host:port" or "[v6]:port" */
static qw_err parse_host(struct sink *sink, const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    char *end = NULL;
    unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);

    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof sink->host || colon[1] < '0' || colon[1] > '9' || *end != '\0' ||
        port == 0 || port > UINT16_MAX) {
        return QW_ERR_FORMAT;
    }
    memcpy(sink->host, text, len);
    sink->host[len] = '\0';
    sink->port = (uint16_t)port;
    return QW_OK;
}

qw_err sink_init(struct sink *sink, const char *address)
{
    static const char udp[] = "udp://";
    static const char tcp[] = "tcp://";
    struct sink s = { .kind = SINK_UNIX, .fd = -1 };
    qw_err err = QW_OK;

    if (strncmp(address, udp, sizeof udp - 1) == 0) {
        s.kind = SINK_UDP;
        err = parse_host(&s, address + sizeof udp - 1);
    } else if (strncmp(address, tcp, sizeof tcp - 1) == 0) {
        s.kind = SINK_TCP;
        err = parse_host(&s, address + sizeof tcp - 1);
    } else if (address[0] == '/' && strlen(address) < sizeof((struct sockaddr_un *)0)->sun_path) {
        memcpy(s.host, address, strlen(address));
    } else {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *sink = s;
    }
    return err;
}

static qw_err open_unix(struct sink *sink)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    memcpy(address.sun_path, sink->host, strlen(sink->host));
    sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sink->fd < 0) {
        return QW_ERR_IO;
    }
    if (connect(sink->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        return errno == ENOENT ? QW_ERR_NOT_FOUND : QW_ERR_IO;
    }
    return QW_OK;
}

static qw_err open_udp(struct sink *sink)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    char port[8];
    qw_err err = QW_ERR_NOT_FOUND;

    (void)snprintf(port, sizeof port, "%u", (unsigned)sink->port);
    if (getaddrinfo(sink->host, port, &hints, &found) != 0) {
        return QW_ERR_NOT_FOUND;
    }
    for (const struct addrinfo *a = found; a != NULL && err != QW_OK; a = a->ai_next) {
        qw_socket_close(sink->fd);
        sink->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        err =
            sink->fd >= 0 && connect(sink->fd, a->ai_addr, a->ai_addrlen) == 0 ? QW_OK : QW_ERR_IO;
    }
    freeaddrinfo(found);
    return err;
}

qw_err sink_open(struct sink *sink)
{
    qw_err err;

    sink_close(sink);
    switch (sink->kind) {
    case SINK_UNIX:
        err = open_unix(sink);
        break;
    case SINK_UDP:
        err = open_udp(sink);
        break;
    default:
        err = qw_host_connect(sink->host, sink->port, WAIT_MS, &sink->fd);
        break;
    }
    if (err != QW_OK) {
        sink_close(sink);
    }
    return err;
}

/* A full queue is waited for, a while. */
static qw_err send_datagram(const struct sink *sink, const char *line, size_t len)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + WAIT_MS;

    for (;;) {
        struct pollfd waiting = { .fd = sink->fd, .events = POLLOUT };
        int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();

        if (send(sink->fd, line, len, MSG_NOSIGNAL) == (ssize_t)len) {
            return QW_OK;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
            return QW_ERR_IO;
        }
        if (left_ms <= 0) {
            return QW_ERR_TIMEOUT;
        }
        (void)poll(&waiting, 1, (int)left_ms);
    }
}

static qw_err send_counted(const struct sink *sink, const char *line, size_t len)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + WAIT_MS;
    char prefix[PREFIX_CAP];
    int prefix_len = snprintf(prefix, sizeof prefix, "%zu ", len);
    qw_err err = qw_socket_write(sink->fd, prefix, (size_t)prefix_len, deadline_ms);

    return err == QW_OK ? qw_socket_write(sink->fd, line, len, deadline_ms) : err;
}

qw_err sink_send(struct sink *sink, const char *line, size_t len)
{
    qw_err err =
        sink->kind == SINK_TCP ? send_counted(sink, line, len) : send_datagram(sink, line, len);

    if (err != QW_OK) {
        sink_close(sink);
    }
    return err;
}

/* Whether the collector has hung up: it says nothing else. */
static bool is_gone(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

qw_err sink_settle(struct sink *sink)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + WAIT_MS;
    int left = 0;

    if (sink->kind != SINK_TCP) {
        return QW_OK;
    }
    while (!is_gone(sink->fd) && ioctl(sink->fd, SIOCOUTQ, &left) == 0) {
        if (left == 0) {
            return QW_OK;
        }
        if (qw_clock_monotonic_ms() >= deadline_ms) {
            sink_close(sink);
            return QW_ERR_TIMEOUT;
        }
        (void)poll(NULL, 0, SETTLE_STEP_MS);
    }
    sink_close(sink);
    return QW_ERR_IO;
}

void sink_close(struct sink *sink)
{
    qw_socket_close(sink->fd);
    sink->fd = -1;
}
