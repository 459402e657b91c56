/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_LOGIN_CODE_H
#define QW_API_LOGIN_CODE_H

#include "api/card_keys.h"
#include "base/error.h"

#include <stdint.h>

/* The one-time code of an officer's card, for a log-in without a certificate [C11]: twelve digits,
 * of which four say which key of the card they are from and eight follow from that key, the
 * officer's id and the time [docs/protocol/console-login.md]. */
enum {
    QW_LOGIN_CODE_CAP = 15, /* "1234-5678-9012" and its NUL */
    QW_LOGIN_STEP_MS = 30000
};

struct qw_login_code { /* eight digits are worth 26 bits: a secret for a minute or two */
    uint16_t locator;  /* 0..9999 */
    uint32_t number;   /* 0..99999999 */
};

/* Digits in three groups of four, with '-', spaces or nothing between them. QW_ERR_FORMAT. */
qw_err qw_login_code_parse(const char *text, struct qw_login_code *code) QW_MUST_USE;
void qw_login_code_format(const struct qw_login_code *code, char text[static QW_LOGIN_CODE_CAP]);

/* Which of a card's keys a code is from, as far as four digits tell. */
uint16_t qw_login_code_locator(const uint8_t key_id[static 16]);
/* What is made of many steps in a row, once: the key of all codes of one key of the card. A secret.
 */
qw_err qw_login_code_key(const uint8_t root[static QW_CARD_ROOT_LEN],
                         uint8_t code_key[static 32]) QW_MUST_USE;
/* step: time in ms since 1970 UTC, divided by QW_LOGIN_STEP_MS. */
qw_err qw_login_code_number(const uint8_t code_key[static 32], const char *officer, uint64_t step,
                            uint32_t *number) QW_MUST_USE;

#endif
