/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/picoscenes.h"

#include "base/bytes.h"
#include "radio/capture/atheros.h"
#include "radio/capture/ax200_matrix.h"
#include "radio/capture/intel5300.h"
#include "radio/capture/load.h"
#include "radio/capture/mpdu.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <string.h>

enum {
    FRAME_HEAD_LEN = 7, /* after the length: magic, version, number of segments */
    FRAME_VERSION = 1,
    DEVICE_AX200 = 0x2000,
    DEVICE_AX210 = 0x2100,
    DEVICE_INTEL5300 = 0x5300,
    DEVICE_ATHEROS = 0x9300,
    BASIC_VERSION_MAX = 3,
    CSI_VERSION_MAX = 4,
    EXTRA_CLOCK = 2 + 88 /* behind a u16, the head of a FeitCSI record */
};

static const uint32_t MAGIC = 0x20150315u;

struct segment {
    const uint8_t *body;
    size_t len;
    unsigned version;
};

struct parts { /* body NULL: not there */
    struct segment basic, csi, extra;
};

/* Newer files count a NUL behind the name, older ones do not. */
static bool is_named(const uint8_t *name, size_t len, const char *text)
{
    size_t text_len = strlen(text);
    bool same = len == text_len || (len == text_len + 1 && name[text_len] == 0);

    for (size_t i = 0; same && i < text_len; i++) {
        same = name[i] == (uint8_t)text[i];
    }
    return same;
}

static bool read_segment(struct qw_reader *r, struct parts *parts)
{
    size_t len = qw_read_u32le(r);
    const uint8_t *whole = qw_read_view(r, len);
    struct qw_reader inner;
    struct segment segment;
    const uint8_t *name;
    size_t name_len;

    if (r->failed || whole == NULL) {
        return false;
    }
    inner = qw_reader_on(whole, len);
    name_len = qw_read_u8(&inner);
    name = qw_read_view(&inner, name_len);
    segment.version = qw_read_u16le(&inner);
    segment.len = qw_reader_left(&inner);
    segment.body = whole + inner.at;
    if (inner.failed || name == NULL) {
        return false;
    }
    if (is_named(name, name_len, "RxSBasic")) {
        parts->basic = segment;
    } else if (is_named(name, name_len, "CSI")) {
        parts->csi = segment;
    } else if (is_named(name, name_len, "MVMExtra")) {
        parts->extra = segment;
    }
    return true;
}

struct csi_head {
    uint16_t device, width_mhz, tone_count;
    uint8_t format, tx_count, rx_count, antenna_select;
    uint64_t carrier_hz;
};

static bool read_csi_head(struct qw_reader *r, unsigned version, struct csi_head *head)
{
    head->device = qw_read_u16le(r);
    if (version >= 4) {
        (void)qw_read_u8(r); /* of the firmware */
    }
    head->format = qw_read_u8(r);
    head->width_mhz = qw_read_u16le(r);
    head->carrier_hz = qw_read_u64le(r);
    (void)qw_read_u64le(r); /* sampling rate */
    (void)qw_read_u32le(r); /* tone spacing */
    head->tone_count = qw_read_u16le(r);
    head->tx_count = qw_read_u8(r);
    head->rx_count = qw_read_u8(r);
    (void)qw_read_u8(r); /* extension streams */
    if (version >= 3) {
        (void)qw_read_u16le(r); /* number of measurements */
    }
    head->antenna_select = qw_read_u8(r);
    if (version >= 2) {
        (void)qw_read_u16le(r); /* offset of tone numbers */
    }
    return version >= 1 && version <= CSI_VERSION_MAX && !r->failed;
}

static bool width_of(unsigned width_mhz, unsigned *width)
{
    for (*width = 0; *width < 4; (*width)++) {
        if (width_mhz == 20u << *width) {
            return true;
        }
    }
    return false;
}

static enum qw_capture_outcome read_intel5300(const uint8_t *stream, size_t len,
                                              const struct csi_head *head,
                                              struct qw_csi_frame *frame)
{
    size_t rx_count = head->rx_count;
    size_t tx_count;

