/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/reader.h"

#include <string.h>

qw_err qw_capture_reader_open(struct qw_capture_reader *reader, enum qw_capture_format format,
                              const uint8_t *data, size_t len)
{
    const struct qw_capture_importer *importer = qw_capture_importer_of(format);

    if (importer->next == NULL) {
        return QW_ERR_ARG;
    }
    *reader = (struct qw_capture_reader){ .importer = importer, .data = data, .len = len };
    if (importer->begin != NULL) {
        importer->begin(reader);
    }
    return QW_OK;
}

/* On the bits of the numbers, in one pass without branches: every file is read through this. */
enum qw_capture_outcome qw_capture_judge(const struct qw_csi_frame *frame)
{
    const uint32_t exponent = 0x7f800000u;
    size_t count = 2 * qw_csi_frame_value_count(frame);
    uint32_t any = 0;
    uint32_t bad = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bits;

        memcpy(&bits, (const unsigned char *)frame->value + i * sizeof bits, sizeof bits);
        bits &= 0x7fffffffu;
        any |= bits;
        bad |= (uint32_t)(bits >= exponent);
    }
    if (bad != 0) {
        return QW_CAPTURE_NOT_FINITE;
    }
    return any == 0 ? QW_CAPTURE_ZERO_POWER : QW_CAPTURE_FRAME;
}

qw_err qw_capture_reader_next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    for (;;) {
        enum qw_capture_outcome outcome = reader->importer->next(reader, frame);

        if (outcome == QW_CAPTURE_END) {
            reader->left_over = reader->len - reader->at;
            return QW_ERR_CLOSED;
        }
        if (outcome == QW_CAPTURE_FRAME) {
            outcome = qw_capture_judge(frame);
        }
        reader->count[outcome]++;
        if (outcome == QW_CAPTURE_FRAME) {
            return QW_OK;
        }
    }
}

uint64_t qw_capture_reader_records(const struct qw_capture_reader *reader)
{
    return reader->count[QW_CAPTURE_FRAME] + qw_capture_reader_skipped(reader);
}

uint64_t qw_capture_reader_skipped(const struct qw_capture_reader *reader)
{
    uint64_t skipped = 0;

    for (size_t i = QW_CAPTURE_FRAME + 1; i < QW_CAPTURE_OUTCOMES; i++) {
        skipped += reader->count[i];
    }
    return skipped;
}
