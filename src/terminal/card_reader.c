/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/card_reader.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "terminal/card_apdu.h"
#include "terminal/card_reader_ask.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_LEN = 240, CHUNKS_MAX = 0x10000, VERSION = 1 };
enum state { EMPTY, ALIVE, DESTROYED };

struct hot { /* secret memory */
    uint8_t pin[QW_APDU_PIN_MAX];
    uint8_t command[QW_APDU_COMMAND_MAX];
    uint8_t answer[QW_APDU_ANSWER_MAX];
};

struct qw_card_reader {
    struct qw_apdu_wire wire;
    struct hot *hot;
    size_t pin_len, reply_len; /* the reply stands in hot->answer */
    bool is_connected;
    bool is_shut;   /* the PIN was wrong */
    bool is_unsure; /* its answer was lost */
    bool is_known;  /* serial and info are those of the card that was there before */
    enum state state;
    struct qw_card_info info;
};

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

static void drop(struct qw_card_reader *reader)
{
    if (reader->is_connected) {
        reader->wire.disconnect(reader->wire.self);
        reader->is_connected = false;
    }
}

void qw_card_reader_free(struct qw_card_reader *reader)
{
    if (reader != NULL) {
        drop(reader);
        reader->wire.close(reader->wire.self);
        qw_secret_free(reader->hot);
        free(reader);
    }
}

/* One command on a connection that stands. Whatever we do not understand ends it. */
static qw_err say(struct qw_card_reader *reader, const struct qw_apdu *apdu)
{
    struct hot *hot = reader->hot;
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
        drop(reader);
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
    if (said.state == ALIVE && is_verified) {
        qw_read_string8(&r, info->owner, sizeof info->owner);
        info->epoch = qw_read_u32be(&r);
        info->remaining_keys = qw_read_u32be(&r);
        info->used_keys = qw_read_u64be(&r);
        info->next_index = qw_read_u64be(&r);
        info->pool_up_left = qw_read_u64be(&r);
        info->pool_down_left = qw_read_u64be(&r);
    }
    if (!qw_reader_done(&r) || said.state > DESTROYED) {
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
    reader->state = (enum state)said.state;
    if (said.state == ALIVE) {
        reader->info = said.info;
        reader->is_known = true;
    }
    return QW_OK;
}

/* A connection that stands, to a card that has our PIN. */
static qw_err meet(struct qw_card_reader *reader)
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
        drop(reader);
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
    qw_err err = meet(reader);

    if (err == QW_OK) {
        err = say(reader, apdu);
    }
    if (err == QW_ERR_CLOSED && !needs_loaded(apdu)) {
        err = meet(reader);
        err = err == QW_OK ? say(reader, apdu) : err;
    }
    err = err == QW_ERR_CLOSED ? QW_ERR_IO : err;
    if (err == QW_OK && reader->reply_len != reply_len) {
        drop(reader);
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
        drop(reader);
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

qw_err qw_card_reader_open(struct qw_card_reader *reader)
{
    qw_err err = meet(reader);

    if (err != QW_OK || reader->state == ALIVE) {
        return err;
    }
    return reader->state == EMPTY ? QW_ERR_NOT_FOUND : QW_ERR_STATE;
}

qw_err qw_card_reader_exists(struct qw_card_reader *reader, bool *does)
{
    qw_err err = meet(reader);

    if (err == QW_OK) {
        *does = reader->state != EMPTY;
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
