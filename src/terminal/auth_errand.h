/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_AUTH_ERRAND_H
#define QW_TERMINAL_AUTH_ERRAND_H

#include "terminal/auth_way.h"
#include "terminal/card.h"

/* All of the prover's steps in docs/protocol/authentication.md, with a card that is open [C11].
 * Blocking; one caller at a time for one pending file. */
struct qw_auth_errand { /* everything is borrowed */
    struct qw_auth_way way;
    const char *name;              /* as the certificate has it, "urn:qwave:terminal:ID" */
    const char *certificate, *key; /* files that are there */
    const char *pending;           /* file of what was sent and has no answer yet */
    uint8_t context[32];           /* of whoever will rely on it; zero: nobody's */
};
struct qw_auth_outcome {
    uint8_t id[16]; /* of the statement */
    int64_t until_ms;
};
enum { QW_AUTH_ERRAND_WHY_CAP = 256 };

/* Sends what waits in the pending file, when it was made for the same errand; else takes the card's
 * next key for a new proof, which waits there, sealed under the card, before it is sent. It waits
 * until there is an answer: QW_OK and QW_ERR_REFUSED, the centre's no, are final. Of any other
 * error: later again, and no key is used for the same errand. why: one sentence, on failure. */
qw_err qw_auth_errand_run(struct qw_card *card, const struct qw_auth_errand *errand,
                          struct qw_auth_outcome *outcome,
                          char why[static QW_AUTH_ERRAND_WHY_CAP]) QW_MUST_USE;

#endif
