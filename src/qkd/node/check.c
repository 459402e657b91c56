/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/check.h"

#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

qw_err qw_node_check_add(uint8_t *data, size_t len)
{
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_bytes part = { data, len };
    qw_err err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);

    if (err == QW_OK) {
        memcpy(data + len, digest, QW_NODE_CHECK_LEN);
    }
    return err;
}

qw_err qw_node_check_verify(const uint8_t *data, size_t len)
{
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_bytes part = { data, len };
    qw_err err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);

    if (err != QW_OK) {
        return err;
    }
    return qw_equal_ct(data + len, digest, QW_NODE_CHECK_LEN) ? QW_OK : QW_ERR_FORMAT;
}
