/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_USE_H
#define QW_CENTRE_PEOPLE_UNIT_USE_H

#include "centre/group.h"

/* What verbs use up of the quotas of units, and give back [C16] [docs/design/people.md Q3 to Q8]:
 * into the group that does it, under the mutex; once for each group. Refused by one unit: refused
 * by all, nothing was added. They use the scratch. */

struct qw_unit_change { /* of what is registered in a unit */
    const char *unit;
    int devices; /* 1 comes, -1 goes */
};
/* In their order, so who moves goes before he comes. *which: of QW_ERR_LIMIT, the first that does
 * not fit. */
qw_err qw_unit_change_devices(struct qw_centre *centre, struct qw_group *group,
                              const struct qw_unit_change *changes, size_t count,
                              size_t *which) QW_MUST_USE;
qw_err qw_unit_use_device(struct qw_centre *centre, struct qw_group *group,
                          const char *unit) QW_MUST_USE;
qw_err qw_unit_free_device(struct qw_centre *centre, struct qw_group *group,
                           const char *unit) QW_MUST_USE;

/* Keys that leave the stock for somebody of the unit: of its day, and stored for it until they are
 * released. QW_ERR_LIMIT: the day's are used up. QW_ERR_FULL: as many are stored as may be.
 * *charge goes into the record of the block or of each key; no unit when nobody counts. */
qw_err qw_unit_use_keys(struct qw_centre *centre, struct qw_group *group, const char *unit,
                        uint64_t keys, struct qw_key_charge *charge) QW_MUST_USE;
/* Why, in the journal: of one of the two. Static text. */
const char *qw_unit_use_cause(qw_err err);
/* Keys that the unit may take now, UINT64_MAX without a limit; and the charge of those. */
qw_err qw_unit_keys_left(struct qw_centre *centre, const char *unit, uint64_t *left,
                         struct qw_key_charge *charge) QW_MUST_USE;

struct qw_key_release { /* keys whose material is gone */
    struct qw_key_charge charge;
    uint64_t keys;
};
qw_err qw_unit_release_keys(struct qw_centre *centre, struct qw_group *group,
                            const struct qw_key_release *releases, size_t count) QW_MUST_USE;

/* The records of units that one group changes, each once: for who counts many things into a group
 * (people/unit_count.c). A zeroed one is empty. */
struct qw_unit_tally {
    struct qw_unit_record *records; /* [QW_UNITS_MAX], owned; NULL: none yet */
    size_t count;
};

/* Keys that were taken already, with *charge, by somebody who stands in unit now: each unit above
 * whose quota is younger counts them too, whether there is room or not, and *charge says so.
 * *is_counted: some unit did. A charge of before stays in its unit. QW_ERR_NOMEM, QW_ERR_IO. */
qw_err qw_unit_adopt_keys(struct qw_centre *centre, struct qw_unit_tally *tally, const char *unit,
                          uint64_t keys, struct qw_key_charge *charge,
                          bool *is_counted) QW_MUST_USE;
/* Puts what was counted into the group, and frees the tally. */
qw_err qw_unit_tally_put(struct qw_centre *centre, struct qw_group *group,
                         struct qw_unit_tally *tally) QW_MUST_USE;
void qw_unit_tally_free(struct qw_unit_tally *tally);

#endif
