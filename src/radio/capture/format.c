/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/format.h"

#include "base/error.h"
#include "radio/capture/atheros.h"
#include "radio/capture/csv.h"
#include "radio/capture/esp32.h"
#include "radio/capture/feitcsi.h"
#include "radio/capture/intel5300.h"
#include "radio/capture/nexmon.h"
#include "radio/capture/picoscenes.h"
#include "radio/capture/qwave.h"

#include <math.h>
#include <string.h>

static const float SCALE_MAX = 1e30f; /* values below that count as silence */

const char *const qw_capture_outcome_names[QW_CAPTURE_OUTCOMES] = {
    [QW_CAPTURE_FRAME] = "accepted",        [QW_CAPTURE_OTHER] = "other_record",
    [QW_CAPTURE_NO_CSI] = "no_csi",         [QW_CAPTURE_LENGTH] = "wrong_length",
    [QW_CAPTURE_SHAPE] = "wrong_shape",     [QW_CAPTURE_UNSUPPORTED] = "unsupported",
    [QW_CAPTURE_TEXT] = "wrong_text",       [QW_CAPTURE_CHECK] = "wrong_check",
    [QW_CAPTURE_NOT_FINITE] = "not_finite", [QW_CAPTURE_ZERO_POWER] = "zero_power",
};

/* Formats with a magic number come first, so that none is taken for one without. */
static const struct qw_capture_importer *const importers[QW_CAPTURE_FORMATS] = {
    [QW_CAPTURE_QWAVE] = &qw_capture_qwave,           [QW_CAPTURE_NEXMON] = &qw_capture_nexmon,
    [QW_CAPTURE_PICOSCENES] = &qw_capture_picoscenes, [QW_CAPTURE_ESP32] = &qw_capture_esp32,
    [QW_CAPTURE_INTEL5300] = &qw_capture_intel5300,   [QW_CAPTURE_FEITCSI] = &qw_capture_feitcsi,
    [QW_CAPTURE_ATHEROS] = &qw_capture_atheros,       [QW_CAPTURE_CSV] = &qw_capture_csv,
};

const struct qw_capture_importer *qw_capture_importer_of(enum qw_capture_format format)
{
    qw_assert((unsigned)format < QW_CAPTURE_FORMATS);
    return importers[format];
}

bool qw_capture_format_find(const char *name, enum qw_capture_format *format)
{
    for (size_t i = 0; i < QW_CAPTURE_FORMATS; i++) {
        if (strcmp(importers[i]->name, name) == 0) {
            *format = (enum qw_capture_format)i;
            return true;
        }
    }
    return false;
}

bool qw_capture_format_detect(const uint8_t *data, size_t len, enum qw_capture_format *format)
{
    for (size_t i = 0; i < QW_CAPTURE_FORMATS; i++) {
        if (importers[i]->detect != NULL && importers[i]->detect(data, len)) {
            *format = (enum qw_capture_format)i;
            return true;
        }
    }
    return false;
}

float qw_capture_scale(const struct qw_csi_frame *frame, float limit)
{
    size_t count = qw_csi_frame_value_count(frame);
    float largest = 0.0f;
    bool fits = true;

    for (size_t i = 0; i < 2 * count; i++) {
        float part = ((const float *)frame->value)[i];

        largest = fmaxf(largest, fabsf(part));
        fits = fits && rintf(part) == part && part <= limit && part >= -limit - 1.0f;
    }
    return fits ? 1.0f : fminf(limit / largest, SCALE_MAX);
}
