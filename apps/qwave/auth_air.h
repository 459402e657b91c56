/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AUTH_AIR_H
#define QWAVE_AUTH_AIR_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* An access point and the radio front end to it, for one word at a time. */
struct auth_air {
    const char *access_point_host, *air_host;
    uint16_t access_point_port, air_port;
    const char *terminal_id; /* the card's owner */
};

/* carry of struct qw_auth_way; self is a struct auth_air. */
qw_err auth_air_carry(void *self, const uint8_t *message, size_t len, uint8_t *answer, size_t cap,
                      size_t *answer_len) QW_MUST_USE;

#endif
