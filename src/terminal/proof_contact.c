/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/proof_contact.h"

struct visit {
    const struct qw_proof_contact *contact;
    qw_err booked; /* QW_ERR_REFUSED: nothing came */
};

static void take_word(void *self, const uint8_t *word, size_t len)
{
    struct visit *visit = self;

    visit->booked =
        qw_tombstone_book(visit->contact->card_path, visit->contact->tombstone, word, len); /* K7 */
}

/* A destroyed card has no pool bytes to give. */
static qw_err take_no_auth(void *self, uint64_t up_position, uint64_t down_position,
                           uint8_t up[static QW_PLKG_AUTH_LEN],
                           uint8_t down[static QW_PLKG_AUTH_LEN])
{
    (void)self;
    (void)up_position;
    (void)down_position;
    (void)up;
    (void)down;
    return QW_ERR_EXHAUSTED;
}

qw_err qw_proof_contact_run(const struct qw_proof_contact *contact)
{
    struct visit visit = { .contact = contact, .booked = QW_ERR_REFUSED };
    struct qw_plkg_terminal terminal = {
        .party = { .policy = qw_plkg_policy_standard,
                   .radio = contact->radio,
                   .wire = contact->wire,
                   .log = contact->log,
                   .self = &visit },
        .terminal_id = contact->terminal_id,
        .contact = contact->tombstone->proof,
        .contact_len = sizeof contact->tombstone->proof,
        .tuning = contact->tuning,
        .take_auth = take_no_auth,
        .take_order = take_word,
    };
    struct qw_plkg_session *session = NULL;
    struct qw_plkg_ledger ledger = { 0 };
    qw_err err = qw_plkg_run_terminal(&terminal, &session, &ledger); /* K6 */

    qw_plkg_session_free(session);
    if (err == QW_OK) {
        return QW_ERR_STATE; /* a session without a card: nothing that a centre would open */
    }
    if (visit.booked == QW_OK) {
        return QW_OK;
    }
    return err == QW_ERR_REFUSED ? visit.booked : err;
}
