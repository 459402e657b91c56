/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_DESTRUCTION_H
#define QW_CENTRE_DEVICE_DESTRUCTION_H

#include "centre/group.h"

/* The end of a card as its centre sees it: C1 to C3 of docs/protocol/card-destroy.md [C8 A4]. */

/* C1: draws nonce and done of the order for the card of a book that is being destroyed, and wipes
 * its pool. A device that never had a card gets no order. */
qw_err qw_destruction_begin(struct qw_card_book *book) QW_MUST_USE;

/* C2: the order for the book's card, the same as often as it is asked for. QW_ERR_STATE: there is
 * none, or the proof is booked. */
qw_err qw_destruction_order(const struct qw_card_book *book,
                            uint8_t order[static QW_ORDER_LEN]) QW_MUST_USE;

/* C3: the proof of the card in centre->card: verified, booked with its journal record, and what is
 * said then. The proof that is booked already is fine. QW_ERR_REFUSED, in the journal. */
qw_err qw_destruction_book(struct qw_centre *centre, const struct qw_deed *deed,
                           const uint8_t *proof, size_t len,
                           uint8_t done[static QW_ORDER_DONE_MESSAGE_LEN]) QW_MUST_USE;

#endif
