/* SPDX-License-Identifier: Apache-2.0 */
#include "link/desk_line.h"

#include "base/socket.h"
#include "base/wire_tcp.h"

#include <string.h>

enum { ASK_MS = 2000, ANSWER_MS = 10000 };

qw_err qw_link_desk_ask(const char *socket, const char *question,
                        char answer[static QW_WIRE_MESSAGE_MAX], size_t *len)
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
        err = qw_wire_receive(&wire, answer, QW_WIRE_MESSAGE_MAX, len, ANSWER_MS);
    }
    qw_wire_close(&wire);
    return err == QW_OK && *len == 0 ? QW_ERR_FORMAT : err;
}
