/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_QUOTA_CHANGE_H
#define QW_CENTRE_PEOPLE_UNIT_QUOTA_CHANGE_H

#include "centre/approval/request_record.h"
#include "centre/people/unit_quota.h"

/* "100,5000" or "100,5000,2000" of a unit, as a request names its quota: devices, keys a day and,
 * if they have a limit, stored keys. False: it is no such thing, or no unit that has one. */
bool qw_unit_quota_parse(const char *unit, const char *text, struct qw_unit_quota *quota);

/* Sets what a request asks, in one group with it: two persons decided. As qw_centre_unit_set, under
 * the mutex; when it fails the request stays as it was. */
qw_err qw_unit_quota_approved(struct qw_centre *centre, const struct qw_deed *deed,
                              const struct qw_request_record *request) QW_MUST_USE;

#endif
