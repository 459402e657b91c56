/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CERTIFICATE_DROP_H
#define QW_CENTRE_CERTIFICATE_DROP_H

#include "centre/group.h"

/* Add to a group that all certificates in force of somebody who goes for good are taken back. Under
 * the mutex; use the scratch. */
void qw_certificates_drop_device(struct qw_centre *centre, struct qw_group *group,
                                 const struct qw_device *device);
/* The same: that those in force stand in the unit where the device stands now. */
void qw_certificates_move_device(struct qw_centre *centre, struct qw_group *group,
                                 const struct qw_device *device);
void qw_certificates_drop_officer(struct qw_centre *centre, struct qw_group *group, const char *id);

#endif
