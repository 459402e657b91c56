/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a command: connection, PIN, whose card it is; D1, D5 and D6 of
 * docs/protocol/card-apdu.md. */
#include "terminal/card_reader_ask.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "terminal/card_reader_body.h"

#include <string.h>

enum { CHUNK_LEN = 240, CHUNKS_MAX = 0x10000, VERSION = 1 };

void qw_card_reader_drop(struct qw_card_reader *reader)
{
    if (reader->is_connected) {
        reader->wire.disconnect(reader->wire.self);
        reader->is_connected = false;
    }
}

/* One command on a connection that stands. Whatever we do not understand ends it. */
static qw_err say(struct qw_card_reader *reader, const struct qw_apdu *apdu)
{
    struct qw_card_reader_hot *hot = reader->hot;
    size_t len = qw_apdu_encode(apdu, hot->command), answer_len = 0;
    qw_err err =
        reader->wire.transmit(reader->wire.self, hot->command, len, hot->answer, &answer_len);

    reader->reply_len = 0;
    if (err == QW_OK && answer_len < 2) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        err =
            qw_apdu_err((uint16_t)(hot->answer[answer_len - 2] << 8 | hot->answer[answer_len - 1]));
    }
    if (err == QW_OK) {
        reader->reply_len = answer_len - 2;
    } else if (err == QW_ERR_IO || err == QW_ERR_CLOSED) {
        qw_card_reader_drop(reader);
    }
    qw_wipe(hot->command, sizeof hot->command);
    return err;
}

/* What is said without a PIN, and after it when there is a card. */
struct said {
    uint8_t state, tries;
    struct qw_card_info info;
};

static qw_err ask_info(struct qw_card_reader *reader, bool is_verified, struct said *out)
{
    const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_INFO };
    struct said said = { .info = { .owner = "" } };
    struct qw_card_info *info = &said.info;
    struct qw_reader r;
    qw_err err = say(reader, &apdu);

    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(reader->hot->answer, reader->reply_len);
    if (qw_read_u8(&r) != VERSION) {
        return QW_ERR_UNAVAILABLE;
    }
    said.state = qw_read_u8(&r);
    said.tries = qw_read_u8(&r);
    qw_read_bytes(&r, info->serial, sizeof info->serial);
    if (said.state == QW_CARD_READER_ALIVE && is_verified) {
        qw_read_string8(&r, info->owner, sizeof info->owner);
        info->epoch = qw_read_u32be(&r);
        info->remaining_keys = qw_read_u32be(&r);
        info->used_keys = qw_read_u64be(&r);
        info->next_index = qw_read_u64be(&r);
        info->pool_up_left = qw_read_u64be(&r);
        info->pool_down_left = qw_read_u64be(&r);
    }
    if (!qw_reader_done(&r) || said.state > QW_CARD_READER_DESTROYED) {
        return QW_ERR_FORMAT;
    }
    *out = said;
    return QW_OK;
}

/* D1: a PIN whose answer was lost may have been wrong. The last try is not ours to spend then. */
static qw_err may_verify(struct qw_card_reader *reader)
{
    struct said said;
    qw_err err;

    if (reader->is_shut || !reader->is_unsure) {
        return reader->is_shut ? QW_ERR_AUTH : QW_OK;
    }
    err = ask_info(reader, false, &said);
    return err == QW_OK && said.tries < 2 ? QW_ERR_AUTH : err;
}

static qw_err verify(struct qw_card_reader *reader)
{
    const struct qw_apdu apdu = { .cla = QW_APDU_ISO,
                                  .ins = QW_APDU_VERIFY,
                                  .p2 = QW_APDU_PIN_NUMBER,
                                  .data = reader->hot->pin,
                                  .len = reader->pin_len };
    qw_err err = may_verify(reader);

    if (err == QW_OK) {
        err = say(reader, &apdu);
        reader->is_unsure = err == QW_ERR_IO;
    }
    reader->is_shut = reader->is_shut || err == QW_ERR_AUTH;
    return err;
}

/* D6: whatever is in the reader now is the card that was there before: a blank one, or the
 * tombstone of another, would be taken for it else. */
