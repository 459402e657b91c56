/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire_tcp.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/socket.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_LEN = 4, HEAD_LEN = 1024 };

struct tcp_wire {
    int fd; /* -1: closed after an error, never used again */
    int send_timeout_ms;
    bool was_receiving; /* direction of the last message */
    struct qw_wire_counters counters;
    /* What has come of the message that is under way. It stays here over a timeout, so a call that
     * only looks never breaks a message in two. */
    uint8_t length[LENGTH_LEN];
    size_t length_got; /* <= LENGTH_LEN */
    uint8_t *body;     /* the announced length; NULL until it is known */
    size_t body_got;
    uint8_t out[LENGTH_LEN + HEAD_LEN]; /* a short message leaves in one segment with its length */
};

static void forget_message(struct tcp_wire *wire)
{
    free(wire->body);
    wire->body = NULL;
    wire->body_got = 0;
    wire->length_got = 0;
}

/* Once a message was cut, nothing on the stream can be trusted to be a length. */
static qw_err give_up(struct tcp_wire *wire, qw_err err)
{
    forget_message(wire);
    qw_socket_close(wire->fd);
    wire->fd = -1;
    return err;
}

static qw_err write_message(struct tcp_wire *wire, const void *message, size_t len)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + wire->send_timeout_ms;
    size_t head = len < HEAD_LEN ? len : HEAD_LEN;
    qw_err err;

    qw_store_u32be(wire->out, (uint32_t)len);
    if (head > 0) {
        memcpy(wire->out + LENGTH_LEN, message, head);
    }
    err = qw_socket_write(wire->fd, wire->out, LENGTH_LEN + head, deadline_ms);
    if (err == QW_OK && head < len) {
        err = qw_socket_write(wire->fd, (const uint8_t *)message + head, len - head, deadline_ms);
    }
    return err;
}

static qw_err tcp_send(void *self, const void *message, size_t len)
{
    struct tcp_wire *wire = self;
    qw_err err;

    if (len > QW_WIRE_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    if (wire->fd < 0) {
        return QW_ERR_CLOSED;
    }
    err = write_message(wire, message, len);
    if (err != QW_OK) {
        return give_up(wire, err);
    }
    wire->counters.messages_sent++;
    wire->counters.bytes_sent += len;
    wire->was_receiving = false;
    return QW_OK;
}

/* Fills data up to len; *at says how far it is and survives a timeout. */
static qw_err read_on(struct tcp_wire *wire, uint8_t *data, size_t len, size_t *at,
                      int64_t deadline_ms)
{
    while (*at < len) {
        size_t got = 0;
        qw_err err = qw_socket_read_some(wire->fd, data + *at, len - *at, &got, deadline_ms);

        if (err != QW_OK) {
            return err;
        }
        *at += got;
    }
    return QW_OK;
}

static qw_err read_message(struct tcp_wire *wire, size_t cap, size_t *announced, int timeout_ms)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    qw_err err = read_on(wire, wire->length, LENGTH_LEN, &wire->length_got, deadline_ms);

    if (err != QW_OK) {
        return err;
    }
    *announced = qw_load_u32be(wire->length);
    if (*announced > QW_WIRE_MESSAGE_MAX || *announced > cap) {
        return QW_ERR_SPACE;
    }
    if (wire->body == NULL) {
        wire->body = malloc(*announced + 1); /* an empty message is a message too */
    }
    if (wire->body == NULL) {
        return QW_ERR_NOMEM;
    }
    return read_on(wire, wire->body, *announced, &wire->body_got, deadline_ms);
}

static void count_received(struct tcp_wire *wire, size_t len)
{
    wire->counters.messages_received++;
    wire->counters.bytes_received += len;
    if (!wire->was_receiving && wire->counters.messages_sent > 0) {
        wire->counters.round_trips++;
    }
    wire->was_receiving = true;
}

static qw_err tcp_receive(void *self, void *message, size_t cap, size_t *len, int timeout_ms)
{
    struct tcp_wire *wire = self;
    size_t announced = 0;
    qw_err err;

    if (wire->fd < 0) {
        return QW_ERR_CLOSED;
    }
    err = read_message(wire, cap, &announced, timeout_ms);
    if (err == QW_ERR_TIMEOUT) {
        return err;
    }
    if (err != QW_OK) {
        return give_up(wire, err);
    }
    if (announced > 0) {
        memcpy(message, wire->body, announced);
    }
    *len = announced;
    forget_message(wire);
    count_received(wire, announced);
    return QW_OK;
}

static void tcp_close(void *self)
{
    struct tcp_wire *wire = self;

    forget_message(wire);
    qw_socket_close(wire->fd);
    free(wire);
}

static const struct qw_wire_counters *tcp_counters(void *self)
{
    struct tcp_wire *wire = self;

    return &wire->counters;
}

qw_err qw_wire_tcp_new(int fd, int send_timeout_ms, struct qw_wire *wire)
{
    struct tcp_wire *self = calloc(1, sizeof *self);

    if (self == NULL) {
        qw_socket_close(fd);
        return QW_ERR_NOMEM;
    }
    self->fd = fd;
    self->send_timeout_ms = send_timeout_ms;
    *wire = (struct qw_wire){
        .self = self,
        .send = tcp_send,
        .receive = tcp_receive,
        .close = tcp_close,
        .counters = tcp_counters,
    };
    return QW_OK;
}
