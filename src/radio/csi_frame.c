/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/csi_frame.h"

/* Tones that carry training symbols [802.11 OFDM, L-LTF]: -26..26 without DC. */
static const int16_t legacy_20[] = {
    -26, -25, -24, -23, -22, -21, -20, -19, -18, -17, -16, -15, -14, -13, -12, -11, -10, -9,
    -8,  -7,  -6,  -5,  -4,  -3,  -2,  -1,  1,   2,   3,   4,   5,   6,   7,   8,   9,   10,
    11,  12,  13,  14,  15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  26,
};

/* -28..28 without DC. */
static const int16_t ht_20[] = {
    -28, -27, -26, -25, -24, -23, -22, -21, -20, -19, -18, -17, -16, -15, -14, -13, -12, -11, -10,
    -9,  -8,  -7,  -6,  -5,  -4,  -3,  -2,  -1,  1,   2,   3,   4,   5,   6,   7,   8,   9,   10,
    11,  12,  13,  14,  15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  26,  27,  28,
};

/* The groups that the Intel 5300 reports of a 20 MHz HT channel. */
static const int16_t intel5300_20[] = {
    -28, -26, -24, -22, -20, -18, -16, -14, -12, -10, -8, -6, -4, -2, -1,
    1,   3,   5,   7,   9,   11,  13,  15,  17,  19,  21, 23, 25, 27, 28,
};

size_t qw_csi_format_tones(enum qw_csi_format format, const int16_t **tones)
{
    switch (format) {
    case QW_CSI_LEGACY_20:
        *tones = legacy_20;
        return sizeof legacy_20 / sizeof legacy_20[0];
    case QW_CSI_HT_20:
        *tones = ht_20;
        return sizeof ht_20 / sizeof ht_20[0];
    case QW_CSI_INTEL5300_20:
        *tones = intel5300_20;
        return sizeof intel5300_20 / sizeof intel5300_20[0];
    }
    *tones = NULL;
    return 0;
}

void qw_csi_frame_set_tones(struct qw_csi_frame *frame, enum qw_csi_format format)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(format, &tones);

    frame->format = format;
    frame->tone_count = (uint16_t)count;
    for (size_t k = 0; k < count; k++) {
        frame->tone_index[k] = tones[k];
    }
}
