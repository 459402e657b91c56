/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/hop.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/relay/hop_state.h"

#include <string.h>

qw_err qw_hop_new(const struct qw_hop_config *config, struct qw_hop **out)
{
    struct qw_hop *hop = qw_secret_new(sizeof *hop);

    if (hop == NULL) {
        return QW_ERR_NOMEM;
    }
    hop->config = *config;
    hop->node = qw_node_pool_head(config->pool)->node;
    hop->neighbour = qw_node_pool_head(config->pool)->neighbour;
    *out = hop;
    return QW_OK;
}

void qw_hop_free(struct qw_hop *hop)
{
    qw_secret_free(hop);
}

enum qw_hop_status qw_hop_status(const struct qw_hop *hop)
{
    return hop->status;
}

struct qw_hop_account qw_hop_account(const struct qw_hop *hop)
{
    return hop->account;
}

struct qw_node_pool *qw_hop_pool(const struct qw_hop *hop)
{
    return hop->config.pool;
}

qw_err qw_hop_start(struct qw_hop *hop)
{
    if (hop->status == QW_HOP_QUARANTINED) {
        return QW_ERR_REFUSED;
    }
    qw_hop_stop(hop);
    return qw_hop_greet(hop);
}

void qw_hop_stop(struct qw_hop *hop)
{
    if (hop->status != QW_HOP_QUARANTINED) {
        hop->status = QW_HOP_DOWN;
    }
    qw_wipe(hop->hash_key, sizeof hop->hash_key);
    qw_wipe(&hop->announced, sizeof hop->announced);
    hop->opened_len = 0;
    hop->stock_to = 0;
    qw_node_pool_unconfirm(hop->config.pool);
}

/* data ^= a ^ b; b may be NULL. */
static void apply_pads(uint8_t *data, const uint8_t *a, const uint8_t *b, size_t len)
{
    if (b == NULL) {
        for (size_t i = 0; i < len; i++) {
            data[i] ^= a[i];
        }
    } else {
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(data[i] ^ a[i] ^ b[i]);
        }
    }
}

qw_err qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                   size_t secret_len, const uint8_t *pad_in)
{
    struct qw_node_pool *pool = hop->config.pool;
    size_t tag_at = QW_HOP_HEAD_LEN + body_len;
    struct qw_bytes said = { message, tag_at };
    const uint8_t *bytes = NULL;
    qw_err err;

    qw_assert(secret_len <= body_len && secret_len <= QW_NODE_LEASE_MAX);
    if (hop->status != QW_HOP_UP) {
        return QW_ERR_CLOSED;
    }
    err = qw_node_pool_peek(pool, QW_NODE_OUT, QW_HOP_TAG_LEN + secret_len, &bytes);
    if (err != QW_OK) {
        return err;
    }
    message[0] = type;
    qw_store_u64be(message + 1, qw_node_pool_state(pool, QW_NODE_OUT).position);
    qw_store_u32be(message + 9, (uint32_t)secret_len);
    apply_pads(message + tag_at - secret_len, bytes + QW_HOP_TAG_LEN, pad_in, secret_len);
    qw_one_time_mac(hop->hash_key[QW_NODE_OUT], bytes, &said, 1, message + tag_at);
    qw_node_pool_pass(pool, QW_NODE_OUT, QW_HOP_TAG_LEN + secret_len);
    hop->account.messages++;
    hop->account.tag_bits += 8 * QW_HOP_TAG_LEN;
    hop->account.pad_bits += 8 * (uint64_t)secret_len;
    return hop->config.send(hop->config.self, message, tag_at + QW_HOP_TAG_LEN);
}

/* Checks a sealed message and leaves it in place. */
static qw_err open_sealed(struct qw_hop *hop, uint8_t *message, size_t len,
                          struct qw_hop_message *out)
{
    struct qw_node_pool *pool = hop->config.pool;
    struct qw_bytes said = { message, len - QW_HOP_TAG_LEN };
    const uint8_t *bytes = NULL;
    size_t secret_len;
    qw_err err;

    if (len < QW_HOP_FRAME_LEN) {
        return QW_ERR_FORMAT;
    }
    secret_len = qw_load_u32be(message + 9);
    if (secret_len > len - QW_HOP_FRAME_LEN) {
        return QW_ERR_FORMAT;
    }
    if (qw_load_u64be(message + 1) != qw_node_pool_state(pool, QW_NODE_IN).position) {
        return QW_ERR_STATE; /* a repeat, or one is missing */
    }
    err = qw_node_pool_peek(pool, QW_NODE_IN, QW_HOP_TAG_LEN + secret_len, &bytes);
    if (err != QW_OK) {
        return err;
    }
    if (!qw_one_time_mac_verify(hop->hash_key[QW_NODE_IN], bytes, &said, 1,
                                message + len - QW_HOP_TAG_LEN)) {
        return QW_ERR_AUTH;
    }
    hop->opened_len = QW_HOP_TAG_LEN + secret_len;
    *out = (struct qw_hop_message){ .type = message[0],
                                    .body = message + QW_HOP_HEAD_LEN,
                                    .body_len = len - QW_HOP_FRAME_LEN,
                                    .secret_len = secret_len,
                                    .pad = bytes + QW_HOP_TAG_LEN };
    return QW_OK;
}

static bool is_for_user(uint8_t type)
{
    return (type >= QW_HOP_TYPE_MIN && type <= QW_HOP_TYPE_MAX) ||
           (type >= QW_HOP_LINK_STATE_MIN && type <= QW_HOP_LINK_STATE_MAX) ||
           (type >= QW_HOP_FEED_MIN && type <= QW_HOP_JOINED);
}

qw_err qw_hop_receive(struct qw_hop *hop, uint8_t *message, size_t len, struct qw_hop_message *out)
{
    struct qw_hop_message opened = { 0 };
    qw_err err;

    if (hop->status != QW_HOP_UP) {
        err = qw_hop_meet(hop, message, len);
        if (err == QW_OK) {
            *out = opened;
        }
        return err;
    }
    err = open_sealed(hop, message, len, &opened);
    if (err == QW_OK && !is_for_user(opened.type)) {
        err = qw_hop_take_own(hop, &opened);
        opened.type = 0;
    }
    if (err == QW_OK) {
        *out = opened;
    }
    return err;
}

void qw_hop_settle(struct qw_hop *hop)
{
    qw_node_pool_pass(hop->config.pool, QW_NODE_IN, hop->opened_len);
    hop->opened_len = 0;
}
