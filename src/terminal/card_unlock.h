/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_UNLOCK_H
#define QW_TERMINAL_CARD_UNLOCK_H

#include "base/error.h"
#include "terminal/card.h"

enum { QW_CARD_UNLOCK_WHY_CAP = 512 };

/* Opens the card of a device as its programs do at their start: passphrase from a file that only
 * its owner may read, card charged for owner. On failure why is a sentence for the log.
 * QW_ERR_REFUSED: rights on the passphrase file, or another device's card; else as
 * qw_passphrase_file_read and qw_card_open. */
qw_err qw_card_unlock(const char *card_path, const char *passphrase_path, const char *owner,
                      struct qw_card **card, char why[static QW_CARD_UNLOCK_WHY_CAP]) QW_MUST_USE;

#endif
