/* SPDX-License-Identifier: Apache-2.0 */
/* Files of lines of the ESP32 CSI tool, read and written. */
#include "radio/capture/esp32.h"

#include "radio/capture/reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PROBE_BYTES = 1 << 16, LEGACY_PAIRS = 64 };

static const char mark[] = "CSI_DATA,";
static const char heading[] =
    "type,role,mac,rssi,rate,sig_mode,mcs,bandwidth,smoothing,not_sounding,aggregation,stbc,"
    "fec_coding,sgi,noise_floor,ampdu_cnt,channel,secondary_channel,local_timestamp,ant,sig_len,"
    "rx_state,real_time_set,real_timestamp,len,CSI_DATA\n";

static size_t line_len(const uint8_t *data, size_t len)
{
    const uint8_t *end = memchr(data, '\n', len);

    return end != NULL ? (size_t)(end - data) : len;
}

static bool has_mark(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < sizeof mark - 1; i++) {
        if (i >= len || data[i] != (uint8_t)mark[i]) {
            return false;
        }
    }
    return true;
}

/* One of the first lines is a measurement; text of another kind may stand before it. */
static bool detect(const uint8_t *data, size_t len)
{
    size_t at = 0;

    len = len < PROBE_BYTES ? len : PROBE_BYTES;
    while (at < len) {
        if (has_mark(data + at, len - at)) {
            return true;
        }
        at += line_len(data + at, len - at) + 1;
    }
    return false;
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    const uint8_t *line = reader->data + reader->at;
    size_t left = reader->len - reader->at;
    enum qw_capture_outcome outcome;
    size_t len;

    if (left == 0) {
        return QW_CAPTURE_END;
    }
    len = line_len(line, left);
    reader->at += len < left ? len + 1 : left;
    outcome = qw_esp32_line_to_frame((const char *)line, len, &reader->clock, frame);
    if (outcome == QW_CAPTURE_FRAME) {
        frame->sequence = qw_capture_reader_records(reader); /* the format numbers nothing */
    }
    return outcome;
}

static size_t head(uint8_t *out, size_t cap)
{
    if (cap < sizeof heading - 1) {
        return 0;
    }
    memcpy(out, heading, sizeof heading - 1);
    return sizeof heading - 1;
}

struct shape {
    size_t pair_count, first, count; /* of the line; of the training field that is filled */
    int sig_mode, bandwidth, secondary;
};

static bool shape_of(enum qw_csi_format format, struct shape *shape)
{
    switch (format) {
    case QW_CSI_LEGACY_20:
        *shape = (struct shape){ 64, 0, 64, 0, 0, 0 };
        return true;
    case QW_CSI_HT_20:
        *shape = (struct shape){ 128, LEGACY_PAIRS, 64, 1, 0, 0 };
        return true;
    case QW_CSI_HT_40:
        *shape = (struct shape){ 192, LEGACY_PAIRS, 128, 1, 1, 1 };
        return true;
    default:
        return false;
    }
}

static int level_of(bool is_known, float level)
{
    return is_known ? (int)rintf(fminf(fmaxf(level, -127.0f), 127.0f)) : 0;
}

static int channel_of(uint16_t centre_mhz)
{
    if (centre_mhz == 2484) {
        return 14;
    }
    return centre_mhz > 2407 && centre_mhz < 2475 ? (centre_mhz - 2407) / 5 : 0;
}

static int print_fields(const struct qw_csi_frame *frame, const struct shape *shape, char *out,
                        size_t cap)
{
    const uint8_t *s = frame->source;
    uint32_t time_us = (uint32_t)(frame->time_ns / 1000);

    return snprintf(
        out, cap,
        "CSI_DATA,PASSIVE,%02X:%02X:%02X:%02X:%02X:%02X,%d,0,%d,0,%d,0,0,0,0,0,0,%d,0,%d,%d,"
        "%" PRIu32 ",0,0,0,0,%.6f,%zu,[",
        s[0], s[1], s[2], s[3], s[4], s[5],
        level_of((frame->flags & QW_CSI_HAS_RSSI) != 0, frame->rssi_dbm), shape->sig_mode,
        shape->bandwidth, level_of((frame->flags & QW_CSI_HAS_NOISE) != 0, frame->noise_dbm),
        channel_of(shape->secondary == 0 ? frame->centre_mhz : (uint16_t)(frame->centre_mhz - 10)),
        shape->secondary, time_us, (double)frame->time_ns / 1e9, 2 * shape->pair_count);
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    int number[QW_ESP32_NUMBERS_MAX] = { 0 };
    float scale = qw_capture_scale(frame, 127.0f);
    struct shape shape;
    int made;
    size_t len;

    if (!shape_of(frame->format, &shape) || frame->rx_count != 1 || frame->tx_count != 1 ||
        !qw_csi_frame_tones_fit(frame)) {
        return 0;
    }
    for (size_t k = 0; k < frame->tone_count; k++) {
        int tone = frame->tone_index[k];
        size_t pair = shape.first + (size_t)(tone < 0 ? (int)shape.count + tone : tone);

        number[2 * pair] = (int)rintf(scale * cimagf(frame->value[k]));
        number[2 * pair + 1] = (int)rintf(scale * crealf(frame->value[k]));
    }
    made = print_fields(frame, &shape, (char *)out, cap);
    if (made < 0 || (size_t)made >= cap) {
        return 0;
    }
    len = (size_t)made;
    for (size_t i = 0; i < 2 * shape.pair_count; i++) {
        made = snprintf((char *)out + len, cap - len, "%d ", number[i]);
        if (made < 0 || (size_t)made >= cap - len) {
            return 0;
        }
        len += (size_t)made;
    }
    if (cap - len < 2) {
        return 0;
    }
    out[len++] = ']';
    out[len++] = '\n';
    return len;
}

const struct qw_capture_importer qw_capture_esp32 = {
    .name = "esp32",
    .text = "ESP32 CSI tool (lines of text)",
    .detect = detect,
    .next = next,
    .head = head,
    .encode = encode,
    .number_max = 127.0f,
};
