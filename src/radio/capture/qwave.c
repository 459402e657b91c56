/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/qwave.h"

#include "base/bytes.h"
#include "radio/capture/load.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <string.h>

enum {
    RECORD_LEN_MIN = 4 + QW_CAPTURE_QWAVE_CHECK_LEN, /* kind, reserved, check */
    RECORD_LEN_MAX = QW_CAPTURE_QWAVE_FRAME_LEN + 2 * QW_CSI_TONES_MAX + 8 * QW_CSI_VALUES_MAX +
                     QW_CAPTURE_QWAVE_CHECK_LEN,
    KIND_FRAME = 1,
    IS_OTHER_VERSION = 1
};

static const uint8_t magic[12] = { 'Q', 'W', 'A', 'V', 'E', '-', 'C', 'S', 'I', '\r', '\n', 0x1a };

/* Eight bytes at a time; every step can be undone, so no change of one word is missed. Against
 * accidents, not against people. */
static uint64_t check_of(const uint8_t *data, size_t len)
{
    const uint64_t factor = 0x9e3779b97f4a7c15u;
    uint64_t check = len * factor;

    for (; len >= 8; data += 8, len -= 8) {
        check = (check ^ qw_load_word(data)) * factor;
        check ^= check >> 29;
    }
    for (; len > 0; data++, len--) {
        check = (check ^ *data) * factor;
        check ^= check >> 29;
    }
    return check;
}

static bool detect(const uint8_t *data, size_t len)
{
    struct qw_reader r = qw_reader_on(data, len);
    uint8_t head[sizeof magic];

    qw_read_bytes(&r, head, sizeof head);
    for (size_t i = 0; i < sizeof magic; i++) {
        if (head[i] != magic[i]) {
            return false;
        }
    }
    return len >= QW_CAPTURE_QWAVE_HEAD_LEN;
}

static void begin(struct qw_capture_reader *reader)
{
    if (!detect(reader->data, reader->len) ||
        qw_load_u16le(reader->data + sizeof magic) != QW_CAPTURE_QWAVE_VERSION) {
        reader->variant = IS_OTHER_VERSION;
        return;
    }
    reader->at = QW_CAPTURE_QWAVE_HEAD_LEN;
}

