/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "link/hold/packet_hold.h"

#include "base/clock.h"
#include "link/hold/filter_rule.h"
#include "link/prove/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_LEN = 64,       /* of a packet that we are shown */
    PACKETS_MAX = 16384, /* more of them pass */
    MESSAGE_CAP = 8192,
    RAW_IP = 101, /* link type of a packet without one */
    LINGER_MS = 500,
    RECEIVE_BUFFER = 8 * 1024 * 1024
};

struct qw_packet_hold {
    uint16_t queue;
    char networks[QW_PACKET_HOLD_NETWORKS_MAX][QW_PACKET_HOLD_NETWORK_CAP];
    size_t network_count;
    int limit_ms;
    const struct qw_log *log;
    /* While packets are held; of the thread, but for the first three. */
    bool is_begun;
    pthread_t thread;
    int end_fd;
    int64_t until_ms;
    struct nfq_handle *handle;
    struct nfq_q_handle *packets;
    bool is_over; /* what still comes passes */
    bool has_any;
    uint32_t last; /* number of the last one held */
};

static void remove_rules(const struct qw_packet_hold *hold)
{
    for (size_t i = 0; i < hold->network_count; i++) {
        qw_filter_rule_delete(hold->networks[i], hold->queue);
    }
}

static bool insert_rules(const struct qw_packet_hold *hold)
{
    bool ok = true;

    for (size_t i = 0; ok && i < hold->network_count; i++) {
        ok = qw_filter_rule_insert(hold->networks[i], hold->queue) == QW_OK;
    }
    return ok;
}

qw_err qw_packet_hold_open(const struct qw_packet_hold_config *config, struct qw_packet_hold **out)
{
    struct qw_packet_hold *hold;

    if (config->network_count < 1 || config->network_count > QW_PACKET_HOLD_NETWORKS_MAX ||
        config->limit_ms < 1) {
        return QW_ERR_ARG;
    }
    for (size_t i = 0; i < config->network_count; i++) {
        if (!qw_filter_network_ok(config->networks[i])) {
            return QW_ERR_ARG;
        }
    }
    hold = calloc(1, sizeof *hold);
    if (hold == NULL) {
        return QW_ERR_NOMEM;
    }
    hold->end_fd = eventfd(0, EFD_CLOEXEC);
    if (hold->end_fd < 0) {
        free(hold);
        return QW_ERR_NOMEM;
    }
    hold->queue = config->queue;
    hold->network_count = config->network_count;
    hold->limit_ms = config->limit_ms;
    hold->log = config->log;
    memcpy(hold->networks, config->networks, config->network_count * sizeof hold->networks[0]);
    remove_rules(hold);
    *out = hold;
    return QW_OK;
}

static void join(struct qw_packet_hold *hold)
{
    uint64_t count;

    if (hold->is_begun) {
        qw_packet_hold_end(hold);
        pthread_join(hold->thread, NULL);
        (void)!read(hold->end_fd, &count, sizeof count);
        hold->is_begun = false;
    }
}

void qw_packet_hold_close(struct qw_packet_hold *hold)
{
    if (hold == NULL) {
        return;
    }
    join(hold);
    close(hold->end_fd);
    free(hold);
}

/* The new tunnel is made with such packets, and where a network has the other gateway in it they
 * come by here. */
static bool is_of_tunnels(const uint8_t *packet, size_t len)
{
    return qw_packet_find(RAW_IP, packet, len).kind != QW_PACKET_OTHER;
}

/* The library's callback. */
static int take(struct nfq_q_handle *packets, struct nfgenmsg *message, struct nfq_data *data,
                void *self)
{
    struct qw_packet_hold *hold = self;
    const struct nfqnl_msg_packet_hdr *head = nfq_get_msg_packet_hdr(data);
    unsigned char *bytes = NULL;
    int len = nfq_get_payload(data, &bytes);
    uint32_t number = head == NULL ? 0 : ntohl(head->packet_id);

    (void)message;
    if (head == NULL) {
        return 0;
    }
    if (hold->is_over || (len > 0 && is_of_tunnels(bytes, (size_t)len))) {
        return nfq_set_verdict(packets, number, NF_ACCEPT, 0, NULL);
    }
    hold->has_any = true;
    hold->last = number;
    return 0;
}

