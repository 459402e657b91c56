/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_MAINTENANCE_RESTORED_H
#define QW_CENTRE_MAINTENANCE_RESTORED_H

#include "centre/approval/request_record.h"

/* Where two officers are needed, a restored centre begins in a maintenance that is nobody's, and
 * that no officer ends alone [docs/protocol/backup.md B7]. All under the mutex. */

/* Adds it to the group; once that is durable, qw_maintenance_load makes it hold. */
qw_err qw_maintenance_put_restored(struct qw_centre *centre, struct qw_group *group) QW_MUST_USE;
/* What two persons decided, in one group with their request. QW_ERR_STATE: the centre is in none.
 */
qw_err qw_maintenance_restore_end_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                           const struct qw_request_record *request) QW_MUST_USE;

#endif
