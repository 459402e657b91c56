/* SPDX-License-Identifier: Apache-2.0 */
/* The wire of the mesh: a queue, a checker that looks at every message, and the faults of links. */
#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/relay/end_tag.h"
#include "qkd/relay/hello.h"
#include "qkd/relay/mesh_state.h"

#include <stdlib.h>
#include <string.h>

static struct mesh_message *new_message(struct qw_mesh *mesh)
{
    struct mesh_message *message = mesh->spare;

    if (message != NULL) {
        mesh->spare = message->next;
        return message;
    }
    message = calloc(1, sizeof *message);
    if (message != NULL) {
        message->bytes = malloc(mesh->message_cap);
        if (message->bytes == NULL) {
            free(message);
            message = NULL;
        }
    }
    return message;
}

static void note(struct qw_mesh *mesh, struct qw_use_map *map, uint64_t position, uint64_t len)
{
    if (qw_use_map_note(map, position, len, &mesh->report.reused_pad_bits) != QW_OK) {
        mesh->report.reused_pad_bits += 8 * len; /* not looked at is not good */
    }
}

/* Which parts of the streams a message used, by what it says itself: that of its hop, and at the
 * node that made it that of its end tag. */
static void note_use(struct mesh_side *side, const uint8_t *message, size_t len)
{
    struct qw_mesh *mesh = side->mesh;
    uint8_t type = message[0];
    uint64_t position = len >= 9 ? qw_load_u64be(message + 1) : 0;

    if (type == QW_OPEN_TYPE) {
        note(mesh, &side->map, position, QW_HOP_OPEN_USE_LEN);
    } else if (type >= QW_HOP_TYPE_MIN) {
        note(mesh, &side->map, position, QW_HOP_TAG_LEN + (uint64_t)qw_load_u32be(message + 9));
    }
    if ((type == QW_RELAY_DATA && side->node == mesh->config.source) ||
        (type == QW_RELAY_CONFIRM && side->node == mesh->config.target)) {
        note(mesh, &mesh->node[side->node].end_map,
             qw_load_u64be(message + QW_HOP_HEAD_LEN + QW_RELAY_BATCH_ID_LEN), QW_END_TAG_USE_LEN);
    }
}

qw_err mesh_send(void *self, const uint8_t *message, size_t len)
{
    struct mesh_side *side = self;
    struct qw_mesh *mesh = side->mesh;
    struct mesh_link *link = &mesh->links[side->link];
    struct mesh_message *sent;

    if (len > mesh->message_cap) {
        return QW_ERR_SPACE;
    }
    sent = new_message(mesh);
    if (sent == NULL) {
        return QW_ERR_NOMEM;
    }
    note_use(side, message, len);
    memcpy(sent->bytes, message, len);
    sent->len = len;
    sent->link = side->link;
    sent->to = side == &link->side[0] ? 1 : 0;
    sent->epoch = link->epoch;
    sent->next = NULL;
    if (mesh->first == NULL) {
        mesh->first = sent;
    } else {
        mesh->last->next = sent;
    }
    mesh->last = sent;
    return QW_OK;
}

void mesh_stop_side(struct mesh_side *side)
{
    qw_hop_stop(side->hop);
    qw_relay_hop_down(side->mesh->node[side->node].relay, side->neighbour);
    mesh_settle(&side->mesh->node[side->node]);
}

void mesh_settle(struct mesh_node *node)
{
    if (node->two_paths != NULL) {
        qw_two_paths_settle(node->two_paths, node->relay, node->mesh->now_ms);
    }
}

void qw_mesh_cut(struct qw_mesh *mesh, size_t link)
{
    mesh->links[link].epoch++;
    mesh_stop_side(&mesh->links[link].side[0]);
    mesh_stop_side(&mesh->links[link].side[1]);
}

qw_err qw_mesh_join(struct qw_mesh *mesh, size_t link)
{
    qw_err err;

    qw_mesh_cut(mesh, link);
    err = qw_hop_start(mesh->links[link].side[0].hop);
    if (err == QW_OK) {
        err = qw_hop_start(mesh->links[link].side[1].hop);
    }
    if (err == QW_OK) {
        qw_mesh_run(mesh);
    }
    return err;
}

static void hand_over(struct qw_mesh *mesh, struct mesh_message *message)
{
    struct mesh_side *side = &mesh->links[message->link].side[message->to];
    struct mesh_node *node = &mesh->node[side->node];
    struct qw_hop_message opened;
    qw_err err = qw_hop_receive(side->hop, message->bytes, message->len, &opened);

    if (err == QW_OK && opened.type != 0) {
        err = qw_relay_receive(node->relay, side->neighbour, &opened);
    }
    mesh_settle(node);
    if (err != QW_OK) {
        *(err == QW_ERR_EXHAUSTED ? &mesh->report.starved : &mesh->report.refused) += 1;
        qw_mesh_cut(mesh, message->link);
    }
}

