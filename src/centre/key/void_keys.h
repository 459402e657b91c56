/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_VOID_KEYS_H
#define QW_CENTRE_KEY_VOID_KEYS_H

#include "centre/group.h"

/* Withdraws a key: from the commit on nobody gets it, the next sweep destroys it. One that is
 * destroyed already is left alone. *voided counts up. */
void qw_void_key(struct qw_centre *centre, struct qw_group *group, const uint8_t id[static 16],
                 uint64_t *voided);

/* Withdraws keys that a card has or should have had: from the commit on no peer gets them, the next
 * sweep destroys them. Keys that are destroyed already are left alone. *voided counts up. */
void qw_void_package_keys(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_card_book *book, const uint8_t package_id[static 16],
                          uint64_t *voided);
void qw_void_all_keys(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book,
                      uint64_t *voided);

#endif
