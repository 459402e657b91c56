/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_BINDING_H
#define QW_CENTRE_DEVICE_BINDING_H

#include "centre/group.h"

/* Whose card it is, and what follows from that [A4 C8] [docs/design/card-binding.md]. */

/* In service, and with a user where the centre's settings ask for one: then it gets keys, and the
 * keys on it are given to its peer. */
bool qw_card_may_work(const struct qw_centre *centre, const struct qw_device *device);

/* Ends the radio session of the book's card, if there is one. The book is put by the caller. */
void qw_card_end_session(struct qw_centre *centre, struct qw_group *group,
                         struct qw_card_book *book);

#endif
