/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_PROOF_CONTACT_H
#define QW_TERMINAL_PROOF_CONTACT_H

#include "radio/plkg.h"
#include "terminal/card.h"

/* K6 and K7 of docs/protocol/card-destroy.md: a contact whose report is the proof of a card that
 * was destroyed. Blocking; one thread; every wait has a time limit. */
struct qw_proof_contact {  /* everything is borrowed */
    const char *card;      /* its name, and what opens it */
    const uint8_t *secret; /* [secret_len] */
    size_t secret_len;
    struct qw_tombstone *tombstone; /* of that card */
    const char *terminal_id;        /* < QW_PLKG_ID_CAP characters */
    const struct qw_tuning *tuning; /* of the radio; NULL: the standard one */
    struct qw_csi_source *radio;
    struct qw_wire *wire;
    const struct qw_log *log; /* may be NULL */
};

/* QW_OK: the centre has booked the proof, and the tombstone says so, durably. Anything else: later
 * again. */
qw_err qw_proof_contact_run(const struct qw_proof_contact *contact) QW_MUST_USE;

#endif
