/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of docs/protocol/card-apdu.md, as a card carries them out. */
#include "terminal/card_chip.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"
#include "terminal/card_chip_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, TRIES_FILE_LEN = 1 };

static qw_err open_card(struct qw_card_chip *chip)
{
    qw_err err =
        qw_card_open(chip->path, chip->memory->passphrase, chip->passphrase_len, &chip->card);

    chip->state = err == QW_OK          ? QW_CARD_CHIP_ALIVE
                  : err == QW_ERR_STATE ? QW_CARD_CHIP_DESTROYED
                                        : QW_CARD_CHIP_EMPTY;
    return err == QW_ERR_NOT_FOUND || err == QW_ERR_STATE ? QW_OK : err;
}

qw_err qw_card_chip_new(const struct qw_card_chip_config *config, struct qw_card_chip **out)
{
    struct qw_card_chip *chip;
    qw_err err = QW_ERR_NOMEM;

    if (config->pin_len < QW_APDU_PIN_MIN || config->pin_len > QW_APDU_PIN_MAX ||
        config->passphrase_len > sizeof chip->memory->passphrase ||
        strlen(config->path) + sizeof ".tries" > QW_CARD_CHIP_PATH_CAP) {
        return QW_ERR_ARG;
    }
    chip = calloc(1, sizeof *chip);
    if (chip == NULL) {
        return err;
    }
    chip->memory = qw_secret_new(sizeof *chip->memory);
    if (chip->memory != NULL) {
        (void)snprintf(chip->path, sizeof chip->path, "%s", config->path);
        (void)snprintf(chip->tries_path, sizeof chip->tries_path, "%.*s.tries",
                       (int)(QW_CARD_CHIP_PATH_CAP - sizeof ".tries"), config->path);
        memcpy(chip->memory->passphrase, config->passphrase, config->passphrase_len);
        chip->passphrase_len = config->passphrase_len;
        chip->cost = config->cost;
        memcpy(chip->memory->pin, config->pin, config->pin_len);
        chip->pin_len = config->pin_len;
        err = open_card(chip);
    }
    if (err != QW_OK) {
        qw_card_chip_free(chip);
        return err;
    }
    *out = chip;
    return QW_OK;
}

void qw_card_chip_free(struct qw_card_chip *chip)
{
    if (chip != NULL) {
        qw_card_close(chip->card);
        qw_secret_free(chip->memory);
        free(chip);
    }
}

static void forget_loaded(struct qw_card_chip *chip)
{
    qw_wipe(chip->memory->loaded, chip->loaded_len);
    qw_wipe(chip->memory->opened, chip->opened_len);
    chip->loaded_len = 0;
    chip->opened_len = 0;
}

void qw_card_chip_reset(struct qw_card_chip *chip)
{
    chip->is_selected = false;
    chip->is_verified = false;
    chip->next_chunk = 0;
    forget_loaded(chip);
}

/* A file that is not there: never a wrong one. One that is not ours: locked. */
static uint8_t tries_left(const struct qw_card_chip *chip)
{
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(chip->tries_path, TRIES_FILE_LEN, &data, &len);
    uint8_t left = 0;

    if (err == QW_ERR_NOT_FOUND) {
        left = QW_CARD_CHIP_TRIES;
    } else if (err == QW_OK && len == TRIES_FILE_LEN && data[0] <= QW_CARD_CHIP_TRIES) {
        left = data[0];
    }
    qw_secret_free(data);
    return left;
}

/* The try is used up, durably, before it is looked at: who cuts the power has tried. */
static uint16_t verify(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    uint8_t left = tries_left(chip);
    const uint8_t all = QW_CARD_CHIP_TRIES;
    bool is_right;

    chip->is_verified = false;
    if (apdu->p1 != 0 || apdu->p2 != QW_APDU_PIN_NUMBER) {
        return QW_APDU_WRONG_PARAMETER;
    }
    if (left == 0) {
        return QW_APDU_PIN_LOCKED;
    }
    left--;
    if (qw_file_replace(chip->tries_path, &left, TRIES_FILE_LEN) != QW_OK) {
        return qw_apdu_status(QW_ERR_IO);
    }
    is_right =
        apdu->len == chip->pin_len && qw_equal_ct(apdu->data, chip->memory->pin, chip->pin_len);
    if (!is_right) {
        return left == 0 ? QW_APDU_PIN_LOCKED : (uint16_t)(QW_APDU_WRONG_PIN + left);
    }
    if (qw_file_replace(chip->tries_path, &all, TRIES_FILE_LEN) != QW_OK) {
        return qw_apdu_status(QW_ERR_IO);
    }
    chip->is_verified = true;
    return QW_APDU_DONE;
}

static uint16_t select_application(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    chip->is_selected = false;
    chip->is_verified = false;
    if (apdu->p1 != QW_APDU_SELECT_BY_NAME || apdu->len != QW_APDU_AID_LEN ||
        !qw_equal_ct(apdu->data, qw_apdu_aid, QW_APDU_AID_LEN)) {
        return QW_APDU_NO_APPLICATION;
    }
    chip->is_selected = true;
    return QW_APDU_DONE;
}

