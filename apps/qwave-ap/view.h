/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AP_VIEW_H
#define QWAVE_AP_VIEW_H

#include "radio/air/moment.h"
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
    size_t count;                                /* tones, of every end alike */
    bool is_heard[QW_AIR_ENDS];                  /* the access point always does */
    uint8_t level[QW_AIR_ENDS][VIEW_LEVELS_MAX]; /* half dB over the mean power of that end's frame,
                                                    VIEW_LEVEL_MEAN: the mean. No phase. */
};

struct view_batch {
    char radio[96];
    char session_id[33];
    size_t count;
    struct view_frame frame[VIEW_FRAMES_MAX];
    uint64_t dropped; /* moments that were seen and are in no batch that arrived */
    bool has_ledger;
    struct qw_plkg_ledger ledger;
};

/* Of another session; what waited of the last one is dropped. Texts are cut to fit. */
void view_batch_begin(struct view_batch *batch, const char *radio, const char *session_id);
/* Levels of each end that heard the probe, at most VIEW_LEVELS_MAX of them, evenly. Dropped and
 * counted when the batch is full; nothing to show, and not counted: the access point has heard
 * nothing. An end whose tones are others than the access point's, or that has no power, is left
 * out. */
void view_batch_add(struct view_batch *batch, const struct qw_air_moment *moment);
void view_batch_end(struct view_batch *batch, const struct qw_plkg_ledger *ledger);
bool view_batch_is_empty(const struct view_batch *batch);
/* A batch could not be delivered: what it held is counted in batch, which may be a later one. */
void view_batch_lose(struct view_batch *batch, const struct view_batch *lost);
/* Nothing waits any more; the session stays. */
void view_batch_clear(struct view_batch *batch);
/* False: it does not fit. */
bool view_batch_write(const struct view_batch *batch, char *body, size_t cap);

#endif
