/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_FORMAT_H
#define QW_RADIO_CAPTURE_FORMAT_H

#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats of channel captures [W15]: what each file holds, byte by byte, is in
 * docs/design/capture.md. One descriptor per format, one file per descriptor. */
enum qw_capture_format {
    QW_CAPTURE_QWAVE,
    QW_CAPTURE_NEXMON,
    QW_CAPTURE_PICOSCENES,
    QW_CAPTURE_ESP32,
    QW_CAPTURE_INTEL5300,
    QW_CAPTURE_FEITCSI,
    QW_CAPTURE_ATHEROS,
    QW_CAPTURE_CSV, /* for people and their tools: written only */
    QW_CAPTURE_FORMATS
};

/* How one record of a file ended; every record is counted under one of these. */
enum qw_capture_outcome {
    QW_CAPTURE_FRAME,       /* a measurement was given */
    QW_CAPTURE_OTHER,       /* a record of another kind: payload, log line, heading */
    QW_CAPTURE_NO_CSI,      /* a record of the right kind without a measurement */
    QW_CAPTURE_LENGTH,      /* its lengths contradict each other */
    QW_CAPTURE_SHAPE,       /* antennas or tones that the format does not have */
    QW_CAPTURE_UNSUPPORTED, /* a device, version or bandwidth that is not read */
    QW_CAPTURE_TEXT,        /* text that is no number where one is due */
    QW_CAPTURE_CHECK,       /* its check value is wrong */
    QW_CAPTURE_NOT_FINITE,  /* a value is not a number, or infinite */
    QW_CAPTURE_ZERO_POWER,  /* every value is zero */
    QW_CAPTURE_OUTCOMES,
    QW_CAPTURE_END = QW_CAPTURE_OUTCOMES /* no complete record is left; not counted */
};
extern const char *const qw_capture_outcome_names[QW_CAPTURE_OUTCOMES];

struct qw_capture_reader;

struct qw_capture_importer {
    const char *name; /* in options and output, "intel5300" */
    const char *text; /* for people */
    /* True when the first bytes of a file can only be this format; reads data[0..len). */
    bool (*detect)(const uint8_t *data, size_t len);
    /* May look at the whole file, skip its head, and set the reader's variant. NULL: nothing. */
    void (*begin)(struct qw_capture_reader *reader);
    /* Consumes exactly one record (reader->at grows), or gives QW_CAPTURE_END and consumes nothing.
     * frame is valid after QW_CAPTURE_FRAME only. NULL: the format is only written. */
    enum qw_capture_outcome (*next)(struct qw_capture_reader *reader, struct qw_csi_frame *frame);
    /* The head of a new file; NULL: none. */
    size_t (*head)(uint8_t *out, size_t cap);
    /* One record of a frame whose levels and values are finite; 0 when the format has no place for
     * such a frame or it does not fit. Formats of integers keep values that are integers in their
     * range, and scale all others of the frame by one factor. */
    size_t (*encode)(const struct qw_csi_frame *frame, uint8_t *out, size_t cap);
    float number_max; /* largest integer that the format has; 0: floating point */
};

/* Never NULL for a format of the enum. */
const struct qw_capture_importer *qw_capture_importer_of(enum qw_capture_format format);

/* By name; false when there is none. */
bool qw_capture_format_find(const char *name, enum qw_capture_format *format);

/* The format whose first bytes these can be; false: none. */
bool qw_capture_format_detect(const uint8_t *data, size_t len, enum qw_capture_format *format);

enum { QW_CAPTURE_RECORD_MAX = 1 << 19 }; /* no encoder needs more room */

/* Factor that brings the parts of a frame's values into -limit - 1..limit: 1 when each already is
 * an integer in it. */
float qw_capture_scale(const struct qw_csi_frame *frame, float limit);

#endif
