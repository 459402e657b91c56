/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/auth_pool.h"

#include "base/secret.h"

#include <math.h>
#include <string.h>

qw_err qw_qkd_auth_pool_init(struct qw_qkd_auth_pool *pool, uint8_t *bytes, size_t len)
{
    size_t half = len / QW_QKD_DIRECTIONS;

    if (len < QW_QKD_POOL_LEN_MIN) {
        return QW_ERR_ARG;
    }
    memset(pool, 0, sizeof *pool);
    pool->capacity = half - QW_ONE_TIME_MAC_KEY_LEN;
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        uint8_t *part = bytes + i * half;

        memcpy(pool->hash_key[i], part, QW_ONE_TIME_MAC_KEY_LEN);
        qw_wipe(part, QW_ONE_TIME_MAC_KEY_LEN);
        pool->pad[i].bytes = part + QW_ONE_TIME_MAC_KEY_LEN;
        pool->pad[i].len = pool->capacity;
    }
    return QW_OK;
}

void qw_qkd_auth_pool_wipe(struct qw_qkd_auth_pool *pool)
{
    qw_wipe(pool->hash_key, sizeof pool->hash_key);
}

struct qw_pad *qw_qkd_auth_pad(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction)
{
    return &pool->pad[direction == QW_QKD_UP ? 0 : 1];
}

uint64_t qw_qkd_auth_position(const struct qw_qkd_auth_pool *pool, size_t index)
{
    return pool->base[index] + pool->pad[index].used;
}

uint64_t qw_qkd_auth_end(const struct qw_qkd_auth_pool *pool, size_t index)
{
    return pool->base[index] + pool->pad[index].len;
}

static qw_err check_refill(const struct qw_qkd_auth_pool *pool, const struct qw_qkd_refill *refill)
{
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        uint64_t position = qw_qkd_auth_position(pool, i);

        if (pool->pad[i].is_closed) {
            return QW_ERR_IO;
        }
        if (refill->at[i] < position || refill->at[i] > qw_qkd_auth_end(pool, i)) {
            return QW_ERR_ARG;
        }
        if (refill->len[i] > pool->capacity - (size_t)(refill->at[i] - position)) {
            return QW_ERR_SPACE;
        }
    }
    return QW_OK;
}

static void append(struct qw_qkd_auth_pool *pool, size_t index, uint64_t at, const uint8_t *bytes,
                   size_t len)
{
    struct qw_pad *pad = &pool->pad[index];
    uint64_t position = qw_qkd_auth_position(pool, index);
    size_t kept = (size_t)(at - position);

    memmove(pad->bytes, pad->bytes + pad->used, kept);
    memcpy(pad->bytes + kept, bytes, len);
    qw_wipe(pad->bytes + kept + len, pool->capacity - kept - len);
    pool->base[index] = position;
    pad->used = 0;
    pad->len = kept + len;
}

qw_err qw_qkd_auth_pool_refill(struct qw_qkd_auth_pool *pool, const struct qw_qkd_refill *refill)
{
    const uint8_t *bytes = refill->bytes;
    qw_err err = check_refill(pool, refill);

    if (err != QW_OK) {
        return err;
    }
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        append(pool, i, refill->at[i], bytes, refill->len[i]);
        bytes += refill->len[i];
    }
    pool->epsilon = fmin(pool->epsilon + refill->epsilon, 1);
    if (pool->commit != NULL && pool->commit(pool->self) != QW_OK) {
        for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
            pool->pad[i].is_closed = true; /* nobody knows what the disk holds */
        }
        return QW_ERR_IO;
    }
    return QW_OK;
}
