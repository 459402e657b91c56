/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_LOGIN_CODE_H
#define QW_TERMINAL_LOGIN_CODE_H

#include "api/login_code.h"
#include "terminal/card.h"

/* Takes the card's next key, for good, and makes of it the code of an officer's log-in at now_ms
 * (UTC): L1 of docs/protocol/console-login.md. QW_ERR_EXHAUSTED: no key left; others as
 * qw_card_take_key. */
qw_err qw_card_login_code(struct qw_card *card, const char *officer, int64_t now_ms,
                          char text[static QW_LOGIN_CODE_CAP]) QW_MUST_USE;

#endif