static qw_err serial_of_tombstone(const struct qw_card_chip *chip, uint8_t serial[static 16])
{
    struct qw_tombstone found;
    qw_err err =
        qw_card_tombstone(chip->path, chip->memory->passphrase, chip->passphrase_len, &found);

    return err == QW_OK ? qw_destroy_proof_peek(found.proof, sizeof found.proof, serial) : err;
}

static qw_err info(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    struct qw_writer w = qw_writer_on(chip->memory->reply, sizeof chip->memory->reply);
    struct qw_card_info info = { .owner = "" };
    qw_err err;

    if (apdu->len != 0) {
        return QW_ERR_FORMAT;
    }
    if (chip->state == QW_CARD_CHIP_ALIVE) {
        qw_card_info(chip->card, &info);
    } else if (chip->state == QW_CARD_CHIP_DESTROYED) {
        err = serial_of_tombstone(chip, info.serial);
        if (err != QW_OK) {
            return err;
        }
    }
    qw_write_u8(&w, VERSION);
    qw_write_u8(&w, (uint8_t)chip->state);
    qw_write_u8(&w, tries_left(chip));
    qw_write_bytes(&w, info.serial, sizeof info.serial);
    if (chip->state == QW_CARD_CHIP_ALIVE && chip->is_verified) {
        qw_write_string8(&w, info.owner);
        qw_write_u32be(&w, info.epoch);
        qw_write_u32be(&w, info.remaining_keys);
        qw_write_u64be(&w, info.used_keys);
        qw_write_u64be(&w, info.next_index);
        qw_write_u64be(&w, info.pool_up_left);
        qw_write_u64be(&w, info.pool_down_left);
    }
    qw_assert(!w.failed);
    chip->reply_len = w.len;
    return QW_OK;
}

/* Chunk after chunk; number 0 begins anew. */
static qw_err load(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    uint16_t chunk = (uint16_t)(apdu->p1 << 8 | apdu->p2);

    if (chunk == 0) {
        forget_loaded(chip);
        chip->next_chunk = 0;
    }
    if (chunk != chip->next_chunk || apdu->len == 0) {
        return QW_ERR_FORMAT;
    }
    if (apdu->len > QW_CARD_CHIP_LOAD_MAX - chip->loaded_len) {
        return QW_ERR_SPACE;
    }
    memcpy(chip->memory->loaded + chip->loaded_len, apdu->data, apdu->len);
    chip->loaded_len += apdu->len;
    chip->next_chunk++;
    return QW_OK;
}

/* Loaded: a key of this one transport, and the BIRTH package under it. */
static qw_err birth(struct qw_card_chip *chip)
{
    struct qw_card_chip_memory *memory = chip->memory;
    struct qw_package package = { 0 };
    qw_err err;

    if (chip->state != QW_CARD_CHIP_EMPTY) {
        return chip->state == QW_CARD_CHIP_ALIVE ? QW_ERR_CONFLICT : QW_ERR_STATE;
    }
    if (chip->loaded_len <= 32) {
        return QW_ERR_FORMAT;
    }
    err = qw_package_open(memory->loaded + 32, chip->loaded_len - 32, memory->loaded, &package);
    if (err != QW_OK) {
        return err;
    }
    err = qw_card_create_at_cost(chip->path, chip->cost, memory->passphrase, chip->passphrase_len,
                                 &package);
    qw_package_wipe(&package);
    return err == QW_OK ? open_card(chip) : err;
}

static qw_err take_key(struct qw_card_chip *chip)
{
    chip->reply_len = 16 + 32;
    return qw_card_take_key(chip->card, chip->memory->reply, chip->memory->reply + 16);
}

static qw_err report(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    if (apdu->p1 > 1 || apdu->len != 4) {
        return QW_ERR_FORMAT;
    }
    chip->reply_len = QW_CONTACT_REPORT_LEN;
    return qw_card_report(chip->card, apdu->p1 == 1, qw_load_u32be(apdu->data),
                          chip->memory->reply);
}

static qw_err take_auth(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    if (apdu->len != 16) {
        return QW_ERR_FORMAT;
    }
    chip->reply_len = 2 * 64;
    return qw_card_take_auth(chip->card, qw_load_u64be(apdu->data), qw_load_u64be(apdu->data + 8),
                             chip->memory->reply, chip->memory->reply + 64);
}

static qw_err take_package(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    uint8_t *reply = chip->memory->reply;
    bool wants_fresh = apdu->p1 == 1;

    if (apdu->p1 > 1 || chip->loaded_len == 0) {
        return QW_ERR_FORMAT;
    }
    chip->reply_len = QW_RECEIPT_LEN + (wants_fresh ? 16 + 32 : 0);
    return qw_card_take_package(chip->card, chip->memory->loaded, chip->loaded_len, reply,
                                wants_fresh ? reply + QW_RECEIPT_LEN : NULL,
                                wants_fresh ? reply + QW_RECEIPT_LEN + 16 : NULL);
}

