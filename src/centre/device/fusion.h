/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_FUSION_H
#define QW_CENTRE_DEVICE_FUSION_H

#include "centre/group.h"

/* A card's own key is renewed by mixing a quantum key into it [C9]; both keys are kept until the
 * card confirms: F1 to F5 of docs/protocol/card-fusion.md. */

/* The keys of the book's card; its ids go on under the key of the first epoch. */
qw_err qw_fusion_keys(const struct qw_card_book *book, struct qw_card_keys *keys) QW_MUST_USE;
/* Of the card when it has taken the package that is on its way. QW_ERR_STATE: there is none. */
qw_err qw_fusion_next_keys(const struct qw_card_book *book, struct qw_card_keys *keys) QW_MUST_USE;

/* F2: the package with this quantum key is about to leave. */
qw_err qw_fusion_begin(struct qw_card_book *book,
                       const uint8_t quantum[static QW_CARD_KEY_LEN]) QW_MUST_USE;
/* F5: the card has confirmed; the key before is forgotten. */
qw_err qw_fusion_end(struct qw_card_book *book) QW_MUST_USE;

#endif
