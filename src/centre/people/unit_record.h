/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_RECORD_H
#define QW_CENTRE_PEOPLE_UNIT_RECORD_H

#include "centre/group.h"
#include "centre/people/unit_quota.h"

/* Units that have a quota, in QW_STORE_META under "u" and their place, with a tag that certificates
 * have too: a scan begins where theirs are over (ADR 0127). All under the mutex; they use the
 * scratch. */
enum { QW_TAG_UNIT = 120 };

struct qw_unit_record {
    struct qw_unit_quota quota;
    uint64_t day;         /* since 1970 UTC, that keys_today is about */
    uint64_t counts_from; /* number of the journal: keys taken from then on are in quota.stored */
    uint64_t version;     /* 0: new */
};

/* Whether any unit has a quota: most centres have none, and pay for none. A look at the store only
 * after a change of the registry, which every change of a quota is, also in another process. */
qw_err qw_unit_any(struct qw_centre *centre, bool *has) QW_MUST_USE;
/* A new day begins with nothing used; a clock that goes back gives nobody his day again. */
void qw_unit_to_today(struct qw_unit_record *record);

/* QW_ERR_NOT_FOUND: it has none. */
qw_err qw_unit_load(struct qw_centre *centre, const char *unit,
                    struct qw_unit_record *record) QW_MUST_USE;
/* Adds the record, new or changed; without any limit it is removed. */
void qw_unit_put(struct qw_centre *centre, struct qw_group *group,
                 const struct qw_unit_record *record);
/* All of them, in order of their places  [records: QW_UNITS_MAX] */
qw_err qw_unit_walk(struct qw_centre *centre, struct qw_unit_record *records,
                    size_t *count) QW_MUST_USE;

#endif
