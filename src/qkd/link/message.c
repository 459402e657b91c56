/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link/message.h"

#include "base/bits.h"
#include "base/bytes.h"

#include <string.h>

void qw_qkd_open_encode(enum qw_qkd_type type, const struct qw_qkd_open *open,
                        uint8_t out[static QW_QKD_OPEN_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_QKD_OPEN_LEN);

    qw_write_u8(&w, (uint8_t)type);
    qw_write_u8(&w, QW_QKD_VERSION);
    qw_write_bytes(&w, open->nonce, sizeof open->nonce);
    qw_qkd_terms_write(&w, &open->terms);
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        qw_write_u64be(&w, open->position[i]);
        qw_write_u64be(&w, open->end[i]);
    }
    qw_write_u32be(&w, open->capacity);
    qw_assert(!w.failed && w.len == QW_QKD_OPEN_LEN);
}

qw_err qw_qkd_open_decode(enum qw_qkd_type type, const uint8_t *message, size_t len,
                          struct qw_qkd_open *open)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_qkd_open m;
    bool ok = qw_read_u8(&r) == type;

    ok = qw_read_u8(&r) == QW_QKD_VERSION && ok;
    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    ok = qw_qkd_terms_read(&r, &m.terms) && ok;
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        m.position[i] = qw_read_u64be(&r);
        m.end[i] = qw_read_u64be(&r);
        ok = ok && m.position[i] <= m.end[i];
    }
    m.capacity = qw_read_u32be(&r);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *open = m;
    return QW_OK;
}

void qw_qkd_bits_header(enum qw_qkd_type type, uint32_t block, uint32_t number,
                        uint8_t out[static QW_QKD_BITS_HEADER_LEN])
{
    out[0] = (uint8_t)type;
    qw_store_u32be(out + 1, block);
    qw_store_u32be(out + 5, number);
}

qw_err qw_qkd_bits_decode(enum qw_qkd_type type, const uint8_t *message, size_t len, size_t count,
                          struct qw_qkd_bits *bits)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_qkd_bits m = { 0 };
    bool is_amplify = type == QW_QKD_TYPE_AMPLIFY;
    bool ok = qw_read_u8(&r) == type;
    size_t follow;

    m.block = qw_read_u32be(&r);
    m.number = qw_read_u32be(&r);
    ok = ok && (is_amplify ? m.number >= 1 && m.number <= count : m.number <= count);
    follow = is_amplify ? count : m.number;
    if (!ok) {
        return QW_ERR_FORMAT;
    }
    m.bits = qw_read_view(&r, QW_BITS_TO_BYTES(follow));
    m.tag = is_amplify ? qw_read_view(&r, QW_ONE_TIME_MAC_LEN) : NULL;
    if (!qw_reader_done(&r) || (follow > 0 && !qw_bits_tail_clear(m.bits, follow))) {
        return QW_ERR_FORMAT;
    }
    *bits = m;
    return QW_OK;
}

void qw_qkd_verify_encode(const struct qw_qkd_verify *verify, uint8_t out[static QW_QKD_VERIFY_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_QKD_VERIFY_LEN);

    qw_write_u8(&w, QW_QKD_TYPE_VERIFY);
    qw_write_u32be(&w, verify->block);
    qw_write_bytes(&w, verify->key, sizeof verify->key);
    qw_write_bytes(&w, verify->tag, sizeof verify->tag);
    qw_assert(!w.failed && w.len == QW_QKD_VERIFY_LEN);
}

qw_err qw_qkd_verify_decode(const uint8_t *message, size_t len, struct qw_qkd_verify *verify)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_qkd_verify m;
    bool ok = qw_read_u8(&r) == QW_QKD_TYPE_VERIFY;

    m.block = qw_read_u32be(&r);
    qw_read_bytes(&r, m.key, sizeof m.key);
    qw_read_bytes(&r, m.tag, sizeof m.tag);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *verify = m;
    return QW_OK;
}

