/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/atheros.h"

#include "base/bytes.h"
#include "radio/capture/load.h"
#include "radio/capture/mpdu.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <string.h>

/* The byte order of a file is that of the machine that wrote it. It is found by walking the whole
 * file both ways: the right one ends at the last byte. */
enum {
    LITTLE = 0,
    BIG = 1,
    MARK = 0xff, /* some writers say "big-endian" with one byte in front */
    HEAD_LEN = 27,
    FIELDS_LEN = 25, /* of the head, that the length counts */
    CHAINS_SIDE_MAX = 3,
    TONES_20 = 56,
    TONES_40 = 114,
    PAIR_BITS = 20,
    MATRIX_MAX = TONES_40 * QW_CSI_CHAINS_MAX * PAIR_BITS / 8,
    WORD_LEN = 8,
    NUMBER_MAX = 511
};

struct head {
    size_t field_len, csi_len, payload_len;
    uint64_t time_us;
    uint16_t channel_mhz;
    uint8_t tone_count, rx_count, tx_count;
    uint8_t rssi[4]; /* together, then per chain; 0x80: none */
};

static uint16_t read_u16(struct qw_reader *r, uint32_t order)
{
    return order == BIG ? qw_read_u16be(r) : qw_read_u16le(r);
}

static void read_head(struct qw_reader *r, uint32_t order, struct head *head)
{
    head->field_len = read_u16(r, order);
    head->time_us = order == BIG ? qw_read_u64be(r) : qw_read_u64le(r);
    head->csi_len = read_u16(r, order);
    head->channel_mhz = read_u16(r, order);
    (void)qw_read_u8(r); /* error of the receiver */
    (void)qw_read_u8(r); /* noise floor: always 0 in the files at hand */
    (void)qw_read_u8(r); /* rate */
    (void)qw_read_u8(r); /* bandwidth: follows from the tones */
    head->tone_count = qw_read_u8(r);
    head->rx_count = qw_read_u8(r);
    head->tx_count = qw_read_u8(r);
    qw_read_bytes(r, head->rssi, sizeof head->rssi);
    head->payload_len = read_u16(r, order);
}

static bool format_of(size_t tone_count, enum qw_csi_format *format)
{
    *format = tone_count == TONES_20 ? QW_CSI_HT_20 : QW_CSI_HT_40;
    return tone_count == TONES_20 || tone_count == TONES_40;
}

static bool is_side(size_t count)
{
    return count >= 1 && count <= CHAINS_SIDE_MAX;
}

static int32_t signed_10(uint64_t bits)
{
    return (int32_t)((uint32_t)bits << 22) >> 22;
}

/* Three pairs lie in each word, behind at most four bits. */
static void unpack(const uint8_t *padded, size_t tone_count, size_t rx_count, size_t tx_count,
                   float complex *out)
{
    size_t chain_count = rx_count * tx_count;
    size_t row[QW_CSI_CHAINS_MAX]; /* where the values of each chain of the file go */
    size_t bit = 0;

    for (size_t i = 0; i < chain_count; i++) {
        row[i] = ((i % rx_count) * tx_count + i / rx_count) * tone_count;
    }
    for (size_t k = 0; k < tone_count; k++) {
        for (size_t i = 0; i < chain_count; i += 3) {
            uint64_t word = qw_load_word(padded + bit / 8) >> (bit % 8);
            size_t count = chain_count - i < 3 ? chain_count - i : 3;

            for (size_t j = 0; j < count; j++) {
                float *value = (float *)(out + row[i + j] + k);

                value[1] = (float)signed_10(word);
                value[0] = (float)signed_10(word >> 10);
                word >>= PAIR_BITS;
            }
            bit += PAIR_BITS * count;
        }
    }
}

