/* SPDX-License-Identifier: Apache-2.0 */
/* One measurement of a Broadcom chip, as its firmware sends it. */
#include "radio/capture/nexmon.h"

#include "base/bytes.h"
#include "radio/capture/load.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    MAGIC = 0x1111, /* older firmware writes it twice and has no level */
    CHIP_4339 = 0x0001,
    CHIP_43455C0 = 0x0065,
    CHIP_4358 = 0xdead,
    CHIP_4366C0 = 0x006a,
    WORD_BYTES = 4,
    TYPE_CONTROL = 1, /* type of control frames: they have no sequence number */
    FRAGMENT_BITS = 4,
    NUMBER_MAX = 32767
};

/* DC and guard words hold stale data: only trained tones are taken, by number. */
static bool format_of(size_t word_count, enum qw_csi_format *format)
{
    *format = word_count == 64 ? QW_CSI_HT_20 : word_count == 128 ? QW_CSI_HT_40 : QW_CSI_VHT_80;
    return word_count == 64 || word_count == 128 || word_count == 256;
}

/* A number of the chips with floating point: one exponent (lowest bits) for both parts, each of
 * them a sign bit over a magnitude. */
struct packing {
    unsigned number_bits; /* sign and magnitude */
    unsigned exponent_bits;
};

