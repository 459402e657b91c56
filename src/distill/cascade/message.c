/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/cascade/message.h"

#include "base/bits.h"
#include "base/bytes.h"

void qw_cascade_open_encode(const struct qw_cascade_open *open,
                            uint8_t message[static QW_CASCADE_OPEN_LEN])
{
    struct qw_writer w = qw_writer_on(message, QW_CASCADE_OPEN_LEN);

    qw_write_u8(&w, QW_CASCADE_OPEN);
    qw_write_u8(&w, open->variant);
    qw_write_u32be(&w, open->bits);
    qw_write_u32be(&w, open->qber_ppm);
    qw_write_u64be(&w, open->seed);
}

qw_err qw_cascade_open_decode(const uint8_t *message, size_t len, struct qw_cascade_open *open)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_cascade_open read;
    uint8_t kind = qw_read_u8(&r);

    read.variant = qw_read_u8(&r);
    read.bits = qw_read_u32be(&r);
    read.qber_ppm = qw_read_u32be(&r);
    read.seed = qw_read_u64be(&r);
    if (!qw_reader_done(&r) || kind != QW_CASCADE_OPEN) {
        return QW_ERR_FORMAT;
    }
    *open = read;
    return QW_OK;
}

void qw_cascade_finish_encode(uint64_t leaked_bits, uint8_t message[static QW_CASCADE_FINISH_LEN])
{
    message[0] = QW_CASCADE_FINISH;
    qw_store_u64be(message + 1, leaked_bits);
}

qw_err qw_cascade_finish_decode(const uint8_t *message, size_t len, uint64_t *leaked_bits)
{
    if (len != QW_CASCADE_FINISH_LEN || message[0] != QW_CASCADE_FINISH) {
        return QW_ERR_FORMAT;
    }
    *leaked_bits = qw_load_u64be(message + 1);
    return QW_OK;
}

struct qw_cascade_ask_writer qw_cascade_ask_begin(uint8_t *message, size_t cap, uint32_t number)
{
    struct qw_cascade_ask_writer writer = { .message = message,
                                            .cap = cap,
                                            .len = QW_CASCADE_ASK_HEAD_LEN };

    qw_assert(cap >= QW_CASCADE_ASK_HEAD_LEN);
    message[0] = QW_CASCADE_ASK;
    qw_store_u32be(message + 1, number);
    message[5] = 0;
    return writer;
}

void qw_cascade_ask_open_passes(struct qw_cascade_ask_writer *writer, uint8_t count)
{
    writer->message[5] = count;
}

bool qw_cascade_ask_section(struct qw_cascade_ask_writer *writer, uint8_t pass)
{
    if (writer->cap - writer->len < QW_CASCADE_SECTION_HEAD_LEN + QW_CASCADE_QUESTION_LEN_MAX) {
        return false;
    }
    writer->message[writer->len] = pass;
    writer->section_at = writer->len + 1;
    writer->len += QW_CASCADE_SECTION_HEAD_LEN;
    writer->section_count = 0;
    writer->position_before = 0;
    return true;
}

bool qw_cascade_ask_question(struct qw_cascade_ask_writer *writer, uint32_t position)
{
    uint32_t difference = position - writer->position_before;
    uint32_t value = difference << 1 ^ (0u - (difference >> 31)); /* small for both signs */

    if (writer->cap - writer->len < QW_CASCADE_QUESTION_LEN_MAX) {
        return false;
    }
    while (value >= 0x80) {
        writer->message[writer->len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    writer->message[writer->len++] = (uint8_t)value;
    writer->position_before = position;
    writer->section_count++;
    return true;
}

void qw_cascade_ask_end_section(struct qw_cascade_ask_writer *writer)
{
    qw_store_u32be(writer->message + writer->section_at, writer->section_count);
    if (writer->section_count == 0) {
        writer->len = writer->section_at - 1;
    }
}

struct qw_cascade_ask_reader qw_cascade_ask_read(const uint8_t *message, size_t len)
{
    struct qw_cascade_ask_reader reader = { .message = message, .len = len, .pass = -1 };

    if (len < QW_CASCADE_ASK_HEAD_LEN || message[0] != QW_CASCADE_ASK) {
        reader.failed = true;
        return reader;
    }
    reader.number = qw_load_u32be(message + 1);
    reader.opened_passes = message[5];
    reader.at = QW_CASCADE_ASK_HEAD_LEN;
    return reader;
}

bool qw_cascade_ask_next_section(struct qw_cascade_ask_reader *reader)
{
    if (reader->failed || reader->at == reader->len) {
        return false;
    }
    if (reader->len - reader->at <= QW_CASCADE_SECTION_HEAD_LEN ||
        reader->message[reader->at] <= reader->pass) {
        reader->failed = true;
        return false;
    }
    reader->pass = reader->message[reader->at];
    reader->left = qw_load_u32be(reader->message + reader->at + 1);
    reader->at += QW_CASCADE_SECTION_HEAD_LEN;
    reader->position_before = 0;
    reader->failed = reader->left == 0 || reader->left > reader->len - reader->at;
    return !reader->failed;
}

uint32_t qw_cascade_ask_next_question(struct qw_cascade_ask_reader *reader)
{
    uint32_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        if (reader->at == reader->len || shift == 7 * QW_CASCADE_QUESTION_LEN_MAX) {
            reader->failed = true;
            return 0;
        }
        byte = reader->message[reader->at++];
        value |= (uint32_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (byte == 0 && shift > 7) { /* longer than need be: two forms of one number */
        reader->failed = true;
        return 0;
    }
    reader->position_before += value >> 1 ^ (0u - (value & 1));
    reader->left--;
    return reader->position_before;
}

bool qw_cascade_ask_done(const struct qw_cascade_ask_reader *reader)
{
    return !reader->failed && reader->left == 0 && reader->at == reader->len;
}

void qw_cascade_reply_head(uint32_t number, uint8_t message[static QW_CASCADE_REPLY_HEAD_LEN])
{
    message[0] = QW_CASCADE_REPLY;
    qw_store_u32be(message + 1, number);
}

const uint8_t *qw_cascade_reply_bits(const uint8_t *message, size_t len, uint32_t number,
                                     size_t bit_count)
{
    if (len != QW_CASCADE_REPLY_HEAD_LEN + QW_BITS_TO_BYTES(bit_count) ||
        message[0] != QW_CASCADE_REPLY || qw_load_u32be(message + 1) != number ||
        !qw_bits_tail_clear(message + QW_CASCADE_REPLY_HEAD_LEN, bit_count)) {
        return NULL;
    }
    return message + QW_CASCADE_REPLY_HEAD_LEN;
}
