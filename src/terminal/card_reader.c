/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/card_reader.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "terminal/card_reader_ask.h"
#include "terminal/card_reader_body.h"

#include <stdlib.h>
#include <string.h>

qw_err qw_card_reader_new(struct qw_apdu_wire *wire, const uint8_t *pin, size_t pin_len,
                          struct qw_card_reader **out)
{
    struct qw_card_reader *reader = calloc(1, sizeof *reader);
    qw_err err = QW_ERR_NOMEM;

    if (reader == NULL) {
        wire->close(wire->self);
        return err;
    }
    reader->wire = *wire;
    reader->hot = qw_secret_new(sizeof *reader->hot);
    if (reader->hot != NULL) {
        err = pin_len >= QW_APDU_PIN_MIN && pin_len <= QW_APDU_PIN_MAX ? QW_OK : QW_ERR_ARG;
    }
    if (err != QW_OK) {
        qw_card_reader_free(reader);
        return err;
    }
    memcpy(reader->hot->pin, pin, pin_len);
    reader->pin_len = pin_len;
    *out = reader;
    return QW_OK;
}

void qw_card_reader_free(struct qw_card_reader *reader)
{
    if (reader != NULL) {
        qw_card_reader_drop(reader);
        reader->wire.close(reader->wire.self);
        qw_secret_free(reader->hot);
        free(reader);
    }
}

qw_err qw_card_reader_open(struct qw_card_reader *reader)
{
    qw_err err = qw_card_reader_meet(reader);

    if (err != QW_OK || reader->state == QW_CARD_READER_ALIVE) {
        return err;
    }
    return reader->state == QW_CARD_READER_EMPTY ? QW_ERR_NOT_FOUND : QW_ERR_STATE;
}

qw_err qw_card_reader_exists(struct qw_card_reader *reader, bool *does)
{
    qw_err err = qw_card_reader_meet(reader);

    if (err == QW_OK) {
        *does = reader->state != QW_CARD_READER_EMPTY;
    }
    return err;
}

qw_err qw_card_reader_create(struct qw_card_reader *reader, const struct qw_package *birth)
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_BIRTH };
    size_t cap = 32 + qw_package_sealed_len(birth->kind, birth->owner, birth->key_count,
                                            birth->pool_up_len, birth->pool_down_len);
    uint8_t *load_bytes = qw_secret_new(cap);
    size_t len = 0;
    qw_err err = load_bytes == NULL ? QW_ERR_NOMEM : qw_random_bytes(load_bytes, 32);

    if (err == QW_OK) {
        err = qw_package_seal(birth, load_bytes, load_bytes + 32, cap - 32, &len);
    }
    if (err == QW_OK) {
        err = qw_card_reader_load(reader, load_bytes, 32 + len);
    }
    if (err == QW_OK) {
        err = qw_card_reader_changed(reader, qw_card_reader_ask(reader, &apdu, NULL, 0));
    }
    qw_secret_free(load_bytes);
    return err;
}

qw_err qw_card_reader_tombstone(struct qw_card_reader *reader, struct qw_tombstone *tombstone)
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_TOMBSTONE };
    uint8_t bytes[QW_TOMBSTONE_LEN];
    qw_err err = qw_card_reader_ask(reader, &apdu, bytes, sizeof bytes);

    return err == QW_OK ? qw_tombstone_decode(bytes, sizeof bytes, tombstone) : err;
}

qw_err qw_card_reader_book(struct qw_card_reader *reader, struct qw_tombstone *tombstone,
                           const uint8_t *done, size_t len)
{
    const struct qw_apdu apdu = {
        .cla = QW_APDU_OURS, .ins = QW_APDU_BOOK, .data = done, .len = len
    };
    qw_err err =
        len <= QW_APDU_DATA_MAX ? qw_card_reader_ask(reader, &apdu, NULL, 0) : QW_ERR_FORMAT;

    if (err == QW_OK) {
        tombstone->is_booked = true;
    }
    return err;
}

void qw_card_reader_info(const struct qw_card_reader *reader, struct qw_card_info *info)
{
    *info = reader->info;
}