static float power_of_two(int exponent) /* -126..127 */
{
    uint32_t bits = (uint32_t)(exponent + 127) << 23;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static float signed_part(uint32_t bits, uint32_t sign)
{
    float magnitude = (float)(bits & (sign - 1));

    return (bits & sign) != 0 ? -magnitude : magnitude;
}

static float complex unpack_word(uint32_t word, const struct packing *packing)
{
    uint32_t sign = 1u << (packing->number_bits - 1);
    uint32_t mask = 2 * sign - 1;
    uint32_t raw = word & ((1u << packing->exponent_bits) - 1);
    bool is_negative = raw >> (packing->exponent_bits - 1) != 0;
    float scale = power_of_two((int)raw - (is_negative ? 1 << packing->exponent_bits : 0));
    uint32_t im = word >> packing->exponent_bits & mask;
    uint32_t re = word >> (packing->exponent_bits + packing->number_bits) & mask;

    return scale * signed_part(re, sign) + I * (scale * signed_part(im, sign));
}

/* Tone number of the first tone of a run -> its word: negative numbers are the upper half. */
static size_t word_of(int tone, size_t word_count)
{
    return tone < 0 ? (size_t)((int)word_count + tone) : (size_t)tone;
}

static void read_floats(const uint8_t *words, size_t word_count, const struct packing *packing,
                        struct qw_csi_frame *frame)
{
    for (size_t k = 0; k < frame->tone_count; k++) {
        size_t at = word_of(frame->tone_index[k], word_count);

        frame->value[k] = unpack_word(qw_load_u32le(words + WORD_BYTES * at), packing);
    }
}

/* The trained tones are two runs, below and above DC. */
static void read_integers(const uint8_t *words, size_t word_count, struct qw_csi_frame *frame)
{
    size_t half = frame->tone_count / 2u;

    qw_load_s16_pairs(words + WORD_BYTES * word_of(frame->tone_index[0], word_count), half,
                      frame->value);
    qw_load_s16_pairs(words + WORD_BYTES * word_of(frame->tone_index[half], word_count), half,
                      frame->value + half);
}

static bool read_values(unsigned chip, const uint8_t *words, size_t word_count,
                        struct qw_csi_frame *frame)
{
    static const struct packing float_4358 = { 9, 5 };
    static const struct packing float_4366 = { 12, 6 };

    switch (chip) {
    case CHIP_4339:
    case CHIP_43455C0:
        read_integers(words, word_count, frame);
        return true;
    case CHIP_4358:
        read_floats(words, word_count, &float_4358, frame);
        return true;
    case CHIP_4366C0:
        read_floats(words, word_count, &float_4366, frame);
        return true;
    default:
        return false;
    }
}

/* Channel specification: number of the 20 MHz channel in the middle, band in the top bits. */
static uint16_t centre_of(unsigned chanspec)
{
    unsigned channel = chanspec & 0xff;

    if ((chanspec & 0xc000) == 0xc000) {
        return (uint16_t)(5000 + 5 * channel);
    }
    return (uint16_t)((chanspec & 0xc000) == 0 ? 2407 + 5 * channel : 0);
}

static void set_number(struct qw_csi_frame *frame, unsigned frame_control, unsigned sequence)
{
    frame->sequence = (uint64_t)(sequence >> FRAGMENT_BITS);
    if ((frame_control >> 2 & 3) != TYPE_CONTROL) {
        frame->flags |= QW_CSI_HAS_SEQUENCE;
    }
}

enum qw_capture_outcome qw_nexmon_datagram_to_frame(const uint8_t *payload, size_t len,
                                                    struct qw_csi_frame *frame)
{
    struct qw_reader r = qw_reader_on(payload, len);
    enum qw_csi_format format;
    uint16_t magic = qw_read_u16le(&r);
    uint8_t level = qw_read_u8(&r);
    uint8_t frame_control = qw_read_u8(&r);
    bool is_old = (level | frame_control << 8) == MAGIC;
    unsigned core, chip, chanspec, sequence;
    const uint8_t *words;

    if (r.failed || magic != MAGIC) {
        return QW_CAPTURE_OTHER;
    }
    qw_csi_frame_clear(frame);
    qw_read_bytes(&r, frame->source, sizeof frame->source);
    sequence = qw_read_u16le(&r);
    core = qw_read_u16le(&r);
    chanspec = qw_read_u16le(&r);
    chip = qw_read_u16le(&r);
    if (r.failed || qw_reader_left(&r) % WORD_BYTES != 0 ||
        !format_of(qw_reader_left(&r) / WORD_BYTES, &format)) {
        return QW_CAPTURE_LENGTH;
    }
    words = r.data + r.at;
    qw_csi_frame_set_tones(frame, format);
    if (!read_values(chip, words, qw_reader_left(&r) / WORD_BYTES, frame)) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    frame->flags |= QW_CSI_HAS_SOURCE;
    frame->rx_first = core & 7;
    frame->tx_first = core >> 3 & 7;
    frame->centre_mhz = centre_of(chanspec);
    set_number(frame, is_old ? 0 : frame_control, sequence);
    if (!is_old) {
        frame->rssi_dbm = (float)(int8_t)level;
        frame->chain_rssi_dbm[0] = frame->rssi_dbm;
        frame->flags |= QW_CSI_HAS_RSSI;
    }
    return QW_CAPTURE_FRAME;
}

static uint16_t chanspec_of(const struct qw_csi_frame *frame)
{
    unsigned width = frame->format == QW_CSI_VHT_80 ? 0x2000 : 0x1000;

    if (frame->centre_mhz >= 5000) {
        return (uint16_t)(0xc000 | width | ((frame->centre_mhz - 5000u) / 5 & 0xff));
    }
    return (uint16_t)(width |
                      (frame->centre_mhz > 2407 ? (frame->centre_mhz - 2407u) / 5 & 0xff : 0));
}

static size_t words_of(const struct qw_csi_frame *frame)
{
    switch (frame->format) {
    case QW_CSI_LEGACY_20:
    case QW_CSI_HT_20:
        return 64;
    case QW_CSI_HT_40:
        return 128;
    case QW_CSI_VHT_80:
        return 256;
    default:
        return 0;
    }
}

static void write_values(struct qw_writer *w, const struct qw_csi_frame *frame, size_t word_count)
{
    uint8_t words[WORD_BYTES * 256] = { 0 };
    float scale = qw_capture_scale(frame, NUMBER_MAX);

    for (size_t k = 0; k < frame->tone_count; k++) {
        float complex value = scale * frame->value[k];
        uint16_t re = (uint16_t)(int)rintf(crealf(value));
        uint16_t im = (uint16_t)(int)rintf(cimagf(value));
        uint8_t *word = words + WORD_BYTES * word_of(frame->tone_index[k], word_count);

        word[0] = (uint8_t)re;
        word[1] = (uint8_t)(re >> 8);
        word[2] = (uint8_t)im;
        word[3] = (uint8_t)(im >> 8);
    }
    qw_write_bytes(w, words, WORD_BYTES * word_count);
}

size_t qw_nexmon_datagram_encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    size_t word_count = words_of(frame);
    bool has_level = (frame->flags & QW_CSI_HAS_RSSI) != 0;
    bool has_number = (frame->flags & QW_CSI_HAS_SEQUENCE) != 0;

    if (word_count == 0 || frame->rx_count != 1 || frame->tx_count != 1 ||
        !qw_csi_frame_tones_fit(frame)) {
        return 0;
    }
    qw_write_u16le(&w, MAGIC);
    qw_write_u8(&w, (uint8_t)(has_level ? (int)rintf(fminf(fmaxf(frame->rssi_dbm, -128.0f), 127.0f))
                                        : MAGIC & 0xff));
    qw_write_u8(&w, (uint8_t)(!has_level ? MAGIC >> 8 : has_number ? 0x88 : 0x94));
    qw_write_bytes(&w, frame->source, sizeof frame->source);
    qw_write_u16le(&w, (uint16_t)((frame->sequence & 0xfff) << FRAGMENT_BITS));
    qw_write_u16le(&w, (uint16_t)((frame->rx_first & 7) | (frame->tx_first & 7) << 3));
    qw_write_u16le(&w, chanspec_of(frame));
    qw_write_u16le(&w, CHIP_43455C0);
    write_values(&w, frame, word_count);
    return w.failed ? 0 : w.len;
}
