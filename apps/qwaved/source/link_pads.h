/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_LINK_PADS_H
#define QWAVED_SOURCE_LINK_PADS_H

#include "base/error.h"
#include "qkd/handover/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One-time pads of a link for what its two centres send each other, two directions [Q2]: of every
 * key, a part of our half that only we take from, and the same part of the other end's half, that
 * we follow it in. A place names bits at both ends; each bit is given once at each. In locked
 * memory alone: what a crash takes is gone, at that end. Any thread. Rule and argument:
 * docs/protocol/link-source.md. */
enum {
    LINK_PAD_UNIT = 16,        /* places begin and end at multiples of it */
    LINK_PAD_BLOCK_LEN = 8192, /* at most, of a half */
    LINK_PAD_BLOCKS = 32       /* the newest; what is older is wiped */
};

struct link_pads;

/* is_simulated: the light of the link. QW_ERR_NOMEM. */
qw_err link_pads_new(bool is_simulated, struct link_pads **pads) QW_MUST_USE;
bool link_pads_are_simulated(const struct link_pads *pads);
void link_pads_free(struct link_pads *pads); /* wipes; NULL is fine */

/* How many bytes at the end of a half of half_len are pads: a quarter, in whole units. */
size_t link_pads_len_of(size_t half_len);

/* Keeps the pads of both halves of a key [half_len bytes each]; they may be wiped afterwards. */
void link_pads_put(struct link_pads *pads, const struct qw_handover_label *label,
                   const uint8_t *own_half, const uint8_t *their_half, size_t half_len);

struct link_pad_place {
    struct qw_handover_label label;
    uint32_t offset; /* in the pads of that half */
};

/* len bytes (rounded up to units) of the newest block of ours that has so many left, never given
 * before. QW_ERR_EXHAUSTED. */
qw_err link_pads_draw(struct link_pads *pads, size_t len, uint8_t *pad,
                      struct link_pad_place *place) QW_MUST_USE;

/* Forgets what is left of that block of ours: the other end does not have it. */
void link_pads_drop(struct link_pads *pads, const struct qw_handover_label *label);

/* The other end's bytes at that place, which stay until link_pads_spend. QW_ERR_NOT_FOUND: not
 * here, not any more, or spent before. */
qw_err link_pads_look(struct link_pads *pads, const struct link_pad_place *place, size_t len,
                      uint8_t *pad) QW_MUST_USE;
/* The same bytes are never given again. QW_ERR_NOT_FOUND: somebody was faster. */
qw_err link_pads_spend(struct link_pads *pads, const struct link_pad_place *place,
                       size_t len) QW_MUST_USE;

#endif
