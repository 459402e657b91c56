/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/syndrome/message.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "distill/syndrome.h"

/* Bits 0, 9, 18, ... 63: brings eight bits of a byte to eight bytes and back, without a carry. */
static const uint64_t spread = 0x8040201008040201u;

void qw_syndrome_pack(const uint8_t *bit, size_t count, uint8_t *packed)
{
    size_t whole = count / 8;

    for (size_t i = 0; i < whole; i++) {
        uint64_t bytes = 0;

        for (unsigned k = 0; k < 8; k++) {
            bytes |= (uint64_t)bit[8 * i + k] << (8 * k);
        }
        packed[i] = (uint8_t)(bytes * spread >> 56);
    }
    if (count % 8 != 0) {
        packed[whole] = 0;
        for (size_t i = 8 * whole; i < count; i++) {
            packed[whole] = (uint8_t)(packed[whole] | bit[i] << (7 - i % 8));
        }
    }
}

void qw_syndrome_unpack(const uint8_t *packed, size_t count, uint8_t *bit)
{
    size_t whole = count / 8;

    for (size_t i = 0; i < whole; i++) {
        uint64_t bytes = packed[i] * spread >> 7 & 0x0101010101010101u;

        for (unsigned k = 0; k < 8; k++) {
            bit[8 * i + k] = (uint8_t)(bytes >> (8 * k));
        }
    }
    for (size_t i = 8 * whole; i < count; i++) {
        bit[i] = packed[whole] >> (7 - i % 8) & 1;
    }
}

size_t qw_syndrome_encode(const struct qw_syndrome_sizes *sizes, const uint8_t *check,
                          uint8_t *message)
{
    message[0] = QW_SYNDROME_SYNDROME;
    qw_store_u32be(message + 1, sizes->bits);
    qw_store_u32be(message + 5, sizes->checks);
    qw_syndrome_pack(check, sizes->checks, message + QW_SYNDROME_HEAD_LEN);
    return QW_SYNDROME_HEAD_LEN + QW_BITS_TO_BYTES((size_t)sizes->checks);
}

qw_err qw_syndrome_decode(const uint8_t *message, size_t len,
                          const struct qw_syndrome_sizes *expected, uint8_t *check)
{
    struct qw_reader r = qw_reader_on(message, len);
    uint8_t kind = qw_read_u8(&r);
    uint32_t bits = qw_read_u32be(&r);
    uint32_t checks = qw_read_u32be(&r);
    bool is_expected = bits == expected->bits && checks == expected->checks;
    const uint8_t *packed;

    if (r.failed || kind != QW_SYNDROME_SYNDROME) {
        return QW_ERR_FORMAT;
    }
    if (!is_expected) {
        return QW_ERR_CONFLICT;
    }
    packed = qw_read_view(&r, QW_BITS_TO_BYTES((size_t)checks));
    if (!qw_reader_done(&r) || !qw_bits_tail_clear(packed, checks)) {
        return QW_ERR_FORMAT;
    }
    qw_syndrome_unpack(packed, checks, check);
    return QW_OK;
}

/* Seven bits a byte, lowest first. */
static size_t put_number(uint32_t value, uint8_t *out)
{
    size_t len = 0;

    while (value >= 0x80) {
        out[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

/* False for more than three bytes and for a form that is not the shortest. */
static bool get_number(struct qw_reader *r, uint32_t *value)
{
    uint8_t byte = 0x80;

    *value = 0;
    for (unsigned i = 0; i < QW_SYNDROME_POSITION_LEN_MAX && byte >= 0x80; i++) {
        byte = qw_read_u8(r);
        *value |= (uint32_t)(byte & 0x7f) << (7 * i);
        if (byte == 0 && i > 0) {
            return false;
        }
    }
    return !r->failed && byte < 0x80;
}

size_t qw_syndrome_ask_encode(uint8_t round, const uint32_t *position, size_t count,
                              uint8_t *message)
{
    size_t len = QW_SYNDROME_ASK_HEAD_LEN;
    uint32_t next = 0; /* the least position that may follow */

    message[0] = QW_SYNDROME_ASK;
    message[1] = round;
    qw_store_u32be(message + 2, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        len += put_number(position[i] - next, message + len);
        next = position[i] + 1;
    }
    return len;
}

qw_err qw_syndrome_ask_decode(const uint8_t *message, size_t len, uint8_t round, size_t bits,
                              uint32_t *position, size_t *count)
{
    struct qw_reader r = qw_reader_on(message, len);
    bool ok = qw_read_u8(&r) == QW_SYNDROME_ASK;
    uint32_t number;
    uint32_t next = 0;

    ok = qw_read_u8(&r) == round && ok;
    number = qw_read_u32be(&r);
    ok = ok && number >= 1 && number <= bits;
    for (uint32_t i = 0; ok && i < number; i++) {
        uint32_t gap;

        ok = get_number(&r, &gap) && gap < bits - next;
        if (ok) {
            position[i] = next + gap;
            next = position[i] + 1;
            ok = next < bits || i + 1 == number;
        }
    }
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *count = number;
    return QW_OK;
}

size_t qw_syndrome_bits_encode(uint8_t round, const uint8_t *bit, size_t count, uint8_t *message)
{
    message[0] = QW_SYNDROME_BITS;
    message[1] = round;
    qw_syndrome_pack(bit, count, message + QW_SYNDROME_BITS_HEAD_LEN);
    return QW_SYNDROME_BITS_HEAD_LEN + QW_BITS_TO_BYTES(count);
}

qw_err qw_syndrome_bits_decode(const uint8_t *message, size_t len, uint8_t round, size_t count,
                               uint8_t *bit)
{
    if (len != QW_SYNDROME_BITS_HEAD_LEN + QW_BITS_TO_BYTES(count) ||
        message[0] != QW_SYNDROME_BITS || message[1] != round ||
        !qw_bits_tail_clear(message + QW_SYNDROME_BITS_HEAD_LEN, count)) {
        return QW_ERR_FORMAT;
    }
    qw_syndrome_unpack(message + QW_SYNDROME_BITS_HEAD_LEN, count, bit);
    return QW_OK;
}

void qw_syndrome_finish_encode(bool found, uint64_t leaked_bits,
                               uint8_t message[static QW_SYNDROME_FINISH_LEN])
{
    message[0] = QW_SYNDROME_FINISH;
    message[1] = found;
    qw_store_u64be(message + 2, leaked_bits);
}

qw_err qw_syndrome_finish_decode(const uint8_t *message, size_t len, bool *found,
                                 uint64_t *leaked_bits)
{
    if (len != QW_SYNDROME_FINISH_LEN || message[0] != QW_SYNDROME_FINISH || message[1] > 1) {
        return QW_ERR_FORMAT;
    }
    *found = message[1] == 1;
    *leaked_bits = qw_load_u64be(message + 2);
    return QW_OK;
}
