/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_POOL_HEAD_H
#define QW_QKD_NODE_POOL_HEAD_H

#include "qkd/node/pool.h"

/* The fixed part of a node pool's file. */
enum { QW_NODE_HEAD_LEN = 8 + 4 + 4 + 8 + 4 + 1 + QW_NODE_MEETING_KEY_LEN + 8 };

bool qw_node_head_valid(const struct qw_node_pool_head *head);
/* head is valid. */
qw_err qw_node_head_encode(const struct qw_node_pool_head *head,
                           uint8_t out[static QW_NODE_HEAD_LEN]) QW_MUST_USE;
qw_err qw_node_head_decode(const uint8_t in[static QW_NODE_HEAD_LEN],
                           struct qw_node_pool_head *head) QW_MUST_USE;

#endif