void qw_qkd_verified_encode(const struct qw_qkd_verified *verified,
                            uint8_t out[static QW_QKD_VERIFIED_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_QKD_VERIFIED_LEN);

    qw_write_u8(&w, QW_QKD_TYPE_VERIFIED);
    qw_write_u32be(&w, verified->block);
    qw_write_u64be(&w, verified->leaked_bits);
    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        qw_write_u32be(&w, verified->errors[k]);
    }
    qw_write_u32be(&w, verified->secret_bits);
    qw_assert(!w.failed && w.len == QW_QKD_VERIFIED_LEN);
}

qw_err qw_qkd_verified_decode(const uint8_t *message, size_t len, struct qw_qkd_verified *verified)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_qkd_verified m;
    bool ok = qw_read_u8(&r) == QW_QKD_TYPE_VERIFIED;

    m.block = qw_read_u32be(&r);
    m.leaked_bits = qw_read_u64be(&r);
    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        m.errors[k] = qw_read_u32be(&r);
        ok = ok && m.errors[k] <= QW_QKD_BLOCK_BITS_MAX;
    }
    m.secret_bits = qw_read_u32be(&r);
    ok = ok && m.secret_bits >= 1 && m.secret_bits <= QW_QKD_BLOCK_BITS_MAX &&
         m.leaked_bits <= QW_QKD_BLOCK_BITS_MAX;
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *verified = m;
    return QW_OK;
}

void qw_qkd_finish_encode(const struct qw_qkd_finish *finish, uint8_t out[static QW_QKD_FINISH_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_QKD_FINISH_LEN);

    qw_write_u8(&w, QW_QKD_TYPE_FINISH);
    qw_write_u32be(&w, finish->block);
    qw_write_u32be(&w, finish->secret_bits);
    qw_write_bytes(&w, finish->tag, sizeof finish->tag);
    qw_assert(!w.failed && w.len == QW_QKD_FINISH_LEN);
}

qw_err qw_qkd_finish_decode(const uint8_t *message, size_t len, struct qw_qkd_finish *finish)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_qkd_finish m;
    bool ok = qw_read_u8(&r) == QW_QKD_TYPE_FINISH;

    m.block = qw_read_u32be(&r);
    m.secret_bits = qw_read_u32be(&r);
    qw_read_bytes(&r, m.tag, sizeof m.tag);
    if (!ok || !qw_reader_done(&r) || m.secret_bits < 1 || m.secret_bits > QW_QKD_BLOCK_BITS_MAX) {
        return QW_ERR_FORMAT;
    }
    *finish = m;
    return QW_OK;
}

void qw_qkd_block_encode(enum qw_qkd_type type, uint32_t block,
                         uint8_t out[static QW_QKD_BLOCK_LEN])
{
    out[0] = (uint8_t)type;
    qw_store_u32be(out + 1, block);
}

qw_err qw_qkd_block_decode(enum qw_qkd_type type, const uint8_t *message, size_t len,
                           uint32_t *block)
{
    if (len != QW_QKD_BLOCK_LEN || message[0] != type) {
        return QW_ERR_FORMAT;
    }
    *block = qw_load_u32be(message + 1);
    return QW_OK;
}

void qw_qkd_refuse_encode(enum qw_qkd_refusal refusal, uint8_t out[static QW_QKD_REFUSE_LEN])
{
    out[0] = QW_QKD_TYPE_REFUSE;
    out[1] = (uint8_t)refusal;
}

qw_err qw_qkd_refuse_decode(const uint8_t *message, size_t len, enum qw_qkd_refusal *refusal)
{
    if (len != QW_QKD_REFUSE_LEN || message[0] != QW_QKD_TYPE_REFUSE || message[1] == QW_QKD_NONE ||
        message[1] >= QW_QKD_REFUSALS) {
        return QW_ERR_FORMAT;
    }
    *refusal = (enum qw_qkd_refusal)message[1];
    return QW_OK;
}