/* False: nothing is there now. */
static bool read_one(struct qw_packet_hold *hold)
{
    char message[MESSAGE_CAP];
    ssize_t len = recv(nfq_fd(hold->handle), message, sizeof message, MSG_DONTWAIT);

    if (len < 0) {
        return errno == ENOBUFS || errno == EINTR; /* those that found no room are lost */
    }
    (void)nfq_handle_packet(hold->handle, message, (int)len);
    return true;
}

static void let_go(struct qw_packet_hold *hold)
{
    hold->is_over = true;
    if (hold->has_any) {
        (void)nfq_set_verdict_batch(hold->packets, hold->last, NF_ACCEPT);
    }
    while (read_one(hold)) {
    }
    remove_rules(hold);
}

static void read_for(struct qw_packet_hold *hold, int ms)
{
    struct pollfd entry = { .fd = nfq_fd(hold->handle), .events = POLLIN };
    int64_t until_ms = qw_clock_monotonic_ms() + ms;
    int64_t left_ms = ms;

    while (left_ms > 0) {
        if (poll(&entry, 1, (int)left_ms) > 0) {
            while (read_one(hold)) {
            }
        }
        left_ms = until_ms - qw_clock_monotonic_ms();
    }
}

/* A sender may have met a rule and be put aside by the kernel's scheduler before its packet is in
 * the queue: such ones come when the rules are gone. */
static void close_queue(struct qw_packet_hold *hold)
{
    if (hold->packets != NULL) {
        read_for(hold, LINGER_MS);
    }
    if (hold->packets != NULL) {
        nfq_destroy_queue(hold->packets);
    }
    if (hold->handle != NULL) {
        nfq_close(hold->handle);
    }
    hold->packets = NULL;
    hold->handle = NULL;
}

static void *hold_packets(void *self)
{
    struct qw_packet_hold *hold = self;
    struct pollfd fds[] = { { .fd = nfq_fd(hold->handle), .events = POLLIN },
                            { .fd = hold->end_fd, .events = POLLIN } };
    int64_t left_ms = hold->limit_ms;

    while (left_ms > 0 && fds[1].revents == 0) {
        if (poll(fds, 2, (int)left_ms) > 0 && fds[0].revents != 0) {
            while (read_one(hold)) {
            }
        }
        left_ms = hold->until_ms - qw_clock_monotonic_ms();
    }
    let_go(hold);
    close_queue(hold);
    if (left_ms <= 0) {
        qw_log_write(hold->log, QW_LOG_WARNING,
                     "packets were held for %d ms and the new tunnel was not there",
                     hold->limit_ms);
    }
    return NULL;
}

static bool open_queue(struct qw_packet_hold *hold)
{
    hold->handle = nfq_open();
    if (hold->handle == NULL) {
        return false;
    }
    hold->packets = nfq_create_queue(hold->handle, hold->queue, take, hold);
    if (hold->packets == NULL || nfq_set_mode(hold->packets, NFQNL_COPY_PACKET, HEAD_LEN) < 0 ||
        nfq_set_queue_maxlen(hold->packets, PACKETS_MAX) < 0 ||
        nfq_set_queue_flags(hold->packets, NFQA_CFG_F_FAIL_OPEN, NFQA_CFG_F_FAIL_OPEN) < 0) {
        return false;
    }
    (void)nfnl_rcvbufsiz(nfq_nfnlh(hold->handle), RECEIVE_BUFFER);
    return true;
}

qw_err qw_packet_hold_begin(struct qw_packet_hold *hold)
{
    join(hold); /* of the last change */
    hold->is_over = false;
    hold->has_any = false;
    hold->until_ms = qw_clock_monotonic_ms() + hold->limit_ms;
    if (open_queue(hold) && insert_rules(hold) &&
        pthread_create(&hold->thread, NULL, hold_packets, hold) == 0) {
        hold->is_begun = true;
        return QW_OK;
    }
    if (hold->packets != NULL) {
        let_go(hold);
    }
    close_queue(hold);
    return QW_ERR_UNAVAILABLE;
}

void qw_packet_hold_end(struct qw_packet_hold *hold)
{
    const uint64_t one = 1;

    if (hold != NULL && hold->is_begun) {
        (void)!write(hold->end_fd, &one, sizeof one); /* never blocks: nobody counts so far */
    }
}
