/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_RECORD_H
#define QW_CENTRE_PEOPLE_UNIT_RECORD_H

#include "centre/group.h"
#include "centre/people/unit_quota.h"

/* Units that have a quota, in QW_STORE_META under "u" and their place, with a tag of their own. All
 * under the mutex; they use the scratch. */
enum { QW_TAG_UNIT = 120 };

struct qw_unit_record {
    struct qw_unit_quota quota;
    uint64_t day;     /* since 1970 UTC, that keys_today is about */
    uint64_t version; /* 0: new */
};

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
