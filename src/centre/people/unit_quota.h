/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_QUOTA_H
#define QW_CENTRE_PEOPLE_UNIT_QUOTA_H

#include "centre/centre.h"
#include "centre/people/unit.h"

#include <stdint.h>

/* What a unit and all beneath it may have [C16] [docs/design/people.md Q1 to Q9]: quotas are given
 * from above and add up. What is used counts for the unit and for every one above it. */
enum { QW_UNITS_MAX = 256 };
#define QW_UNIT_LIMIT_MAX 1000000000000u

struct qw_unit_quota {
    char unit[QW_UNIT_CAP];
    uint64_t devices_max;  /* registered and not destroyed, or staged; 0: no limit of its own */
    uint64_t keys_per_day; /* of 256 bits, taken out of the stock in a day of UTC; 0: no limit */
    uint64_t stored_max;   /* of 256 bits, taken and not gone yet; 0: no limit */
    uint64_t devices, keys_today, stored;
    bool is_counting; /* stored is not whole: what was taken before the quota is being counted */
};

/* The unit and the three limits of wanted, by an officer whose unit lies above: so nobody raises
 * his own. Without any limit it has no quota any more. QW_ERR_ARG: the root, no place, or over
 * QW_UNIT_LIMIT_MAX. QW_ERR_REFUSED: not above it. QW_ERR_CONFLICT: the quotas beneath the next one
 * above would be more than that one together, or those beneath it more than it. QW_ERR_LIMIT:
 * QW_UNITS_MAX units have one. */
qw_err qw_centre_unit_set(struct qw_centre *centre, const struct qw_caller *caller,
                          const struct qw_unit_quota *wanted) QW_MUST_USE;
/* Those with a quota within the caller's part of the tree, his own unit's too  [quotas: cap]. */
qw_err qw_centre_unit_list(struct qw_centre *centre, const struct qw_caller *caller,
                           struct qw_unit_quota *quotas, size_t cap, size_t *count) QW_MUST_USE;

/* Housekeeping: counts the next of the keys that were taken before a unit got its first quota, one
 * group of them. *is_more: call again soon. Nothing to do: QW_OK, at the cost of a look. */
qw_err qw_centre_unit_count_work(struct qw_centre *centre, bool *is_more) QW_MUST_USE;

#endif
