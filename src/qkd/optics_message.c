/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/optics_message.h"

#include "base/bytes.h"

enum { HELLO = 1, PULSES = 2, ASK = 3, CLICKS = 4, FLAG_Z = 1, FLAG_BIT = 2, MILLION = 1000000 };

void qw_optics_hello_encode(uint8_t role, uint8_t out[static QW_OPTICS_HELLO_LEN])
{
    out[0] = HELLO;
    out[1] = role;
}

qw_err qw_optics_hello_decode(const uint8_t *message, size_t len, uint8_t *role)
{
    if (len != QW_OPTICS_HELLO_LEN || message[0] != HELLO || message[1] < 1 || message[1] > 2) {
        return QW_ERR_FORMAT;
    }
    *role = message[1];
    return QW_OK;
}

void qw_optics_pulses_encode(const struct qw_optics_pulses *pulses,
                             uint8_t out[static QW_OPTICS_PULSES_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_OPTICS_PULSES_LEN);

    qw_write_u8(&w, PULSES);
    qw_write_u64be(&w, pulses->seed);
    qw_write_u32be(&w, pulses->key_basis_millionths);
    qw_write_u8(&w, pulses->intensities);
    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        qw_write_u32be(&w, pulses->share_millionths[k]);
    }
    qw_assert(!w.failed && w.len == QW_OPTICS_PULSES_LEN);
}

qw_err qw_optics_pulses_decode(const uint8_t *message, size_t len, struct qw_optics_pulses *pulses)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_optics_pulses m;
    bool ok = qw_read_u8(&r) == PULSES;
    uint64_t sum = 0;

    m.seed = qw_read_u64be(&r);
    m.key_basis_millionths = qw_read_u32be(&r);
    m.intensities = qw_read_u8(&r);
    ok = ok && m.key_basis_millionths <= MILLION && m.intensities >= 2 &&
         m.intensities <= QW_DECOY_INTENSITIES_MAX;
    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        m.share_millionths[k] = qw_read_u32be(&r);
        ok = ok && (k < m.intensities || m.share_millionths[k] == 0);
        sum += m.share_millionths[k];
    }
    if (!ok || sum != MILLION || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *pulses = m;
    return QW_OK;
}

struct qw_pulse_record qw_optics_pulses_record(const struct qw_optics_pulses *pulses)
{
    struct qw_decoy_source source = { .count = pulses->intensities };

    for (size_t k = 0; k < pulses->intensities; k++) {
        source.share[k] = pulses->share_millionths[k] / 1e6;
    }
    return qw_pulse_record_of(&source, pulses->key_basis_millionths / 1e6, pulses->seed);
}

void qw_optics_ask_encode(uint32_t count, uint8_t out[static QW_OPTICS_ASK_LEN])
{
    out[0] = ASK;
    qw_store_u32be(out + 1, count);
}

qw_err qw_optics_ask_decode(const uint8_t *message, size_t len, uint32_t *count)
{
    uint32_t wanted;

    if (len != QW_OPTICS_ASK_LEN || message[0] != ASK) {
        return QW_ERR_FORMAT;
    }
    wanted = qw_load_u32be(message + 1);
    if (wanted < 1 || wanted > QW_OPTICS_CLICKS_MAX) {
        return QW_ERR_FORMAT;
    }
    *count = wanted;
    return QW_OK;
}

size_t qw_optics_clicks_encode(const struct qw_qkd_click *clicks, size_t count, uint8_t *out)
{
    uint8_t *at = out + 5;

    qw_assert(count >= 1 && count <= QW_OPTICS_CLICKS_MAX);
    out[0] = CLICKS;
    qw_store_u32be(out + 1, (uint32_t)count);
    for (size_t i = 0; i < count; i++, at += QW_OPTICS_CLICK_LEN) {
        qw_store_u64be(at, clicks[i].pulse);
        at[8] = (uint8_t)((clicks[i].basis == QW_BASIS_Z ? FLAG_Z : 0) |
                          (clicks[i].bit ? FLAG_BIT : 0));
    }
    return (size_t)(at - out);
}

qw_err qw_optics_clicks_decode(const uint8_t *message, size_t len, struct qw_qkd_click *clicks,
                               size_t *count)
{
    const uint8_t *at = message + 5;
    uint32_t n;

    if (len < 5 || message[0] != CLICKS) {
        return QW_ERR_FORMAT;
    }
    n = qw_load_u32be(message + 1);
    if (n < 1 || n > QW_OPTICS_CLICKS_MAX || len != 5 + (size_t)n * QW_OPTICS_CLICK_LEN) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < n; i++, at += QW_OPTICS_CLICK_LEN) {
        clicks[i] = (struct qw_qkd_click){ .pulse = qw_load_u64be(at),
                                           .basis = at[8] & FLAG_Z ? QW_BASIS_Z : QW_BASIS_X,
                                           .bit = at[8] & FLAG_BIT ? 1 : 0 };
        if (at[8] > (FLAG_Z | FLAG_BIT) || (i > 0 && clicks[i].pulse <= clicks[i - 1].pulse)) {
            return QW_ERR_FORMAT;
        }
    }
    *count = n;
    return QW_OK;
}
