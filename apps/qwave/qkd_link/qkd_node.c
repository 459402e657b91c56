/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "qkd_link/qkd.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "base/wire_tcp.h"
#include "command.h"
#include "qkd/auth_pool_file.h"
#include "qkd/key_buffer.h"
#include "qkd/optics_message.h"
#include "qkd_link/handover.h"
#include "qkd_link/node_options.h"
#include "qkd_link/qkd_report.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* qwave qkd alice, qwave qkd bob: one end of a link. Keys go to the centre of this site, or through
 * the node's key source to a file, or nowhere. */

enum { WAIT_MS = 600000, SEND_MS = 60000 };

struct node {
    struct qkd_node_options options;
    struct qw_qkd_pool_file *pool;
    struct qw_wire optics, wire;
    struct qw_pulse_record record; /* Alice */
    struct qw_qkd_click *clicks;   /* Bob: a queue in front of the link [clicks_cap] */
    size_t clicks_cap, clicks_at, clicks_count;
    uint8_t *message; /* [QW_OPTICS_CLICKS_LEN_MAX] */
    struct qw_qkd_link *link;
    struct qw_qkd_key_buffer *keys;
    struct qkd_handover handover; /* when there is a centre_path */
    int key_fd;
    int64_t block_start_ms; /* Alice: when the first clicks of the block came; 0: not yet */
    struct qkd_report report;
};

static void pulses(void *self, const struct qw_qkd_click *clicks, size_t count,
                   struct qw_pulse *out)
{
    struct node *n = self;

    if (n->block_start_ms == 0) {
        n->block_start_ms = qw_clock_monotonic_ms();
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = qw_pulse_of(&n->record, clicks[i].pulse);
    }
}

/* Another part of clicks from the light to the end of the queue. */
static qw_err fetch(struct node *n)
{
    size_t count = 0;
    size_t len;
    qw_err err;

    if (n->clicks_at > 0) {
        memmove(n->clicks, n->clicks + n->clicks_at, n->clicks_count * sizeof *n->clicks);
        n->clicks_at = 0;
    }
    if (n->clicks_count + QW_OPTICS_CLICKS_MAX > n->clicks_cap) {
        return QW_ERR_SPACE;
    }
    qw_optics_ask_encode(QW_OPTICS_CLICKS_MAX, n->message);
    err = qw_wire_send(&n->optics, n->message, QW_OPTICS_ASK_LEN);
    if (err == QW_OK) {
        err = qw_wire_receive(&n->optics, n->message, QW_OPTICS_CLICKS_LEN_MAX, &len, WAIT_MS);
    }
    if (err == QW_OK) {
        err = qw_optics_clicks_decode(n->message, len, n->clicks + n->clicks_count, &count);
    }
    n->clicks_count += count;
    return err;
}

static qw_err clicks(void *self, struct qw_qkd_click *out, size_t count)
{
    struct node *n = self;
    qw_err err = QW_OK;

    while (err == QW_OK && n->clicks_count < count) {
        err = fetch(n);
    }
    if (err == QW_OK) {
        memcpy(out, n->clicks + n->clicks_at, count * sizeof *out);
        n->clicks_at += count;
        n->clicks_count -= count;
    }
    return err;
}

/* What the detectors saw before the processors begin: a block's worth. The basis fits in 0.68 of
 * the cases, and is X at both ends in 0.64. */
static qw_err collect(struct node *n)
{
    size_t wanted = qw_qkd_terms_block_bits(&n->options.terms) / 8 * 13;
    qw_err err = QW_OK;

    while (err == QW_OK && n->clicks_count < wanted) {
        err = fetch(n);
    }
    return err;
}

