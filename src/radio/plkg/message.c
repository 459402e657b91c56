/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/message.h"

#include "base/bytes.h"

void qw_plkg_header_encode(const struct qw_plkg_header *header,
                           uint8_t out[static QW_PLKG_HEADER_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_HEADER_LEN);

    qw_write_u8(&w, (uint8_t)header->type);
    qw_write_bytes(&w, header->session_id, sizeof header->session_id);
    qw_write_u32be(&w, header->counter);
    qw_write_u32be(&w, header->len);
    qw_assert(!w.failed);
}

qw_err qw_plkg_header_decode(const uint8_t *message, size_t len, struct qw_plkg_header *header)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_plkg_header m;
    uint8_t type = qw_read_u8(&r);

    qw_read_bytes(&r, m.session_id, sizeof m.session_id);
    m.counter = qw_read_u32be(&r);
    m.len = qw_read_u32be(&r);
    if (r.failed || type < QW_PLKG_OPEN || type > QW_PLKG_ORDER || m.len > QW_PLKG_BODY_MAX ||
        qw_reader_left(&r) != m.len) {
        return QW_ERR_FORMAT;
    }
    m.type = (enum qw_plkg_type)type;
    *header = m;
    return QW_OK;
}

qw_err qw_plkg_refuse_decode(const uint8_t *body, size_t len, enum qw_plkg_refusal *refusal)
{
    struct qw_reader r = qw_reader_on(body, len);
    uint8_t value = qw_read_u8(&r);

    if (!qw_reader_done(&r) || value == QW_PLKG_NONE || value > QW_PLKG_CARRIER) {
        return QW_ERR_FORMAT;
    }
    *refusal = (enum qw_plkg_refusal)value;
    return QW_OK;
}
