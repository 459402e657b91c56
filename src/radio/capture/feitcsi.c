/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/feitcsi.h"

#include "radio/capture/ax200_matrix.h"
#include "radio/capture/load.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <string.h>

enum {
    AT_RX = 46,
    AT_TX = 47,
    AT_TONES = 52,
    AT_LEVELS = 60,
    AT_SOURCE = 68,
    AT_CLOCK = 88, /* microseconds: the clock at 8 runs 320 times as fast */
    AT_RATE = 92,
    MODULATION_SHIFT = 8,
    WIDTH_SHIFT = 11,
    RATE_ANTENNA_A = 1 << 14,
    RATE_ANTENNA_B = 1 << 15
};

static void set_levels(const uint8_t *head, struct qw_csi_frame *frame)
{
    float power = 0.0f;

    for (size_t i = 0; i < QW_AX200_SIDE_MAX; i++) {
        uint32_t level = qw_load_u32le(head + AT_LEVELS + 4 * i);

        if (level > 0 && level < 128) {
            frame->chain_rssi_dbm[i] = -(float)level;
            power += exp2f(-(float)level * 0.33219281f);
        }
    }
    if (power > 0.0f) {
        frame->rssi_dbm = 3.01029996f * log2f(power);
        frame->flags |= QW_CSI_HAS_RSSI;
    }
}

static enum qw_capture_outcome take_record(const uint8_t *head, size_t csi_len,
                                           struct qw_capture_reader *reader,
                                           struct qw_csi_frame *frame)
{
    uint32_t flags = qw_load_u32le(head + AT_RATE);
    struct qw_ax200_rate rate = { flags >> MODULATION_SHIFT & 7, flags >> WIDTH_SHIFT & 7 };
    enum qw_capture_outcome outcome;

    if (csi_len == 0) {
        return QW_CAPTURE_NO_CSI;
    }
    qw_csi_frame_clear(frame);
    outcome =
        qw_ax200_matrix_to_frame(head + QW_FEITCSI_HEAD_LEN, csi_len, &rate,
                                 qw_load_u32le(head + AT_TONES), head[AT_RX], head[AT_TX], frame);
    if (outcome != QW_CAPTURE_FRAME) {
        return outcome;
    }
    memcpy(frame->source, head + AT_SOURCE, sizeof frame->source);
    frame->time_ns = qw_capture_clock_at(&reader->clock, qw_load_u32le(head + AT_CLOCK));
    frame->sequence = qw_capture_reader_records(reader); /* the format numbers nothing */
    frame->flags |= QW_CSI_HAS_SOURCE | QW_CSI_HAS_TIME;
    set_levels(head, frame);
    return QW_CAPTURE_FRAME;
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    const uint8_t *head = reader->data + reader->at;
    size_t left = reader->len - reader->at;
    enum qw_capture_outcome outcome;
    size_t csi_len;

    if (left < QW_FEITCSI_HEAD_LEN) {
        return QW_CAPTURE_END;
    }
    csi_len = qw_load_u32le(head);
    if (csi_len > left - QW_FEITCSI_HEAD_LEN) {
        return QW_CAPTURE_END;
    }
    outcome = take_record(head, csi_len, reader, frame);
    reader->at += QW_FEITCSI_HEAD_LEN + csi_len;
    return outcome;
}

static bool detect(const uint8_t *data, size_t len)
{
    size_t csi_len;

    if (len < QW_FEITCSI_HEAD_LEN) {
        return false;
    }
    csi_len = qw_load_u32le(data);
    return data[AT_RX] >= 1 && data[AT_RX] <= QW_AX200_SIDE_MAX && data[AT_TX] >= 1 &&
           data[AT_TX] <= QW_AX200_SIDE_MAX && csi_len > 0 &&
           csi_len == 4 * (size_t)data[AT_RX] * data[AT_TX] * qw_load_u32le(data + AT_TONES);
}

static void put(uint8_t *p, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(value >> 8 * i);
    }
}

static void fill_head(const struct qw_csi_frame *frame, const struct qw_ax200_rate *rate,
                      size_t tone_count, uint8_t *head)
{
    size_t chain_count = (size_t)frame->rx_count * frame->tx_count;

    put(head, (uint32_t)(4 * chain_count * tone_count));
    head[AT_RX] = frame->rx_count;
    head[AT_TX] = frame->tx_count;
    put(head + AT_TONES, (uint32_t)tone_count);
    for (size_t i = 0; i < QW_AX200_SIDE_MAX; i++) {
        if ((frame->flags & QW_CSI_HAS_RSSI) != 0 && frame->chain_rssi_dbm[i] < 0.0f &&
            frame->chain_rssi_dbm[i] != QW_CSI_LEVEL_UNKNOWN) {
            put(head + AT_LEVELS + 4 * i,
                (uint32_t)rintf(fminf(-frame->chain_rssi_dbm[i], 127.0f)));
        }
    }
    memcpy(head + AT_SOURCE, frame->source, sizeof frame->source);
    put(head + AT_CLOCK, (uint32_t)(frame->time_ns / 1000));
    put(head + AT_RATE, rate->modulation << MODULATION_SHIFT | rate->width << WIDTH_SHIFT |
                            RATE_ANTENNA_A | (frame->tx_count > 1 ? RATE_ANTENNA_B : 0u));
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    uint8_t head[QW_FEITCSI_HEAD_LEN] = { 0 };
    struct qw_ax200_rate rate;
    size_t tone_count;

    qw_write_bytes(&w, head, sizeof head);
    tone_count = qw_ax200_matrix_encode(frame, &w, &rate);
    if (tone_count == 0 || w.failed) {
        return 0;
    }
    fill_head(frame, &rate, tone_count, out);
    return w.len;
}

const struct qw_capture_importer qw_capture_feitcsi = {
    .name = "feitcsi",
    .text = "FeitCSI (Intel AX200/AX210)",
    .detect = detect,
    .next = next,
    .encode = encode,
    .number_max = 32767.0f,
};
