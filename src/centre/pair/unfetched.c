/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/unfetched.h"

#include "centre/key/block.h"
#include "centre/key/tombstone.h"
#include "centre/pair/key_id.h"

#include <string.h>

static qw_err fill(const struct qw_block *block, const struct qw_key_spot *spot, int64_t now_ms,
                   struct qw_key_record *record)
{
    memcpy(record->master, block->master, sizeof record->master);
    memcpy(record->peer, block->slave, sizeof record->peer);
    if (qw_block_is_gone(block, spot->position) || now_ms >= block->fetch_until_ms) {
        return QW_OK;
    }
    record->is_new = true;
    record->bits = spot->bits;
    record->assigned_ms = now_ms;
    record->place = (struct qw_key_place){ .block = block->number,
                                           .position = spot->position,
                                           .is_quantum = block->is_quantum,
                                           .is_simulated = block->is_simulated };
    memcpy(record->place.source, block->source, sizeof record->place.source);
    return qw_key_next(QW_KEY_LEASED, QW_KEY_ASSIGN, QW_KEY_LEASED, &record->state);
}

qw_err qw_pair_unfetched(struct qw_centre *centre, const uint8_t id[static 16], int64_t now_ms,
                         struct qw_key_record *record)
{
    const struct qw_block *block = &centre->block;
    struct qw_key_spot spot;
    qw_err err = qw_key_id_resolve(centre, id, &spot);

    if (err != QW_OK) {
        return err;
    }
    *record = (struct qw_key_record){ .version = 0 };
    memcpy(record->id, id, sizeof record->id);
    if (block->version == 0 || block->number != spot.block) {
        err = qw_block_load(centre, spot.block);
        if (err == QW_ERR_NOT_FOUND) {
            return qw_tombstone_block_parties(centre, spot.block, record->master, record->peer);
        }
    }
    if (err != QW_OK) {
        return err;
    }
    return block->master[0] == '\0' || spot.position + qw_key_slots(spot.bits) > block->keys
               ? QW_ERR_NOT_FOUND
               : fill(block, &spot, now_ms, record);
}
