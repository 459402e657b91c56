/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "radio/live/nexmon_udp.h"

#include "radio/capture/nexmon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_SOURCE = 4, RECEIVE_BUFFER = 1 << 22, BURST = 64 };

struct nexmon_udp {
    int fd;
    bool has_sender, has_source;
    struct in_addr sender;
    uint8_t source[QW_CSI_SOURCE_LEN];
    uint64_t lost; /* by the system, as it counts */
    uint8_t datagram[QW_LIVE_RECORD_MAX];
};

static bool is_wanted(const struct nexmon_udp *udp, const struct sockaddr_in *from, size_t len)
{
    bool wanted = !udp->has_sender || from->sin_addr.s_addr == udp->sender.s_addr;

    if (udp->has_source) {
        wanted = wanted && len >= AT_SOURCE + QW_CSI_SOURCE_LEN;
        for (size_t i = 0; wanted && i < QW_CSI_SOURCE_LEN; i++) {
            wanted = udp->datagram[AT_SOURCE + i] == udp->source[i];
        }
    }
    return wanted;
}

/* When the system got it, and how many it has dropped before. */
static int64_t read_control(struct msghdr *message, struct nexmon_udp *udp)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        uint32_t lost;

        if (c->cmsg_level != SOL_SOCKET) {
            continue;
        }
        if (c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&at, CMSG_DATA(c), sizeof at);
        } else if (c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&lost, CMSG_DATA(c), sizeof lost);
            udp->lost = lost;
        }
    }
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static qw_err receive(void *self, struct qw_live_receiver *receiver)
{
    struct nexmon_udp *udp = self;

    for (size_t i = 0; i < BURST; i++) {
        union {
            struct cmsghdr head;
            char bytes[256];
        } control;
        struct sockaddr_in from = { 0 };
        struct iovec part = { udp->datagram, sizeof udp->datagram };
        struct msghdr message = { .msg_name = &from,
                                  .msg_namelen = sizeof from,
                                  .msg_iov = &part,
                                  .msg_iovlen = 1,
                                  .msg_control = &control,
                                  .msg_controllen = sizeof control };
        ssize_t got = recvmsg(udp->fd, &message, MSG_DONTWAIT);
        int64_t time_ns;

        if (got < 0) {
            return errno == EAGAIN || errno == EINTR ? QW_OK : QW_ERR_IO;
        }
        time_ns = read_control(&message, udp);
        qw_live_receiver_count_lost(receiver, udp->lost);
        if (is_wanted(udp, &from, (size_t)got)) {
            qw_live_receiver_push(receiver, udp->datagram, (size_t)got, time_ns);
        } else {
            qw_live_receiver_count_foreign(receiver);
        }
    }
    return QW_OK;
}

static enum qw_capture_outcome decode(void *self, const struct qw_live_record *record,
                                      struct qw_csi_frame *frame)
{
    enum qw_capture_outcome outcome = qw_nexmon_datagram_to_frame(record->data, record->len, frame);

    (void)self;
    if (outcome == QW_CAPTURE_FRAME) {
        frame->time_ns = record->time_ns;
        frame->flags |= QW_CSI_HAS_TIME;
    }
    return outcome;
}

static void close_udp(void *self)
{
    struct nexmon_udp *udp = self;

    close(udp->fd);
    free(udp);
}

static qw_err bind_socket(struct nexmon_udp *udp, const struct sockaddr_in *address, uint16_t *port)
{
    struct sockaddr_in bound = { 0 };
    socklen_t len = sizeof bound;
    const int on = 1;
    const int buffer = RECEIVE_BUFFER;

    udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (udp->fd < 0) {
        return QW_ERR_IO;
    }
    /* All three are improvements that may be missing: what they tell is then unknown. */
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    if (bind(udp->fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        return errno == EADDRINUSE      ? QW_ERR_CONFLICT
               : errno == EADDRNOTAVAIL ? QW_ERR_ARG
                                        : QW_ERR_IO;
    }
    if (getsockname(udp->fd, (struct sockaddr *)&bound, &len) != 0) {
        return QW_ERR_IO;
    }
    *port = ntohs(bound.sin_port);
    return QW_OK;
}

qw_err qw_nexmon_udp_open(const struct qw_nexmon_udp_config *config,
                          struct qw_live_receiver **receiver, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(config->port) };
    struct nexmon_udp *udp;
    uint16_t bound_port = 0;
    qw_err err;

    address.sin_addr.s_addr = htonl(INADDR_ANY);
    if (config->address != NULL && inet_pton(AF_INET, config->address, &address.sin_addr) != 1) {
        return QW_ERR_ARG;
    }
    udp = calloc(1, sizeof *udp);
    if (udp == NULL) {
        return QW_ERR_NOMEM;
    }
    udp->fd = -1;
    udp->has_sender = config->sender != NULL;
    udp->has_source = config->source != NULL;
    if (udp->has_source) {
        memcpy(udp->source, config->source, sizeof udp->source);
    }
    if (udp->has_sender && inet_pton(AF_INET, config->sender, &udp->sender) != 1) {
        err = QW_ERR_ARG;
        goto out;
    }
    err = bind_socket(udp, &address, &bound_port);
    if (err == QW_OK) {
        struct qw_live_device device = { udp, udp->fd, receive, decode, close_udp };

        udp = NULL; /* taken, whatever comes */
        err = qw_live_receiver_new(&device, config->queue_records, receiver);
    }
    if (err == QW_OK) {
        *port = bound_port;
    }
out:
    if (udp != NULL) {
        if (udp->fd >= 0) {
            close(udp->fd);
        }
        free(udp);
    }
    return err;
}
