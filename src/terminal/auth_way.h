/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_AUTH_WAY_H
#define QW_TERMINAL_AUTH_WAY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The two ways to the centre of docs/protocol/authentication.md: its public listener, or whoever
 * carries a word over the air. Everything is borrowed. */
struct qw_auth_way {
    const char *url; /* NULL: over the air */
    void *self;      /* of carry, which has the contract of qw_word_contact_run */
    qw_err (*carry)(void *self, const uint8_t *message, size_t len, uint8_t *answer, size_t cap,
                    size_t *answer_len);
};

/* P1: a challenge for name. QW_ERR_REFUSED; QW_ERR_UNAVAILABLE and others: later again. */
qw_err qw_auth_way_ask(const struct qw_auth_way *way, const char *name, uint8_t *out, size_t cap,
                       size_t *len) QW_MUST_USE;
/* P2: the answer to a proof. */
qw_err qw_auth_way_prove(const struct qw_auth_way *way, const uint8_t *proof, size_t proof_len,
                         uint8_t *out, size_t cap, size_t *len) QW_MUST_USE;

#endif