bool qw_mesh_step(struct qw_mesh *mesh)
{
    struct mesh_message *message = mesh->first;
    const struct mesh_side *to;

    if (message == NULL) {
        return false;
    }
    mesh->first = message->next;
    to = &mesh->links[message->link].side[message->to];
    if (message->epoch == mesh->links[message->link].epoch &&
        (mesh->config.on_wire == NULL ||
         mesh->config.on_wire(mesh->config.self, to->neighbour, to->node, message->bytes,
                              message->len))) {
        hand_over(mesh, message);
    }
    message->next = mesh->spare;
    mesh->spare = message;
    return true;
}

void qw_mesh_run(struct qw_mesh *mesh)
{
    while (qw_mesh_step(mesh)) {
    }
}

void qw_mesh_wait(struct qw_mesh *mesh, int64_t ms)
{
    mesh->now_ms += ms;
    for (uint32_t id = 0; id < mesh->config.nodes; id++) {
        qw_relay_tick(mesh->node[id].relay, mesh->now_ms);
        mesh_settle(&mesh->node[id]);
    }
    for (size_t i = 0; i < 2 * mesh->config.links_count; i++) {
        if (qw_hop_age(mesh->links[i / 2].side[i % 2].hop, mesh->now_ms) != QW_OK) {
            qw_mesh_cut(mesh, i / 2);
        }
    }
    qw_mesh_run(mesh);
}

void qw_mesh_set_class(struct qw_mesh *mesh, enum qw_node_class class)
{
    mesh->class = class;
}

qw_err qw_mesh_request(struct qw_mesh *mesh, const struct qw_relay_path *path, uint32_t count,
                       uint16_t key_len)
{
    struct qw_relay_demand demand = { .count = count, .key_len = key_len, .class = mesh->class };
    qw_err err = qw_relay_new_id(demand.id);

    return err == QW_OK ? qw_relay_request(mesh->node[mesh->config.source].relay, path, &demand)
                        : err;
}

qw_err qw_mesh_request_two(struct qw_mesh *mesh, const struct qw_relay_path *paths, size_t count,
                           uint32_t keys, uint16_t key_len)
{
    struct mesh_node *node = &mesh->node[mesh->config.source];
    struct qw_relay_demand demand = { .count = keys, .key_len = key_len, .class = mesh->class };
    qw_err err = qw_relay_new_id(demand.id);

    return err == QW_OK ? qw_two_paths_request(node->two_paths, node->relay, paths, count, &demand)
                        : err;
}

static struct mesh_arrived *find_arrived(struct qw_mesh *mesh, const uint8_t *id)
{
    for (size_t i = 0; i < mesh->arrived_max; i++) {
        if (mesh->arrived[i].is_used &&
            qw_equal_ct(mesh->arrived[i].id, id, QW_RELAY_BATCH_ID_LEN)) {
            return &mesh->arrived[i];
        }
    }
    return NULL;
}

qw_err mesh_deliver(void *self, const struct qw_relay_batch *batch, const uint8_t *keys)
{
    struct mesh_node *node = self;
    struct qw_mesh *mesh = node->mesh;
    size_t len = (size_t)batch->count * batch->key_len;
    struct mesh_arrived *arrived = find_arrived(mesh, batch->id);

    if (node->id == mesh->config.target) {
        arrived = &mesh->arrived[mesh->arrived_next++ % mesh->arrived_max];
        arrived->is_used = true;
        arrived->count = batch->count;
        arrived->len = len;
        memcpy(arrived->id, batch->id, sizeof arrived->id);
        memcpy(arrived->keys, keys, len);
        return QW_OK;
    }
    mesh->report.delivered_keys += batch->count;
    if (arrived == NULL || arrived->len != len || !qw_equal_ct(arrived->keys, keys, len)) {
        mesh->report.mismatched_keys += batch->count;
    }
    if (arrived != NULL) {
        arrived->is_used = false;
    }
    return QW_OK;
}

void mesh_voided(void *self, const struct qw_relay_batch *batch, uint8_t part,
                 enum qw_relay_reason reason, uint32_t at)
{
    struct mesh_node *node = self;
    struct mesh_arrived *arrived = find_arrived(node->mesh, batch->id);

    (void)part;
    (void)reason;
    (void)at;
    if (node->id == node->mesh->config.source) {
        node->mesh->report.voided++;
        return;
    }
    node->mesh->report.voided_at_target++;
    if (arrived != NULL) {
        arrived->is_used = false;
    }
}
