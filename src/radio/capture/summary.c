/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/summary.h"

#include <stdbool.h>
#include <string.h>

enum { SEQUENCE_COUNT = 4096 }; /* 802.11 numbers wrap */

static void add_shape(struct qw_capture_summary *summary, const struct qw_csi_frame *frame)
{
    for (size_t i = 0; i < summary->shape_count; i++) {
        struct qw_capture_shape *shape = &summary->shape[i];

        if (shape->format == frame->format && shape->rx_count == frame->rx_count &&
            shape->tx_count == frame->tx_count && shape->tone_count == frame->tone_count) {
            shape->frames++;
            return;
        }
    }
    if (summary->shape_count == QW_CAPTURE_SHAPES_MAX) {
        summary->other_shapes++;
        return;
    }
    summary->shape[summary->shape_count++] =
        (struct qw_capture_shape){ frame->format, frame->rx_count, frame->tx_count,
                                   frame->tone_count, 1 };
}

static void add_time(struct qw_capture_summary *summary, const struct qw_csi_frame *frame)
{
    if (summary->timed_frames == 0) {
        summary->first_ns = frame->time_ns;
    } else if (frame->time_ns <= summary->last_ns) {
        summary->time_stops++;
    }
    if (summary->timed_frames == 0 || frame->time_ns > summary->last_ns) {
        summary->last_ns = frame->time_ns;
    }
    summary->timed_frames++;
}

static bool same_source(const uint8_t *a, const uint8_t *b)
{
    bool same = true;

    for (size_t i = 0; i < QW_CSI_SOURCE_LEN; i++) {
        same = same && a[i] == b[i];
    }
    return same;
}

static void add_number(struct qw_capture_summary *summary, const struct qw_csi_frame *frame)
{
    if (summary->numbered_frames > 0 && same_source(summary->previous_source, frame->source)) {
        uint64_t step = (frame->sequence - summary->previous_sequence) % SEQUENCE_COUNT;

        if (step == 0) {
            summary->repeated_numbers++;
        } else if (step < SEQUENCE_COUNT / 2) {
            summary->missing_numbers += step - 1;
        }
    }
    summary->numbered_frames++;
    summary->previous_sequence = frame->sequence;
    memcpy(summary->previous_source, frame->source, sizeof summary->previous_source);
}

void qw_capture_summary_add(struct qw_capture_summary *summary, const struct qw_csi_frame *frame)
{
    summary->frames++;
    add_shape(summary, frame);
    if ((frame->flags & QW_CSI_HAS_TIME) != 0) {
        add_time(summary, frame);
    }
    if ((frame->flags & QW_CSI_HAS_SEQUENCE) != 0) {
        add_number(summary, frame);
    }
    if ((frame->flags & QW_CSI_IS_RETRY) != 0) {
        summary->retries++;
    }
}

double qw_capture_summary_duration_s(const struct qw_capture_summary *summary)
{
    return ((double)summary->last_ns - (double)summary->first_ns) / 1e9;
}

double qw_capture_summary_rate_per_s(const struct qw_capture_summary *summary)
{
    double duration_s = qw_capture_summary_duration_s(summary);

    return duration_s > 0.0 ? (double)(summary->timed_frames - 1) / duration_s : 0.0;
}
