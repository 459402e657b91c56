/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_OFFICER_RECORD_H
#define QW_CENTRE_PEOPLE_OFFICER_RECORD_H

#include "centre/group.h"
#include "centre/people/officer.h"

/* Officers in QW_STORE_META under "officer:" and their id, with a tag of their own. All under the
 * mutex; they use the scratch. */
enum { QW_TAG_OFFICER = 100 };

struct qw_officer_record {
    struct qw_officer officer;
    uint64_t version; /* 0: new */
};

bool qw_officer_id_ok(const char *id);

/* QW_ERR_NOT_FOUND, also for an id that cannot exist. */
qw_err qw_officer_load(struct qw_centre *centre, const char *id,
                       struct qw_officer_record *record) QW_MUST_USE;
/* What a caller with an officer's certificate is: his record, or the founder's while there are no
 * records at all (version 0 then). QW_ERR_NOT_FOUND: nobody. */
qw_err qw_officer_standing(struct qw_centre *centre, const struct qw_caller *caller,
                           struct qw_officer_record *record) QW_MUST_USE;
/* Adds the record, new or changed. */
void qw_officer_put(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_officer_record *record);

/* In id order after `after`, at most cap of those at unit or beneath. */
qw_err qw_officer_walk(struct qw_centre *centre, const char *unit, const char *after,
                       struct qw_officer *officers, size_t cap, size_t *count) QW_MUST_USE;

#endif
