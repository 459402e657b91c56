/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AUTHENTICATE_H
#define QWAVE_AUTHENTICATE_H

#include "auth_carry.h"
#include "base/error.h"

#include <stdint.h>

/* Proving oneself, over IP or over the air [docs/protocol/authentication.md]. */
struct authenticate_wish {
    struct auth_way way; /* its terminal_id is filled in */
    const char *name;
    const char *card, *passphrase_file;
    const char *certificate, *key; /* files that are there */
    uint8_t context[32];
};
struct authenticate_result {
    uint8_t id[16]; /* of the statement */
    int64_t until_ms;
};
enum { AUTHENTICATE_ERROR_CAP = 256 };

/* What was sent stays, sealed under the card, in the file "CARD.proof" until there is an answer,
 * and is sent again by the next call. error says what happened in one sentence. */
qw_err authenticate(const struct authenticate_wish *wish, struct authenticate_result *result,
                    char error[static AUTHENTICATE_ERROR_CAP]) QW_MUST_USE;

#endif