static qw_err learn(struct qw_card_reader *reader)
{
    struct said said;
    qw_err err = ask_info(reader, true, &said);

    if (err != QW_OK) {
        return err;
    }
    if (reader->is_known &&
        !qw_equal_ct(said.info.serial, reader->info.serial, sizeof said.info.serial)) {
        return QW_ERR_CONFLICT;
    }
    reader->state = (enum qw_card_reader_state)said.state;
    if (said.state == QW_CARD_READER_ALIVE) {
        reader->info = said.info;
        reader->is_known = true;
    }
    return QW_OK;
}

qw_err qw_card_reader_meet(struct qw_card_reader *reader)
{
    const struct qw_apdu select = { .cla = QW_APDU_ISO,
                                    .ins = QW_APDU_SELECT,
                                    .p1 = QW_APDU_SELECT_BY_NAME,
                                    .data = qw_apdu_aid,
                                    .len = QW_APDU_AID_LEN };
    qw_err err;

    if (reader->is_connected) {
        return QW_OK;
    }
    err = reader->wire.connect(reader->wire.self);
    if (err != QW_OK) {
        return err;
    }
    reader->is_connected = true;
    err = say(reader, &select);
    if (err == QW_OK) {
        err = verify(reader);
    }
    if (err == QW_OK) {
        err = learn(reader);
    }
    if (err != QW_OK) {
        qw_card_reader_drop(reader);
    }
    return err;
}

/* What was loaded, or opened, is gone with a reset. */
static bool needs_loaded(const struct qw_apdu *apdu)
{
    switch (apdu->ins) {
    case QW_APDU_LOAD:
        return apdu->p1 != 0 || apdu->p2 != 0;
    case QW_APDU_BIRTH:
    case QW_APDU_TAKE_PACKAGE:
    case QW_APDU_CHECK_ENROLMENT:
    case QW_APDU_OPEN_OUTER:
    case QW_APDU_OPEN_BIRTH:
    case QW_APDU_GIVE:
        return true;
    default:
        return false;
    }
}

qw_err qw_card_reader_ask(struct qw_card_reader *reader, const struct qw_apdu *apdu, uint8_t *reply,
                          size_t reply_len)
{
    qw_err err = qw_card_reader_meet(reader);

    if (err == QW_OK) {
        err = say(reader, apdu);
    }
    if (err == QW_ERR_CLOSED && !needs_loaded(apdu)) {
        err = qw_card_reader_meet(reader);
        err = err == QW_OK ? say(reader, apdu) : err;
    }
    err = err == QW_ERR_CLOSED ? QW_ERR_IO : err;
    if (err == QW_OK && reader->reply_len != reply_len) {
        qw_card_reader_drop(reader);
        err = QW_ERR_IO;
    }
    if (err == QW_OK && reply_len != 0) {
        memcpy(reply, reader->hot->answer, reply_len);
    }
    qw_wipe(reader->hot->answer, sizeof reader->hot->answer);
    return err;
}

/* What cannot be asked now is asked with the next connection. */
qw_err qw_card_reader_changed(struct qw_card_reader *reader, qw_err err)
{
    if (err == QW_OK && learn(reader) != QW_OK) {
        qw_card_reader_drop(reader);
    }
    return err;
}

qw_err qw_card_reader_load(struct qw_card_reader *reader, const uint8_t *data, size_t len)
{
    qw_err err = QW_OK;

    for (size_t chunk = 0; err == QW_OK && chunk * CHUNK_LEN < len; chunk++) {
        size_t left = len - chunk * CHUNK_LEN;
        const struct qw_apdu apdu = { .cla = QW_APDU_OURS,
                                      .ins = QW_APDU_LOAD,
                                      .p1 = (uint8_t)(chunk >> 8),
                                      .p2 = (uint8_t)chunk,
                                      .data = data + chunk * CHUNK_LEN,
                                      .len = left < CHUNK_LEN ? left : CHUNK_LEN };

        err = chunk < CHUNKS_MAX ? qw_card_reader_ask(reader, &apdu, NULL, 0) : QW_ERR_SPACE;
    }
    return err;
}
