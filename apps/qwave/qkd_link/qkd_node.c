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
#include "qkd_link/qkd_report.h"

#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* qwave qkd alice, qwave qkd bob: one end of a link. Keys go through the node's key source to a
 * file, or nowhere. */

enum { WAIT_MS = 600000, SEND_MS = 60000 };

struct node {
    /* options */
    enum qw_qkd_end end;
    struct qw_qkd_terms terms;
    const char *pool_path, *key_path;
    uint64_t port, optics_port, blocks;
    double watch_km; /* < 0: the gain is not watched */
    bool as_json;
    /* running */
    struct qw_qkd_pool_file *pool;
    struct qw_wire optics, wire;
    struct qw_pulse_record record; /* Alice */
    struct qw_qkd_click *clicks;   /* Bob: a queue in front of the link [clicks_cap] */
    size_t clicks_cap, clicks_at, clicks_count;
    uint8_t *message; /* [QW_OPTICS_CLICKS_LEN_MAX] */
    struct qw_qkd_key_buffer *keys;
    int key_fd;
    int64_t block_start_ms; /* Alice: when the first clicks of the block came; 0: not yet */
    struct qkd_report report;
};

static const struct argp_option options[] = {
    { "pool", 'P', "FILE", 0, "authentication pool of this end (qwave qkd pool)", 0 },
    { "port", 'p', "PORT", 0,
      "of the discussion, on 127.0.0.1: bob waits, alice connects (default: 4810; bob 0: any)", 0 },
    { "optics-port", 'o', "PORT", 0, "of qwave qkd optics (default: 4811)", 0 },
    { "blocks", 'n', "N", 0, "bob: how many, 1 to 1000000 (default: 1); alice serves what comes",
      0 },
    { "frame-bits", 'f', "N", 0,
      "of reconciliation, 64 to 4194304, a multiple of 8 (default: 1000000)", 0 },
    { "frames", 'F', "N", 0, "of a block, at most 8000000 bits together (default: 1)", 0 },
    { "qber-limit", 'q', "SHARE", 0, "of errors, up to 0.15 (default: 0.08)", 0 },
    { "secrecy", 'e', "N", 0, "failure probability 10^-N, 3 to 40 (default: 10)", 0 },
    { "key-bits", 'l', "N", 0,
      "of every block, or the link stops (default: as many as its counts give)", 0 },
    { "watch-km", 'w', "KM", 0,
      "refuse clicks at a rate that 20 % more or less than a fibre of this length does not explain",
      0 },
    { "key-file", 'k', "FILE", 0, "append the keys here (made with mode 0600)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct node *n = state->input;
    double real = 0;
    uint64_t number = 0;
    bool ok = true;

    switch (key) {
    case 'P':
        n->pool_path = value;
        break;
    case 'p':
        ok = qkd_parse_uint(value, 0, UINT16_MAX, &n->port);
        break;
    case 'o':
        ok = qkd_parse_uint(value, 1, UINT16_MAX, &n->optics_port);
        break;
    case 'n':
        ok = qkd_parse_uint(value, 1, 1000000, &n->blocks);
        break;
    case 'f':
        ok = qkd_parse_uint(value, QW_QKD_FRAME_BITS_MIN, QW_CASCADE_BITS_MAX, &number);
        n->terms.frame_bits = (uint32_t)number;
        break;
    case 'F':
        ok = qkd_parse_uint(value, 1, UINT16_MAX, &number);
        n->terms.frames = (uint16_t)number;
        break;
    case 'q':
        ok = qkd_parse_real(value, 1e-6, 0.15, &real);
        n->terms.qber_limit_ppm = (uint32_t)(real * 1e6 + 0.5);
        break;
    case 'e':
        ok = qkd_parse_uint(value, 3, 40, &number);
        n->terms.secrecy_exponent = (uint8_t)number;
        break;
    case 'l':
        ok = qkd_parse_uint(value, 1, QW_QKD_BLOCK_BITS_MAX, &number);
        n->terms.key_bits = (uint32_t)number;
        break;
    case 'w':
        ok = qkd_parse_real(value, 0, 500, &n->watch_km);
        break;
    case 'k':
        n->key_path = value;
        break;
    case 'j':
        n->as_json = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (!ok) {
        argp_error(state, "'%s' is out of range; --help shows the ranges", value);
    }
    return 0;
}

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
    size_t wanted = qw_qkd_terms_block_bits(&n->terms) / 8 * 13;
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
    size_t len = (size_t)(ledger->secret_bits / 8); /* whole bytes; the rest is dropped */
    qw_err err = qw_qkd_key_buffer_push(n->keys, bytes, len);

    return err == QW_OK ? drain(n, len) : err;
}

static qw_err hello(struct node *n)
{
    struct qw_optics_pulses said;
    uint8_t message[QW_OPTICS_HELLO_LEN];
    size_t len;
    int fd;
    qw_err err = qw_socket_connect("127.0.0.1", (uint16_t)n->optics_port, SEND_MS, &fd);

    if (err == QW_OK) {
        err = qw_wire_tcp_new(fd, SEND_MS, &n->optics);
    }
    if (err == QW_OK) {
        qw_optics_hello_encode(n->end == QW_QKD_ALICE ? 1 : 2, message);
        err = qw_wire_send(&n->optics, message, sizeof message);
    }
    if (err != QW_OK || n->end == QW_QKD_BOB) {
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

    if (n->end == QW_QKD_ALICE) {
        err = qw_socket_connect("127.0.0.1", (uint16_t)n->port, SEND_MS, &fd);
    } else {
        err = qw_socket_listen("127.0.0.1", (uint16_t)n->port, &listener, &port);
        if (err == QW_OK) {
            FILE *stream = n->as_json ? stderr : stdout;

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
    size_t key_len = qw_qkd_terms_block_bits(&n->terms) / 8;
    qw_err err;

    n->clicks_cap = 2 * 8 * key_len + 2 * (size_t)QW_OPTICS_CLICKS_MAX;
    n->clicks = calloc(n->end == QW_QKD_BOB ? n->clicks_cap : 1, sizeof *n->clicks);
    n->message = malloc(QW_OPTICS_CLICKS_LEN_MAX);
    if (n->clicks == NULL || n->message == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_qkd_key_buffer_new(key_len, n->end == QW_QKD_ALICE ? "bob" : "alice", true, &n->keys);
    if (err == QW_OK) {
        err = qw_qkd_pool_file_open(n->pool_path, &n->pool);
    }
    if (err == QW_OK && n->key_path != NULL) {
        n->key_fd = open(n->key_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        err = n->key_fd < 0 ? QW_ERR_IO : QW_OK;
    }
    return err == QW_OK ? hello(n) : err;
}

/* One block, timed: Bob from the moment its clicks are there, Alice from the first that she hears
 * of. */
static qw_err run_block(struct node *n, struct qw_qkd_link *link)
{
    qw_err err = n->end == QW_QKD_BOB ? collect(n) : QW_OK;
    int64_t cpu_ns = qw_clock_cpu_ns();

    n->block_start_ms = n->end == QW_QKD_BOB ? qw_clock_monotonic_ms() : 0;
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
    const struct qw_qkd_link_config config = { .end = n->end,
                                               .terms = n->terms,
                                               .wire = &n->wire,
                                               .pool = qw_qkd_pool_file_pool(n->pool),
                                               .timeout_ms = SEND_MS,
                                               .light_timeout_ms = WAIT_MS,
                                               .self = n,
                                               .pulses = pulses,
                                               .clicks = clicks,
                                               .key = key };
    struct qw_qkd_link *link = NULL;
    qw_err err = qw_qkd_link_new(&config, &link);

    if (err != QW_OK) {
        return err;
    }
    err = qw_qkd_link_open(link);
    for (uint64_t i = 0; err == QW_OK && (n->end == QW_QKD_ALICE || i < n->blocks); i++) {
        err = run_block(n, link);
    }
    if (err == QW_OK) {
        err = qw_qkd_link_close(link);
    } else if (err == QW_ERR_CLOSED && n->end == QW_QKD_ALICE && n->report.blocks > 0) {
        err = QW_OK; /* B8: Bob has what he wanted */
    }
    if (err != QW_OK) {
        n->report.last = *qw_qkd_link_ledger(link);
    }
    qw_qkd_link_free(link);
    return err;
}

static void tear_down(struct node *n)
{
    qw_wire_close(&n->wire);
    qw_wire_close(&n->optics);
    qw_qkd_key_buffer_free(n->keys);
    qw_qkd_pool_file_free(n->pool);
    if (n->key_fd >= 0) {
        close(n->key_fd);
    }
    if (n->clicks != NULL) {
        qw_wipe(n->clicks, (n->end == QW_QKD_BOB ? n->clicks_cap : 1) * sizeof *n->clicks);
    }
    free(n->clicks);
    free(n->message);
}

int qkd_node(int argc, char **argv)
{
    static const struct argp argp = { options,
                                      parse,
                                      "",
                                      "One end of a QKD link, with the other end in another "
                                      "process and SIMULATED light.",
                                      NULL,
                                      NULL,
                                      NULL };
    struct node n = { .end = strcmp(argv[0], "alice") == 0 ? QW_QKD_ALICE : QW_QKD_BOB,
                      .terms = qkd_terms_standard(),
                      .port = 4810,
                      .optics_port = 4811,
                      .blocks = 1,
                      .watch_km = -1,
                      .key_fd = -1 };
    const char *name = argv[0];
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &n);
    if (n.watch_km >= 0) {
        qkd_terms_watch_gain(&n.terms, n.watch_km, 0.2);
    }
    if (n.pool_path == NULL || !qw_qkd_terms_valid(&n.terms)) {
        fprintf(stderr, "qwave qkd %s: %s\n", name,
                n.pool_path == NULL ? "--pool FILE is missing"
                                    : "a block is whole frames of whole bytes, 8000000 bits at "
                                      "most, and longer than its key");
        return EXIT_USAGE;
    }
    err = prepare(&n);
    if (err == QW_OK) {
        err = meet(&n);
    }
    if (err == QW_OK) {
        err = run_link(&n);
    }
    qkd_report_print(&n.report, name, err, n.as_json);
    tear_down(&n);
    return qw_exit_of(err);
}
