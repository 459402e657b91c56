/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_READER_BODY_H
#define QW_TERMINAL_CARD_READER_BODY_H

#include "terminal/card_apdu.h"
#include "terminal/card_reader.h"

/* Of the card, as it says it. */
enum qw_card_reader_state { QW_CARD_READER_EMPTY, QW_CARD_READER_ALIVE, QW_CARD_READER_DESTROYED };

struct qw_card_reader_hot { /* secret memory */
    uint8_t pin[QW_APDU_PIN_MAX];
    uint8_t command[QW_APDU_COMMAND_MAX];
    uint8_t answer[QW_APDU_ANSWER_MAX];
};

struct qw_card_reader {
    struct qw_apdu_wire wire;
    struct qw_card_reader_hot *hot;
    size_t pin_len, reply_len; /* the reply stands in hot->answer */
    bool is_connected;
    bool is_shut;   /* the PIN was wrong */
    bool is_unsure; /* its answer was lost */
    bool is_known;  /* serial and info are those of the card that was there before */
    enum qw_card_reader_state state;
    struct qw_card_info info;
};

#endif
