/* SPDX-License-Identifier: Apache-2.0 */
#include "link/desk_line.h"

#include "base/socket.h"
#include "base/wire_tcp.h"

#include <string.h>

enum { ASK_MS = 2000, ANSWER_MS = 10000 };

static qw_err receive_all(struct qw_wire *wire, char *answer, size_t *len)
{
    size_t part = QW_WIRE_MESSAGE_MAX;
    qw_err err = QW_OK;

    *len = 0;
    while (err == QW_OK && part == QW_WIRE_MESSAGE_MAX) {
        if (*len > QW_LINK_DESK_ANSWER_MAX - QW_WIRE_MESSAGE_MAX) {
            return QW_ERR_FORMAT;
        }
        err = qw_wire_receive(wire, answer + *len, QW_WIRE_MESSAGE_MAX, &part, ANSWER_MS);
        *len += err == QW_OK ? part : 0;
    }
    return err == QW_OK && *len == 0 ? QW_ERR_FORMAT : err;
}

qw_err qw_link_desk_ask(const char *socket, const char *question,
                        char answer[static QW_LINK_DESK_ANSWER_MAX], size_t *len)
{
    struct qw_wire wire = { .self = NULL };
    int fd = -1;
    qw_err err = qw_socket_connect_unix(socket, ASK_MS, &fd);

    if (err == QW_OK) {
        err = qw_wire_tcp_new(fd, ASK_MS, &wire);
    }
    if (err == QW_OK) {
        err = qw_wire_send(&wire, question, strlen(question));
    }
    if (err == QW_OK) {
        err = receive_all(&wire, answer, len);
    }
    qw_wire_close(&wire);
    return err;
}

qw_err qw_link_desk_answer(struct qw_wire *wire, const char *answer, size_t len)
{
    size_t part;
    qw_err err;

    qw_assert(len < QW_LINK_DESK_ANSWER_MAX);
    do {
        part = len < QW_WIRE_MESSAGE_MAX ? len : QW_WIRE_MESSAGE_MAX;
        err = qw_wire_send(wire, answer, part);
        answer += part;
        len -= part;
    } while (err == QW_OK && part == QW_WIRE_MESSAGE_MAX);
    return err;
}