    if (rx_count < 1 || rx_count > 3 || head->tone_count != QW_INTEL5300_TONES || len < 12) {
        return QW_CAPTURE_SHAPE;
    }
    tx_count = (len - 12) / 60 / rx_count; /* the head's own number is of another thing */
    if (tx_count < 1 || tx_count > 3 || qw_intel5300_stream_len(rx_count, tx_count) != len) {
        return QW_CAPTURE_LENGTH;
    }
    if (head->width_mhz != 20) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    qw_intel5300_stream_to_frame(stream, (uint8_t)rx_count, (uint8_t)tx_count, head->antenna_select,
                                 frame);
    return QW_CAPTURE_FRAME;
}

static enum qw_capture_outcome read_csi(const struct segment *segment, struct qw_csi_frame *frame,
                                        unsigned *device)
{
    struct qw_reader r = qw_reader_on(segment->body, segment->len);
    struct csi_head head;
    struct qw_ax200_rate rate;
    const uint8_t *buffer;
    size_t len;

    if (!read_csi_head(&r, segment->version, &head)) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    len = qw_read_u32le(&r);
    buffer = qw_read_view(&r, len);
    if (buffer == NULL || r.failed) {
        return QW_CAPTURE_LENGTH;
    }
    *device = head.device;
    frame->centre_mhz =
        (uint16_t)(head.carrier_hz / 1000000 <= 65535 ? head.carrier_hz / 1000000 : 0);
    rate.modulation = head.format + 1u;
    switch (head.device) {
    case DEVICE_AX200:
    case DEVICE_AX210:
        return width_of(head.width_mhz, &rate.width)
                   ? qw_ax200_matrix_to_frame(buffer, len, &rate, head.tone_count, head.rx_count,
                                              head.tx_count, frame)
                   : QW_CAPTURE_UNSUPPORTED;
    case DEVICE_INTEL5300:
        return read_intel5300(buffer, len, &head, frame);
    case DEVICE_ATHEROS:
        return qw_atheros_matrix_to_frame(buffer, len, head.tone_count, head.rx_count,
                                          head.tx_count, frame)
                   ? QW_CAPTURE_FRAME
                   : QW_CAPTURE_SHAPE;
    default:
        return QW_CAPTURE_UNSUPPORTED;
    }
}

static float level_of(uint8_t byte)
{
    return byte >= 0x80 ? (float)((int)byte - 256) : QW_CSI_LEVEL_UNKNOWN;
}

/* Levels are in dBm from version 2 on; what version 1 says of the 5300 is in other units. */
static void set_levels(const struct segment *basic, size_t at, struct qw_csi_frame *frame)
{
    if (basic->version < 2 || basic->len < at + 5) {
        return;
    }
    frame->noise_dbm = level_of(basic->body[at]);
    frame->rssi_dbm = level_of(basic->body[at + 1]);
    for (size_t i = 0; i < 3; i++) {
        frame->chain_rssi_dbm[i] = level_of(basic->body[at + 2 + i]);
    }
    frame->flags |= (uint16_t)(frame->noise_dbm > QW_CSI_LEVEL_UNKNOWN ? QW_CSI_HAS_NOISE : 0);
    frame->flags |= (uint16_t)(frame->rssi_dbm > QW_CSI_LEVEL_UNKNOWN ? QW_CSI_HAS_RSSI : 0);
}

/* false: a time that no clock shows. */
static bool set_time(const struct parts *parts, unsigned device, struct qw_capture_reader *reader,
                     struct qw_csi_frame *frame)
{
    const struct segment *basic = &parts->basic;
    uint64_t time = basic->len >= 10 ? qw_load_word(basic->body + 2) : 0;

    if (time != 0) {
        frame->flags |= QW_CSI_HAS_TIME;
        if (device != DEVICE_AX200) {
            return qw_capture_time_from_us(time, &frame->time_ns);
        }
        frame->time_ns = (int64_t)time;
        return time <= INT64_MAX;
    }
    if (parts->extra.body != NULL && parts->extra.version == 1 &&
        parts->extra.len >= EXTRA_CLOCK + 4) {
        frame->time_ns =
            qw_capture_clock_at(&reader->clock, qw_load_u32le(parts->extra.body + EXTRA_CLOCK));
        frame->flags |= QW_CSI_HAS_TIME;
    }
    return true;
}

