/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_READER_H
#define QW_RADIO_CAPTURE_READER_H

#include "base/error.h"
#include "radio/capture/clock.h"
#include "radio/capture/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Walks a capture from its first byte to its last, whatever its format: gives the measurements,
 * skips and counts everything else, allocates nothing. A length in the file is never believed
 * before the bytes are there. One-sided captures give no key: they feed models and displays [W15].
 */
struct qw_capture_reader { /* plain value over borrowed memory */
    const struct qw_capture_importer *importer;
    const uint8_t *data; /* borrowed; may be memory-mapped */
    size_t len;
    size_t at;        /* <= len; first byte that no record has taken */
    uint32_t variant; /* byte order or dialect of the file, as its importer says */
    struct qw_capture_clock clock;
    uint64_t count[QW_CAPTURE_OUTCOMES]; /* records by how they ended */
    size_t left_over;                    /* bytes after the last complete record; 0: a whole file */
};

/* QW_ERR_ARG for a format that is only written. */
qw_err qw_capture_reader_open(struct qw_capture_reader *reader, enum qw_capture_format format,
                              const uint8_t *data, size_t len) QW_MUST_USE;

/* The next measurement: finite, with power, shape within the bounds of the frame. QW_ERR_CLOSED at
 * the end; left_over is then set. frame's content is undefined after that. */
qw_err qw_capture_reader_next(struct qw_capture_reader *reader,
                              struct qw_csi_frame *frame) QW_MUST_USE;

/* What a frame's values are worth: QW_CAPTURE_FRAME, QW_CAPTURE_NOT_FINITE, QW_CAPTURE_ZERO_POWER.
 */
enum qw_capture_outcome qw_capture_judge(const struct qw_csi_frame *frame);

/* All records so far, and those that gave no measurement. */
uint64_t qw_capture_reader_records(const struct qw_capture_reader *reader);
uint64_t qw_capture_reader_skipped(const struct qw_capture_reader *reader);

#endif
