/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/mesh.h"

#include "base/secret.h"
#include "qkd/relay/mesh_state.h"

#include <stdlib.h>
#include <string.h>

enum { END_CAPACITY = 1 << 18, END_LEASE = 4096 };

struct mesh_side *mesh_side_of(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour)
{
    for (size_t i = 0; i < mesh->config.links_count; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct mesh_side *side = &mesh->links[i].side[j];

            if (side->node == node && side->neighbour == neighbour) {
                return side;
            }
        }
    }
    return NULL;
}

static struct qw_hop *hop_to(void *self, uint32_t neighbour)
{
    struct mesh_node *node = self;
    struct mesh_side *side = mesh_side_of(node->mesh, node->id, neighbour);

    return side == NULL ? NULL : side->hop;
}

static struct qw_node_pool *end_pool_of(void *self, uint32_t other)
{
    struct mesh_node *node = self;
    const struct qw_mesh_config *c = &node->mesh->config;

    return other == c->source || other == c->target ? node->end_pool : NULL;
}

static qw_err on_deliver(void *self, const struct qw_relay_batch *batch, const uint8_t *keys)
{
    struct mesh_node *node = self;

    return qw_two_paths_deliver(node->two_paths, batch, keys);
}

static void on_voided(void *self, const struct qw_relay_batch *batch, enum qw_relay_reason reason,
                      uint32_t at)
{
    struct mesh_node *node = self;

    qw_two_paths_voided(node->two_paths, batch, reason, at);
}

static bool is_end(const struct mesh_node *node)
{
    return node->id == node->mesh->config.source || node->id == node->mesh->config.target;
}

static qw_err make_relay(struct mesh_node *node)
{
    const struct qw_mesh_config *c = &node->mesh->config;
    const struct qw_relay_config config = { .node = node->id,
                                            .batch_len_max = c->batch_len_max,
                                            .batches_max = is_end(node) ? c->batches_max : 0,
                                            .passing_max = c->batches_max,
                                            .timeout_ms = c->timeout_ms,
                                            .source = &node->mesh->source,
                                            .self = node,
                                            .hop = hop_to,
                                            .end_pool = end_pool_of,
                                            .deliver = on_deliver,
                                            .voided = on_voided };
    const struct qw_two_paths_config two_paths = { .pairs_max = c->batches_max,
                                                   .batch_len_max = c->batch_len_max,
                                                   .timeout_ms = c->timeout_ms,
                                                   .self = node,
                                                   .deliver = mesh_deliver,
                                                   .voided = mesh_voided };
    qw_err err = qw_relay_new(&config, &node->relay);

    if (err == QW_OK && is_end(node)) {
        err = qw_two_paths_new(&two_paths, &node->two_paths);
    }
    if (err == QW_OK) {
        qw_relay_tick(node->relay, node->mesh->now_ms);
    }
    return err;
}

static qw_err open_pool(const struct qw_mesh *mesh, struct qw_node_memory *memory,
                        struct qw_node_pool **pool)
{
    uint64_t capacity = mesh->config.capacity;
    const struct qw_node_limits limits = { { capacity / 16, capacity / 8, capacity / 4 },
                                           mesh->config.age_ms };
    struct qw_node_disk disk = qw_node_memory_disk(memory);

    return qw_node_pool_open(&disk, &limits, pool);
}

static qw_err open_side(struct mesh_side *side)
{
    struct qw_hop_config config = { .self = side, .send = mesh_send };
    qw_err err = open_pool(side->mesh, side->memory, &side->pool);

    if (err == QW_OK) {
        config.pool = side->pool;
        err = qw_hop_new(&config, &side->hop);
    }
    return err;
}

static qw_err make_memory(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour,
                          uint64_t capacity, uint32_t lease, struct qw_node_memory **memory)
{
    const struct qw_node_pool_head head = { .node = node,
                                            .neighbour = neighbour,
                                            .capacity = capacity,
                                            .lease = lease,
                                            .is_simulated = true,
                                            .meeting_key = { (uint8_t)mesh->config.seed } };
    struct qw_node_disk disk;
    qw_err err = qw_node_memory_new((size_t)qw_node_pool_disk_len(capacity), memory);

    if (err == QW_OK) {
        disk = qw_node_memory_disk(*memory);
        err = qw_node_pool_format(&disk, &head);
    }
    return err;
}

