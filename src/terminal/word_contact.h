/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_WORD_CONTACT_H
#define QW_TERMINAL_WORD_CONTACT_H

#include "radio/plkg.h"

/* A message for the centre over the air, and its word back: the message is the contact of a session
 * that ends with that word, before any probe; no pool byte is spent. So a destroyed card proves its
 * end (docs/protocol/card-destroy.md), and so one authenticates (authentication.md). Blocking; one
 * thread; every wait has a time limit. */
struct qw_word_contact {            /* everything is borrowed */
    const char *terminal_id;        /* < QW_PLKG_ID_CAP characters */
    const struct qw_tuning *tuning; /* of the radio; NULL: the standard one */
    struct qw_csi_source *radio;
    struct qw_wire *wire;
    const struct qw_log *log; /* may be NULL */
};

/* QW_OK: what the centre says to len bytes of message, at most cap bytes. QW_ERR_ARG: too long for
 * a contact; QW_ERR_REFUSED: no, of access point or centre; others: later again. */
qw_err qw_word_contact_run(const struct qw_word_contact *contact, const uint8_t *message,
                           size_t len, uint8_t *answer, size_t cap, size_t *answer_len) QW_MUST_USE;

#endif
