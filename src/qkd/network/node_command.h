/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_NODE_COMMAND_H
#define QW_QKD_NETWORK_NODE_COMMAND_H

#include "base/error.h"
#include "qkd/node/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a running node is asked: one line, without its LF (docs/protocol/node-control.md). */
enum qw_node_verb {
    QW_NODE_DELIVER,
    QW_NODE_HOLD,
    QW_NODE_CUT,
    QW_NODE_MEND,
    QW_NODE_LINKS,
    QW_NODE_UNDER_WAY,
    QW_NODE_STATUS,
    QW_NODE_HEAD,
    QW_NODE_END,
    QW_NODE_VERBS
};

enum {
    QW_NODE_LINE_MAX = 63,
    QW_NODE_NUMBERS_MAX = 3,
    QW_NODE_ORDER_KEYS_MAX = 1000000000,
    QW_NODE_RATE_MAX = 1000000
};

struct qw_node_command {
    enum qw_node_verb verb;
    uint32_t node;            /* deliver: the target; cut, mend: the neighbour */
    uint32_t keys;            /* deliver: 1..QW_NODE_ORDER_KEYS_MAX */
    uint32_t per_second;      /* deliver: 0..QW_NODE_RATE_MAX, 0: any */
    enum qw_node_class class; /* deliver; gold unless said */
    bool is_two;              /* deliver: over two paths without a common node */
};

/* "gold", "silver", "bronze". */
const char *qw_node_class_text(enum qw_node_class class);
/* False: no such class; out untouched. */
bool qw_node_class_of(const char *text, enum qw_node_class *class);

/* The line, NUL-terminated; gives its length. */
size_t qw_node_command_encode(const struct qw_node_command *command,
                              char line[static QW_NODE_LINE_MAX + 1]);
/* QW_ERR_FORMAT for anything but one; out untouched. */
qw_err qw_node_command_decode(const char *line, size_t len,
                              struct qw_node_command *out) QW_MUST_USE;

#endif
