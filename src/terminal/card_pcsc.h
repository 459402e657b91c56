/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_PCSC_H
#define QW_TERMINAL_CARD_PCSC_H

#include "terminal/card_reader.h"

/* A wire to the card in the first PC/SC reader whose name begins with reader and that holds a card,
 * through libpcsclite, which is loaded when there is one. Nothing is connected yet.
 * QW_ERR_UNAVAILABLE: no library; QW_ERR_NOMEM. */
qw_err qw_card_pcsc(const char *reader, struct qw_apdu_wire *wire) QW_MUST_USE;

/* The same with a PIN: a card to be talked to. */
qw_err qw_card_pcsc_reader(const char *reader, const uint8_t *pin, size_t pin_len,
                           struct qw_card_reader **card) QW_MUST_USE;

#endif
