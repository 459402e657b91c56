/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_EAVESDROPPER_H
#define QW_RADIO_EAVESDROPPER_H

#include "base/error.h"
#include "radio/air.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The attack every evaluation runs: a listener with its own antenna and every public message plays
 * the terminal's part, with its own measurements in place of the terminal's. Keeps the last session
 * only. Not thread-safe: the caller serialises the two hear functions. */
struct qw_eavesdropper;

qw_err qw_eavesdropper_new(struct qw_eavesdropper **eavesdropper) QW_MUST_USE;
void qw_eavesdropper_free(struct qw_eavesdropper *eavesdropper);
void qw_eavesdropper_hear_probe(struct qw_eavesdropper *eavesdropper,
                                const struct qw_air_probe *probe);
/* Every message of the public wire, in order. */
void qw_eavesdropper_hear_message(struct qw_eavesdropper *eavesdropper, bool from_terminal,
                                  const uint8_t *message, size_t len);

struct qw_eavesdropper_result {
    bool attempted; /* the session came as far as a key and the attack was run */
    bool decoded;   /* its decoder ended on some string (right or wrong) */
    bool
        verified; /* that string passes the public verification tag: the eavesdropper has the key */
    uint8_t *data; /* what it reads in the one-time-pad frames with its key (garbage when the key is
                      wrong); borrowed until the next call */
    size_t data_len;
};
/* Runs the attack on what was heard of the last session. */
qw_err qw_eavesdropper_attack(struct qw_eavesdropper *eavesdropper,
                              struct qw_eavesdropper_result *result) QW_MUST_USE;

#endif