/* Out of the source, like any consumer at this node, into the file. */
static qw_err drain(struct node *n, size_t len)
{
    struct qw_key_source source = qw_qkd_key_buffer_source(n->keys);
    uint8_t piece[4096];
    qw_err err = QW_OK;

    while (err == QW_OK && len > 0) {
        size_t some = len < sizeof piece ? len : sizeof piece;

        err = source.take(source.self, piece, some);
        if (err == QW_OK && n->key_fd >= 0 && write(n->key_fd, piece, some) != (ssize_t)some) {
            err = QW_ERR_IO;
        }
        len -= some;
    }
    qw_wipe(piece, sizeof piece);
    return err;
}

static qw_err key(void *self, const uint8_t *bytes, const struct qw_qkd_ledger *ledger)
{
    struct node *n = self;
    size_t len = (size_t)(ledger->key_bits / 8); /* whole bytes; the rest is dropped */
    qw_err err;

    if (n->options.centre_path != NULL) {
        qkd_handover_give(&n->handover, qw_qkd_link_session(n->link), bytes, ledger);
        return QW_OK;
    }
    err = qw_qkd_key_buffer_push(n->keys, bytes, len);
    return err == QW_OK ? drain(n, len) : err;
}

static qw_err hello(struct node *n)
{
    struct qw_optics_pulses said;
    uint8_t message[QW_OPTICS_HELLO_LEN];
    size_t len;
    int fd;
    qw_err err = qw_socket_connect("127.0.0.1", (uint16_t)n->options.optics_port, SEND_MS, &fd);

    if (err == QW_OK) {
        err = qw_wire_tcp_new(fd, SEND_MS, &n->optics);
    }
    if (err == QW_OK) {
        qw_optics_hello_encode(n->options.end == QW_QKD_ALICE ? 1 : 2, message);
        err = qw_wire_send(&n->optics, message, sizeof message);
    }
    if (err != QW_OK || n->options.end == QW_QKD_BOB) {
        return err;
    }
    err = qw_wire_receive(&n->optics, n->message, QW_OPTICS_CLICKS_LEN_MAX, &len, WAIT_MS);
    if (err == QW_OK) {
        err = qw_optics_pulses_decode(n->message, len, &said);
    }
    if (err == QW_OK) {
        n->record = qw_optics_pulses_record(&said);
    }
    return err;
}

static qw_err meet(struct node *n)
{
    uint16_t port;
    int listener = -1;
    int fd = -1;
    qw_err err;

    if (n->options.end == QW_QKD_ALICE) {
        err = qw_socket_connect("127.0.0.1", (uint16_t)n->options.port, SEND_MS, &fd);
    } else {
        err = qw_socket_listen("127.0.0.1", (uint16_t)n->options.port, &listener, &port);
        if (err == QW_OK) {
            FILE *stream = n->options.as_json ? stderr : stdout;

            fprintf(stream, "ready %u\n", port);
            fflush(stream);
            err = qw_socket_accept(listener, WAIT_MS, &fd);
        }
        qw_socket_close(listener);
    }
    return err == QW_OK ? qw_wire_tcp_new(fd, SEND_MS, &n->wire) : err;
}