qw_err qw_card_reader_take_key(struct qw_card_reader *reader, uint8_t key_id[static 16],
                               uint8_t key[static 32])
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_TAKE_KEY };
    uint8_t reply[16 + 32];
    qw_err err = qw_card_reader_ask(reader, &apdu, reply, sizeof reply);

    if (err == QW_OK) {
        memcpy(key_id, reply, 16);
        memcpy(key, reply + 16, 32);
    }
    qw_wipe(reply, sizeof reply);
    return qw_card_reader_changed(reader, err);
}

qw_err qw_card_reader_report(struct qw_card_reader *reader, bool wants_fresh, uint32_t wanted_keys,
                             uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    uint8_t wanted[4];
    const struct qw_apdu apdu = { .cla = QW_APDU_OURS,
                                  .ins = QW_APDU_REPORT,
                                  .p1 = wants_fresh ? 1 : 0,
                                  .data = wanted,
                                  .len = sizeof wanted };

    qw_store_u32be(wanted, wanted_keys);
    return qw_card_reader_ask(reader, &apdu, out, QW_CONTACT_REPORT_LEN);
}

qw_err qw_card_reader_take_auth(struct qw_card_reader *reader, uint64_t up_position,
                                uint64_t down_position, uint8_t up[static 64],
                                uint8_t down[static 64])
{
    uint8_t positions[16], reply[2 * 64];
    const struct qw_apdu apdu = {
        .cla = QW_APDU_OURS, .ins = QW_APDU_TAKE_AUTH, .data = positions, .len = sizeof positions
    };
    qw_err err;

    qw_store_u64be(positions, up_position);
    qw_store_u64be(positions + 8, down_position);
    err = qw_card_reader_ask(reader, &apdu, reply, sizeof reply);
    if (err == QW_OK) {
        memcpy(up, reply, 64);
        memcpy(down, reply + 64, 64);
    }
    qw_wipe(reply, sizeof reply);
    return qw_card_reader_changed(reader, err);
}

qw_err qw_card_reader_take_package(struct qw_card_reader *reader, const uint8_t *sealed, size_t len,
                                   uint8_t receipt[static QW_RECEIPT_LEN], uint8_t fresh_id[16],
                                   uint8_t fresh_key[32])
{
    bool wants_fresh = fresh_id != NULL && fresh_key != NULL;
    const struct qw_apdu apdu = { .cla = QW_APDU_OURS,
                                  .ins = QW_APDU_TAKE_PACKAGE,
                                  .p1 = wants_fresh ? 1 : 0 };
    uint8_t reply[QW_RECEIPT_LEN + 16 + 32];
    qw_err err = qw_card_reader_load(reader, sealed, len);

    if (err == QW_OK) {
        err = qw_card_reader_ask(reader, &apdu, reply, wants_fresh ? sizeof reply : QW_RECEIPT_LEN);
    }
    if (err == QW_OK) {
        memcpy(receipt, reply, QW_RECEIPT_LEN);
    }
    if (err == QW_OK && wants_fresh) {
        memcpy(fresh_id, reply + QW_RECEIPT_LEN, 16);
        memcpy(fresh_key, reply + QW_RECEIPT_LEN + 16, 32);
    }
    qw_wipe(reply, sizeof reply);
    return qw_card_reader_changed(reader, err);
}

qw_err qw_card_reader_receipt(struct qw_card_reader *reader, uint8_t receipt[static QW_RECEIPT_LEN])
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_RECEIPT };

    return qw_card_reader_ask(reader, &apdu, receipt, QW_RECEIPT_LEN);
}

qw_err qw_card_reader_destroy(struct qw_card_reader *reader, const uint8_t *order, size_t len)
{
    const struct qw_apdu apdu = {
        .cla = QW_APDU_OURS, .ins = QW_APDU_DESTROY, .data = order, .len = len
    };

    return qw_card_reader_changed(reader, len <= QW_APDU_DATA_MAX
                                              ? qw_card_reader_ask(reader, &apdu, NULL, 0)
                                              : QW_ERR_FORMAT);
}
