/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_CHIP_H
#define QW_TERMINAL_CARD_CHIP_H

#include "base/error.h"
#include "crypto/password_key.h"
#include "terminal/card_apdu.h"

/* SIMULATED: the application on a chip card, as a program. Does what docs/protocol/card-apdu.md
 * asks of a card; its memory is a card file and a file with the tries of its PIN that are left, so
 * it is worth what that file is worth. One thread. */
struct qw_card_chip;
enum { QW_CARD_CHIP_TRIES = 3 };

struct qw_card_chip_config {      /* all copied */
    const char *path;             /* of its memory: made at the birth of the card */
    struct qw_password_cost cost; /* of its passphrase, at birth */
    const uint8_t *passphrase;
    size_t passphrase_len;
    const uint8_t *pin;
    size_t pin_len;
};
/* QW_ERR_ARG: a PIN that is too short or too long; else as qw_card_open, where no card yet and one
 * that was destroyed are as well. */
qw_err qw_card_chip_new(const struct qw_card_chip_config *config,
                        struct qw_card_chip **chip) QW_MUST_USE;
void qw_card_chip_free(struct qw_card_chip *chip); /* NULL is fine */

/* Power off, power on or reset: nothing is selected, no PIN was given. */
void qw_card_chip_reset(struct qw_card_chip *chip);
/* Answers a command, whatever it is; at least the status word. */
void qw_card_chip_execute(struct qw_card_chip *chip, const uint8_t *command, size_t len,
                          uint8_t answer[static QW_APDU_ANSWER_MAX], size_t *answer_len);

#endif