static qw_err prepare(struct node *n)
{
    size_t key_len = qw_qkd_terms_block_bits(&n->options.terms) / 8;
    qw_err err;

    n->clicks_cap = 2 * 8 * key_len + 2 * (size_t)QW_OPTICS_CLICKS_MAX;
    n->clicks = calloc(n->options.end == QW_QKD_BOB ? n->clicks_cap : 1, sizeof *n->clicks);
    n->message = malloc(QW_OPTICS_CLICKS_LEN_MAX);
    if (n->clicks == NULL || n->message == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_qkd_key_buffer_new(key_len, n->options.link_name, true, &n->keys);
    if (err == QW_OK && n->options.centre_path != NULL) {
        err = qkd_handover_init(&n->handover, n->options.centre_path, n->options.link_name,
                                (uint8_t)n->options.end);
    }
    if (err == QW_OK) {
        err = qw_qkd_pool_file_open(n->options.pool_path, &n->pool);
    }
    if (err == QW_OK && n->options.key_path != NULL) {
        n->key_fd = open(n->options.key_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        err = n->key_fd < 0 ? QW_ERR_IO : QW_OK;
    }
    return err == QW_OK ? hello(n) : err;
}

/* One block, timed: Bob from the moment its clicks are there, Alice from the first that she hears
 * of. */
static qw_err run_block(struct node *n, struct qw_qkd_link *link)
{
    qw_err err = n->options.end == QW_QKD_BOB ? collect(n) : QW_OK;
    int64_t cpu_ns = qw_clock_cpu_ns();

    n->block_start_ms = n->options.end == QW_QKD_BOB ? qw_clock_monotonic_ms() : 0;
    if (err == QW_OK) {
        err = qw_qkd_link_block(link);
    }
    if (err == QW_OK) {
        qkd_report_add(&n->report, qw_qkd_link_ledger(link), qw_clock_cpu_ns() - cpu_ns,
                       qw_clock_monotonic_ms() - n->block_start_ms);
    }
    return err;
}

static qw_err run_link(struct node *n)
{
    const struct qw_qkd_link_config config = { .end = n->options.end,
                                               .terms = n->options.terms,
                                               .wire = &n->wire,
                                               .pool = qw_qkd_pool_file_pool(n->pool),
                                               .timeout_ms = SEND_MS,
                                               .light_timeout_ms = WAIT_MS,
                                               .self = n,
                                               .pulses = pulses,
                                               .clicks = clicks,
                                               .key = key };
    qw_err err = qw_qkd_link_new(&config, &n->link);

    if (err != QW_OK) {
        return err;
    }
    if (n->options.centre_path != NULL) {
        qkd_handover_greet(&n->handover);
    }
    err = qw_qkd_link_open(n->link);
    for (uint64_t i = 0; err == QW_OK && (n->options.end == QW_QKD_ALICE || i < n->options.blocks);
         i++) {
        if (n->options.end == QW_QKD_BOB && i > 0 && n->options.pause_ms > 0) {
            poll(NULL, 0, (int)n->options.pause_ms);
        }
        err = run_block(n, n->link);
    }
    if (err == QW_OK) {
        err = qw_qkd_link_close(n->link);
    } else if (err == QW_ERR_CLOSED && n->options.end == QW_QKD_ALICE && n->report.blocks > 0) {
        err = QW_OK; /* B8: Bob has what he wanted */
    }
    if (err != QW_OK) {
        n->report.last = *qw_qkd_link_ledger(n->link);
    }
    if (err != QW_OK && n->options.centre_path != NULL) {
        qkd_handover_stop(&n->handover, &n->report.last);
    }
    n->report.centre_bits = n->handover.taken_bits;
    n->report.dropped_bits = n->handover.dropped_bits;
    qw_qkd_link_free(n->link);
    return err;
}

static void tear_down(struct node *n)
{
    qw_wire_close(&n->wire);
    qw_wire_close(&n->optics);
    qkd_handover_wipe(&n->handover);
    qw_qkd_key_buffer_free(n->keys);
    qw_qkd_pool_file_free(n->pool);
    if (n->key_fd >= 0) {
        close(n->key_fd);
    }
    if (n->clicks != NULL) {
        qw_wipe(n->clicks, (n->options.end == QW_QKD_BOB ? n->clicks_cap : 1) * sizeof *n->clicks);
    }
    free(n->clicks);
    free(n->message);
}

int qkd_node(int argc, char **argv)
{
    struct node n = { .key_fd = -1 };
    const char *name = argv[0];
    qw_err err;

    if (!qkd_node_options_read(argc, argv, &n.options)) {
        return EXIT_USAGE;
    }
    err = prepare(&n);
    if (err == QW_OK) {
        err = meet(&n);
    }
    if (err == QW_OK) {
        err = run_link(&n);
    }
    qkd_report_print(&n.report, name, err, n.options.as_json);
    tear_down(&n);
    return qw_exit_of(err);
}
