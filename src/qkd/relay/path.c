/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/path.h"

bool qw_relay_path_valid(const struct qw_relay_path *path)
{
    if (path->nodes < QW_RELAY_NODES_MIN || path->nodes > QW_RELAY_NODES_MAX) {
        return false;
    }
    for (size_t i = 1; i < path->nodes; i++) {
        for (size_t j = 0; j < i; j++) {
            if (path->node[i] == path->node[j]) {
                return false;
            }
        }
    }
    return true;
}

bool qw_relay_path_find(const struct qw_relay_path *path, uint32_t node, uint8_t *index)
{
    for (uint8_t i = 0; i < path->nodes; i++) {
        if (path->node[i] == node) {
            *index = i;
            return true;
        }
    }
    return false;
}

uint32_t qw_relay_path_target(const struct qw_relay_path *path)
{
    return path->node[path->nodes - 1];
}

bool qw_relay_paths_disjoint(const struct qw_relay_path *a, const struct qw_relay_path *b)
{
    uint8_t at;

    if (!qw_relay_path_valid(a) || !qw_relay_path_valid(b) || a->node[0] != b->node[0] ||
        qw_relay_path_target(a) != qw_relay_path_target(b)) {
        return false;
    }
    for (uint8_t i = 1; i + 1 < a->nodes; i++) {
        if (qw_relay_path_find(b, a->node[i], &at)) {
            return false;
        }
    }
    return a->nodes > QW_RELAY_NODES_MIN || b->nodes > QW_RELAY_NODES_MIN; /* not one link twice */
}

void qw_relay_path_write(struct qw_writer *w, const struct qw_relay_path *path)
{
    qw_write_u8(w, path->nodes);
    for (size_t i = 0; i < path->nodes; i++) {
        qw_write_u32be(w, path->node[i]);
    }
}

bool qw_relay_path_read(struct qw_reader *r, struct qw_relay_path *path)
{
    *path = (struct qw_relay_path){ .nodes = qw_read_u8(r) };
    if (path->nodes > QW_RELAY_NODES_MAX) {
        return false;
    }
    for (size_t i = 0; i < path->nodes; i++) {
        path->node[i] = qw_read_u32be(r);
    }
    return !r->failed && qw_relay_path_valid(path);
}