static qw_err make_link(struct qw_mesh *mesh, size_t index)
{
    struct mesh_link *link = &mesh->links[index];
    const uint32_t ends[2] = { mesh->config.links[index].a, mesh->config.links[index].b };
    qw_err err = QW_OK;

    for (size_t j = 0; err == QW_OK && j < 2; j++) {
        struct mesh_side *side = &link->side[j];

        side->mesh = mesh;
        side->link = index;
        side->node = ends[j];
        side->neighbour = ends[1 - j];
        err = make_memory(mesh, side->node, side->neighbour, mesh->config.capacity,
                          mesh->config.lease, &side->memory);
        if (err == QW_OK) {
            err = open_side(side);
        }
    }
    return err;
}

static qw_err make_node(struct qw_mesh *mesh, uint32_t id)
{
    struct mesh_node *node = &mesh->node[id];
    uint32_t other = id == mesh->config.source ? mesh->config.target : mesh->config.source;
    qw_err err = QW_OK;

    node->mesh = mesh;
    node->id = id;
    if (is_end(node)) {
        err = make_memory(mesh, id, other, END_CAPACITY, END_LEASE, &node->end_memory);
        if (err == QW_OK) {
            err = open_pool(node->mesh, node->end_memory, &node->end_pool);
        }
    }
    return err == QW_OK ? make_relay(node) : err;
}

static size_t available_bits(void *self)
{
    (void)self;
    return SIZE_MAX;
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct qw_mesh *mesh = self;

    qw_prng_bytes(&mesh->prng, key, len);
    return QW_OK;
}

static bool config_is_sound(const struct qw_mesh_config *c)
{
    bool ok = c->nodes >= 2 && c->nodes <= QW_MESH_NODES_MAX && c->links_count >= 1 &&
              c->links_count <= QW_MESH_LINKS_MAX && c->source < c->nodes && c->target < c->nodes &&
              c->source != c->target && c->batches_max >= 1 && c->batch_len_max >= 1 &&
              c->batch_len_max <= QW_RELAY_BATCH_LEN_MAX;

    for (size_t i = 0; ok && i < c->links_count; i++) {
        ok = c->links[i].a < c->nodes && c->links[i].b < c->nodes && c->links[i].a != c->links[i].b;
    }
    return ok;
}

static qw_err allocate(struct qw_mesh *mesh)
{
    const struct qw_mesh_config *c = &mesh->config;

    mesh->links = calloc(c->links_count, sizeof *mesh->links);
    mesh->arrived_max = 4 * c->batches_max;
    mesh->arrived = calloc(mesh->arrived_max, sizeof *mesh->arrived);
    if (mesh->links == NULL || mesh->arrived == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < mesh->arrived_max; i++) {
        mesh->arrived[i].keys = malloc(c->batch_len_max);
        if (mesh->arrived[i].keys == NULL) {
            return QW_ERR_NOMEM;
        }
    }
    mesh->message_cap = QW_HOP_FRAME_LEN + QW_RELAY_BODY_MAX + c->batch_len_max;
    return QW_OK;
}

static qw_err build(struct qw_mesh *mesh)
{
    qw_err err = allocate(mesh);

    for (size_t i = 0; err == QW_OK && i < mesh->config.links_count; i++) {
        err = make_link(mesh, i);
    }
    for (uint32_t id = 0; err == QW_OK && id < mesh->config.nodes; id++) {
        err = make_node(mesh, id);
    }
    if (err == QW_OK) {
        err = qw_mesh_feed(mesh, mesh->config.capacity / 2);
    }
    for (size_t i = 0; err == QW_OK && i < mesh->config.links_count; i++) {
        err = qw_mesh_join(mesh, i);
    }
    return err;
}

qw_err qw_mesh_new(const struct qw_mesh_config *config, struct qw_mesh **out)
{
    struct qw_mesh *mesh;
    qw_err err;

    if (!config_is_sound(config)) {
        return QW_ERR_ARG;
    }
    mesh = calloc(1, sizeof *mesh);
    if (mesh == NULL) {
        return QW_ERR_NOMEM;
    }
    mesh->config = *config;
    qw_prng_init(&mesh->prng, config->seed, UINT64_MAX);
    mesh->source = (struct qw_key_source){ .name = "simulated",
                                           .is_simulated = true,
                                           .self = mesh,
                                           .available_bits = available_bits,
                                           .take = take };
    err = build(mesh);
    mesh->config.links = NULL; /* borrowed for the call; the links know their ends */
    if (err != QW_OK) {
        qw_mesh_free(mesh);
        return err;
    }
    *out = mesh;
    return QW_OK;
}

