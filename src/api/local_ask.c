/* SPDX-License-Identifier: Apache-2.0 */
/* Client side of docs/protocol/terminal-local.md. The frame is that of base/wire_tcp.h, read here
 * without it: the answer holds a key and must not pass through memory that nobody wipes. */
#include "api/local_message.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"

#include <string.h>

enum { FRAME_HEAD_LEN = 4 };

static qw_err send_request(int fd, const struct qw_local_request *request, int64_t deadline_ms)
{
    uint8_t frame[FRAME_HEAD_LEN + QW_LOCAL_REQUEST_MAX];
    size_t len = qw_local_request_encode(request, frame + FRAME_HEAD_LEN);

    qw_store_u32be(frame, (uint32_t)len);
    return qw_socket_write(fd, frame, FRAME_HEAD_LEN + len, deadline_ms);
}

static qw_err receive_answer(int fd, enum qw_local_request_kind kind, int64_t deadline_ms,
                             struct qw_local_answer *answer)
{
    uint8_t head[FRAME_HEAD_LEN], reply[QW_LOCAL_ANSWER_MAX];
    struct qw_local_answer a;
    size_t len;
    qw_err err = qw_socket_read(fd, head, sizeof head, deadline_ms);

    if (err != QW_OK) {
        return err;
    }
    len = qw_load_u32be(head);
    if (len > sizeof reply) {
        return QW_ERR_FORMAT;
    }
    err = qw_socket_read(fd, reply, len, deadline_ms);
    if (err == QW_OK) {
        err = qw_local_answer_decode(reply, len, &a);
    }
    qw_wipe(reply, sizeof reply);
    if (err != QW_OK) {
        return err;
    }
    if (a.request == kind) {
        *answer = a;
    } else {
        err = QW_ERR_FORMAT;
    }
    qw_wipe(&a, sizeof a);
    return err;
}

static qw_err ask(const char *path, const struct qw_local_request *request, int timeout_ms,
                  struct qw_local_answer *answer)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    int fd = -1;
    qw_err err = qw_socket_connect_unix(path, timeout_ms, &fd);

    if (err == QW_OK) {
        err = send_request(fd, request, deadline_ms);
    }
    if (err == QW_OK) {
        err = receive_answer(fd, request->kind, deadline_ms, answer);
    }
    qw_socket_close(fd);
    return err;
}

qw_err qw_local_ask(const char *path, enum qw_local_request_kind kind, int timeout_ms,
                    struct qw_local_answer *answer)
{
    const struct qw_local_request request = { .kind = kind };

    return ask(path, &request, timeout_ms, answer);
}

qw_err qw_local_ask_authentication(const char *path, const uint8_t context[static 32],
                                   int timeout_ms, struct qw_local_answer *answer)
{
    struct qw_local_request request = { .kind = QW_LOCAL_AUTHENTICATE };

    memcpy(request.context, context, sizeof request.context);
    return ask(path, &request, timeout_ms, answer);
}