static qw_err destroy(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    uint8_t probe[QW_RECEIPT_LEN];
    qw_err err = qw_card_destroy(chip->card, apdu->data, apdu->len);

    if (qw_card_receipt(chip->card, probe) == QW_ERR_STATE) { /* gone, whatever came after */
        qw_card_close(chip->card);
        chip->card = NULL;
        err = open_card(chip); /* K4 once more, if need be */
    }
    return err;
}

static qw_err tombstone(struct qw_card_chip *chip)
{
    struct qw_tombstone found;
    qw_err err =
        qw_card_tombstone(chip->path, chip->memory->passphrase, chip->passphrase_len, &found);

    if (err == QW_OK) {
        qw_tombstone_encode(&found, chip->memory->reply);
        chip->reply_len = QW_TOMBSTONE_LEN;
    }
    return err;
}

static qw_err book(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    const struct qw_card_chip_memory *memory = chip->memory;
    struct qw_tombstone found;
    qw_err err = qw_card_tombstone(chip->path, memory->passphrase, chip->passphrase_len, &found);

    return err == QW_OK ? qw_card_book(chip->path, memory->passphrase, chip->passphrase_len, &found,
                                       apdu->data, apdu->len)
                        : err;
}

/* What the PIN is needed for. */
static qw_err work(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    if (apdu->ins == QW_APDU_LOAD) {
        return load(chip, apdu);
    }
    if (apdu->ins == QW_APDU_BIRTH) {
        return birth(chip);
    }
    if (chip->state != QW_CARD_CHIP_ALIVE) {
        return chip->state == QW_CARD_CHIP_EMPTY ? QW_ERR_NOT_FOUND : QW_ERR_STATE;
    }
    if (qw_card_chip_serves(apdu->ins)) {
        return qw_card_chip_serve(chip, apdu);
    }
    switch (apdu->ins) {
    case QW_APDU_TAKE_KEY:
        return take_key(chip);
    case QW_APDU_REPORT:
        return report(chip, apdu);
    case QW_APDU_TAKE_AUTH:
        return take_auth(chip, apdu);
    case QW_APDU_TAKE_PACKAGE:
        return take_package(chip, apdu);
    case QW_APDU_DESTROY:
        return destroy(chip, apdu);
    default: /* QW_APDU_RECEIPT */
        chip->reply_len = QW_RECEIPT_LEN;
        return qw_card_receipt(chip->card, chip->memory->reply);
    }
}

static uint16_t execute(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    if (apdu->cla == QW_APDU_ISO && apdu->ins == QW_APDU_SELECT) {
        return select_application(chip, apdu);
    }
    if (!chip->is_selected) {
        return QW_APDU_NOT_SELECTED;
    }
    if (apdu->cla == QW_APDU_ISO) {
        return apdu->ins == QW_APDU_VERIFY ? verify(chip, apdu) : QW_APDU_NO_INSTRUCTION;
    }
    if (apdu->cla != QW_APDU_OURS) {
        return QW_APDU_NO_CLASS;
    }
    switch (apdu->ins) {
    case QW_APDU_INFO:
        return qw_apdu_status(info(chip, apdu));
    case QW_APDU_TOMBSTONE:
        return qw_apdu_status(tombstone(chip));
    case QW_APDU_BOOK:
        return qw_apdu_status(book(chip, apdu));
    case QW_APDU_LOAD:
    case QW_APDU_BIRTH:
    case QW_APDU_TAKE_KEY:
    case QW_APDU_REPORT:
    case QW_APDU_TAKE_AUTH:
    case QW_APDU_TAKE_PACKAGE:
    case QW_APDU_RECEIPT:
    case QW_APDU_DESTROY:
        return chip->is_verified ? qw_apdu_status(work(chip, apdu)) : QW_APDU_NO_PIN;
    default:
        if (!qw_card_chip_serves(apdu->ins)) {
            return QW_APDU_NO_INSTRUCTION;
        }
        return chip->is_verified ? qw_apdu_status(work(chip, apdu)) : QW_APDU_NO_PIN;
    }
}

void qw_card_chip_execute(struct qw_card_chip *chip, const uint8_t *command, size_t len,
                          uint8_t answer[static QW_APDU_ANSWER_MAX], size_t *answer_len)
{
    struct qw_apdu apdu;
    uint16_t status = QW_APDU_WRONG_LENGTH;
    size_t n = 0;

    chip->reply_len = 0;
    if (qw_apdu_decode(command, len, &apdu) == QW_OK) {
        status = execute(chip, &apdu);
    }
    if (status == QW_APDU_DONE) {
        n = chip->reply_len;
        memcpy(answer, chip->memory->reply, n);
    }
    answer[n] = (uint8_t)(status >> 8);
    answer[n + 1] = (uint8_t)status;
    *answer_len = n + 2;
    qw_wipe(chip->memory->reply, sizeof chip->memory->reply);
}