static void free_messages(struct mesh_message *message)
{
    while (message != NULL) {
        struct mesh_message *next = message->next;

        free(message->bytes);
        free(message);
        message = next;
    }
}

static void close_side(struct mesh_side *side)
{
    qw_hop_free(side->hop);
    qw_node_pool_abandon(side->pool);
    side->hop = NULL;
    side->pool = NULL;
}

static void close_node(struct mesh_node *node)
{
    qw_relay_free(node->relay);
    qw_two_paths_free(node->two_paths);
    qw_node_pool_abandon(node->end_pool);
    node->relay = NULL;
    node->two_paths = NULL;
    node->end_pool = NULL;
}

void qw_mesh_free(struct qw_mesh *mesh)
{
    if (mesh == NULL) {
        return;
    }
    for (size_t i = 0; mesh->links != NULL && i < mesh->config.links_count; i++) {
        for (size_t j = 0; j < 2; j++) {
            close_side(&mesh->links[i].side[j]);
            qw_node_memory_free(mesh->links[i].side[j].memory);
            qw_use_map_free(&mesh->links[i].side[j].map);
        }
    }
    for (uint32_t id = 0; id < mesh->config.nodes; id++) {
        close_node(&mesh->node[id]);
        qw_node_memory_free(mesh->node[id].end_memory);
        qw_use_map_free(&mesh->node[id].end_map);
    }
    for (size_t i = 0; mesh->arrived != NULL && i < mesh->arrived_max; i++) {
        free(mesh->arrived[i].keys);
    }
    free_messages(mesh->first);
    free_messages(mesh->spare);
    free(mesh->arrived);
    free(mesh->links);
    free(mesh);
}

/* The node's own part of a crash: what was in its memory is gone, what was on disk is not. */
static qw_err stand_up(struct mesh_node *node)
{
    struct qw_mesh *mesh = node->mesh;
    qw_err err = QW_OK;

    close_node(node);
    if (node->end_memory != NULL) {
        err = open_pool(node->mesh, node->end_memory, &node->end_pool);
        if (err == QW_OK) {
            mesh_confirm_end_pool(node);
        }
    }
    for (size_t i = 0; err == QW_OK && i < 2 * mesh->config.links_count; i++) {
        struct mesh_side *side = &mesh->links[i / 2].side[i % 2];

        if (side->node == node->id) {
            close_side(side);
            err = open_side(side);
        }
    }
    return err == QW_OK ? make_relay(node) : err;
}

qw_err qw_mesh_crash(struct qw_mesh *mesh, uint32_t node)
{
    qw_err err;

    for (size_t i = 0; i < 2 * mesh->config.links_count; i++) {
        struct mesh_side *side = &mesh->links[i / 2].side[i % 2];

        if (side->neighbour == node) {
            mesh->links[i / 2].epoch++;
            mesh_stop_side(side);
        }
    }
    err = stand_up(&mesh->node[node]);
    for (size_t i = 0; err == QW_OK && i < mesh->config.links_count; i++) {
        if (mesh->links[i].side[0].node == node || mesh->links[i].side[1].node == node) {
            err = qw_mesh_join(mesh, i);
        }
    }
    return err;
}

struct qw_relay *qw_mesh_relay(struct qw_mesh *mesh, uint32_t node)
{
    return mesh->node[node].relay;
}

struct qw_hop *qw_mesh_hop(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour)
{
    struct mesh_side *side = mesh_side_of(mesh, node, neighbour);

    return side == NULL ? NULL : side->hop;
}

struct qw_node_pool *qw_mesh_end_pool(struct qw_mesh *mesh, uint32_t node)
{
    return mesh->node[node].end_pool;
}

struct qw_node_memory *qw_mesh_disk(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour)
{
    struct mesh_side *side = mesh_side_of(mesh, node, neighbour);

    return side == NULL ? mesh->node[node].end_memory : side->memory;
}

struct qw_mesh_report qw_mesh_report(const struct qw_mesh *mesh)
{
    struct qw_mesh_report report = mesh->report;

    for (size_t i = 0; i < mesh->arrived_max; i++) {
        report.unsettled_keys += mesh->arrived[i].is_used ? mesh->arrived[i].count : 0;
    }
    return report;
}
