/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_SUMMARY_H
#define QW_RADIO_CAPTURE_SUMMARY_H

#include "radio/csi_frame.h"

#include <stddef.h>
#include <stdint.h>

/* What a series of measurements has in it, without keeping them. */
enum { QW_CAPTURE_SHAPES_MAX = 16 };

struct qw_capture_shape {
    enum qw_csi_format format;
    uint8_t rx_count, tx_count;
    uint16_t tone_count;
    uint64_t frames;
};

struct qw_capture_summary { /* plain value; zeroed: nothing seen */
    uint64_t frames;
    int64_t first_ns, last_ns;  /* of frames with a time */
    uint64_t timed_frames;      /* those that have one */
    uint64_t time_stops;        /* time equal to, or before, that of the frame before */
    uint64_t retries;           /* marked as repeats */
    uint64_t repeated_numbers;  /* number and transmitter equal to those of the frame before */
    uint64_t missing_numbers;   /* skipped between one frame and the next, same transmitter */
    uint64_t previous_sequence; /* of the last frame that had a number of the air */
    uint8_t previous_source[QW_CSI_SOURCE_LEN];
    uint64_t numbered_frames;
    size_t shape_count; /* <= QW_CAPTURE_SHAPES_MAX */
    struct qw_capture_shape shape[QW_CAPTURE_SHAPES_MAX];
    uint64_t other_shapes; /* frames of shapes beyond those */
};

void qw_capture_summary_add(struct qw_capture_summary *summary, const struct qw_csi_frame *frame);

/* Seconds from the first to the last frame; frames per second, 0 when unknown. */
double qw_capture_summary_duration_s(const struct qw_capture_summary *summary);
double qw_capture_summary_rate_per_s(const struct qw_capture_summary *summary);

#endif
