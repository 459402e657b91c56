/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/socket.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, PROBE_TIMEOUT_MS = 1000 };

/* A numeric address of either family with its length. */
struct endpoint {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } of;
    socklen_t len;
};

static qw_err endpoint_of_address(const char *address, uint16_t port, struct endpoint *endpoint)
{
    memset(endpoint, 0, sizeof *endpoint);
    if (inet_pton(AF_INET, address, &endpoint->of.v4.sin_addr) == 1) {
        endpoint->of.v4.sin_family = AF_INET;
        endpoint->of.v4.sin_port = htons(port);
        endpoint->len = sizeof endpoint->of.v4;
        return QW_OK;
    }
    if (inet_pton(AF_INET6, address, &endpoint->of.v6.sin6_addr) == 1) {
        endpoint->of.v6.sin6_family = AF_INET6;
        endpoint->of.v6.sin6_port = htons(port);
        endpoint->len = sizeof endpoint->of.v6;
        return QW_OK;
    }
    return QW_ERR_ARG;
}

static qw_err endpoint_of_path(const char *path, struct endpoint *endpoint)
{
    size_t len = strlen(path);

    memset(endpoint, 0, sizeof *endpoint);
    if (len == 0 || len >= sizeof endpoint->of.local.sun_path) {
        return QW_ERR_ARG;
    }
    endpoint->of.local.sun_family = AF_UNIX;
    memcpy(endpoint->of.local.sun_path, path, len);
    endpoint->len = sizeof endpoint->of.local;
    return QW_OK;
}

static int new_socket(const struct endpoint *endpoint)
{
    return socket(endpoint->of.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - qw_clock_monotonic_ms();

    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Small messages go out at once: a protocol of questions and answers must not wait for Nagle. */
static void send_at_once(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a Unix socket refuses it */
}

static qw_err wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd waiting = { .fd = fd, .events = events };
        int ready = poll(&waiting, 1, left_ms(deadline_ms));

        if (ready > 0) {
            return QW_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return QW_ERR_IO;
        }
        if (ready == 0 && left_ms(deadline_ms) == 0) {
            return QW_ERR_TIMEOUT;
        }
    }
}

static uint16_t port_of(int fd)
{
    struct endpoint bound = { .len = sizeof bound.of };

    if (getsockname(fd, &bound.of.any, &bound.len) != 0) {
        return 0;
    }
    return ntohs(bound.of.any.sa_family == AF_INET ? bound.of.v4.sin_port : bound.of.v6.sin6_port);
}

/* A socket that only holds a port of the system's choice, which *endpoint then has: one that was
 * bound to "any" loses its port when it stops listening, see qw_socket_listen_again. Negative:
 * none. */
static int hold_some_port(struct endpoint *endpoint)
{
    int holder = new_socket(endpoint);
    int on = 1;

    if (holder >= 0 && (bind(holder, &endpoint->of.any, endpoint->len) != 0 ||
                        getsockname(holder, &endpoint->of.any, &endpoint->len) != 0 ||
                        setsockopt(holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)) {
        close(holder);
        return -1;
    }
    return holder;
}

static qw_err listen_at(const struct endpoint *endpoint, int *fd)
{
    int on = 1;
    int listener = new_socket(endpoint);
    qw_err err;

    if (listener < 0) {
        return QW_ERR_IO;
    }
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, &endpoint->of.any, endpoint->len) != 0 || listen(listener, BACKLOG) != 0) {
        err = errno == EADDRINUSE ? QW_ERR_CONFLICT : QW_ERR_IO;
        close(listener);
        return err;
    }
    *fd = listener;
    return QW_OK;
}

qw_err qw_socket_listen(const char *address, uint16_t port, int *fd, uint16_t *bound_port)
{
    struct endpoint endpoint;
    int holder = -1;
    qw_err err = endpoint_of_address(address, port, &endpoint);

    if (err == QW_OK && port == 0) {
        holder = hold_some_port(&endpoint);
        err = holder < 0 ? QW_ERR_IO : QW_OK;
    }
    if (err == QW_OK) {
        err = listen_at(&endpoint, fd);
    }
    qw_socket_close(holder);
    if (err == QW_OK) {
        *bound_port = port_of(*fd);
    }
    return err;
}

qw_err qw_socket_listen_again(int listener)
{
    return listen(listener, BACKLOG) == 0 ? QW_OK : QW_ERR_IO;
}

/* Removes a socket file that nobody answers on; QW_ERR_CONFLICT for a live one or for anything
 * that is no socket. */
static qw_err remove_stale_socket(const char *path)
{
    struct stat info;
    int probe = -1;
    qw_err err;

    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? QW_OK : QW_ERR_IO;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return QW_ERR_CONFLICT;
    }
    err = qw_socket_connect_unix(path, PROBE_TIMEOUT_MS, &probe);
    qw_socket_close(probe);
    if (err != QW_ERR_CLOSED && err != QW_ERR_NOT_FOUND) {
        return QW_ERR_CONFLICT; /* somebody answers, or at least holds the queue */
    }
    return unlink(path) == 0 || errno == ENOENT ? QW_OK : QW_ERR_IO;
}

