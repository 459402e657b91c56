/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_KEY_ROW_H
#define QW_CENTRE_KEY_KEY_ROW_H

#include "centre/group.h"

enum { QW_KEY_ROW_PLACE_LEN = 12 };

/* What a key's record and tombstone stand under: its id, 16 bytes; a pair's key under its place,
 * block u64, position u16, size in bits u16, so that the keys of one block stand together. */
struct qw_key_row {
    uint8_t bytes[16];
    size_t len;
};

/* QW_ERR_NOMEM. */
qw_err qw_key_row_of(const struct qw_centre *centre, const uint8_t id[static 16],
                     struct qw_key_row *row) QW_MUST_USE;
/* The way back, of a record that a scan has read. */
qw_err qw_key_row_id(const struct qw_centre *centre, const struct qw_store_record *record,
                     uint8_t id[static 16]) QW_MUST_USE;

/* A record of kind KEY or TOMBSTONE as a scan has read it: the group puts it where it is looked
 * for. *is_moved: it stood under the id of a key that has a place. */
qw_err qw_key_row_move(struct qw_centre *centre, struct qw_group *group, enum qw_store_kind kind,
                       const struct qw_store_record *record, bool *is_moved) QW_MUST_USE;

#endif
