/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/poly_hash.h"

#include "crypto/poly_hash_blocks.h"

#include "base/bytes.h"
#include "base/secret.h"

#include <string.h>

static void hash_blocks(struct qw_poly_hash *hash, const uint8_t *blocks, size_t count)
{
    if (count >= QW_POLY_HASH_VPCLMUL_MIN && qw_poly_hash_has_vpclmul()) {
        qw_poly_hash_blocks_vpclmul(hash->state, hash->key, blocks, count);
    } else if (qw_poly_hash_has_pclmul()) {
        qw_poly_hash_blocks_pclmul(hash->state, hash->key, blocks, count);
    } else {
        qw_poly_hash_blocks_portable(hash->state, hash->key, blocks, count);
    }
}

void qw_poly_hash_init(struct qw_poly_hash *hash, const uint8_t key[static QW_POLY_HASH_LEN])
{
    memset(hash, 0, sizeof *hash);
    memcpy(hash->key, key, sizeof hash->key);
}

void qw_poly_hash_update(struct qw_poly_hash *hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t count;

    hash->total_bits += 8 * (uint64_t)len;
    if (hash->partial_len > 0) {
        size_t room = QW_POLY_HASH_LEN - hash->partial_len;
        size_t take = len < room ? len : room;

        if (take > 0) {
            memcpy(hash->partial + hash->partial_len, bytes, take);
        }
        hash->partial_len += take;
        bytes += take;
        len -= take;
        if (hash->partial_len < QW_POLY_HASH_LEN) {
            return;
        }
        hash_blocks(hash, hash->partial, 1);
        hash->partial_len = 0;
    }
    count = len / QW_POLY_HASH_LEN;
    if (count > 0) {
        hash_blocks(hash, bytes, count);
    }
    if (len % QW_POLY_HASH_LEN > 0) {
        hash->partial_len = len % QW_POLY_HASH_LEN;
        memcpy(hash->partial, bytes + count * QW_POLY_HASH_LEN, hash->partial_len);
    }
}

void qw_poly_hash_final(struct qw_poly_hash *hash, uint8_t out[static QW_POLY_HASH_LEN])
{
    uint8_t last[QW_POLY_HASH_LEN] = { 0 };

    if (hash->partial_len > 0) {
        memset(hash->partial + hash->partial_len, 0, QW_POLY_HASH_LEN - hash->partial_len);
        hash_blocks(hash, hash->partial, 1);
    }
    qw_store_u64be(last + 8, hash->total_bits);
    hash_blocks(hash, last, 1);
    memcpy(out, hash->state, QW_POLY_HASH_LEN);
    qw_wipe(hash, sizeof *hash);
}
