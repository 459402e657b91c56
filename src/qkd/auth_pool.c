/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/auth_pool.h"

#include "base/secret.h"

#include <string.h>

qw_err qw_qkd_auth_pool_init(struct qw_qkd_auth_pool *pool, uint8_t *bytes, size_t len)
{
    size_t half = len / 2;

    if (len < QW_QKD_POOL_LEN_MIN) {
        return QW_ERR_ARG;
    }
    memset(pool, 0, sizeof *pool);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *part = bytes + i * half;

        memcpy(pool->hash_key[i], part, QW_ONE_TIME_MAC_KEY_LEN);
        qw_wipe(part, QW_ONE_TIME_MAC_KEY_LEN);
        pool->pad[i].bytes = part + QW_ONE_TIME_MAC_KEY_LEN;
        pool->pad[i].len = half - QW_ONE_TIME_MAC_KEY_LEN;
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
