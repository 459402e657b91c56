/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/pool_head.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/node/check.h"

#include <string.h>

enum { MAGIC_LEN = 8, CHECKED_LEN = QW_NODE_HEAD_LEN - QW_NODE_CHECK_LEN };
static const char magic[] = "QWNODE1\n";

bool qw_node_head_valid(const struct qw_node_pool_head *head)
{
    return head->node != head->neighbour && head->lease >= QW_NODE_LEASE_MIN &&
           head->lease <= QW_NODE_LEASE_MAX && head->capacity >= head->lease &&
           head->capacity <= QW_NODE_CAPACITY_MAX;
}

qw_err qw_node_head_encode(const struct qw_node_pool_head *head,
                           uint8_t out[static QW_NODE_HEAD_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_NODE_HEAD_LEN);

    qw_write_bytes(&w, magic, MAGIC_LEN);
    qw_write_u32be(&w, head->node);
    qw_write_u32be(&w, head->neighbour);
    qw_write_u64be(&w, head->capacity);
    qw_write_u32be(&w, head->lease);
    qw_write_u8(&w, head->is_simulated ? 1 : 0);
    qw_write_bytes(&w, head->meeting_key, sizeof head->meeting_key);
    qw_assert(!w.failed && w.len == CHECKED_LEN);
    return qw_node_check_add(out, CHECKED_LEN);
}

qw_err qw_node_head_decode(const uint8_t in[static QW_NODE_HEAD_LEN], struct qw_node_pool_head *out)
{
    struct qw_reader r = qw_reader_on(in, CHECKED_LEN);
    struct qw_node_pool_head head = { 0 };
    const uint8_t *start = qw_read_view(&r, MAGIC_LEN);
    uint8_t simulated;
    qw_err err = qw_node_check_verify(in, CHECKED_LEN);

    if (err != QW_OK) {
        return err;
    }
    head.node = qw_read_u32be(&r);
    head.neighbour = qw_read_u32be(&r);
    head.capacity = qw_read_u64be(&r);
    head.lease = qw_read_u32be(&r);
    simulated = qw_read_u8(&r);
    head.is_simulated = simulated == 1;
    qw_read_bytes(&r, head.meeting_key, sizeof head.meeting_key);
    if (!qw_equal_ct(start, magic, MAGIC_LEN) || simulated > 1 || !qw_node_head_valid(&head)) {
        err = QW_ERR_FORMAT;
    } else {
        *out = head;
    }
    qw_wipe(&head, sizeof head);
    return err;
}
