/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_COUNT_H
#define QW_CENTRE_PEOPLE_UNIT_COUNT_H

#include "centre/group.h"

/* What was taken before a unit got its first quota is counted afterwards, while the centre serves
 * [C16] [docs/design/people.md Q9] [docs/adr/0146]: a walk over the blocks of pairs, then over the
 * keys that have a record. Each group counts some and says in their records where they count, so a
 * kill repeats nothing. Its place is the META record "count-units", there as long as it lasts. */

/* Into the group that gives a unit its first quota: a walk from the beginning, also when one is
 * under way. since: number of the journal from which on that unit counts by itself. */
qw_err qw_unit_count_begin(struct qw_centre *centre, struct qw_group *group,
                           uint64_t since) QW_MUST_USE;
/* Units that count by themselves from there on are not whole yet; UINT64_MAX: all are. */
qw_err qw_unit_count_since(struct qw_centre *centre, uint64_t *since) QW_MUST_USE;

#endif
