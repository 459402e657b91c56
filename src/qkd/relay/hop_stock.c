/* SPDX-License-Identifier: Apache-2.0 */
/* New bytes at both ends: stock only once both hold the same [H6]; and the end of old ones. */
#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/relay/hop_state.h"

#include <string.h>

enum { STOCK_BODY_LEN = 16 + QW_POLY_HASH_LEN, MESSAGE_LEN = QW_HOP_FRAME_LEN + STOCK_BODY_LEN };

static qw_err check_of(struct qw_hop *hop, enum qw_node_direction direction, uint64_t from,
                       uint64_t to, uint8_t check[static QW_POLY_HASH_LEN])
{
    struct qw_poly_hash hash;
    qw_err err;

    qw_poly_hash_init(&hash, hop->hash_key[direction]);
    err = qw_node_pool_hash(hop->config.pool, direction, from, to, &hash);
    qw_poly_hash_final(&hash, check);
    return err;
}

static qw_err send_position(struct qw_hop *hop, uint8_t type, uint64_t position)
{
    uint8_t message[MESSAGE_LEN];

    qw_store_u64be(message + QW_HOP_HEAD_LEN, position);
    return qw_hop_seal(hop, type, message, 8, 0, NULL);
}

/* One STOCK at a time: the answer asks for the next. */
static qw_err send_stock(struct qw_hop *hop)
{
    struct qw_node_state state = qw_node_pool_state(hop->config.pool, QW_NODE_OUT);
    uint64_t from = state.end - state.raw;
    uint8_t message[MESSAGE_LEN];
    uint8_t *body = message + QW_HOP_HEAD_LEN;
    qw_err err;

    if (state.raw == 0 || hop->stock_to != 0) {
        return QW_OK;
    }
    qw_store_u64be(body, from);
    qw_store_u64be(body + 8, state.end);
    err = check_of(hop, QW_NODE_OUT, from, state.end, body + 16);
    if (err == QW_OK) {
        err = qw_hop_seal(hop, QW_HOP_STOCK, message, STOCK_BODY_LEN, QW_POLY_HASH_LEN, NULL);
    }
    if (err == QW_OK) {
        hop->stock_to = state.end;
    }
    qw_wipe(message, sizeof message);
    return err;
}

/* Answers the neighbour's STOCK as soon as the same bytes are here. */
static qw_err answer_stock(struct qw_hop *hop)
{
    struct qw_node_state state = qw_node_pool_state(hop->config.pool, QW_NODE_IN);
    uint8_t check[QW_POLY_HASH_LEN];
    bool is_same;
    qw_err err;

    if (hop->announced.to == 0 || hop->announced.to > state.end) {
        return QW_OK;
    }
    err = check_of(hop, QW_NODE_IN, hop->announced.from, hop->announced.to, check);
    if (err != QW_OK) {
        return err;
    }
    is_same = qw_equal_ct(check, hop->announced.check, sizeof check);
    qw_wipe(check, sizeof check);
    if (!is_same) {
        qw_hop_stop(hop);
        hop->status = QW_HOP_QUARANTINED;
        return QW_ERR_CONFLICT;
    }
    qw_node_pool_confirm(hop->config.pool, QW_NODE_IN, hop->announced.to);
    err = send_position(hop, QW_HOP_STOCKED, hop->announced.to);
    qw_wipe(&hop->announced, sizeof hop->announced);
    return err;
}

uint64_t qw_hop_announced(const struct qw_hop *hop)
{
    return hop->status == QW_HOP_UP ? hop->announced.to : 0;
}

static qw_err take_stock(struct qw_hop *hop, const struct qw_hop_message *message)
{
    struct qw_node_state state = qw_node_pool_state(hop->config.pool, QW_NODE_IN);
    uint64_t from = qw_load_u64be(message->body);
    uint64_t to = qw_load_u64be(message->body + 8);

    if (message->secret_len != QW_POLY_HASH_LEN || hop->announced.to != 0 ||
        from != state.end - state.raw || to <= from) {
        return QW_ERR_FORMAT;
    }
    hop->announced.from = from;
    hop->announced.to = to;
    for (size_t i = 0; i < QW_POLY_HASH_LEN; i++) {
        hop->announced.check[i] = message->body[16 + i] ^ message->pad[i];
    }
    qw_hop_settle(hop);
    return answer_stock(hop);
}

static qw_err take_stocked(struct qw_hop *hop, const struct qw_hop_message *message)
{
    uint64_t to = qw_load_u64be(message->body);

    qw_hop_settle(hop);
    if (message->secret_len != 0 || hop->stock_to == 0 || to != hop->stock_to) {
        return QW_ERR_FORMAT;
    }
    hop->stock_to = 0;
    qw_node_pool_confirm(hop->config.pool, QW_NODE_OUT, to);
    return send_stock(hop);
}

static qw_err take_skip(struct qw_hop *hop, const struct qw_hop_message *message)
{
    uint64_t position = qw_load_u64be(message->body);
    qw_err err;

    qw_hop_settle(hop);
    if (message->secret_len != 0) {
        return QW_ERR_FORMAT;
    }
    err = qw_node_pool_skip(hop->config.pool, QW_NODE_IN, position, true);
    return err == QW_ERR_ARG ? QW_ERR_FORMAT : err;
}

qw_err qw_hop_take_own(struct qw_hop *hop, const struct qw_hop_message *message)
{
    if (message->type == QW_HOP_STOCK && message->body_len == STOCK_BODY_LEN) {
        return take_stock(hop, message);
    }
    if (message->type == QW_HOP_STOCKED && message->body_len == 8) {
        return take_stocked(hop, message);
    }
    if (message->type == QW_HOP_SKIP && message->body_len == 8) {
        return take_skip(hop, message);
    }
    return QW_ERR_FORMAT;
}

bool qw_hop_may_append(const struct qw_hop *hop)
{
    return hop->status == QW_HOP_DOWN || hop->status == QW_HOP_UP;
}

qw_err qw_hop_appended(struct qw_hop *hop)
{
    qw_err err;

    if (hop->status != QW_HOP_UP) {
        return QW_OK;
    }
    err = answer_stock(hop);
    return err == QW_OK ? send_stock(hop) : err;
}

qw_err qw_hop_age(struct qw_hop *hop, int64_t now_ms)
{
    struct qw_node_pool *pool = hop->config.pool;
    uint64_t position;
    qw_err err;

    if (hop->status != QW_HOP_UP) {
        return QW_OK;
    }
    position = qw_node_pool_aged(pool, now_ms);
    if (position <= qw_node_pool_state(pool, QW_NODE_OUT).position + QW_HOP_TAG_LEN) {
        return QW_OK; /* the message would cost as much as it gives up */
    }
    err = send_position(hop, QW_HOP_SKIP, position);
    return err == QW_OK ? qw_node_pool_skip(pool, QW_NODE_OUT, position, true) : err;
}