bool qw_atheros_matrix_to_frame(const uint8_t *packed, size_t len, size_t tone_count,
                                size_t rx_count, size_t tx_count, struct qw_csi_frame *frame)
{
    uint8_t padded[MATRIX_MAX + WORD_LEN] = { 0 };
    enum qw_csi_format format;

    if (!format_of(tone_count, &format) || !is_side(rx_count) || !is_side(tx_count) ||
        8 * len != tone_count * rx_count * tx_count * PAIR_BITS) {
        return false;
    }
    memcpy(padded, packed, len);
    qw_csi_frame_set_tones(frame, format);
    frame->rx_count = (uint8_t)rx_count;
    frame->tx_count = (uint8_t)tx_count;
    unpack(padded, tone_count, rx_count, tx_count, frame->value);
    return true;
}

static void head_to_frame(const struct head *head, struct qw_csi_frame *frame)
{
    frame->centre_mhz = head->channel_mhz;
    frame->flags |= QW_CSI_HAS_TIME | QW_CSI_HAS_RSSI;
    frame->rssi_dbm = (float)head->rssi[0] - 95.0f; /* above the usual noise floor of the card */
    for (size_t i = 0; i < 3; i++) {
        if (head->rssi[i + 1] != 0x80) {
            frame->chain_rssi_dbm[i] = (float)head->rssi[i + 1] - 95.0f;
        }
    }
}

static enum qw_capture_outcome take_record(const struct head *head, const uint8_t *body,
                                           struct qw_csi_frame *frame)
{
    enum qw_csi_format format;

    if (head->field_len != FIELDS_LEN + head->csi_len + head->payload_len) {
        return QW_CAPTURE_LENGTH;
    }
    if (head->csi_len == 0) {
        return QW_CAPTURE_NO_CSI;
    }
    if (!is_side(head->rx_count) || !is_side(head->tx_count) ||
        !format_of(head->tone_count, &format)) {
        return QW_CAPTURE_SHAPE;
    }
    qw_csi_frame_clear(frame);
    if (!qw_capture_time_from_us(head->time_us, &frame->time_ns) ||
        !qw_atheros_matrix_to_frame(body, head->csi_len, head->tone_count, head->rx_count,
                                    head->tx_count, frame)) {
        return QW_CAPTURE_LENGTH;
    }
    head_to_frame(head, frame);
    qw_mpdu_to_frame(body + head->csi_len, head->payload_len, frame);
    return QW_CAPTURE_FRAME;
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    struct qw_reader r = qw_reader_on(reader->data + reader->at, reader->len - reader->at);
    struct head head;
    size_t total;

    if (qw_reader_left(&r) < 2) {
        return QW_CAPTURE_END;
    }
    total = 2u + read_u16(&r, reader->variant);
    if (total > reader->len - reader->at) {
        return QW_CAPTURE_END;
    }
    r = qw_reader_on(reader->data + reader->at, total);
    reader->at += total;
    read_head(&r, reader->variant, &head);
    if (r.failed) {
        return QW_CAPTURE_LENGTH;
    }
    return take_record(&head, r.data + HEAD_LEN, frame);
}

/* How far the framing leads when lengths are in this order. */
static size_t walk(const uint8_t *data, size_t len, uint32_t order)
{
    size_t at = 0;

    while (len - at >= 2) {
        size_t step = 2u + (order == BIG ? (size_t)(data[at] << 8 | data[at + 1])
                                         : (size_t)qw_load_u16le(data + at));

        if (step > len - at) {
            break;
        }
        at += step;
    }
    return at;
}

static void begin(struct qw_capture_reader *reader)
{
    size_t little = walk(reader->data, reader->len, LITTLE);
    size_t big = walk(reader->data, reader->len, BIG);
    bool is_marked = reader->len > 0 && reader->data[0] == MARK &&
                     walk(reader->data + 1, reader->len - 1, BIG) == reader->len - 1;

    if (is_marked && little != reader->len && big != reader->len) {
        reader->at = 1;
        reader->variant = BIG;
        return;
    }
    reader->variant = big > little ? BIG : LITTLE;
}

static bool is_record(const uint8_t *data, size_t len, uint32_t order)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct head head;
    enum qw_csi_format format;

    read_head(&r, order, &head);
    return !r.failed && head.field_len == FIELDS_LEN + head.csi_len + head.payload_len &&
           (head.channel_mhz == 0 || (head.channel_mhz > 2000 && head.channel_mhz < 7200)) &&
           (head.csi_len == 0 || (format_of(head.tone_count, &format) && is_side(head.rx_count) &&
                                  is_side(head.tx_count)));
}

