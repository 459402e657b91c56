/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_MESH_STATE_H
#define QW_QKD_RELAY_MESH_STATE_H

#include "base/prng.h"
#include "qkd/relay/mesh.h"
#include "qkd/relay/use_map.h"

/* What the files of the mesh share: mesh.c (making, crashes), mesh_run.c (the wire, what
 * arrived), mesh_feed.c (simulated link keys). */
struct mesh_side { /* one end of a link */
    struct qw_mesh *mesh;
    size_t link;
    uint32_t node, neighbour;
    struct qw_node_memory *memory;
    struct qw_node_pool *pool;
    struct qw_hop *hop;
    struct qw_use_map map; /* of its out stream */
};

struct mesh_link {
    struct mesh_side side[2]; /* of a, of b */
    uint64_t epoch;           /* of the connection: older messages are lost */
};

struct mesh_node {
    struct qw_mesh *mesh;
    uint32_t id;
    struct qw_relay *relay;
    struct qw_two_paths *two_paths;    /* source and target */
    struct qw_node_memory *end_memory; /* source and target */
    struct qw_node_pool *end_pool;
    struct qw_use_map end_map; /* of its end tags */
};

struct mesh_message {
    size_t link;
    int to; /* side */
    uint64_t epoch;
    size_t len;
    uint8_t *bytes; /* [message_cap] */
    struct mesh_message *next;
};

struct mesh_arrived { /* keys that the target has */
    bool is_used;
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;
    size_t len;
    uint8_t *keys; /* [batch_len_max] */
};

struct qw_mesh {
    struct qw_mesh_config config;
    struct mesh_node node[QW_MESH_NODES_MAX];
    struct mesh_link *links;                   /* [links_count] */
    struct mesh_message *first, *last, *spare; /* the wire; buffers that are free */
    size_t message_cap;
    struct mesh_arrived *arrived; /* [arrived_max], the oldest replaced */
    size_t arrived_max, arrived_next;
    struct qw_prng prng;
    struct qw_key_source source; /* of keys: seeded, SIMULATED */
    int64_t now_ms;
    struct qw_mesh_report report;
    enum qw_node_class class; /* of what is requested */
};

qw_err mesh_send(void *self, const uint8_t *message, size_t len); /* self: struct mesh_side */
qw_err mesh_deliver(void *self, const struct qw_relay_batch *batch, const uint8_t *keys);
void mesh_voided(void *self, const struct qw_relay_batch *batch, uint8_t part,
                 enum qw_relay_reason reason, uint32_t at);
void mesh_stop_side(struct mesh_side *side); /* the hop, and what was over it */
void mesh_settle(struct mesh_node *node);
struct mesh_side *mesh_side_of(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour);
qw_err mesh_feed_end_pool(struct mesh_node *node, uint64_t fill);
/* The end pool's keys are there at both ends from the beginning. */
void mesh_confirm_end_pool(struct mesh_node *node);

#endif
