/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/intel5300.h"

#include "base/bytes.h"
#include "radio/capture/load.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    HEAD_LEN = 20,
    GROUP_SKIP_BITS = 3,
    NOISE_UNKNOWN_DBM = -127,
    NOISE_ASSUMED_DBM = -92,
    LEVEL_OFFSET_DB = 44,
    RATE_IS_40_MHZ = 1 << 11,
    RATE_IS_HT = 1 << 8,
    CODE_PAYLOAD = 0xC1,
    PROBE_RECORDS = 16, /* looked at to tell the format */
    WORD_LEN = 8,
    STREAM_MAX = QW_INTEL5300_BODY_MAX - HEAD_LEN
};

static size_t payload_len(size_t chain_count)
{
    return (QW_INTEL5300_TONES * (chain_count * 16 + GROUP_SKIP_BITS) + 7) / 8;
}

static bool is_shape(uint8_t rx_count, uint8_t tx_count)
{
    return rx_count >= 1 && rx_count <= 3 && tx_count >= 1 && tx_count <= 3;
}

static void write_unaligned(uint8_t *stream, size_t bit, int8_t value)
{
    unsigned shifted = (unsigned)(uint8_t)value << (bit % 8);

    stream[bit / 8] |= (uint8_t)shifted;
    if (bit % 8 != 0) {
        stream[bit / 8 + 1] |= (uint8_t)(shifted >> 8);
    }
}

/* padded: stream and WORD_LEN bytes more, so that whole words can be loaded: three complex values
 * of 16 bits lie in each, behind at most seven bits. */
static void read_values(const uint8_t *padded, size_t chain_count,
                        struct qw_intel5300_record *record)
{
    size_t bit = 0;

    for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
        bit += GROUP_SKIP_BITS;
        for (size_t c = 0; c < chain_count; c += 3) {
            uint64_t word = qw_load_word(padded + bit / 8) >> (bit % 8);
            size_t count = chain_count - c < 3 ? chain_count - c : 3;

            for (size_t i = 0; i < count; i++) {
                record->value[k][c + i][0] = (int8_t)(word & 0xff);
                record->value[k][c + i][1] = (int8_t)(word >> 8 & 0xff);
                word >>= 16;
            }
            bit += 16 * count;
        }
    }
}

/* Everything but the values; the stream has qw_intel5300_stream_len bytes. */
static bool read_fields(const uint8_t *body, size_t len, struct qw_intel5300_record *record,
                        const uint8_t **stream)
{
    struct qw_reader r = qw_reader_on(body, len);
    size_t announced;

    record->time_us = qw_read_u32le(&r);
    record->count = qw_read_u16le(&r);
    record->reserved = qw_read_u16le(&r);
    record->rx_count = qw_read_u8(&r);
    record->tx_count = qw_read_u8(&r);
    qw_read_bytes(&r, record->rssi, sizeof record->rssi);
    record->noise_dbm = (int8_t)qw_read_u8(&r);
    record->agc_db = qw_read_u8(&r);
    record->antenna_select = qw_read_u8(&r);
    announced = qw_read_u16le(&r);
    record->rate_flags = qw_read_u16le(&r);
    if (!is_shape(record->rx_count, record->tx_count) ||
        announced != payload_len((size_t)record->rx_count * record->tx_count)) {
        return false;
    }
    *stream = qw_read_view(&r, announced);
    return qw_reader_done(&r);
}

qw_err qw_intel5300_decode(const uint8_t *body, size_t len, struct qw_intel5300_record *record)
{
    struct qw_intel5300_record made = { 0 };
    uint8_t padded[STREAM_MAX + WORD_LEN] = { 0 };
    const uint8_t *stream;
    size_t chain_count;

    if (!read_fields(body, len, &made, &stream)) {
        return QW_ERR_FORMAT;
    }
    chain_count = (size_t)made.rx_count * made.tx_count;
    memcpy(padded, stream, payload_len(chain_count));
    read_values(padded, chain_count, &made);
    *record = made;
    return QW_OK;
}

