/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/key_id.h"

#include "base/bytes.h"
#include "crypto/permute.h"

qw_err qw_key_id_make(const struct qw_centre *centre, const struct qw_key_spot *spots, size_t count,
                      uint8_t (*ids)[16])
{
    uint8_t plain[QW_DELIVERY_KEYS_MAX][QW_PERMUTE_LEN];

    qw_assert(count >= 1 && count <= QW_DELIVERY_KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct qw_writer w = qw_writer_on(plain[i], sizeof plain[i]);

        qw_write_u32be(&w, 0);
        qw_write_u64be(&w, spots[i].block);
        qw_write_u16be(&w, spots[i].position);
        qw_write_u16be(&w, spots[i].bits);
        qw_assert(!w.failed && w.len == sizeof plain[i]);
    }
    return qw_permute(centre->key_id_key, (const uint8_t(*)[QW_PERMUTE_LEN])plain, count, ids);
}

qw_err qw_key_id_resolve(const struct qw_centre *centre, const uint8_t id[static 16],
                         struct qw_key_spot *spot)
{
    uint8_t plain[1][QW_PERMUTE_LEN];
    struct qw_key_spot s;
    struct qw_reader r;
    uint32_t zero;
    qw_err err =
        qw_permute_back(centre->key_id_key, (const uint8_t(*)[QW_PERMUTE_LEN])id, 1, plain);

    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(plain[0], sizeof plain[0]);
    zero = qw_read_u32be(&r);
    s.block = qw_read_u64be(&r);
    s.position = qw_read_u16be(&r);
    s.bits = qw_read_u16be(&r);
    if (zero != 0 || s.bits < QW_KEY_BITS_MIN || s.bits > QW_KEY_BITS_MAX || s.bits % 8 != 0) {
        return QW_ERR_NOT_FOUND;
    }
    *spot = s;
    return QW_OK;
}
