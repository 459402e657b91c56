/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AUTH_CARRY_H
#define QWAVE_AUTH_CARRY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The two ways to the centre of docs/protocol/authentication.md: its public listener, or the air
 * and an access point. */
struct auth_way {
    const char *url; /* NULL: over the air */
    const char *access_point_host, *air_host;
    uint16_t access_point_port, air_port;
    const char *terminal_id; /* over the air: the card's owner */
};

/* P1: a challenge for name. QW_ERR_REFUSED; QW_ERR_UNAVAILABLE and others: later again. */
qw_err auth_carry_ask(const struct auth_way *way, const char *name, uint8_t *out, size_t cap,
                      size_t *len) QW_MUST_USE;
/* P2: the answer to a proof. */
qw_err auth_carry_proof(const struct auth_way *way, const uint8_t *proof, size_t proof_len,
                        uint8_t *out, size_t cap, size_t *len) QW_MUST_USE;

#endif
