/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AUTHENTICATE_H
#define QWAVE_AUTHENTICATE_H

#include "auth_air.h"
#include "base/error.h"
#include "terminal/auth_errand.h"

/* Proving oneself [docs/protocol/authentication.md]: with a card of one's own, over IP or over the
 * air, or by a terminal that runs. */
struct authenticate_wish {
    const char *terminal; /* its socket; NULL: with the card. Of the rest it needs the context */
    const char *url;      /* NULL: over the air */
    struct auth_air air;  /* its terminal_id is filled in */
    const char *name;
    const char *card, *passphrase_file;
    const char *certificate, *key; /* files that are there */
    uint8_t context[32];
};
enum { AUTHENTICATE_ERROR_CAP = QW_AUTH_ERRAND_WHY_CAP };

/* What was sent stays, sealed under the card, in the file "CARD.proof" until there is an answer,
 * and is sent again by the next call. error says what happened in one sentence. */
qw_err authenticate(const struct authenticate_wish *wish, struct qw_auth_outcome *outcome,
                    char error[static AUTHENTICATE_ERROR_CAP]) QW_MUST_USE;

#endif
