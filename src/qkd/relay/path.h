/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_PATH_H
#define QW_QKD_RELAY_PATH_H

#include "base/bytes.h"

/* The nodes that a batch of keys goes over, source first; found by the caller. */
enum { QW_RELAY_NODES_MIN = 2, QW_RELAY_NODES_MAX = 64 };

struct qw_relay_path {
    uint8_t nodes; /* QW_RELAY_NODES_MIN..QW_RELAY_NODES_MAX */
    uint32_t node[QW_RELAY_NODES_MAX];
};

/* A number of nodes in range, and none twice. */
bool qw_relay_path_valid(const struct qw_relay_path *path);
/* Valid, between the same ends, and without a common node but these. */
bool qw_relay_paths_disjoint(const struct qw_relay_path *a, const struct qw_relay_path *b);
/* Its place on a valid path; false: it is not there. */
bool qw_relay_path_find(const struct qw_relay_path *path, uint32_t node, uint8_t *index);

uint32_t qw_relay_path_target(const struct qw_relay_path *path);

/* nodes u8 | nodes x u32. */
void qw_relay_path_write(struct qw_writer *w, const struct qw_relay_path *path);
/* False for a path that is not valid. */
bool qw_relay_path_read(struct qw_reader *r, struct qw_relay_path *path);

#endif
