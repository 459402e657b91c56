/* SPDX-License-Identifier: Apache-2.0 */
/* Client side of docs/protocol/terminal-local.md. */
#include "api/local_message.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "base/wire_tcp.h"

static qw_err exchange(struct qw_wire *wire, enum qw_local_request_kind kind, int64_t deadline_ms,
                       struct qw_local_answer *answer)
{
    uint8_t request[QW_LOCAL_REQUEST_LEN], reply[QW_LOCAL_ANSWER_MAX];
    struct qw_local_answer a;
    size_t len = 0;
    int64_t left_ms;
    qw_err err;

    qw_local_request_encode(kind, request);
    err = qw_wire_send(wire, request, sizeof request);
    if (err != QW_OK) {
        return err;
    }
    left_ms = deadline_ms - qw_clock_monotonic_ms();
    err = qw_wire_receive(wire, reply, sizeof reply, &len, left_ms > 0 ? (int)left_ms : 0);
    if (err == QW_OK) {
        err = qw_local_answer_decode(reply, len, &a);
    }
    if (err == QW_OK && a.request != kind) {
        qw_wipe(&a, sizeof a);
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *answer = a;
        qw_wipe(&a, sizeof a);
    }
    qw_wipe(reply, sizeof reply);
    return err;
}

qw_err qw_local_ask(const char *path, enum qw_local_request_kind kind, int timeout_ms,
                    struct qw_local_answer *answer)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    struct qw_wire wire = { 0 };
    int fd = -1;
    qw_err err = qw_socket_connect_unix(path, timeout_ms, &fd);

    if (err != QW_OK) {
        return err;
    }
    err = qw_wire_tcp_new(fd, timeout_ms, &wire); /* takes fd */
    if (err == QW_OK) {
        err = exchange(&wire, kind, deadline_ms, answer);
    }
    qw_wire_close(&wire);
    return err;
}
