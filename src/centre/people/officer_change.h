/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_OFFICER_CHANGE_H
#define QW_CENTRE_PEOPLE_OFFICER_CHANGE_H

#include "centre/approval/request_record.h"

/* Adds the officer of a request, in one group with it: two persons decided. As
 * qw_centre_officer_add, under the mutex; when it fails the request stays as it was. */
qw_err qw_officer_add_approved(struct qw_centre *centre, const struct qw_deed *deed,
                               const struct qw_request_record *request) QW_MUST_USE;

#endif
