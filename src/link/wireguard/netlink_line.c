/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "link/wireguard/netlink_line.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

qw_err qw_netlink_open(struct mnl_socket **line)
{
    struct mnl_socket *opened = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);

    if (opened == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    if (mnl_socket_bind(opened, 0, MNL_SOCKET_AUTOPID) < 0) {
        (void)mnl_socket_close(opened);
        return QW_ERR_UNAVAILABLE;
    }
    *line = opened;
    return QW_OK;
}

qw_err qw_netlink_send(struct mnl_socket *line, const void *request, size_t len)
{
    return mnl_socket_sendto(line, request, len) == (ssize_t)len ? QW_OK : QW_ERR_IO;
}

static qw_err wait_for_datagram(struct mnl_socket *line, int64_t deadline_ms)
{
    struct pollfd entry = { .fd = mnl_socket_get_fd(line), .events = POLLIN };

    for (;;) {
        int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();
        int ready = poll(&entry, 1, left_ms > 0 ? (int)left_ms : 0);

        if (ready > 0) {
            return QW_OK;
        }
        if (ready == 0 || errno != EINTR) {
            return ready == 0 ? QW_ERR_TIMEOUT : QW_ERR_IO;
        }
    }
}

/* mnl_socket_recvfrom does not tell who sent it. */
qw_err qw_netlink_receive(struct mnl_socket *line, void *datagram, size_t cap, size_t *len,
                          int64_t deadline_ms)
{
    for (;;) {
        struct sockaddr_nl from = { .nl_family = AF_NETLINK };
        struct iovec room = { .iov_base = datagram, .iov_len = cap };
        struct msghdr message = {
            .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &room, .msg_iovlen = 1
        };
        qw_err err = wait_for_datagram(line, deadline_ms);
        ssize_t got = -1;

        if (err == QW_OK) {
            got = recvmsg(mnl_socket_get_fd(line), &message, MSG_DONTWAIT);
            err = got >= 0 || errno == EAGAIN || errno == EINTR ? QW_OK : QW_ERR_IO;
        }
        if (err != QW_OK) {
            return err;
        }
        if (got >= 0 && message.msg_namelen == sizeof from && from.nl_pid == 0) {
            *len = (size_t)got;
            return (message.msg_flags & MSG_TRUNC) == 0 ? QW_OK : QW_ERR_SPACE;
        }
    }
}
