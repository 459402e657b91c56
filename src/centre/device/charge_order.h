/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_CHARGE_ORDER_H
#define QW_CENTRE_DEVICE_CHARGE_ORDER_H

#include "centre/centre.h"
#include "centre/people/officer.h"

/* What an operator wants charged at a station, where somebody has the card before him: asked from
 * the console, done by `qwave charge --ordered` [W8] [docs/design/charge-orders.md]. An order gives
 * nobody a right: whoever charges needs his own. */
enum { QW_CHARGE_ORDER_MS = 7 * 86400000 }; /* then it is forgotten */

struct qw_charge_order {
    char device[64], station[64];
    uint16_t keys;
    char ordered_by[QW_OFFICER_ID_CAP];
    int64_t ordered_ms, until_ms; /* UTC */
};

/* For a device that carries a card and may be charged, at a station that may charge it. Takes the
 * place of an earlier one. QW_ERR_ARG: no keys, or more than a package holds. QW_ERR_STATE: not
 * such a device or station, or it takes two. QW_ERR_NOT_FOUND: none within the caller's part of
 * the tree. */
qw_err qw_centre_charge_order(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *device, const char *station, uint32_t keys,
                              struct qw_charge_order *order) QW_MUST_USE;
/* QW_ERR_STATE: there is none. */
qw_err qw_centre_charge_order_cancel(struct qw_centre *centre, const struct qw_caller *caller,
                                     const char *device) QW_MUST_USE;
/* That of one device; *count: 0 or 1. */
qw_err qw_centre_charge_order_find(struct qw_centre *centre, const struct qw_caller *caller,
                                   const char *device, struct qw_charge_order *order,
                                   size_t *count) QW_MUST_USE;
/* Of devices within the caller's part of the tree, in their order, behind `after` ("" for the
 * first); at most cap. */
qw_err qw_centre_charge_order_list(struct qw_centre *centre, const struct qw_caller *caller,
                                   const char *after, struct qw_charge_order *orders, size_t cap,
                                   size_t *count) QW_MUST_USE;

struct qw_group;
/* Under the mutex: it was charged, or there is nothing to charge any more. Uses the scratch. */
void qw_charge_order_drop(struct qw_centre *centre, struct qw_group *group, const char *device);

#endif