static bool detect(const uint8_t *data, size_t len)
{
    size_t skip = len > 0 && data[0] == MARK ? 1 : 0;

    return is_record(data, len, LITTLE) || is_record(data, len, BIG) ||
           is_record(data + skip, len - skip, BIG);
}

static void pack(const struct qw_csi_frame *frame, float scale, uint8_t *packed)
{
    size_t chain_count = (size_t)frame->rx_count * frame->tx_count;
    size_t bit = 0;

    for (size_t k = 0; k < frame->tone_count; k++) {
        for (size_t i = 0; i < chain_count; i++) {
            size_t row = (i % frame->rx_count) * frame->tx_count + i / frame->rx_count;
            float complex value = scale * frame->value[row * frame->tone_count + k];
            uint32_t im = (uint32_t)(int32_t)rintf(cimagf(value)) & 0x3ff;
            uint32_t re = (uint32_t)(int32_t)rintf(crealf(value)) & 0x3ff;
            uint32_t shifted = (im | re << 10) << bit % 8;

            packed[bit / 8] |= (uint8_t)shifted;
            packed[bit / 8 + 1] |= (uint8_t)(shifted >> 8);
            packed[bit / 8 + 2] |= (uint8_t)(shifted >> 16);
            bit += PAIR_BITS;
        }
    }
}

static uint8_t level_of(float rssi_dbm)
{
    return rssi_dbm == QW_CSI_LEVEL_UNKNOWN
               ? 0x80
               : (uint8_t)(int)rintf(fminf(fmaxf(rssi_dbm + 95.0f, 0.0f), 127.0f));
}

static void write_head(struct qw_writer *w, const struct qw_csi_frame *frame, size_t csi_len,
                       size_t payload_len)
{
    qw_write_u16le(w, (uint16_t)(FIELDS_LEN + csi_len + payload_len));
    qw_write_u64le(w, (uint64_t)(frame->time_ns / 1000));
    qw_write_u16le(w, (uint16_t)csi_len);
    qw_write_u16le(w, frame->centre_mhz);
    qw_write_u8(w, 0);
    qw_write_u8(w, 0);
    qw_write_u8(w, 0);
    qw_write_u8(w, frame->tone_count == TONES_40);
    qw_write_u8(w, (uint8_t)frame->tone_count);
    qw_write_u8(w, frame->rx_count);
    qw_write_u8(w, frame->tx_count);
    qw_write_u8(w, level_of(frame->rssi_dbm));
    for (size_t i = 0; i < 3; i++) {
        qw_write_u8(w, level_of(frame->chain_rssi_dbm[i]));
    }
    qw_write_u16le(w, (uint16_t)payload_len);
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    uint8_t packed[MATRIX_MAX + 1] = { 0 };
    uint8_t mpdu[QW_MPDU_HEAD_LEN];
    enum qw_csi_format format;
    size_t csi_len = qw_csi_frame_value_count(frame) * PAIR_BITS / 8;
    size_t payload_len = (frame->flags & QW_CSI_HAS_SOURCE) != 0 ? sizeof mpdu : 0;

    if (!format_of(frame->tone_count, &format) || format != frame->format ||
        !qw_csi_frame_tones_fit(frame) || !is_side(frame->rx_count) || !is_side(frame->tx_count) ||
        frame->time_ns < 0) {
        return 0;
    }
    pack(frame, qw_capture_scale(frame, NUMBER_MAX), packed);
    qw_mpdu_from_frame(frame, mpdu);
    write_head(&w, frame, csi_len, payload_len);
    qw_write_bytes(&w, packed, csi_len);
    qw_write_bytes(&w, mpdu, payload_len);
    return w.failed ? 0 : w.len;
}

const struct qw_capture_importer qw_capture_atheros = {
    .name = "atheros",
    .text = "Atheros CSI tool (ath9k, 802.11n)",
    .detect = detect,
    .begin = begin,
    .next = next,
    .encode = encode,
    .number_max = NUMBER_MAX,
};
