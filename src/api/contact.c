/* SPDX-License-Identifier: Apache-2.0 */
/* R1 and R9 of docs/protocol/refill.md; bytes in docs/protocol/charging.md. */
#include "api/contact.h"

#include "api/mac_message.h"
#include "base/bytes.h"
#include "base/secret.h"

#include <string.h>

enum {
    REPORT_MAGIC = 0x51574301,  /* "QWC", version 1 */
    RECEIPT_MAGIC = 0x51575201, /* "QWR", version 1 */
    REPORT_BODY_LEN = QW_CONTACT_REPORT_LEN - QW_MAC_MESSAGE_TAG_LEN,
    RECEIPT_BODY_LEN = QW_RECEIPT_LEN - QW_MAC_MESSAGE_TAG_LEN
};

qw_err qw_contact_report_seal(const struct qw_contact_report *report,
                              const uint8_t report_key[static 32],
                              uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    uint8_t body[REPORT_BODY_LEN];
    struct qw_writer w = qw_writer_on(body, sizeof body);
    qw_err err;

    qw_write_u32be(&w, REPORT_MAGIC);
    qw_write_bytes(&w, report->serial, sizeof report->serial);
    qw_write_u8(&w, report->wants_fresh ? 1 : 0);
    qw_write_u32be(&w, report->epoch);
    qw_write_u64be(&w, report->counter);
    qw_write_bytes(&w, report->token, sizeof report->token);
    qw_write_u64be(&w, report->next_index);
    qw_write_u32be(&w, report->remaining_keys);
    qw_write_u32be(&w, report->wanted_keys);
    qw_write_u64be(&w, report->pool_up_position);
    qw_write_u64be(&w, report->pool_down_position);
    qw_write_u64be(&w, report->pool_up_end);
    qw_write_u64be(&w, report->pool_down_end);
    qw_write_bytes(&w, report->nonce, sizeof report->nonce);
    qw_assert(!w.failed && w.len == sizeof body);
    err = qw_mac_message_seal(report_key, body, sizeof body, out);
    qw_wipe(body, sizeof body); /* carries the token */
    return err;
}

qw_err qw_contact_report_peek(const uint8_t *data, size_t len, uint8_t serial[static 16])
{
    if (len != QW_CONTACT_REPORT_LEN || qw_load_u32be(data) != REPORT_MAGIC) {
        return QW_ERR_FORMAT;
    }
    memcpy(serial, data + 4, 16);
    return QW_OK;
}

qw_err qw_contact_report_open(const uint8_t *data, size_t len, const uint8_t report_key[static 32],
                              struct qw_contact_report *report)
{
    struct qw_contact_report m = { 0 };
    struct qw_reader r = qw_reader_on(data, REPORT_BODY_LEN);
    qw_err err = qw_mac_message_check(data, len, QW_CONTACT_REPORT_LEN, REPORT_MAGIC, report_key);
    uint8_t flags;

    if (err != QW_OK) {
        return err;
    }
    (void)qw_read_u32be(&r);
    qw_read_bytes(&r, m.serial, sizeof m.serial);
    flags = qw_read_u8(&r);
    m.wants_fresh = flags == 1;
    m.epoch = qw_read_u32be(&r);
    m.counter = qw_read_u64be(&r);
    qw_read_bytes(&r, m.token, sizeof m.token);
    m.next_index = qw_read_u64be(&r);
    m.remaining_keys = qw_read_u32be(&r);
    m.wanted_keys = qw_read_u32be(&r);
    m.pool_up_position = qw_read_u64be(&r);
    m.pool_down_position = qw_read_u64be(&r);
    m.pool_up_end = qw_read_u64be(&r);
    m.pool_down_end = qw_read_u64be(&r);
    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    if (!qw_reader_done(&r) || flags > 1 || m.pool_up_position > m.pool_up_end ||
        m.pool_down_position > m.pool_down_end) {
        err = QW_ERR_FORMAT;
    } else {
        *report = m;
    }
    qw_wipe(&m, sizeof m);
    return err;
}

qw_err qw_receipt_seal(const struct qw_receipt *receipt, const uint8_t receipt_key[static 32],
                       uint8_t out[static QW_RECEIPT_LEN])
{
    uint8_t body[RECEIPT_BODY_LEN];
    struct qw_writer w = qw_writer_on(body, sizeof body);

    qw_write_u32be(&w, RECEIPT_MAGIC);
    qw_write_bytes(&w, receipt->serial, sizeof receipt->serial);
    qw_write_bytes(&w, receipt->package_id, sizeof receipt->package_id);
    qw_write_u64be(&w, receipt->counter);
    qw_assert(!w.failed && w.len == sizeof body);
    return qw_mac_message_seal(receipt_key, body, sizeof body, out);
}

qw_err qw_receipt_open(const uint8_t *data, size_t len, const uint8_t receipt_key[static 32],
                       struct qw_receipt *receipt)
{
    struct qw_reader r = qw_reader_on(data, RECEIPT_BODY_LEN);
    qw_err err = qw_mac_message_check(data, len, QW_RECEIPT_LEN, RECEIPT_MAGIC, receipt_key);

    if (err != QW_OK) {
        return err;
    }
    (void)qw_read_u32be(&r);
    qw_read_bytes(&r, receipt->serial, sizeof receipt->serial);
    qw_read_bytes(&r, receipt->package_id, sizeof receipt->package_id);
    receipt->counter = qw_read_u64be(&r);
    return QW_OK;
}
