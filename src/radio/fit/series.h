/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_FIT_SERIES_H
#define QW_RADIO_FIT_SERIES_H

#include "base/error.h"
#include "radio/capture/reader.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The measurements of a capture that belong together, ready for statistics [W9, W15]: one format,
 * one transmitter, the receive antennas of its first transmit chain, at most 64 tones evenly taken
 * from those that there are, and a clock that only goes forward. */
enum {
    QW_FIT_TONES_MIN = 8,
    QW_FIT_TONES_MAX = 64,
    QW_FIT_CHAINS_MAX = 4,
    QW_FIT_FRAMES_MIN = 16,
    QW_FIT_FRAMES_MAX = 16384 /* of a longer capture the first ones */
};

struct qw_fit_series {
    size_t count;                   /* of frames, QW_FIT_FRAMES_MIN..QW_FIT_FRAMES_MAX */
    size_t chain_count;             /* receive antennas, 1..QW_FIT_CHAINS_MAX */
    size_t tone_count;              /* QW_FIT_TONES_MIN..QW_FIT_TONES_MAX */
    int16_t tone[QW_FIT_TONES_MAX]; /* subcarrier numbers, ascending */
    double spacing_hz;              /* of subcarrier numbers */
    enum qw_csi_format format;
    uint16_t measured_tones;  /* before some were left out */
    uint64_t other_frames;    /* of another kind, or after the last one taken */
    uint64_t skipped_records; /* that the importer could not use */
    int64_t interval_ns;      /* median distance, > 0 */
    double duration_s;        /* without pauses and steps of its clock */
    uint64_t clock_steps;     /* backwards, or further than a minute */
    int64_t *time_ns;         /* never decreasing  [count] */
    float *level_dbm;         /* as reported, NaN: not  [count] */
    float *gain_db;           /* as reported, NaN: not  [count] */
    float complex *value;     /* [(frame * chain_count + chain) * tone_count + tone] */
    bool is_whole;            /* every part of every value is a whole number */
    double mean_power;        /* of a value */
};

/* Walks a copy of reader twice. error, 256 bytes, says in words for a user why a capture cannot be
 * used: QW_ERR_FORMAT (nothing usable, too few frames or tones, every frame the same, a clock that
 * stands still); QW_ERR_NOMEM. */
qw_err qw_fit_series_new(const struct qw_capture_reader *reader, struct qw_fit_series **series,
                         char error[static 256]) QW_MUST_USE;

/* The same from a file. Also QW_ERR_NOT_FOUND, QW_ERR_IO, QW_ERR_SPACE. */
qw_err qw_fit_series_load(const char *path, struct qw_fit_series **series,
                          char error[static 256]) QW_MUST_USE;

void qw_fit_series_free(struct qw_fit_series *series); /* NULL is fine */

#endif
