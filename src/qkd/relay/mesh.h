/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_MESH_H
#define QW_QKD_RELAY_MESH_H

#include "qkd/relay/relay.h"
#include "qkd/relay/two_paths.h"

/* Nodes, links and their pools in one process, with SIMULATED link keys and a clock that stands
 * until it is told: for benches, evaluation and tests. Every node and hop is the real one; the wire
 * is a queue in the order of sending. Nodes are 0, 1, ... . */
struct qw_mesh;

enum { QW_MESH_NODES_MAX = 64, QW_MESH_LINKS_MAX = 128 };

struct qw_mesh_link {
    uint32_t a, b; /* nodes */
};

struct qw_mesh_config {
    uint32_t nodes;
    const struct qw_mesh_link *links; /* [links_count] copied */
    size_t links_count;
    uint32_t source, target; /* the two nodes that share an end pool */
    size_t batch_len_max;
    size_t batches_max;
    uint64_t capacity; /* of a pool's stream, bytes */
    uint32_t lease;
    uint64_t seed;
    int64_t timeout_ms;
    int64_t age_ms; /* of link keys; 0: they stay */
    /* Each message on the wire, which may be altered in place; false: it is lost. NULL: none looks.
     */
    bool (*on_wire)(void *self, uint32_t from, uint32_t to, uint8_t *message, size_t len);
    void *self;
};

struct qw_mesh_report {
    uint64_t delivered_keys;  /* at the source, after the target */
    uint64_t mismatched_keys; /* of these: other bits at the target, or none */
    uint64_t unsettled_keys;  /* at the target now, neither delivered at the source nor void */
    uint64_t reused_pad_bits; /* of pools and end pools, by bitmaps of what was on each wire */
    uint64_t voided, voided_at_target; /* batches */
    uint64_t refused;                  /* messages that ended a session */
    uint64_t starved;                  /* sessions that found a pool empty */
};

/* All sessions are open when it returns. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_mesh_new(const struct qw_mesh_config *config, struct qw_mesh **mesh) QW_MUST_USE;
void qw_mesh_free(struct qw_mesh *mesh); /* NULL is fine */

/* Link keys for every pool with room, up to fill bytes of stock in each stream, at both ends. */
qw_err qw_mesh_feed(struct qw_mesh *mesh, uint64_t fill) QW_MUST_USE;
/* Of one end of a link only. */
qw_err qw_mesh_feed_end(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour,
                        uint64_t fill) QW_MUST_USE;

/* As qw_relay_request and qw_two_paths_request at the first node of the path. */
qw_err qw_mesh_request(struct qw_mesh *mesh, const struct qw_relay_path *path, uint32_t count,
                       uint16_t key_len) QW_MUST_USE;
/* Of what is requested from now on; gold until then. */
void qw_mesh_set_class(struct qw_mesh *mesh, enum qw_node_class class);
qw_err qw_mesh_request_two(struct qw_mesh *mesh, const struct qw_relay_path *paths, size_t count,
                           uint32_t keys, uint16_t key_len) QW_MUST_USE;

bool qw_mesh_step(struct qw_mesh *mesh);             /* one message; false: none is under way */
void qw_mesh_run(struct qw_mesh *mesh);              /* all of them */
void qw_mesh_wait(struct qw_mesh *mesh, int64_t ms); /* time passes, then runs */

/* A node dies as by kill -9, with all messages to and from it, and stands up again. */
qw_err qw_mesh_crash(struct qw_mesh *mesh, uint32_t node) QW_MUST_USE;
void qw_mesh_cut(struct qw_mesh *mesh, size_t link);
qw_err qw_mesh_join(struct qw_mesh *mesh, size_t link) QW_MUST_USE;

/* Borrowed, until the node crashes. */
struct qw_relay *qw_mesh_relay(struct qw_mesh *mesh, uint32_t node);
struct qw_hop *qw_mesh_hop(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour);
/* Of the two ends. */
struct qw_node_pool *qw_mesh_end_pool(struct qw_mesh *mesh, uint32_t node);
/* The disk under a node's pool for a neighbour (or for the other end): outlives crashes. */
struct qw_node_memory *qw_mesh_disk(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour);

struct qw_mesh_report qw_mesh_report(const struct qw_mesh *mesh);

#endif
