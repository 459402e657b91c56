/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_CHIP_BODY_H
#define QW_TERMINAL_CARD_CHIP_BODY_H

#include "terminal/card.h"
#include "terminal/card_chip.h"

#include <stdbool.h>

/* The inside of a simulated chip, for the files that carry out its instructions. */
enum { QW_CARD_CHIP_LOAD_MAX = 64 * 1024, QW_CARD_CHIP_PATH_CAP = 4096 };
enum qw_card_chip_state { QW_CARD_CHIP_EMPTY, QW_CARD_CHIP_ALIVE, QW_CARD_CHIP_DESTROYED };

struct qw_card_chip_memory { /* secret memory */
    uint8_t passphrase[1024];
    uint8_t pin[QW_APDU_PIN_MAX];
    uint8_t loaded[QW_CARD_CHIP_LOAD_MAX];
    uint8_t opened[QW_CARD_CHIP_LOAD_MAX]; /* what GIVE gives */
    uint8_t reply[QW_APDU_REPLY_MAX];
};

struct qw_card_chip {
    char path[QW_CARD_CHIP_PATH_CAP], tries_path[QW_CARD_CHIP_PATH_CAP];
    struct qw_password_cost cost;
    struct qw_card_chip_memory *memory;
    size_t passphrase_len, pin_len, loaded_len, opened_len, reply_len;
    uint16_t next_chunk;
    struct qw_card *card; /* NULL: none yet, or destroyed */
    enum qw_card_chip_state state;
    bool is_selected, is_verified;
};

/* The instructions of card_chip_service.c, on a card that is alive and has its PIN. The reply goes
 * to chip->memory->reply, its length to chip->reply_len. */
bool qw_card_chip_serves(uint8_t instruction);
qw_err qw_card_chip_serve(struct qw_card_chip *chip, const struct qw_apdu *apdu) QW_MUST_USE;

#endif
