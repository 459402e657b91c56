/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/ax200_matrix.h"

#include "radio/capture/load.h"

#include <math.h>
#include <string.h>

enum { PILOTS_MAX = 32, NUMBER_MAX = 32767 };

/* What the card reports at pilots is no measurement: those positions are left out. A filled-in
 * neighbour would look like a channel that anybody can predict. */
static const uint16_t pilots_20[] = { 7, 21, 34, 48 };
static const uint16_t pilots_40[] = { 5, 33, 47, 66, 80, 108 };
static const uint16_t pilots_vht_80[] = { 19, 47, 83, 111, 130, 158, 194, 222 };
static const uint16_t pilots_vht_160[] = { 19,  47,  83,  111, 130, 158, 194, 222,
                                           261, 289, 325, 353, 372, 400, 436, 464 };
static const uint16_t pilots_he_20[] = { 6, 32, 74, 100, 141, 167, 209, 235 };
static const uint16_t pilots_he_40[] = { 6,   32,  74,  100, 140, 166, 208, 234,
                                         249, 275, 317, 343, 383, 409, 451, 477 };
static const uint16_t pilots_he_80[] = { 32,  100, 166, 234, 274, 342, 408, 476,
                                         519, 587, 653, 721, 761, 829, 895, 963 };
static const uint16_t pilots_he_160[] = {
    32,   100,  166,  234,  274,  342,  408,  476,  519,  587,  653,  721,  761,  829,  895,  963,
    1028, 1096, 1162, 1230, 1270, 1338, 1404, 1472, 1515, 1583, 1649, 1717, 1757, 1825, 1891, 1959,
};

struct layout {
    uint8_t modulation, width; /* of the rate flags */
    enum qw_csi_format format;
    const uint16_t *pilots; /* positions in the list of the format's tones, ascending */
    size_t pilot_count;
};

#define PILOTS(list) list, sizeof(list) / sizeof(list)[0]
static const struct layout layouts[] = {
    { QW_AX200_LEGACY, 0, QW_CSI_LEGACY_20, NULL, 0 },
    { QW_AX200_HT, 0, QW_CSI_HT_20, NULL, 0 },
    { QW_AX200_HT, 1, QW_CSI_HT_40, NULL, 0 },
    { QW_AX200_VHT, 0, QW_CSI_HT_20, PILOTS(pilots_20) },
    { QW_AX200_VHT, 1, QW_CSI_HT_40, PILOTS(pilots_40) },
    { QW_AX200_VHT, 2, QW_CSI_VHT_80, PILOTS(pilots_vht_80) },
    { QW_AX200_VHT, 3, QW_CSI_VHT_160, PILOTS(pilots_vht_160) },
    { QW_AX200_HE, 0, QW_CSI_HE_20, PILOTS(pilots_he_20) },
    { QW_AX200_HE, 1, QW_CSI_HE_40, PILOTS(pilots_he_40) },
    { QW_AX200_HE, 2, QW_CSI_HE_80, PILOTS(pilots_he_80) },
    { QW_AX200_HE, 3, QW_CSI_HE_160, PILOTS(pilots_he_160) },
};

static const struct layout *layout_of_rate(const struct qw_ax200_rate *rate)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].modulation == rate->modulation && layouts[i].width == rate->width) {
            return &layouts[i];
        }
    }
    return NULL;
}

struct run { /* tones between two pilots */
    uint16_t first, count;
};

/* The kept positions as runs; gives their number. */
static size_t runs_of(const struct layout *layout, size_t tone_count,
                      struct run runs[static PILOTS_MAX + 1])
{
    size_t first = 0;
    size_t count = 0;

    for (size_t i = 0; i <= layout->pilot_count; i++) {
        size_t end = i < layout->pilot_count ? layout->pilots[i] : tone_count;

        if (end > first) {
            runs[count++] = (struct run){ (uint16_t)first, (uint16_t)(end - first) };
        }
        first = end + 1;
    }
    return count;
}

static void read_matrix(const uint8_t *matrix, const struct layout *layout, size_t chain_count,
                        struct qw_csi_frame *frame)
{
    const int16_t *tones;
    size_t tone_count = qw_csi_format_tones(layout->format, &tones);
    struct run runs[PILOTS_MAX + 1];
    size_t run_count = runs_of(layout, tone_count, runs);
    float complex *out = frame->value;

