/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/proof_contact.h"

#include "terminal/word_contact.h"

qw_err qw_proof_contact_run(const struct qw_proof_contact *contact)
{
    const struct qw_word_contact way = { .terminal_id = contact->terminal_id,
                                         .tuning = contact->tuning,
                                         .radio = contact->radio,
                                         .wire = contact->wire,
                                         .log = contact->log };
    uint8_t word[QW_PLKG_ORDER_MAX];
    size_t len = 0;
    qw_err err =
        qw_word_contact_run(&way, contact->tombstone->proof, sizeof contact->tombstone->proof, word,
                            sizeof word, &len); /* K6 */

    return err == QW_OK ? qw_card_book(contact->card, contact->secret, contact->secret_len,
                                       contact->tombstone, word, len)
                        : err; /* K7 */
}
