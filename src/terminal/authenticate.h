/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_AUTHENTICATE_H
#define QW_TERMINAL_AUTHENTICATE_H

#include "api/authentication.h"
#include "terminal/card.h"

#include <openssl/evp.h>

/* Who has a card and a certificate proves himself to the centre: P2 to P4 of
 * docs/protocol/authentication.md [C11]. Whoever calls carries the bytes. */
struct qw_auth_wish {
    const char *name;             /* as the certificate has it, "urn:qwave:terminal:ID" */
    EVP_PKEY *private_key;        /* borrowed */
    uint8_t certificate_hash[32]; /* SHA-256 of the DER form */
    uint8_t context[32];          /* of whoever will rely on it; zero: nobody's */
    int64_t now_ms;               /* UTC */
};
struct qw_auth_pending {            /* has a secret: in the caller's hands, wiped by him */
    uint8_t root[QW_CARD_ROOT_LEN]; /* of a key that the card has forgotten */
    uint8_t proof[QW_AUTH_PROOF_MAX];
    size_t proof_len;
};

/* Takes the card's next key, for good, and makes the proof. QW_ERR_FORMAT: no challenge;
 * QW_ERR_EXHAUSTED: no key left; QW_ERR_ARG: no name, or a key of no profile; others
 * as qw_card_take_root. */
qw_err qw_auth_prove(struct qw_card *card, const struct qw_auth_wish *wish,
                     const uint8_t *challenge, size_t len,
                     struct qw_auth_pending *pending) QW_MUST_USE;
/* Whether the answer is of this card's centre and to this proof. QW_ERR_FORMAT, QW_ERR_AUTH. */
qw_err qw_auth_conclude(const struct qw_auth_pending *pending, const uint8_t *data, size_t len,
                        struct qw_auth_answer *answer) QW_MUST_USE;

/* What waits for an answer, in a file, sealed under the card: durable before it is sent, so that
 * the same can be sent again after a crash. QW_ERR_IO. */
qw_err qw_auth_pending_save(struct qw_card *card, const struct qw_auth_pending *pending,
                            const char *path) QW_MUST_USE;
/* QW_ERR_NOT_FOUND; QW_ERR_AUTH: of another card; QW_ERR_FORMAT. */
qw_err qw_auth_pending_load(struct qw_card *card, const char *path,
                            struct qw_auth_pending *pending) QW_MUST_USE;

#endif