    frame->format = layout->format;
    frame->tone_count = (uint16_t)(tone_count - layout->pilot_count);
    for (size_t i = 0, k = 0; i < run_count; i++) {
        memcpy(frame->tone_index + k, tones + runs[i].first, runs[i].count * sizeof *tones);
        k += runs[i].count;
    }
    for (size_t c = 0; c < chain_count; c++) {
        for (size_t i = 0; i < run_count; i++) {
            qw_load_s16_pairs(matrix + 4 * (c * tone_count + runs[i].first), runs[i].count, out);
            out += runs[i].count;
        }
    }
}

static bool is_side(size_t count)
{
    return count >= 1 && count <= QW_AX200_SIDE_MAX;
}

enum qw_capture_outcome qw_ax200_matrix_to_frame(const uint8_t *matrix, size_t len,
                                                 const struct qw_ax200_rate *rate,
                                                 size_t tone_count, size_t rx_count,
                                                 size_t tx_count, struct qw_csi_frame *frame)
{
    const struct layout *layout = layout_of_rate(rate);
    const int16_t *tones;

    if (!is_side(rx_count) || !is_side(tx_count) || tone_count > QW_CSI_TONES_MAX) {
        return QW_CAPTURE_SHAPE;
    }
    if (len != 4 * rx_count * tx_count * tone_count) {
        return QW_CAPTURE_LENGTH;
    }
    if (layout == NULL || qw_csi_format_tones(layout->format, &tones) != tone_count) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    frame->rx_count = (uint8_t)rx_count;
    frame->tx_count = (uint8_t)tx_count;
    read_matrix(matrix, layout, rx_count * tx_count, frame);
    return QW_CAPTURE_FRAME;
}

static bool has_tones_of(const struct qw_csi_frame *frame, const struct layout *layout)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(layout->format, &tones);
    struct run runs[PILOTS_MAX + 1];
    size_t run_count = runs_of(layout, count, runs);
    size_t k = 0;

    if (frame->format != layout->format || frame->tone_count != count - layout->pilot_count) {
        return false;
    }
    for (size_t i = 0; i < run_count; i++) {
        for (size_t j = 0; j < runs[i].count; j++, k++) {
            if (frame->tone_index[k] != tones[runs[i].first + j]) {
                return false;
            }
        }
    }
    return true;
}

/* The layout whose tones the frame has, all of them or all but the pilots. */
static const struct layout *layout_of_frame(const struct qw_csi_frame *frame)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (has_tones_of(frame, &layouts[i])) {
            return &layouts[i];
        }
    }
    return NULL;
}

static void write_run(struct qw_writer *w, const float complex *value, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++) {
        qw_write_u16le(w, (uint16_t)(int)rintf(scale * crealf(value[i])));
        qw_write_u16le(w, (uint16_t)(int)rintf(scale * cimagf(value[i])));
    }
}

size_t qw_ax200_matrix_encode(const struct qw_csi_frame *frame, struct qw_writer *w,
                              struct qw_ax200_rate *rate)
{
    const struct layout *layout = layout_of_frame(frame);
    float scale = qw_capture_scale(frame, NUMBER_MAX);
    const float complex *value = frame->value;
    struct run runs[PILOTS_MAX + 1];
    const int16_t *tones;
    size_t tone_count, run_count;

    if (layout == NULL || !is_side(frame->rx_count) || !is_side(frame->tx_count)) {
        return 0;
    }
    tone_count = qw_csi_format_tones(layout->format, &tones);
    run_count = runs_of(layout, tone_count, runs);
    *rate = (struct qw_ax200_rate){ layout->modulation, layout->width };
    for (size_t c = 0; c < (size_t)frame->rx_count * frame->tx_count; c++) {
        size_t at = 0;

        for (size_t i = 0; i < run_count; i++) {
            for (; at < runs[i].first; at++) { /* a pilot */
                qw_write_u32le(w, 0);
            }
            write_run(w, value, runs[i].count, scale);
            value += runs[i].count;
            at += runs[i].count;
        }
    }
    return tone_count;
}
