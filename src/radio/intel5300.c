/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/intel5300.h"

#include "base/bytes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    HEAD_LEN = 20,
    GROUP_SKIP_BITS = 3,
    NOISE_UNKNOWN_DBM = -127,
    NOISE_ASSUMED_DBM = -92,
    LEVEL_OFFSET_DB = 44,
    RATE_IS_40_MHZ = 1 << 11
};

static size_t payload_len(size_t chain_count)
{
    return (QW_INTEL5300_TONES * (chain_count * 16 + GROUP_SKIP_BITS) + 7) / 8;
}

static bool is_shape(uint8_t rx_count, uint8_t tx_count)
{
    return rx_count >= 1 && rx_count <= 3 && tx_count >= 1 && tx_count <= 3;
}

/* Eight bits from an unaligned stream, LSB first; bit + 8 <= bits of the stream. */
static int8_t read_unaligned(const uint8_t *stream, size_t bit)
{
    unsigned low = (unsigned)stream[bit / 8] >> (bit % 8);
    unsigned high = bit % 8 == 0 ? 0 : (unsigned)stream[bit / 8 + 1] << (8 - bit % 8);
    unsigned value = (low | high) & 0xff;

    return (int8_t)(value < 128 ? (int)value : (int)value - 256);
}

static void write_unaligned(uint8_t *stream, size_t bit, int8_t value)
{
    unsigned shifted = (unsigned)(uint8_t)value << (bit % 8);

    stream[bit / 8] |= (uint8_t)shifted;
    if (bit % 8 != 0) {
        stream[bit / 8 + 1] |= (uint8_t)(shifted >> 8);
    }
}

static void read_values(const uint8_t *stream, size_t chain_count,
                        struct qw_intel5300_record *record)
{
    size_t bit = 0;

    for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
        bit += GROUP_SKIP_BITS;
        for (size_t c = 0; c < chain_count; c++) {
            record->value[k][c][0] = read_unaligned(stream, bit);
            record->value[k][c][1] = read_unaligned(stream, bit + 8);
            bit += 16;
        }
    }
}

qw_err qw_intel5300_decode(const uint8_t *body, size_t len, struct qw_intel5300_record *record)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_intel5300_record made = { 0 };
    const uint8_t *stream;
    size_t chain_count;
    size_t announced;

    made.time_us = qw_read_u32le(&r);
    made.count = qw_read_u16le(&r);
    made.reserved = qw_read_u16le(&r);
    made.rx_count = qw_read_u8(&r);
    made.tx_count = qw_read_u8(&r);
    qw_read_bytes(&r, made.rssi, sizeof made.rssi);
    made.noise_dbm = (int8_t)qw_read_u8(&r);
    made.agc_db = qw_read_u8(&r);
    made.antenna_select = qw_read_u8(&r);
    announced = qw_read_u16le(&r);
    made.rate_flags = qw_read_u16le(&r);
    chain_count = (size_t)made.rx_count * made.tx_count;
    if (!is_shape(made.rx_count, made.tx_count) || announced != payload_len(chain_count)) {
        return QW_ERR_FORMAT;
    }
    stream = qw_read_view(&r, announced);
    if (!qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    read_values(stream, chain_count, &made);
    *record = made;
    return QW_OK;
}

size_t qw_intel5300_encode(const struct qw_intel5300_record *record, uint8_t *out, size_t cap)
{
    uint8_t stream[QW_INTEL5300_BODY_MAX - HEAD_LEN] = { 0 };
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
static void order_of_antennas(const struct qw_intel5300_record *record, size_t antenna[static 3])
{
    unsigned seen = 0;

    for (size_t j = 0; j < record->rx_count; j++) {
        antenna[j] = (size_t)record->antenna_select >> (2 * j) & 3;
        if (antenna[j] < record->rx_count) {
            seen |= 1u << antenna[j];
        }
    }
    if (seen == (1u << record->rx_count) - 1) {
        return;
    }
    for (size_t j = 0; j < record->rx_count; j++) {
        antenna[j] = j;
    }
}

/* Total received power, from the per-antenna indications. */
static float level_dbm(const struct qw_intel5300_record *record)
{
    double sum = 0.0;

    for (size_t i = 0; i < 3; i++) {
        if (record->rssi[i] != 0) {
            sum += pow(10.0, record->rssi[i] / 10.0);
        }
    }
    return (float)(10.0 * log10(fmax(sum, 1.0)) - LEVEL_OFFSET_DB - record->agc_db);
}

void qw_intel5300_to_frame(const struct qw_intel5300_record *record, struct qw_csi_frame *frame)
{
    size_t antenna[3];

    order_of_antennas(record, antenna);
    qw_csi_frame_set_tones(frame, QW_CSI_INTEL5300_20);
    frame->sequence = record->count;
    frame->rx_count = record->rx_count;
    frame->tx_count = record->tx_count;
    frame->rssi_dbm = level_dbm(record);
    frame->noise_dbm =
        (float)(record->noise_dbm == NOISE_UNKNOWN_DBM ? NOISE_ASSUMED_DBM : record->noise_dbm);
    frame->agc_db = (float)record->agc_db;
    for (size_t j = 0; j < record->rx_count; j++) {
        for (size_t tx = 0; tx < record->tx_count; tx++) {
            float complex *out =
                frame->value + (antenna[j] * record->tx_count + tx) * QW_INTEL5300_TONES;

            for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
                const int8_t *value = record->value[k][j * record->tx_count + tx];

                out[k] = (float)value[0] + I * (float)value[1];
            }
        }
    }
}

struct qw_intel5300_reader qw_intel5300_reader_on(const uint8_t *data, size_t len)
{
    return (struct qw_intel5300_reader){ .data = data, .len = len };
}

/* The card's clock wraps after 71 minutes; it may repeat a value but does not run backwards. */
static void unwrap_time(struct qw_intel5300_reader *reader, uint32_t time_us)
{
    uint32_t step_us = time_us - reader->previous_us;

    if (reader->record_count > 0 && step_us < UINT32_MAX / 2) {
        reader->time_ns += (int64_t)step_us * 1000;
    }
    reader->previous_us = time_us;
    reader->record_count++;
}

/* One record of the framing: its code and body; false when no complete one is left. */
static bool next_body(struct qw_intel5300_reader *reader, uint8_t *code, const uint8_t **body,
                      size_t *len)
{
    struct qw_reader r = qw_reader_on(reader->data, reader->len);
    size_t announced;

    r.at = reader->at;
    announced = qw_read_u16be(&r);
    *code = announced > 0 ? qw_read_u8(&r) : 0;
    *len = announced > 0 ? announced - 1 : 0;
    *body = qw_read_view(&r, *len);
    if (r.failed) {
        reader->left_over = reader->len - reader->at;
        return false;
    }
    reader->at = r.at;
    return true;
}

qw_err qw_intel5300_next(struct qw_intel5300_reader *reader, struct qw_intel5300_record *record)
{
    const uint8_t *body;
    uint8_t code;
    size_t len;

    while (next_body(reader, &code, &body, &len)) {
        struct qw_intel5300_record found;

        if (code != QW_INTEL5300_CODE_CSI) {
            reader->skipped_count++;
        } else if (qw_intel5300_decode(body, len, &found) != QW_OK) {
            reader->damaged_count++;
        } else if ((found.rate_flags & RATE_IS_40_MHZ) != 0) {
            reader->skipped_count++;
        } else {
            unwrap_time(reader, found.time_us);
            *record = found;
            return QW_OK;
        }
    }
    return QW_ERR_CLOSED;
}
