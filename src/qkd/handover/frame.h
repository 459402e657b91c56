/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_HANDOVER_FRAME_H
#define QW_QKD_HANDOVER_FRAME_H

#include "base/error.h"
#include "qkd/handover/message.h"

#include <stddef.h>
#include <stdint.h>

/* Messages with their length (u32, big-endian) on a stream socket, in locked memory all the way:
 * base/wire_tcp.h is for what is public anyway. Deadlines are on qw_clock_monotonic_ms. */
qw_err qw_handover_send(int fd, const uint8_t *message, size_t len,
                        int64_t deadline_ms) QW_MUST_USE;

/* What has come of the message that is under way; zeroed for each connection but for message. */
struct qw_handover_inbox {
    uint8_t *message; /* [QW_HANDOVER_LEN_MAX], secret memory; borrowed */
    uint8_t head[4];
    size_t head_got, body_got;
};

/* The next message, from inbox->message. QW_ERR_TIMEOUT: what has come so far stays, call again;
 * QW_ERR_SPACE: longer than any message; QW_ERR_CLOSED, QW_ERR_IO: the connection is over. */
qw_err qw_handover_receive(int fd, struct qw_handover_inbox *inbox, size_t *len,
                           int64_t deadline_ms) QW_MUST_USE;

#endif
