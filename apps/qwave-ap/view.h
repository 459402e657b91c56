/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AP_VIEW_H
#define QWAVE_AP_VIEW_H

#include "radio/csi_frame.h"
#include "radio/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What waits to be shown of one session, and the body of POST /v1/radio/view that says it
 * [docs/protocol/radio-view.md]. */
enum { VIEW_FRAMES_MAX = 4, VIEW_LEVELS_MAX = 256, VIEW_LEVEL_MEAN = 128 };

struct view_frame {
    uint64_t sequence;
    int first_tone, last_tone;
    size_t count;
    uint8_t level[VIEW_LEVELS_MAX]; /* half dB over the frame's mean power, VIEW_LEVEL_MEAN: the
                                       mean. No phase. */
};

struct view_batch {
    char radio[96];
    char session_id[33];
    size_t count;
    struct view_frame frame[VIEW_FRAMES_MAX];
    bool has_ledger;
    struct qw_plkg_ledger ledger;
};

/* Of another session; what waited is dropped. Texts are cut to fit. */
void view_batch_begin(struct view_batch *batch, const char *radio, const char *session_id);
/* Levels of the first chain, at most VIEW_LEVELS_MAX of them, evenly. Dropped when the batch is
 * full, or the frame has no tones or no power. */
void view_batch_add(struct view_batch *batch, const struct qw_csi_frame *frame);
void view_batch_end(struct view_batch *batch, const struct qw_plkg_ledger *ledger);
bool view_batch_is_empty(const struct view_batch *batch);
/* Nothing waits any more; the session stays. */
void view_batch_clear(struct view_batch *batch);
/* False: it does not fit. */
bool view_batch_write(const struct view_batch *batch, char *body, size_t cap);

#endif
