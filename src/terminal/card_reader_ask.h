/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_READER_ASK_H
#define QW_TERMINAL_CARD_READER_ASK_H

#include "terminal/card_apdu.h"
#include "terminal/card_reader.h"

/* How the files that speak for a card in a reader say their commands. */

/* A connection that stands, to a card that has our PIN and is the one that was there before. */
qw_err qw_card_reader_meet(struct qw_card_reader *reader) QW_MUST_USE;
void qw_card_reader_drop(struct qw_card_reader *reader); /* without one is fine */
/* One command; its reply must have reply_len bytes, which go to reply: untouched on failure. One
 * that has not reached the card is said once more; no other is: the card may have done it. */
qw_err qw_card_reader_ask(struct qw_card_reader *reader, const struct qw_apdu *apdu, uint8_t *reply,
                          size_t reply_len) QW_MUST_USE;
/* LOAD, piece by piece. */
qw_err qw_card_reader_load(struct qw_card_reader *reader, const uint8_t *data,
                           size_t len) QW_MUST_USE;
/* After a change that ended with err: asks what the card holds now. Gives err. */
qw_err qw_card_reader_changed(struct qw_card_reader *reader, qw_err err) QW_MUST_USE;

#endif
