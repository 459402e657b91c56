/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_CONTROL_H
#define QWAVE_NODE_NODE_CONTROL_H

#include "node/node.h"
#include "qkd/network/node_command.h"

#include <poll.h>

/* The socket on which a running node is asked (docs/protocol/node-control.md). */
enum { NODE_CALLERS_MAX = 4, NODE_ANSWER_CAP = 1 << 16 };

struct node_control {
    int listener; /* -1: none */
    struct node_caller {
        int fd; /* -1: none */
        size_t len;
        char line[QW_NODE_LINE_MAX + 1];
    } caller[NODE_CALLERS_MAX];
    char answer[NODE_ANSWER_CAP];
};

qw_err node_control_open(struct node *node) QW_MUST_USE;
void node_control_close(struct node *node);

/* Descriptors to wait for; gives how many, at most 1 + NODE_CALLERS_MAX. */
size_t node_control_poll(const struct node *node, struct pollfd *polled);
void node_control_turn(struct node *node);

/* The other end: one request, and the answer without its LF. "error ..." is QW_ERR_REFUSED, with
 * the text in answer; QW_ERR_CLOSED, QW_ERR_TIMEOUT. */
qw_err node_tell(const char *path, const struct qw_node_command *command, int timeout_ms,
                 char *answer, size_t cap) QW_MUST_USE;

#endif
