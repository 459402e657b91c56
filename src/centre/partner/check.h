/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PARTNER_CHECK_H
#define QW_CENTRE_PARTNER_CHECK_H

#include "centre/books.h"

/* The caller of the deed is a partner in service, or the refusal, which is in the journal. Under
 * the centre's mutex. */
qw_err qw_partner_check(struct qw_centre *centre, const struct qw_deed *deed) QW_MUST_USE;

#endif
