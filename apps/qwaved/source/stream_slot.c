/* SPDX-License-Identifier: Apache-2.0 */
#include "source/stream_slot.h"

#include "base/bytes.h"
#include "crypto/hash.h"

#include <string.h>

enum { DIGEST_LEN = 32, SLOT_LEN = 6 };

qw_err stream_slot_name(const char *one_uri, const char *other_uri, int64_t first_s,
                        uint8_t ksid[static STREAM_KSID_LEN])
{
    static const char label[] = "qwave 004 slot";
    const char *low = strcmp(one_uri, other_uri) < 0 ? one_uri : other_uri;
    const char *high = low == one_uri ? other_uri : one_uri;
    uint8_t slot[8], digest[DIGEST_LEN];
    const struct qw_bytes parts[] = { { label, sizeof label },
                                      { low, strlen(low) + 1 },
                                      { high, strlen(high) + 1 },
                                      { slot, sizeof slot } };
    qw_err err;

    if (first_s < 0 || first_s >> (8 * SLOT_LEN) != 0) {
        return QW_ERR_ARG;
    }
    qw_store_u64be(slot, (uint64_t)first_s);
    err = qw_hash_of(QW_HASH_SHA256, parts, sizeof parts / sizeof parts[0], digest);
    if (err == QW_OK) {
        memcpy(digest, slot + sizeof slot - SLOT_LEN, SLOT_LEN);
        digest[6] = (uint8_t)((digest[6] & 0x0F) | 0x40); /* as UUIDs of version 4 are written */
        digest[8] = (uint8_t)((digest[8] & 0x3F) | 0x80);
        memcpy(ksid, digest, STREAM_KSID_LEN);
    }
    return err;
}

int64_t stream_slot_of(const uint8_t ksid[static STREAM_KSID_LEN])
{
    return (int64_t)(qw_load_u64be(ksid) >> 16);
}