qw_err qw_socket_listen_unix(const char *path, int *fd)
{
    struct endpoint endpoint;
    int listener;
    qw_err err = endpoint_of_path(path, &endpoint);

    if (err == QW_OK) {
        err = remove_stale_socket(path);
    }
    if (err != QW_OK) {
        return err;
    }
    listener = new_socket(&endpoint);
    if (listener < 0) {
        return QW_ERR_IO;
    }
    /* The mode is set on the descriptor before bind and again on the file before listen: nobody
     * can connect in between, whatever the umask. */
    if (fchmod(listener, S_IRUSR | S_IWUSR) != 0 ||
        bind(listener, &endpoint.of.any, endpoint.len) != 0) {
        err = errno == EADDRINUSE ? QW_ERR_CONFLICT : QW_ERR_IO;
        close(listener);
        return err;
    }
    if (chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(listener, BACKLOG) != 0) {
        unlink(path);
        close(listener);
        return QW_ERR_IO;
    }
    *fd = listener;
    return QW_OK;
}

qw_err qw_socket_accept(int listener, int timeout_ms, int *fd)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;

    for (;;) {
        qw_err err = wait_for(listener, POLLIN, deadline_ms);
        int accepted;

        if (err != QW_OK) {
            return err;
        }
        accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            send_at_once(accepted);
            *fd = accepted;
            return QW_OK;
        }
        /* The caller may have gone again, or another thread was faster. */
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            return QW_ERR_IO;
        }
    }
}

static qw_err connect_error(int number)
{
    switch (number) {
    case 0:
        return QW_OK;
    case ECONNREFUSED:
    case ECONNRESET:
        return QW_ERR_CLOSED;
    case ENOENT:
        return QW_ERR_NOT_FOUND;
    case ETIMEDOUT:
    case EAGAIN: /* a Unix listener whose queue is full */
        return QW_ERR_TIMEOUT;
    default:
        return QW_ERR_IO;
    }
}

static qw_err finish_connect(int fd, int timeout_ms)
{
    int number = 0;
    socklen_t len = sizeof number;
    qw_err err = wait_for(fd, POLLOUT, qw_clock_monotonic_ms() + timeout_ms);

    if (err != QW_OK) {
        return err;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0) {
        return QW_ERR_IO;
    }
    return connect_error(number);
}

static qw_err connect_endpoint(const struct endpoint *endpoint, int timeout_ms, int *fd)
{
    int stream = new_socket(endpoint);
    qw_err err = QW_OK;

    if (stream < 0) {
        return QW_ERR_IO;
    }
    if (connect(stream, &endpoint->of.any, endpoint->len) != 0) {
        err = errno == EINPROGRESS || errno == EINTR ? finish_connect(stream, timeout_ms)
                                                     : connect_error(errno);
    }
    if (err != QW_OK) {
        close(stream);
        return err;
    }
    send_at_once(stream);
    *fd = stream;
    return QW_OK;
}

qw_err qw_socket_connect(const char *address, uint16_t port, int timeout_ms, int *fd)
{
    struct endpoint endpoint;
    qw_err err = endpoint_of_address(address, port, &endpoint);

    return err == QW_OK ? connect_endpoint(&endpoint, timeout_ms, fd) : err;
}

qw_err qw_socket_connect_unix(const char *path, int timeout_ms, int *fd)
{
    struct endpoint endpoint;
    qw_err err = endpoint_of_path(path, &endpoint);

    return err == QW_OK ? connect_endpoint(&endpoint, timeout_ms, fd) : err;
}

static qw_err stream_error(int number)
{
    return number == EPIPE || number == ECONNRESET ? QW_ERR_CLOSED : QW_ERR_IO;
}

static bool is_try_again(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

qw_err qw_socket_read_some(int fd, void *data, size_t cap, size_t *len, int64_t deadline_ms)
{
    for (;;) {
        ssize_t got = recv(fd, data, cap, 0);
        qw_err err;

        if (got > 0) {
            *len = (size_t)got;
            return QW_OK;
        }
        if (got == 0) {
            return QW_ERR_CLOSED;
        }
        if (!is_try_again(errno)) {
            return stream_error(errno);
        }
        err = wait_for(fd, POLLIN, deadline_ms);
        if (err != QW_OK) {
            return err;
        }
    }
}

qw_err qw_socket_read(int fd, void *data, size_t len, int64_t deadline_ms)
{
    uint8_t *bytes = data;
    size_t at = 0;

    while (at < len) {
        size_t got = 0;
        qw_err err = qw_socket_read_some(fd, bytes + at, len - at, &got, deadline_ms);

        if (err != QW_OK) {
            return err;
        }
        at += got;
    }
    return QW_OK;
}

qw_err qw_socket_write(int fd, const void *data, size_t len, int64_t deadline_ms)
{
    const uint8_t *bytes = data;
    size_t at = 0;

    while (at < len) {
        /* Without MSG_NOSIGNAL a peer that hangs up would kill the process. */
        ssize_t put = send(fd, bytes + at, len - at, MSG_NOSIGNAL);

        if (put >= 0) {
            at += (size_t)put;
            continue;
        }
        if (!is_try_again(errno)) {
            return stream_error(errno);
        }
        qw_err err = wait_for(fd, POLLOUT, deadline_ms);

        if (err != QW_OK) {
            return err;
        }
    }
    return QW_OK;
}

void qw_socket_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

qw_err qw_socket_keep_alive(int fd, int silent_s)
{
    const struct {
        int level, name, value;
    } options[] = {
        { IPPROTO_TCP, TCP_KEEPIDLE, silent_s / 4 },
        { IPPROTO_TCP, TCP_KEEPINTVL, silent_s / 4 },
        { IPPROTO_TCP, TCP_KEEPCNT, 3 },
        { IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 * silent_s }, /* of data that is on its way */
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
    };

    qw_assert(silent_s >= 4 && silent_s <= 3600);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                       sizeof options[i].value) != 0) {
            return QW_ERR_IO;
        }
    }
    return QW_OK;
}
