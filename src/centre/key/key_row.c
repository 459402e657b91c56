/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/key_row.h"

#include "base/bytes.h"
#include "centre/key/key_record.h"
#include "centre/pair/key_id.h"
#include "centre/record.h"

qw_err qw_key_row_of(const struct qw_centre *centre, const uint8_t id[static 16],
                     struct qw_key_row *row)
{
    struct qw_key_spot spot;
    struct qw_writer w = qw_writer_on(row->bytes, sizeof row->bytes);
    qw_err err = qw_key_id_resolve(centre, id, &spot);

    if (err == QW_ERR_NOT_FOUND) {
        qw_write_bytes(&w, id, 16);
    } else if (err == QW_OK) {
        qw_write_u64be(&w, spot.block);
        qw_write_u16be(&w, spot.position);
        qw_write_u16be(&w, spot.bits);
    } else {
        return err;
    }
    row->len = w.len;
    return QW_OK;
}

qw_err qw_key_row_id(const struct qw_centre *centre, const struct qw_store_record *record,
                     uint8_t id[static 16])
{
    struct qw_key_spot spot;
    struct qw_reader r = qw_reader_on(record->id, record->id_len);

    if (record->id_len == QW_KEY_ROW_PLACE_LEN) {
        spot.block = qw_read_u64be(&r);
        spot.position = qw_read_u16be(&r);
        spot.bits = qw_read_u16be(&r);
        return qw_key_id_make(centre, &spot, 1, (uint8_t(*)[16])id);
    }
    qw_read_bytes(&r, id, 16);
    return qw_reader_done(&r) ? QW_OK : QW_ERR_IO;
}

qw_err qw_key_row_move(struct qw_centre *centre, struct qw_group *group, enum qw_store_kind kind,
                       const struct qw_store_record *record, bool *is_moved)
{
    struct qw_store_op op = { .kind = kind,
                              .id = record->id,
                              .id_len = record->id_len,
                              .expected_version = record->version,
                              .tag = record->tag };
    struct qw_key_row row = { .len = 0 };
    qw_err err = QW_OK;

    *is_moved = false;
    if (record->id_len == sizeof row.bytes) {
        err = qw_key_row_of(centre, record->id, &row);
    }
    if (err != QW_OK || row.len != QW_KEY_ROW_PLACE_LEN) {
        return err;
    }
    if (record->len < QW_RECORD_OVERHEAD || record->len > QW_KEY_RECORD_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, kind, record, record->len, centre->scratch);
    if (err != QW_OK) {
        return err;
    }
    qw_group_add(centre, group, QW_STORE_REMOVE, op, NULL, 0);
    op.id = row.bytes;
    op.id_len = row.len;
    op.expected_version = 0;
    qw_group_add(centre, group, QW_STORE_INSERT, op, centre->scratch,
                 record->len - QW_RECORD_OVERHEAD);
    *is_moved = true;
    return group->err;
}
