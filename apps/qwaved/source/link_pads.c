/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "source/link_pads.h"

#include "base/secret.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS = LINK_PAD_BLOCK_LEN / LINK_PAD_UNIT };

struct block { /* the pads of one half of one key */
    struct qw_handover_label label;
    size_t len;                 /* 0: an empty place */
    size_t used;                /* ours: drawn up to here, in whole units */
    uint64_t spent[UNITS / 64]; /* theirs: a bit for each unit */
    uint8_t bytes[LINK_PAD_BLOCK_LEN];
};

struct memory { /* secret */
    struct block own[LINK_PAD_BLOCKS], theirs[LINK_PAD_BLOCKS];
};

struct link_pads {
    bool is_simulated;
    pthread_mutex_t mutex; /* of what follows */
    struct memory *memory;
    size_t next; /* place of the next block, the oldest one's, in both */
};

qw_err link_pads_new(bool is_simulated, struct link_pads **out)
{
    struct link_pads *pads = calloc(1, sizeof *pads);

    if (pads == NULL) {
        return QW_ERR_NOMEM;
    }
    pads->is_simulated = is_simulated;
    pads->memory = qw_secret_new(sizeof *pads->memory);
    if (pads->memory == NULL || pthread_mutex_init(&pads->mutex, NULL) != 0) {
        qw_secret_free(pads->memory);
        free(pads);
        return QW_ERR_NOMEM;
    }
    *out = pads;
    return QW_OK;
}

void link_pads_free(struct link_pads *pads)
{
    if (pads == NULL) {
        return;
    }
    qw_secret_free(pads->memory);
    pthread_mutex_destroy(&pads->mutex);
    free(pads);
}

bool link_pads_are_simulated(const struct link_pads *pads)
{
    return pads->is_simulated;
}

static size_t whole_units(size_t len)
{
    return (len + LINK_PAD_UNIT - 1) / LINK_PAD_UNIT * LINK_PAD_UNIT;
}

size_t link_pads_len_of(size_t half_len)
{
    size_t len = half_len / 4 / LINK_PAD_UNIT * LINK_PAD_UNIT;

    return len < LINK_PAD_BLOCK_LEN ? len : (size_t)LINK_PAD_BLOCK_LEN;
}

static void keep(struct block *block, const struct qw_handover_label *label, const uint8_t *half,
                 size_t half_len)
{
    qw_wipe(block, sizeof *block);
    block->label = *label;
    block->len = link_pads_len_of(half_len);
    memcpy(block->bytes, half + half_len - block->len, block->len);
}

void link_pads_put(struct link_pads *pads, const struct qw_handover_label *label,
                   const uint8_t *own_half, const uint8_t *their_half, size_t half_len)
{
    pthread_mutex_lock(&pads->mutex);
    keep(&pads->memory->own[pads->next], label, own_half, half_len);
    keep(&pads->memory->theirs[pads->next], label, their_half, half_len);
    pads->next = (pads->next + 1) % LINK_PAD_BLOCKS;
    pthread_mutex_unlock(&pads->mutex);
}

qw_err link_pads_draw(struct link_pads *pads, size_t len, uint8_t *pad,
                      struct link_pad_place *place)
{
    size_t need = whole_units(len);
    qw_err err = QW_ERR_EXHAUSTED;

    pthread_mutex_lock(&pads->mutex);
    for (size_t back = 1; back <= LINK_PAD_BLOCKS && err != QW_OK; back++) {
        struct block *block =
            &pads->memory->own[(pads->next + LINK_PAD_BLOCKS - back) % LINK_PAD_BLOCKS];

        if (need <= block->len - block->used) {
            memcpy(pad, block->bytes + block->used, len);
            qw_wipe(block->bytes + block->used, need);
            *place =
                (struct link_pad_place){ .label = block->label, .offset = (uint32_t)block->used };
            block->used += need;
            err = QW_OK;
        }
    }
    pthread_mutex_unlock(&pads->mutex);
    return err;
}

static struct block *find(struct block *blocks, const struct qw_handover_label *label)
{
    for (size_t i = 0; i < LINK_PAD_BLOCKS; i++) {
        if (blocks[i].len > 0 && blocks[i].label.block == label->block &&
            qw_equal_ct(blocks[i].label.session, label->session, sizeof label->session)) {
            return &blocks[i];
        }
    }
    return NULL;
}

void link_pads_drop(struct link_pads *pads, const struct qw_handover_label *label)
{
    struct block *block;

    pthread_mutex_lock(&pads->mutex);
    block = find(pads->memory->own, label);
    if (block != NULL) {
        qw_wipe(block, sizeof *block);
    }
    pthread_mutex_unlock(&pads->mutex);
}

/* The block with that place in it, when none of its units is spent. */
static struct block *find_unspent(struct link_pads *pads, const struct link_pad_place *place,
                                  size_t len)
{
    struct block *block = find(pads->memory->theirs, &place->label);

    if (block == NULL || len == 0 || place->offset % LINK_PAD_UNIT != 0 ||
        place->offset > block->len || whole_units(len) > block->len - place->offset) {
        return NULL;
    }
    for (size_t unit = place->offset / LINK_PAD_UNIT;
         unit < (place->offset + whole_units(len)) / LINK_PAD_UNIT; unit++) {
        if ((block->spent[unit / 64] >> unit % 64 & 1) != 0) {
            return NULL;
        }
    }
    return block;
}

qw_err link_pads_look(struct link_pads *pads, const struct link_pad_place *place, size_t len,
                      uint8_t *pad)
{
    const struct block *block;

    pthread_mutex_lock(&pads->mutex);
    block = find_unspent(pads, place, len);
    if (block != NULL) {
        memcpy(pad, block->bytes + place->offset, len);
    }
    pthread_mutex_unlock(&pads->mutex);
    return block != NULL ? QW_OK : QW_ERR_NOT_FOUND;
}

qw_err link_pads_spend(struct link_pads *pads, const struct link_pad_place *place, size_t len)
{
    struct block *block;

    pthread_mutex_lock(&pads->mutex);
    block = find_unspent(pads, place, len);
    if (block != NULL) {
        for (size_t unit = place->offset / LINK_PAD_UNIT;
             unit < (place->offset + whole_units(len)) / LINK_PAD_UNIT; unit++) {
            block->spent[unit / 64] |= (uint64_t)1 << unit % 64;
        }
        qw_wipe(block->bytes + place->offset, whole_units(len));
    }
    pthread_mutex_unlock(&pads->mutex);
    return block != NULL ? QW_OK : QW_ERR_NOT_FOUND;
}
