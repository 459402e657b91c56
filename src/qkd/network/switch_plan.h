/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_SWITCH_PLAN_H
#define QW_QKD_NETWORK_SWITCH_PLAN_H

#include "base/error.h"

#include <stddef.h>

/* Whom an optical switch joins with which port for the next time slot [Q4]. A user has one module,
 * a port as many as the relay behind it: a matching. Emptiest pool first: among all choices the
 * sorted levels of those who are served are the lowest, whoever else would have to wait. */
enum { QW_SWITCH_USERS_MAX = 256, QW_SWITCH_PORTS_MAX = 16, QW_SWITCH_NONE = -1 };

struct qw_switch_plan {
    size_t users, ports;
    unsigned modules[QW_SWITCH_PORTS_MAX]; /* of each port */
    double keep; /* who is joined counts as so much emptier (0..1): changing costs dead time */
    int port[QW_SWITCH_USERS_MAX]; /* in: of the slot before, out: of the next, or NONE */
};

/* level [users x ports]: how full the pool of a user with a port is, 0..1; INFINITY: they cannot be
 * joined. *changed counts the users whose port is another one than before, and not NONE. */
void qw_switch_plan_next(struct qw_switch_plan *plan, const double *level, size_t *changed);

#endif