size_t qw_intel5300_encode(const struct qw_intel5300_record *record, uint8_t *out, size_t cap)
{
    uint8_t stream[STREAM_MAX] = { 0 };
    size_t chain_count = (size_t)record->rx_count * record->tx_count;
    struct qw_writer w = qw_writer_on(out, cap);
    size_t bit = 0;

    if (!is_shape(record->rx_count, record->tx_count)) {
        return 0;
    }
    for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
        bit += GROUP_SKIP_BITS;
        for (size_t c = 0; c < chain_count; c++) {
            write_unaligned(stream, bit, record->value[k][c][0]);
            write_unaligned(stream, bit + 8, record->value[k][c][1]);
            bit += 16;
        }
    }
    qw_write_u16be(&w, (uint16_t)(1 + HEAD_LEN + payload_len(chain_count)));
    qw_write_u8(&w, QW_INTEL5300_CODE_CSI);
    qw_write_u32le(&w, record->time_us);
    qw_write_u16le(&w, record->count);
    qw_write_u16le(&w, record->reserved);
    qw_write_u8(&w, record->rx_count);
    qw_write_u8(&w, record->tx_count);
    qw_write_bytes(&w, record->rssi, sizeof record->rssi);
    qw_write_u8(&w, (uint8_t)record->noise_dbm);
    qw_write_u8(&w, record->agc_db);
    qw_write_u8(&w, record->antenna_select);
    qw_write_u16le(&w, (uint16_t)payload_len(chain_count));
    qw_write_u16le(&w, record->rate_flags);
    qw_write_bytes(&w, stream, payload_len(chain_count));
    return w.failed ? 0 : w.len;
}

/* antenna[j]: where receive chain j belongs. Two bits can name a chain that is not there, or one
 * twice: such a field is not believed. */
static void order_of_antennas(uint8_t antenna_select, size_t rx_count, size_t antenna[static 3])
{
    unsigned seen = 0;

    for (size_t j = 0; j < rx_count; j++) {
        antenna[j] = (size_t)antenna_select >> (2 * j) & 3;
        if (antenna[j] < rx_count) {
            seen |= 1u << antenna[j];
        }
    }
    if (seen == (1u << rx_count) - 1) {
        return;
    }
    for (size_t j = 0; j < rx_count; j++) {
        antenna[j] = j;
    }
}

/* As read_values, straight to where the values belong: every file goes through this. */
static void read_values_to_frame(const uint8_t *padded, size_t rx_count, size_t tx_count,
                                 uint8_t antenna_select, float complex *out)
{
    size_t chain_count = rx_count * tx_count;
    size_t row[QW_INTEL5300_CHAINS_MAX];
    size_t antenna[3];
    size_t bit = 0;

    order_of_antennas(antenna_select, rx_count, antenna);
    for (size_t c = 0; c < chain_count; c++) {
        row[c] = (antenna[c / tx_count] * tx_count + c % tx_count) * QW_INTEL5300_TONES;
    }
    for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
        bit += GROUP_SKIP_BITS;
        for (size_t c = 0; c < chain_count; c += 3) {
            uint64_t word = qw_load_word(padded + bit / 8) >> (bit % 8);
            size_t count = chain_count - c < 3 ? chain_count - c : 3;

            for (size_t i = 0; i < count; i++) {
                float *value = (float *)(out + row[c + i] + k);

                value[0] = (float)(int8_t)(word & 0xff);
                value[1] = (float)(int8_t)(word >> 8 & 0xff);
                word >>= 16;
            }
            bit += 16 * count;
        }
    }
}

size_t qw_intel5300_stream_len(size_t rx_count, size_t tx_count)
{
    return payload_len(rx_count * tx_count);
}

