/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/card_unlock.h"

#include "base/passphrase_file.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

static const char *card_error_text(qw_err err)
{
    switch (err) {
    case QW_ERR_AUTH:
        return "wrong passphrase, or the file was altered";
    case QW_ERR_CONFLICT:
        return "another process uses it";
    case QW_ERR_STATE:
        return "it was destroyed by order of its centre";
    case QW_ERR_NOMEM:
        return "not enough memory that may be locked (ulimit -l)";
    default:
        return qw_err_text(err);
    }
}

static const char *passphrase_error_text(qw_err err)
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

qw_err qw_card_unlock(const char *card_path, const char *passphrase_path, const char *owner,
                      struct qw_card **card, char why[static QW_CARD_UNLOCK_WHY_CAP])
{
    struct qw_card *opened = NULL;
    struct qw_card_info info;
    uint8_t *passphrase = NULL;
    size_t len = 0;
    qw_err err = qw_passphrase_file_read(passphrase_path, &passphrase, &len);

    if (err != QW_OK) {
        snprintf(why, QW_CARD_UNLOCK_WHY_CAP, "passphrase file %s: %s", passphrase_path,
                 passphrase_error_text(err));
        return err;
    }
    err = qw_card_open(card_path, passphrase, len, &opened);
    qw_secret_free(passphrase);
    if (err != QW_OK) {
        snprintf(why, QW_CARD_UNLOCK_WHY_CAP, "card %s: %s", card_path, card_error_text(err));
        return err;
    }
    qw_card_info(opened, &info);
    if (strcmp(info.owner, owner) != 0) {
        snprintf(why, QW_CARD_UNLOCK_WHY_CAP, "card %s: it belongs to %s, not to %s", card_path,
                 info.owner, owner);
        qw_card_close(opened);
        return QW_ERR_REFUSED;
    }
    *card = opened;
    return QW_OK;
}
