/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vici/vici_client.h"

#include "base/clock.h"
#include "base/socket.h"
#include "link/vici/vici_message.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_CAP = 4 + 2 + QW_VICI_NAME_MAX,
    EVENTS_MAX = 100000 /* before an answer: a daemon that never ends is none */
};

enum packet {
    COMMAND = 0,
    RESPONSE = 1,
    UNKNOWN_COMMAND = 2,
    REGISTER = 3,
    CONFIRM = 5,
    UNKNOWN_EVENT = 6,
    EVENT = 7
};

struct frame {      /* no secret: a key that was loaded comes back in no answer */
    uint8_t *bytes; /* owned; NULL: none */
    enum packet packet;
    const uint8_t *body;
    size_t len;
};

static void frame_free(struct frame *frame)
{
    free(frame->bytes);
    *frame = (struct frame){ .bytes = NULL };
}

static qw_err send_packet(const struct qw_vici_client *client, enum packet packet, const char *name,
                          const uint8_t *body, size_t len, int64_t deadline_ms)
{
    uint8_t header[HEADER_CAP];
    struct qw_writer w = qw_writer_on(header, sizeof header);
    qw_err err;

    if (len > QW_VICI_BODY_MAX) {
        return QW_ERR_SPACE;
    }
    qw_write_u32be(&w, (uint32_t)(2 + strlen(name) + len));
    qw_write_u8(&w, (uint8_t)packet);
    qw_write_string8(&w, name);
    qw_assert(!w.failed);
    err = qw_socket_write(client->fd, header, w.len, deadline_ms);
    return err == QW_OK && len > 0 ? qw_socket_write(client->fd, body, len, deadline_ms) : err;
}

/* What kind of packet it is, and where its elements begin. */
static qw_err open_frame(struct frame *frame, size_t len, const char *event)
{
    struct qw_reader r = qw_reader_on(frame->bytes, len);
    char name[QW_VICI_NAME_MAX + 1];

    frame->packet = (enum packet)qw_read_u8(&r);
    if (frame->packet == EVENT) {
        qw_read_string8(&r, name, sizeof name);
        if (r.failed || event == NULL || strcmp(name, event) != 0) {
            return QW_ERR_FORMAT;
        }
    }
    frame->len = qw_reader_left(&r);
    frame->body = frame->bytes + r.at;
    return r.failed ? QW_ERR_FORMAT : QW_OK;
}

static qw_err receive(const struct qw_vici_client *client, const char *event, int64_t deadline_ms,
                      struct frame *frame)
{
    uint8_t head[4];
    size_t len;
    qw_err err = qw_socket_read(client->fd, head, sizeof head, deadline_ms);

    if (err != QW_OK) {
        return err;
    }
    len = qw_load_u32be(head);
    if (len == 0 || len > QW_VICI_BODY_MAX) {
        return QW_ERR_FORMAT;
    }
    frame->bytes = calloc(1, len);
    if (frame->bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_socket_read(client->fd, frame->bytes, len, deadline_ms);
    if (err == QW_OK) {
        err = open_frame(frame, len, event);
    }
    if (err != QW_OK) {
        frame_free(frame);
    }
    return err;
}

static void keep_reason(struct qw_vici_client *client, const struct qw_vici_element *element)
{
    size_t len = element->len < sizeof client->said - 1 ? element->len : sizeof client->said - 1;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = element->value[i];

        client->said[i] = byte >= ' ' && byte < 0x7f ? (char)byte : '?';
    }
    client->said[len] = '\0';
}

/* The answer as a whole is well-formed; did the daemon do what it was told? */
static qw_err judge(struct qw_vici_client *client, const uint8_t *body, size_t len)
{
    struct qw_vici_reader r = qw_vici_reader_on(body, len);
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };
    bool is_refused = false;

    while (element.kind != QW_VICI_END) {
        qw_err err = qw_vici_next(&r, &element);

        if (err != QW_OK) {
            return err;
        }
        if (r.depth == 0 && element.kind == QW_VICI_KEY_VALUE) {
            is_refused = is_refused ||
                         (strcmp(element.name, "success") == 0 && !qw_vici_is(&element, "yes"));
            if (strcmp(element.name, "errmsg") == 0) {
                keep_reason(client, &element);
            }
        }
    }
    return is_refused ? QW_ERR_REFUSED : QW_OK;
}

static qw_err register_event(const struct qw_vici_client *client, const char *event,
                             int64_t deadline_ms)
{
    struct frame frame = { .bytes = NULL };
    qw_err err = send_packet(client, REGISTER, event, NULL, 0, deadline_ms);

    if (err == QW_OK) {
        err = receive(client, NULL, deadline_ms, &frame);
    }
    if (err == QW_OK && (frame.packet != CONFIRM || frame.len != 0)) {
        err = frame.packet == UNKNOWN_EVENT ? QW_ERR_UNAVAILABLE : QW_ERR_FORMAT;
    }
    frame_free(&frame);
    return err;
}

/* One packet of the answer; *is_over with the last. */
static qw_err take_frame(struct qw_vici_client *client, const struct qw_vici_call *call,
                         const struct frame *frame, bool *is_over)
{
    qw_err err;

    switch ((int)frame->packet) {
    case EVENT:
        return call->take == NULL ? QW_OK : call->take(call->self, frame->body, frame->len);
    case RESPONSE:
        *is_over = true;
        err = judge(client, frame->body, frame->len);
        return err == QW_OK && call->event == NULL && call->take != NULL
                   ? call->take(call->self, frame->body, frame->len)
                   : err;
    case UNKNOWN_COMMAND:
        return QW_ERR_UNAVAILABLE;
    default:
        return QW_ERR_FORMAT;
    }
}

qw_err qw_vici_do(struct qw_vici_client *client, const struct qw_vici_call *call)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + client->timeout_ms + call->more_ms;
    bool is_over = false;
    qw_err err = QW_OK;

    client->said[0] = '\0';
    if (call->event != NULL) {
        err = register_event(client, call->event, deadline_ms);
    }
    if (err == QW_OK) {
        err = send_packet(client, COMMAND, call->command, call->body, call->len, deadline_ms);
    }
    for (int i = 0; err == QW_OK && !is_over; i++) {
        struct frame frame = { .bytes = NULL };

        err = i < EVENTS_MAX ? receive(client, call->event, deadline_ms, &frame) : QW_ERR_FORMAT;
        if (err == QW_OK) {
            err = take_frame(client, call, &frame, &is_over);
        }
        frame_free(&frame);
    }
    return err;
}

qw_err qw_vici_open(const char *path, int timeout_ms, struct qw_vici_client *client)
{
    int fd = -1;
    qw_err err = qw_socket_connect_unix(path, timeout_ms, &fd);

    if (err == QW_OK) {
        *client = (struct qw_vici_client){ .fd = fd, .timeout_ms = timeout_ms };
    }
    return err == QW_ERR_CLOSED ? QW_ERR_NOT_FOUND : err; /* a socket nobody listens on */
}

void qw_vici_close(struct qw_vici_client *client)
{
    qw_socket_close(client->fd);
    client->fd = -1;
}