void qw_intel5300_stream_to_frame(const uint8_t *stream, uint8_t rx_count, uint8_t tx_count,
                                  uint8_t antenna_select, struct qw_csi_frame *frame)
{
    uint8_t padded[STREAM_MAX + WORD_LEN];
    size_t len = payload_len((size_t)rx_count * tx_count);

    qw_assert(is_shape(rx_count, tx_count));
    memcpy(padded, stream, len);
    memset(padded + len, 0, WORD_LEN);
    qw_csi_frame_set_tones(frame, QW_CSI_INTEL5300_20);
    frame->rx_count = rx_count;
    frame->tx_count = tx_count;
    read_values_to_frame(padded, rx_count, tx_count, antenna_select, frame->value);
}

/* Per antenna, and their sum. */
static void set_levels(const struct qw_intel5300_record *record, struct qw_csi_frame *frame)
{
    const float offset_db = (float)(LEVEL_OFFSET_DB + record->agc_db);
    float sum = 0.0f;

    for (size_t i = 0; i < 3; i++) {
        if (record->rssi[i] != 0) {
            sum += exp2f((float)record->rssi[i] * 0.33219281f); /* 10^(x / 10) */
            frame->chain_rssi_dbm[i] = (float)record->rssi[i] - offset_db;
        }
    }
    frame->rssi_dbm = 3.01029996f * log2f(fmaxf(sum, 1.0f)) - offset_db;
    frame->noise_dbm =
        (float)(record->noise_dbm == NOISE_UNKNOWN_DBM ? NOISE_ASSUMED_DBM : record->noise_dbm);
    frame->agc_db = (float)record->agc_db;
    frame->flags |= QW_CSI_HAS_AGC;
    frame->flags |= (uint16_t)(sum > 0.0f ? QW_CSI_HAS_RSSI : 0);
    frame->flags |= (uint16_t)(record->noise_dbm != NOISE_UNKNOWN_DBM ? QW_CSI_HAS_NOISE : 0);
}

/* One record of the framing: its code and body; false when no complete one is left. */
static bool next_body(struct qw_reader *r, uint8_t *code, const uint8_t **body, size_t *len)
{
    size_t announced = qw_read_u16be(r);

    *code = announced > 0 ? qw_read_u8(r) : 0;
    *len = announced > 0 ? announced - 1 : 0;
    *body = qw_read_view(r, *len);
    return !r->failed;
}

static enum qw_capture_outcome take_body(struct qw_capture_reader *reader, const uint8_t *body,
                                         size_t len, struct qw_csi_frame *frame)
{
    struct qw_intel5300_record record;
    const uint8_t *stream;

    if (len < HEAD_LEN) {
        return QW_CAPTURE_LENGTH;
    }
    if (!is_shape(body[8], body[9])) {
        return QW_CAPTURE_SHAPE;
    }
    if (!read_fields(body, len, &record, &stream)) {
        return QW_CAPTURE_LENGTH;
    }
    if ((record.rate_flags & RATE_IS_40_MHZ) != 0) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    qw_csi_frame_clear(frame);
    qw_intel5300_stream_to_frame(stream, record.rx_count, record.tx_count, record.antenna_select,
                                 frame);
    set_levels(&record, frame);
    frame->sequence = record.count;
    frame->time_ns = qw_capture_clock_at(&reader->clock, record.time_us);
    frame->flags |= QW_CSI_HAS_TIME;
    return QW_CAPTURE_FRAME;
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    struct qw_reader r = qw_reader_on(reader->data, reader->len);
    const uint8_t *body;
    uint8_t code;
    size_t len;

    r.at = reader->at;
    if (!next_body(&r, &code, &body, &len)) {
        return QW_CAPTURE_END;
    }
    reader->at = r.at;
    return code == QW_INTEL5300_CODE_CSI ? take_body(reader, body, len, frame) : QW_CAPTURE_OTHER;
}

