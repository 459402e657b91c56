/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/take_out.h"

#include "base/secret.h"
#include "centre/key/block.h"

#include <string.h>

/* The material of the key out of its place, which is zero then. */
static void cut_out(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_key_place *place, uint16_t slots, uint8_t *material)
{
    struct qw_block *block = &centre->block;

    memcpy(material, block->material + (size_t)place->position * QW_KEY_LEN,
           (size_t)slots * QW_KEY_LEN);
    for (uint16_t i = 0; i < slots; i++) {
        qw_block_erase(block, group, (uint16_t)(place->position + i));
    }
    group->books.destroyed -= slots; /* it lives on */
    qw_block_put(centre, group);
}

static void put_alone(struct qw_centre *centre, struct qw_group *group, struct qw_key_record *key,
                      uint16_t slots, const uint8_t *material)
{
    struct qw_block *block = &centre->block;
    int64_t ingested_ms = block->ingested_ms;

    qw_wipe(block, sizeof *block);
    block->number = group->books.next_block++;
    block->state = QW_KEY_ASSIGNED; /* nothing to carve */
    block->keys = block->next = slots;
    block->ingested_ms = ingested_ms;
    block->is_quantum = key->place.is_quantum;
    block->is_simulated = key->place.is_simulated;
    memcpy(block->source, key->place.source, sizeof block->source);
    memcpy(block->material, material, (size_t)slots * QW_KEY_LEN);
    qw_block_put(centre, group);
    key->place.block = block->number;
    key->place.position = 0;
}

qw_err qw_key_take_out(struct qw_centre *centre, struct qw_group *group, struct qw_key_record *key)
{
    uint16_t slots = qw_key_slots(key->bits);
    uint8_t material[QW_KEY_BITS_MAX / 8 + QW_KEY_LEN];
    qw_err err = qw_block_load(centre, key->place.block);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
    }
    if (key->place.position + slots > centre->block.keys) {
        return QW_ERR_IO;
    }
    if (centre->block.master[0] == '\0') {
        return QW_OK;
    }
    key->charge = centre->block.charge; /* it goes on counting where it did */
    cut_out(centre, group, &key->place, slots, material);
    put_alone(centre, group, key, slots, material);
    qw_wipe(material, sizeof material);
    return group->err;
}
