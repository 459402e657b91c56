/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/card_unlock.h"

#include "base/passphrase_file.h"
#include "base/secret.h"
#include "terminal/card_name.h"

#include <stdio.h>
#include <string.h>

static const char *token_err_text(qw_err err)
{
    switch (err) {
    case QW_ERR_AUTH:
        return "wrong PIN, which the token counts";
    case QW_ERR_REFUSED:
        return "the PIN is locked, or a key of the card could be read out";
    case QW_ERR_UNAVAILABLE:
        return "no PKCS#11 module to be loaded, or one without AES-GCM";
    case QW_ERR_NOT_FOUND:
        return "no such token is there, or no such card on it";
    case QW_ERR_CONFLICT:
        return "another process uses it, or several have this name";
    case QW_ERR_FORMAT:
        return "not pkcs11:token=LABEL;object=LABEL[?module-path=PATH], or what the token holds "
               "was "
               "altered or set back";
    case QW_ERR_SPACE:
        return "the token has no room for it";
    case QW_ERR_IO:
        return "the token does not answer";
    default:
        return NULL;
    }
}

static const char *chip_err_text(qw_err err)
{
    switch (err) {
    case QW_ERR_AUTH:
        return "wrong PIN, which the card counts";
    case QW_ERR_REFUSED:
        return "the PIN is locked";
    case QW_ERR_UNAVAILABLE:
        return "no PC/SC service, no libpcsclite, or a card of another kind";
    case QW_ERR_NOT_FOUND:
        return "no such reader, no card in it, or a card that was not charged yet";
    case QW_ERR_CONFLICT:
        return "another program uses it, or another card was put in";
    case QW_ERR_SPACE:
        return "the card has no room for it";
    case QW_ERR_IO:
        return "the card does not answer";
    default:
        return NULL;
    }
}

static const char *file_err_text(qw_err err)
{
    switch (err) {
    case QW_ERR_AUTH:
        return "wrong passphrase, or the file was altered";
    case QW_ERR_CONFLICT:
        return "another process uses it";
    default:
        return NULL;
    }
}

const char *qw_card_err_text(const char *text, qw_err err)
{
    enum qw_card_kind kind = qw_card_name_kind(text);
    const char *own = kind == QW_CARD_ON_TOKEN    ? token_err_text(err)
                      : kind == QW_CARD_IN_READER ? chip_err_text(err)
                                                  : file_err_text(err);

    if (own != NULL) {
        return own;
    }
    switch (err) {
    case QW_ERR_STATE:
        return "it was destroyed by order of its centre";
    case QW_ERR_NOMEM:
        return "not enough memory that may be locked (ulimit -l)";
    default:
        return qw_err_text(err);
    }
}

static const char *secret_err_text(qw_err err)
{
    switch (err) {
    case QW_ERR_REFUSED:
        return "others have rights on it: chmod 600 it";
    case QW_ERR_FORMAT:
        return "its first line is too short or too long";
    default:
        return qw_err_text(err);
    }
}

qw_err qw_card_secret_read(const char *text, const char *secret_path, uint8_t **secret, size_t *len)
{
    struct qw_card_name name;
    qw_err err = qw_card_name_read(text, &name);

    if (err != QW_OK) {
        return err;
    }
    return name.kind == QW_CARD_IN_FILE ? qw_passphrase_file_read(secret_path, secret, len)
                                        : qw_pin_file_read(secret_path, secret, len);
}

qw_err qw_card_open_by_file(const char *name, const char *secret_path, struct qw_card **card)
{
    uint8_t *secret = NULL;
    size_t len = 0;
    qw_err err = qw_card_secret_read(name, secret_path, &secret, &len);

    if (err == QW_OK) {
        err = qw_card_open(name, secret, len, card);
    }
    qw_secret_free(secret);
    return err;
}

qw_err qw_card_unlock(const char *name, const char *secret_path, const char *owner,
                      struct qw_card **card, char why[static QW_CARD_UNLOCK_WHY_CAP])
{
    struct qw_card *opened = NULL;
    struct qw_card_info info;
    struct qw_card_name read;
    uint8_t *secret = NULL;
    size_t len = 0;
    qw_err err = qw_card_name_read(name, &read);

    if (err == QW_OK) {
        err = qw_card_secret_read(name, secret_path, &secret, &len);
        if (err != QW_OK) {
            snprintf(why, QW_CARD_UNLOCK_WHY_CAP, "passphrase file %s: %s", secret_path,
                     secret_err_text(err));
            return err;
        }
        err = qw_card_open(name, secret, len, &opened);
        qw_secret_free(secret);
    }
    if (err != QW_OK) {
        snprintf(why, QW_CARD_UNLOCK_WHY_CAP, "card %s: %s", name, qw_card_err_text(name, err));
        return err;
    }
    qw_card_info(opened, &info);
    if (strcmp(info.owner, owner) != 0) {
        snprintf(why, QW_CARD_UNLOCK_WHY_CAP, "card %s: it belongs to %s, not to %s", name,
                 info.owner, owner);
        qw_card_close(opened);
        return QW_ERR_REFUSED;
    }
    *card = opened;
    return QW_OK;
}
