/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_REACH_H
#define QW_CENTRE_DEVICE_REACH_H

#include "centre/people/officer_record.h"

/* The device that an officer's verb is about, the deed's object, to centre->card; who he is to
 * self. QW_ERR_REFUSED: he has no such right. QW_ERR_NOT_FOUND: no such device, or one outside his
 * part of the tree: the caller cannot tell which, the journal can. Under the mutex; uses the
 * scratch. */
qw_err qw_device_reach(struct qw_centre *centre, const struct qw_deed *deed, enum qw_right right,
                       struct qw_officer_record *self) QW_MUST_USE;

#endif
