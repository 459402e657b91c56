/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEK_ORDER_H
#define QW_CENTRE_KEK_ORDER_H

#include "centre/approval/request_record.h"

/* Orders what a request asks, in one group with it: two persons decided. As qw_centre_kek_rotate,
 * under the mutex; when it fails the request stays as it was. */
qw_err qw_kek_order_approved(struct qw_centre *centre, const struct qw_deed *deed,
                             const struct qw_request_record *request) QW_MUST_USE;

/* Drops an order that waits for officers' shares. Under the mutex, in phase QW_KEK_ORDERED. */
qw_err qw_kek_order_drop(struct qw_centre *centre, const struct qw_deed *deed) QW_MUST_USE;

#endif
