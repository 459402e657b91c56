/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_VPCD_H
#define QW_TERMINAL_CARD_VPCD_H

#include "terminal/card_chip.h"

#include <stdatomic.h>

/* SIMULATED: puts a chip of ours into the virtual reader of vsmartcard: u16 big-endian length and
 * that many bytes; one byte is power off (0), power on (1), reset (2) or "your ATR" (4), more are a
 * command, whose answer goes back in the same form. */
enum { QW_CARD_ATR_LEN = 10 };
extern const uint8_t qw_card_atr[QW_CARD_ATR_LEN];

/* Serves fd, a connection to vpcd, until *stop (QW_OK), or until the reader goes (QW_ERR_CLOSED,
 * QW_ERR_IO). Takes no ownership. */
qw_err qw_card_vpcd_run(struct qw_card_chip *chip, int fd, const atomic_bool *stop) QW_MUST_USE;

#endif
