/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/card_key.h"

#include "centre/key/block.h"

#include <string.h>

qw_err qw_card_key_load(struct qw_centre *centre, const char *device, const uint8_t id[static 16],
                        struct qw_key_record *record, uint8_t key[static QW_KEY_LEN],
                        const char **why)
{
    qw_err err = qw_key_record_load(centre, id, record);

    if (err == QW_ERR_NOT_FOUND) {
        *why = "no such key, or it was used";
        return QW_ERR_REFUSED;
    }
    if (err != QW_OK) {
        return err;
    }
    if (strcmp(record->master, device) != 0 || record->bits != QW_KEY_LEN * 8) {
        *why = "a key of another";
        return QW_ERR_REFUSED;
    }
    if (record->is_fetched || record->state > QW_KEY_DELIVERED || record->other_count > 0) {
        *why = "a key that was used";
        return QW_ERR_REFUSED;
    }
    err = qw_block_load(centre, record->place.block);
    if (err == QW_OK && record->place.position >= centre->block.keys) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        memcpy(key, centre->block.material + (size_t)record->place.position * QW_KEY_LEN,
               QW_KEY_LEN);
    }
    return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
}

void qw_card_key_use_up(struct qw_centre *centre, struct qw_group *group,
                        struct qw_key_record *record)
{
    if (record->state == QW_KEY_ASSIGNED) {
        qw_group_fail(group,
                      qw_key_next(record->state, QW_KEY_DELIVER, record->state, &record->state));
    }
    qw_group_fail(group, qw_key_next(record->state, QW_KEY_CLOSE, record->state, &record->state));
    record->due_ms = 0;
    qw_key_record_put(centre, group, record);
}
