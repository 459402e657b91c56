/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_GRANT_H
#define QW_CENTRE_DEVICE_GRANT_H

#include "api/contact.h"
#include "api/link_grant.h"
#include "centre/books.h"

/* What an access point gets for one session with a card: authentication bytes out of the card's two
 * pools, at the positions that the card and the centre both have not passed yet, sealed for it. The
 * card is centre->card, whose pools shrink, the access point centre->holder. QW_ERR_EXHAUSTED: a
 * pool is used up; QW_ERR_NOMEM. */
qw_err qw_grant_make(struct qw_centre *centre, const uint8_t session_id[static 16],
                     const struct qw_contact_report *report,
                     uint8_t out[static QW_LINK_GRANT_LEN]) QW_MUST_USE;

#endif
