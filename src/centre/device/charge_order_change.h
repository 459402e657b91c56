/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_CHARGE_ORDER_CHANGE_H
#define QW_CENTRE_DEVICE_CHARGE_ORDER_CHANGE_H

#include "centre/approval/request_record.h"
#include "centre/device/charge_order.h"
#include "centre/people/officer_record.h"
#include "centre/people/right.h"

/* An order that two officers give. "meter-1 station-1 200": device, station and keys with a space
 * between, which no id has; fills these three. False: it is no such thing, or spelt another way. */
bool qw_charge_order_parse(const char *text, struct qw_charge_order *order);

/* For requests, under the mutex: whether who is in self may order for the device, whose unit goes
 * to the request's; then what two decided, one group with the request. As qw_centre_charge_order:
 * device and station are looked at when it is approved, because that is when it counts. */
qw_err qw_charge_order_reach(struct qw_centre *centre, const struct qw_deed *deed,
                             struct qw_request *request, enum qw_right right,
                             struct qw_officer_record *self) QW_MUST_USE;
qw_err qw_charge_order_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                const struct qw_request_record *request) QW_MUST_USE;

#endif