static float read_float(struct qw_reader *r)
{
    uint32_t bits = qw_read_u32le(r);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void read_levels(struct qw_reader *r, struct qw_csi_frame *frame)
{
    frame->rssi_dbm = read_float(r);
    frame->noise_dbm = read_float(r);
    frame->agc_db = read_float(r);
    for (size_t i = 0; i < QW_CSI_ANTENNAS_MAX; i++) {
        frame->chain_rssi_dbm[i] = read_float(r);
    }
}

static bool levels_are_finite(const struct qw_csi_frame *frame)
{
    bool ok = isfinite(frame->rssi_dbm) && isfinite(frame->noise_dbm) && isfinite(frame->agc_db);

    for (size_t i = 0; i < QW_CSI_ANTENNAS_MAX; i++) {
        ok = ok && isfinite(frame->chain_rssi_dbm[i]);
    }
    return ok;
}

static bool shape_is_good(const struct qw_csi_frame *frame)
{
    return frame->rx_count >= 1 && frame->rx_count <= QW_CSI_ANTENNAS_MAX && frame->tx_count >= 1 &&
           frame->tx_count <= QW_CSI_ANTENNAS_MAX &&
           frame->rx_count * frame->tx_count <= QW_CSI_CHAINS_MAX && frame->tone_count >= 1 &&
           frame->tone_count <= QW_CSI_TONES_MAX &&
           qw_csi_frame_value_count(frame) <= QW_CSI_VALUES_MAX &&
           (unsigned)frame->format < QW_CSI_FORMATS && (frame->flags & ~QW_CSI_FLAGS) == 0;
}

static bool read_tones(struct qw_reader *r, struct qw_csi_frame *frame)
{
    const uint8_t *tones = qw_read_view(r, 2u * frame->tone_count);
    int previous = INT16_MIN - 1;
    bool ok = tones != NULL;

    for (size_t k = 0; ok && k < frame->tone_count; k++) {
        frame->tone_index[k] = (int16_t)qw_load_u16le(tones + 2 * k);
        ok = frame->tone_index[k] > previous;
        previous = frame->tone_index[k];
    }
    return ok;
}

static enum qw_capture_outcome take_frame(struct qw_reader *r, struct qw_csi_frame *frame)
{
    const uint8_t *values;
    size_t len;

    frame->time_ns = (int64_t)qw_read_u64le(r);
    frame->sequence = qw_read_u64le(r);
    frame->format = (enum qw_csi_format)qw_read_u16le(r);
    frame->flags = qw_read_u16le(r);
    frame->rx_count = qw_read_u8(r);
    frame->tx_count = qw_read_u8(r);
    frame->rx_first = qw_read_u8(r);
    frame->tx_first = qw_read_u8(r);
    frame->band_count = 1;
    frame->tone_count = qw_read_u16le(r);
    frame->centre_mhz = qw_read_u16le(r);
    qw_read_bytes(r, frame->source, sizeof frame->source);
    (void)qw_read_u16le(r); /* reserved */
    read_levels(r, frame);
    if (r->failed || !shape_is_good(frame)) {
        return QW_CAPTURE_SHAPE;
    }
    len = 8 * qw_csi_frame_value_count(frame);
    if (!read_tones(r, frame)) {
        return QW_CAPTURE_SHAPE;
    }
    values = qw_read_view(r, len);
    if (values == NULL || !qw_reader_done(r)) {
        return QW_CAPTURE_LENGTH;
    }
    for (size_t i = 0; i < len / 4; i++) {
        uint32_t bits = qw_load_u32le(values + 4 * i);

        memcpy((unsigned char *)frame->value + 4 * i, &bits, sizeof bits);
    }
    return levels_are_finite(frame) ? QW_CAPTURE_FRAME : QW_CAPTURE_NOT_FINITE;
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    const uint8_t *record = reader->data + reader->at;
    size_t left = reader->len - reader->at;
    struct qw_reader r;
    size_t len;
    unsigned kind;

    if (left < 4 + RECORD_LEN_MIN || reader->variant == IS_OTHER_VERSION) {
        return QW_CAPTURE_END;
    }
    len = qw_load_u32le(record);
    if (len < RECORD_LEN_MIN || len > RECORD_LEN_MAX || len > left - 4) {
        return QW_CAPTURE_END;
    }
    reader->at += 4 + len;
    len -= QW_CAPTURE_QWAVE_CHECK_LEN;
    if (check_of(record, 4 + len) != qw_load_word(record + 4 + len)) {
        return QW_CAPTURE_CHECK;
    }
    r = qw_reader_on(record + 4, len);
    kind = qw_read_u16le(&r);
    (void)qw_read_u16le(&r); /* reserved */
    return kind == KIND_FRAME ? take_frame(&r, frame) : QW_CAPTURE_OTHER;
}

static size_t head(uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_bytes(&w, magic, sizeof magic);
    qw_write_u16le(&w, QW_CAPTURE_QWAVE_VERSION);
    qw_write_u16le(&w, 0);
    return w.failed ? 0 : w.len;
}

static void write_float(struct qw_writer *w, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    qw_write_u32le(w, bits);
}

static void write_fields(struct qw_writer *w, const struct qw_csi_frame *frame)
{
    qw_write_u16le(w, KIND_FRAME);
    qw_write_u16le(w, 0);
    qw_write_u64le(w, (uint64_t)frame->time_ns);
    qw_write_u64le(w, frame->sequence);
    qw_write_u16le(w, (uint16_t)frame->format);
    qw_write_u16le(w, frame->flags);
    qw_write_u8(w, frame->rx_count);
    qw_write_u8(w, frame->tx_count);
    qw_write_u8(w, frame->rx_first);
    qw_write_u8(w, frame->tx_first);
    qw_write_u16le(w, frame->tone_count);
    qw_write_u16le(w, frame->centre_mhz);
    qw_write_bytes(w, frame->source, sizeof frame->source);
    qw_write_u16le(w, 0);
    write_float(w, frame->rssi_dbm);
    write_float(w, frame->noise_dbm);
    write_float(w, frame->agc_db);
    for (size_t i = 0; i < QW_CSI_ANTENNAS_MAX; i++) {
        write_float(w, frame->chain_rssi_dbm[i]);
    }
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    size_t count = qw_csi_frame_value_count(frame);

    if (!shape_is_good(frame) || !levels_are_finite(frame)) {
        return 0;
    }
    qw_write_u32le(&w, (uint32_t)(QW_CAPTURE_QWAVE_FRAME_LEN + 2u * frame->tone_count + 8 * count +
                                  QW_CAPTURE_QWAVE_CHECK_LEN));
    write_fields(&w, frame);
    for (size_t k = 0; k < frame->tone_count; k++) {
        qw_write_u16le(&w, (uint16_t)frame->tone_index[k]);
    }
    for (size_t i = 0; i < 2 * count; i++) {
        write_float(&w, ((const float *)frame->value)[i]);
    }
    if (!w.failed) {
        qw_write_u64le(&w, check_of(out, w.len));
    }
    return w.failed ? 0 : w.len;
}

const struct qw_capture_importer qw_capture_qwave = {
    .name = "qwave",
    .text = "Q-Wave capture, everything of every frame",
    .detect = detect,
    .begin = begin,
    .next = next,
    .head = head,
    .encode = encode,
};
