/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_JOURNAL_DEED_H
#define QW_CENTRE_JOURNAL_DEED_H

#include "centre/books.h"

/* What the journal says of a deed and how it ended. Texts are made printable and cut to the
 * journal's fields, whatever a caller sent. */
struct qw_audit_event qw_deed_event(const struct qw_deed *deed, qw_err result, const char *detail);

#endif
