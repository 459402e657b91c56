/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/end_tag.h"

#include "base/secret.h"

#include <string.h>

enum { LOST_SHARE = 2 };

qw_err qw_end_tag_allows(const struct qw_node_pool *pool, uint64_t mark)
{
    struct qw_node_state state = qw_node_pool_state(pool, QW_NODE_OUT);

    if (mark > state.end) {
        return QW_ERR_EXHAUSTED;
    }
    return mark > state.position && state.lost + (mark - state.position) > state.end / LOST_SHARE
               ? QW_ERR_LIMIT
               : QW_OK;
}

qw_err qw_end_tag_make(struct qw_node_pool *pool, uint64_t mark, const struct qw_bytes *parts,
                       size_t count, uint64_t *position, uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    struct qw_node_state state = qw_node_pool_state(pool, QW_NODE_OUT);
    const uint8_t *bytes = NULL;
    qw_err err = qw_end_tag_allows(pool, mark);

    if (err == QW_OK &&
        mark > state.position) { /* this end was put back, or the peer has crashed */
        err = qw_node_pool_skip(pool, QW_NODE_OUT, mark, false);
    }
    if (err == QW_OK) {
        err = qw_node_pool_peek(pool, QW_NODE_OUT, QW_END_TAG_USE_LEN, &bytes);
    }
    if (err != QW_OK) {
        return err;
    }
    *position = qw_node_pool_state(pool, QW_NODE_OUT).position;
    qw_one_time_mac(bytes, bytes + QW_ONE_TIME_MAC_KEY_LEN, parts, count, tag);
    qw_node_pool_pass(pool, QW_NODE_OUT, QW_END_TAG_USE_LEN);
    return QW_OK;
}

/* Takes the next tag's bytes of the stream out of it and holds them. */
static qw_err hold_next(struct qw_end_tags *tags, struct qw_node_pool *pool)
{
    uint64_t position = qw_node_pool_state(pool, QW_NODE_IN).position;
    const uint8_t *bytes = NULL;
    qw_err err = qw_node_pool_peek(pool, QW_NODE_IN, QW_END_TAG_USE_LEN, &bytes);

    if (err != QW_OK) {
        return err;
    }
    tags->held[tags->next].pool = pool;
    tags->held[tags->next].position = position;
    memcpy(tags->held[tags->next].bytes, bytes, QW_END_TAG_USE_LEN);
    tags->next = (tags->next + 1) % QW_END_TAG_HELD_MAX;
    qw_node_pool_pass(pool, QW_NODE_IN, QW_END_TAG_USE_LEN);
    return QW_OK;
}

/* Holds everything up to and with the tag at position, which is not behind us. */
static qw_err hold_up_to(struct qw_end_tags *tags, struct qw_node_pool *pool, uint64_t position)
{
    uint64_t at = qw_node_pool_state(pool, QW_NODE_IN).position;
    uint64_t behind = (uint64_t)QW_END_TAG_USE_LEN * (QW_END_TAG_HELD_MAX / 2);
    qw_err err = QW_OK;

    if (position - at > behind || (position - at) % QW_END_TAG_USE_LEN != 0) {
        err = qw_node_pool_skip(pool, QW_NODE_IN, position, false); /* the peer has crashed */
    }
    while (err == QW_OK && qw_node_pool_state(pool, QW_NODE_IN).position <= position) {
        err = hold_next(tags, pool);
    }
    return err;
}

static bool is_right(const uint8_t bytes[static QW_END_TAG_USE_LEN], const struct qw_bytes *parts,
                     size_t count, const uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    return qw_one_time_mac_verify(bytes, bytes + QW_ONE_TIME_MAC_KEY_LEN, parts, count, tag);
}

/* A tag further on is looked at where it stands, before anything is passed over for it: who knows
 * no key moves nothing, however often he tries. */
static qw_err check_ahead(struct qw_end_tags *tags, struct qw_node_pool *pool, uint64_t position,
                          const struct qw_bytes *parts, size_t count,
                          const uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    uint8_t bytes[QW_END_TAG_USE_LEN];
    qw_err err = qw_node_pool_look(pool, position, bytes, sizeof bytes);

    if (err == QW_OK && !is_right(bytes, parts, count, tag)) {
        err = QW_ERR_AUTH;
    }
    qw_wipe(bytes, sizeof bytes);
    err = err == QW_ERR_EXHAUSTED ? QW_ERR_AUTH : err;
    return err == QW_OK ? hold_up_to(tags, pool, position) : err;
}

qw_err qw_end_tag_check(struct qw_end_tags *tags, struct qw_node_pool *pool, uint64_t position,
                        const struct qw_bytes *parts, size_t count,
                        const uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    qw_err err = QW_OK;

    if (position >= qw_node_pool_state(pool, QW_NODE_IN).position) {
        err = check_ahead(tags, pool, position, parts, count, tag);
    }
    for (size_t i = 0; err == QW_OK && i < QW_END_TAG_HELD_MAX; i++) {
        if (tags->held[i].pool == pool && tags->held[i].position == position) {
            err = is_right(tags->held[i].bytes, parts, count, tag) ? QW_OK : QW_ERR_AUTH;
            if (err == QW_OK) {
                qw_wipe(&tags->held[i], sizeof tags->held[i]);
            }
            return err;
        }
    }
    return err == QW_OK ? QW_ERR_AUTH : err;
}

uint64_t qw_end_tag_mark(const struct qw_node_pool *pool)
{
    return qw_node_pool_state(pool, QW_NODE_IN).position;
}
