/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_UNLOCK_H
#define QW_TERMINAL_CARD_UNLOCK_H

#include "base/error.h"
#include "terminal/card.h"

enum { QW_CARD_UNLOCK_WHY_CAP = 512 };

/* What opens the card of that name, from the first line of a file that only its owner may read: a
 * passphrase for a file, a PIN for anything else. Errors of qw_passphrase_file_read; QW_ERR_FORMAT
 * for a malformed name as well. The caller frees it with qw_secret_free. */
qw_err qw_card_secret_read(const char *name, const char *secret_path, uint8_t **secret,
                           size_t *len) QW_MUST_USE;
/* The two steps in one. */
qw_err qw_card_open_by_file(const char *name, const char *secret_path,
                            struct qw_card **card) QW_MUST_USE;
/* What an error of qw_card_open and its like means for a card of that name. Static text. */
const char *qw_card_err_text(const char *name, qw_err err);

/* Opens the card of a device as its programs do at their start; it must be charged for owner. On
 * failure why is a sentence for the log. QW_ERR_REFUSED: rights on the file of the secret, another
 * device's card, or a PIN that is locked; else as qw_card_secret_read and qw_card_open. */
qw_err qw_card_unlock(const char *name, const char *secret_path, const char *owner,
                      struct qw_card **card, char why[static QW_CARD_UNLOCK_WHY_CAP]) QW_MUST_USE;

#endif
