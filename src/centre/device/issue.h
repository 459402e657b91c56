/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_ISSUE_H
#define QW_CENTRE_DEVICE_ISSUE_H

#include "centre/group.h"

/* Making a package for a card, and taking note that the card has it. */
struct qw_issue {
    enum qw_package_kind kind;
    const uint8_t *wrap_key; /* [32 bytes] NULL: the package is not sealed but described in *open */
    struct qw_package *open;
    uint16_t keys;
    uint16_t pool_up, pool_down; /* bytes to add, multiples of QW_KEY_LEN */
    const uint8_t *fresh_key;    /* FRESH only: the key, straight from the source */
    struct qw_key_charge charge; /* of each key: where it counts as long as it is here */
};

/* Carves the keys, assigns them to book's device and its peer, seals the package into
 * centre->package and makes it the book's pending one; BIRTH gives the book a new card first. All
 * of it in the group. Enough must be leased. *sealed_len is 0 for an open package. */
void qw_issue_package(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book,
                      const struct qw_issue *issue, size_t *sealed_len);
size_t qw_issue_keys_from_stock(const struct qw_issue *issue);

/* The card has its pending package: keys delivered, pools and index moved, token confirmed; a BIRTH
 * makes the device active, and the station that made it. */
void qw_confirm_pending(struct qw_centre *centre, struct qw_group *group,
                        struct qw_card_book *book);

/* Opens a receipt of the book's card. For the pending package: confirmed in the group, *is_repeat
 * false; for the one before: nothing to do, *is_repeat true. QW_ERR_REFUSED: anything else. */
qw_err qw_take_receipt(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book,
                       const uint8_t *data, size_t len, bool *is_repeat) QW_MUST_USE;

#endif
