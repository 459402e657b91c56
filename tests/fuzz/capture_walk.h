/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_CAPTURE_WALK_H
#define QW_TESTS_FUZZ_CAPTURE_WALK_H

/* The walk over any bytes ends at their end; every frame keeps its bounds; what the format's own
 * writer makes of a frame is one frame of the same shape again. */
#include "radio/capture/reader.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_frame(const struct qw_csi_frame *frame)
{
    size_t count = qw_csi_frame_value_count(frame);

    if (frame->rx_count == 0 || frame->tx_count == 0 || frame->tone_count == 0 ||
        frame->rx_count * frame->tx_count > QW_CSI_CHAINS_MAX || count > QW_CSI_VALUES_MAX ||
        frame->tone_count > QW_CSI_TONES_MAX || !isfinite(frame->rssi_dbm)) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(crealf(frame->value[i])) || !isfinite(cimagf(frame->value[i]))) {
            abort();
        }
    }
}

static void check_written(enum qw_capture_format format, const struct qw_csi_frame *frame,
                          struct qw_csi_frame *again, uint8_t *out)
{
    const struct qw_capture_importer *importer = qw_capture_importer_of(format);
    size_t head_len = importer->head != NULL ? importer->head(out, QW_CAPTURE_RECORD_MAX) : 0;
    size_t len = importer->encode(frame, out + head_len, QW_CAPTURE_RECORD_MAX - head_len);
    struct qw_capture_reader reader;

    if (len == 0) {
        return; /* the reader takes more than the writer makes */
    }
    if (qw_capture_reader_open(&reader, format, out, head_len + len) != QW_OK ||
        qw_capture_reader_next(&reader, again) != QW_OK || reader.at != head_len + len ||
        again->format != frame->format || again->rx_count != frame->rx_count ||
        again->tx_count != frame->tx_count) {
        abort();
    }
}

/* No writer trips over a frame that another format gave. */
static void write_in_all_formats(const struct qw_csi_frame *frame, uint8_t *out)
{
    for (int i = 0; i < QW_CAPTURE_FORMATS; i++) {
        if (qw_capture_importer_of((enum qw_capture_format)i)
                ->encode(frame, out, QW_CAPTURE_RECORD_MAX) > QW_CAPTURE_RECORD_MAX) {
            abort();
        }
    }
}

static int walk_capture(enum qw_capture_format format, const uint8_t *data, size_t size)
{
    struct qw_csi_frame *frame = malloc(2 * sizeof *frame);
    uint8_t *out = malloc(QW_CAPTURE_RECORD_MAX);
    struct qw_capture_reader reader;

    if (frame != NULL && out != NULL &&
        qw_capture_reader_open(&reader, format, data, size) == QW_OK) {
        for (size_t i = 0; qw_capture_reader_next(&reader, frame) == QW_OK; i++) {
            check_frame(frame);
            if (i == 0) { /* text takes longest: one frame of an input is enough */
                write_in_all_formats(frame, out);
            }
            if (i < 8) {
                check_written(format, frame, frame + 1, out);
            }
        }
        if (reader.at + reader.left_over != size) {
            abort();
        }
    }
    free(out);
    free(frame);
    return 0;
}

#endif