static enum qw_capture_outcome take_parts(const struct parts *parts, const uint8_t *mpdu,
                                          size_t mpdu_len, struct qw_capture_reader *reader,
                                          struct qw_csi_frame *frame)
{
    static const size_t levels_at[BASIC_VERSION_MAX + 1] = { 0, 21, 23, 27 };
    enum qw_capture_outcome outcome;
    unsigned device = 0;

    if (parts->csi.body == NULL) {
        return QW_CAPTURE_NO_CSI;
    }
    if (parts->basic.body != NULL &&
        (parts->basic.version < 1 || parts->basic.version > BASIC_VERSION_MAX)) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    qw_csi_frame_clear(frame);
    outcome = read_csi(&parts->csi, frame, &device);
    if (outcome != QW_CAPTURE_FRAME) {
        return outcome;
    }
    if (!set_time(parts, device, reader, frame)) {
        return QW_CAPTURE_LENGTH;
    }
    if (parts->basic.body != NULL) {
        set_levels(&parts->basic, levels_at[parts->basic.version], frame);
    }
    frame->sequence = qw_capture_reader_records(reader);
    qw_mpdu_to_frame(mpdu, mpdu_len, frame);
    return QW_CAPTURE_FRAME;
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    size_t left = reader->len - reader->at;
    const uint8_t *whole = reader->data + reader->at + 4;
    struct parts parts = { 0 };
    struct qw_reader r;
    size_t len;
    size_t segment_count;

    if (left < 4) {
        return QW_CAPTURE_END;
    }
    len = qw_load_u32le(reader->data + reader->at);
    if (len > left - 4) {
        return QW_CAPTURE_END;
    }
    reader->at += 4 + len;
    r = qw_reader_on(whole, len);
    if (qw_read_u32le(&r) != MAGIC) {
        return QW_CAPTURE_OTHER;
    }
    (void)qw_read_u16le(&r); /* version */
    segment_count = qw_read_u8(&r);
    for (size_t i = 0; i < segment_count; i++) {
        if (!read_segment(&r, &parts)) {
            return QW_CAPTURE_LENGTH;
        }
    }
    return take_parts(&parts, whole + r.at, qw_reader_left(&r), reader, frame);
}

static bool detect(const uint8_t *data, size_t len)
{
    return len >= 4 + FRAME_HEAD_LEN && qw_load_u32le(data + 4) == MAGIC;
}

static void open_segment(struct qw_writer *w, const char *name, unsigned version, size_t body_len)
{
    size_t name_len = strlen(name) + 1; /* with its NUL, as newer files */

    qw_write_u32le(w, (uint32_t)(1 + name_len + 2 + body_len));
    qw_write_u8(w, (uint8_t)name_len);
    qw_write_bytes(w, name, name_len);
    qw_write_u16le(w, (uint16_t)version);
}

static uint8_t byte_of(bool is_known, float level)
{
    return (uint8_t)(int8_t)(is_known ? rintf(fminf(fmaxf(level, -128.0f), 127.0f)) : -128.0f);
}

static void write_basic(struct qw_writer *w, const struct qw_csi_frame *frame, unsigned device,
                        const struct qw_ax200_rate *rate)
{
    bool has_rssi = (frame->flags & QW_CSI_HAS_RSSI) != 0;
    bool has_noise = (frame->flags & QW_CSI_HAS_NOISE) != 0;
    uint16_t width_mhz = (uint16_t)(20u << rate->width);

    open_segment(w, "RxSBasic", 3, 32);
    qw_write_u16le(w, (uint16_t)device);
    qw_write_u64le(w, (uint64_t)(device == DEVICE_AX200 ? frame->time_ns : frame->time_ns / 1000));
    qw_write_u16le(w, frame->centre_mhz);
    qw_write_u16le(w, frame->centre_mhz);
    qw_write_u16le(w, width_mhz);
    qw_write_u8(w, (uint8_t)(rate->modulation - 1));
    qw_write_u16le(w, width_mhz);
    qw_write_u16le(w, 800);
    qw_write_u8(w, 0);
    qw_write_u8(w, frame->tx_count);
    qw_write_u8(w, 0);
    qw_write_u8(w, frame->rx_count);
    qw_write_u16le(w, 1);
    qw_write_u8(w, byte_of(has_noise, frame->noise_dbm));
    qw_write_u8(w, byte_of(has_rssi, frame->rssi_dbm));
    for (size_t i = 0; i < 3; i++) {
        qw_write_u8(w, byte_of(has_rssi, frame->chain_rssi_dbm[i]));
    }
}

