/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of docs/protocol/card-apdu.md by which a chip serves whoever holds it: roots for
 * proofs, and what the centre sends to an access point or a charging station. */
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "terminal/card_chip_body.h"

#include <string.h>

enum { WAY_KEY_LEN = 32 };

static qw_err take_root(struct qw_card_chip *chip)
{
    struct qw_writer w = qw_writer_on(chip->memory->reply, sizeof chip->memory->reply);
    struct qw_card_taken_root taken;
    qw_err err = qw_card_take_root(chip->card, &taken);

    if (err == QW_OK) {
        qw_write_bytes(&w, taken.serial, sizeof taken.serial);
        qw_write_u32be(&w, taken.epoch);
        qw_write_bytes(&w, taken.key_id, sizeof taken.key_id);
        qw_write_bytes(&w, taken.root, sizeof taken.root);
        qw_assert(!w.failed);
        chip->reply_len = w.len;
        qw_wipe(&taken, sizeof taken);
    }
    return err;
}

static qw_err pending_key(struct qw_card_chip *chip)
{
    chip->reply_len = 32;
    return qw_card_pending_key(chip->card, chip->memory->reply);
}

static qw_err open_grant(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    struct qw_writer w = qw_writer_on(chip->memory->reply, sizeof chip->memory->reply);
    struct qw_link_grant grant;
    qw_err err = qw_card_open_grant(chip->card, apdu->data, apdu->len, &grant);

    if (err == QW_OK) {
        qw_write_u64be(&w, grant.up_position);
        qw_write_u64be(&w, grant.down_position);
        qw_write_bytes(&w, grant.up, sizeof grant.up);
        qw_write_bytes(&w, grant.down, sizeof grant.down);
        qw_assert(!w.failed);
        chip->reply_len = w.len;
        qw_wipe(&grant, sizeof grant);
    }
    return err;
}

static qw_err open_outer(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    struct qw_card_chip_memory *memory = chip->memory;
    qw_err err = apdu->len != 16 ? QW_ERR_FORMAT
                                 : qw_card_open_outer(chip->card, apdu->data, memory->loaded,
                                                      chip->loaded_len, memory->opened);

    chip->opened_len = err == QW_OK ? chip->loaded_len - QW_AEAD_OVERHEAD : 0;
    return err;
}

/* Opened and sealed again, under the key of the way: in the clear it is on no wire. */
static qw_err open_birth(struct qw_card_chip *chip)
{
    struct qw_card_chip_memory *memory = chip->memory;
    struct qw_package package = { 0 };
    size_t len = 0;
    qw_err err = chip->loaded_len <= WAY_KEY_LEN
                     ? QW_ERR_FORMAT
                     : qw_card_open_birth(chip->card, memory->loaded + WAY_KEY_LEN,
                                          chip->loaded_len - WAY_KEY_LEN, &package);

    if (err == QW_OK) {
        err =
            qw_package_seal(&package, memory->loaded, memory->opened, sizeof memory->opened, &len);
    }
    qw_package_wipe(&package);
    chip->opened_len = len;
    return err;
}

static qw_err give(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    size_t at = (size_t)(apdu->p1 << 8 | apdu->p2) * QW_APDU_REPLY_MAX;
    size_t left;

    if (at >= chip->opened_len) {
        return QW_ERR_NOT_FOUND;
    }
    left = chip->opened_len - at;
    chip->reply_len = left < QW_APDU_REPLY_MAX ? left : QW_APDU_REPLY_MAX;
    memcpy(chip->memory->reply, chip->memory->opened + at, chip->reply_len);
    return QW_OK;
}

bool qw_card_chip_serves(uint8_t instruction)
{
    switch (instruction) {
    case QW_APDU_TAKE_ROOT:
    case QW_APDU_PENDING_KEY:
    case QW_APDU_CHECK_ENROLMENT:
    case QW_APDU_OPEN_GRANT:
    case QW_APDU_OPEN_OUTER:
    case QW_APDU_OPEN_BIRTH:
    case QW_APDU_GIVE:
        return true;
    default:
        return false;
    }
}

qw_err qw_card_chip_serve(struct qw_card_chip *chip, const struct qw_apdu *apdu)
{
    bool has_data = apdu->ins == QW_APDU_OPEN_GRANT || apdu->ins == QW_APDU_OPEN_OUTER;

    if (!has_data && apdu->len != 0) {
        return QW_ERR_FORMAT;
    }
    switch (apdu->ins) {
    case QW_APDU_TAKE_ROOT:
        return take_root(chip);
    case QW_APDU_PENDING_KEY:
        return pending_key(chip);
    case QW_APDU_CHECK_ENROLMENT:
        return qw_card_check_enrolment(chip->card, chip->memory->loaded, chip->loaded_len);
    case QW_APDU_OPEN_GRANT:
        return open_grant(chip, apdu);
    case QW_APDU_OPEN_OUTER:
        return open_outer(chip, apdu);
    case QW_APDU_OPEN_BIRTH:
        return open_birth(chip);
    default: /* QW_APDU_GIVE */
        return give(chip, apdu);
    }
}
