/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_MAINTENANCE_H
#define QW_CENTRE_MAINTENANCE_H

#include "centre/centre.h"

/* A centre in maintenance gives no new keys: not to applications, groups, partners or cards, nor
 * takes any from partners; each of these calls is QW_ERR_PAUSED. What was given already can be
 * fetched, acknowledged and receipted, and everything is managed as usual. It lasts over restarts
 * and holds in all processes of the centre: in this one with the return of _set, in others within
 * a second [docs/adr/0098]. */
enum { QW_MAINTENANCE_REASON_CAP = 121 };
struct qw_maintenance {
    bool is_on;
    int64_t since_ms;                       /* UTC; 0 when it is off */
    char by[64];                            /* the officer who said so */
    char reason[QW_MAINTENANCE_REASON_CAP]; /* told to every caller; "" when it is off */
};

/* reason: printable, of 0 to 120 bytes; not used for off. QW_ERR_ARG; QW_ERR_REFUSED; QW_ERR_STATE:
 * it is so already. In the journal. */
qw_err qw_centre_maintenance_set(struct qw_centre *centre, const struct qw_caller *caller,
                                 bool is_on, const char *reason) QW_MUST_USE;
/* For officers. QW_ERR_REFUSED. */
qw_err qw_centre_maintenance_look(struct qw_centre *centre, const struct qw_caller *caller,
                                  struct qw_maintenance *maintenance) QW_MUST_USE;

/* For whoever is refused, and for metrics; does not wait for the store. */
bool qw_centre_is_paused(struct qw_centre *centre);
void qw_centre_pause_reason(struct qw_centre *centre,
                            char reason[static QW_MAINTENANCE_REASON_CAP]);

/* Inside the centre: what the store says, under the mutex. */
qw_err qw_maintenance_load(struct qw_centre *centre) QW_MUST_USE;

#endif