static void write_csi(struct qw_writer *w, const struct qw_csi_frame *frame, unsigned device,
                      const struct qw_ax200_rate *rate, size_t tone_count, size_t matrix_len)
{
    open_segment(w, "CSI", 4, 40 + matrix_len);
    qw_write_u16le(w, (uint16_t)device);
    qw_write_u8(w, 0);
    qw_write_u8(w, (uint8_t)(rate->modulation - 1));
    qw_write_u16le(w, (uint16_t)(20u << rate->width));
    qw_write_u64le(w, (uint64_t)frame->centre_mhz * 1000000);
    qw_write_u64le(w, (uint64_t)(20000000u << rate->width));
    qw_write_u32le(w, rate->modulation == QW_AX200_HE ? 78125 : 312500);
    qw_write_u16le(w, (uint16_t)tone_count);
    qw_write_u8(w, frame->tx_count);
    qw_write_u8(w, frame->rx_count);
    qw_write_u8(w, 0);
    qw_write_u16le(w, 1);
    qw_write_u8(w, device == DEVICE_INTEL5300 ? QW_INTEL5300_SELECT_AS_IS : 0);
    qw_write_u16le(w, 0);
    qw_write_u32le(w, (uint32_t)matrix_len);
}

/* Two passes: lengths come before what they count, and the matrix tells the rate. */
static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    enum { BEFORE_MATRIX = 4 + FRAME_HEAD_LEN + 4 + 1 + 9 + 2 + 32 + 4 + 1 + 4 + 2 + 40 };
    bool is_intel5300 = frame->format == QW_CSI_INTEL5300_20;
    unsigned device = is_intel5300 ? DEVICE_INTEL5300 : DEVICE_AX200;
    struct qw_writer w = qw_writer_on(out, cap);
    struct qw_ax200_rate rate = { QW_AX200_HT, 0 };
    uint8_t mpdu[QW_MPDU_HEAD_LEN];
    size_t mpdu_len = (frame->flags & QW_CSI_HAS_SOURCE) != 0 ? sizeof mpdu : 0;
    size_t tone_count = QW_INTEL5300_TONES;
    struct qw_writer matrix;

    if (cap < BEFORE_MATRIX || frame->time_ns < 0) {
        return 0;
    }
    matrix = qw_writer_on(out + BEFORE_MATRIX, cap - BEFORE_MATRIX);
    if (is_intel5300) {
        matrix.len = qw_intel5300_stream_from_frame(frame, matrix.data, matrix.cap);
    } else {
        tone_count = qw_ax200_matrix_encode(frame, &matrix, &rate);
    }
    if (matrix.failed || matrix.len == 0 || tone_count == 0) {
        return 0;
    }
    qw_write_u32le(&w, (uint32_t)(BEFORE_MATRIX - 4 + matrix.len + mpdu_len));
    qw_write_u32le(&w, MAGIC);
    qw_write_u16le(&w, FRAME_VERSION);
    qw_write_u8(&w, 2);
    write_basic(&w, frame, device, &rate);
    write_csi(&w, frame, device, &rate, tone_count, matrix.len);
    qw_assert(w.len == BEFORE_MATRIX);
    w.len += matrix.len;
    qw_mpdu_from_frame(frame, mpdu);
    qw_write_bytes(&w, mpdu, mpdu_len);
    return w.failed ? 0 : w.len;
}

const struct qw_capture_importer qw_capture_picoscenes = {
    .name = "picoscenes",
    .text = "PicoScenes (AX200, AX210, Intel 5300, Atheros)",
    .detect = detect,
    .next = next,
    .encode = encode,
    .number_max = 32767.0f,
};
