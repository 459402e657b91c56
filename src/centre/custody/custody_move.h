/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CUSTODY_CUSTODY_MOVE_H
#define QW_CENTRE_CUSTODY_CUSTODY_MOVE_H

#include "centre/centre.h"

/* Operators. From its return on another custody keeps the same KEK: the record is wrapped anew, in
 * the journal. to is borrowed for the call; errors of its wrap, QW_ERR_IO. What the custody before
 * had wrapped stays in older copies of the database and opens there as before. */
qw_err qw_centre_custody_move(struct qw_centre *centre, const struct qw_caller *caller,
                              const struct qw_custody *to) QW_MUST_USE;

#endif