/* The first records carry known codes, and one of them is a good measurement. */
static bool detect(const uint8_t *data, size_t len)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_intel5300_record record;
    const uint8_t *body;
    uint8_t code;
    size_t body_len;

    for (size_t i = 0; i < PROBE_RECORDS && next_body(&r, &code, &body, &body_len); i++) {
        if (code == QW_INTEL5300_CODE_CSI &&
            qw_intel5300_decode(body, body_len, &record) == QW_OK) {
            return true;
        }
        if (code != QW_INTEL5300_CODE_CSI && code != CODE_PAYLOAD) {
            return false;
        }
    }
    return false;
}

static uint8_t to_byte(float value, float lowest, float highest)
{
    return (uint8_t)(int)rintf(fminf(fmaxf(value, lowest), highest));
}

static void levels_from_frame(const struct qw_csi_frame *frame, struct qw_intel5300_record *record)
{
    bool has_agc = (frame->flags & QW_CSI_HAS_AGC) != 0;

    record->agc_db = has_agc ? to_byte(frame->agc_db, 0.0f, 255.0f) : 0;
    record->noise_dbm = NOISE_UNKNOWN_DBM;
    if ((frame->flags & QW_CSI_HAS_NOISE) != 0) {
        record->noise_dbm = (int8_t)rintf(fminf(fmaxf(frame->noise_dbm, -126.0f), 127.0f));
    }
    for (size_t i = 0; i < 3; i++) {
        if (frame->chain_rssi_dbm[i] != QW_CSI_LEVEL_UNKNOWN &&
            (frame->flags & QW_CSI_HAS_RSSI) != 0) {
            record->rssi[i] = to_byte(
                frame->chain_rssi_dbm[i] + (float)(LEVEL_OFFSET_DB + record->agc_db), 1.0f, 255.0f);
        }
    }
}

static bool record_from_frame(const struct qw_csi_frame *frame, struct qw_intel5300_record *record)
{
    float scale;

    if (frame->format != QW_CSI_INTEL5300_20 || frame->tone_count != QW_INTEL5300_TONES ||
        !qw_csi_frame_tones_fit(frame) || !is_shape(frame->rx_count, frame->tx_count)) {
        return false;
    }
    *record = (struct qw_intel5300_record){ .time_us = (uint32_t)(frame->time_ns / 1000),
                                            .count = (uint16_t)frame->sequence,
                                            .rx_count = frame->rx_count,
                                            .tx_count = frame->tx_count,
                                            .antenna_select = QW_INTEL5300_SELECT_AS_IS,
                                            .rate_flags = RATE_IS_HT };
    scale = qw_capture_scale(frame, 127.0f);
    levels_from_frame(frame, record);
    for (size_t c = 0; c < (size_t)frame->rx_count * frame->tx_count; c++) {
        for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
            float complex value = scale * frame->value[c * QW_INTEL5300_TONES + k];

            record->value[k][c][0] = (int8_t)rintf(crealf(value));
            record->value[k][c][1] = (int8_t)rintf(cimagf(value));
        }
    }
    return true;
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_intel5300_record record;

    return record_from_frame(frame, &record) ? qw_intel5300_encode(&record, out, cap) : 0;
}

size_t qw_intel5300_stream_from_frame(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_intel5300_record record;
    uint8_t whole[QW_INTEL5300_RECORD_MAX];
    size_t head_len = 3 + HEAD_LEN;
    size_t len;

    if (!record_from_frame(frame, &record)) {
        return 0;
    }
    len = qw_intel5300_encode(&record, whole, sizeof whole) - head_len;
    if (len > cap) {
        return 0;
    }
    memcpy(out, whole + head_len, len);
    return len;
}

const struct qw_capture_importer qw_capture_intel5300 = {
    .name = "intel5300",
    .text = "Intel 5300 CSI tool (802.11n)",
    .detect = detect,
    .next = next,
    .encode = encode,
    .number_max = 127.0f,
};
