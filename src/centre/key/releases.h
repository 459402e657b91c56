/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_RELEASES_H
#define QW_CENTRE_KEY_RELEASES_H

#include "centre/people/unit_use.h"

/* What is zeroed makes room in the quotas that it counted in: summed up for one group, for
 * qw_unit_release_keys. */
struct qw_key_releases {
    struct qw_key_release *list; /* [cap], borrowed */
    size_t cap;                  /* at least one for each note */
    size_t count;
};

/* Keys of a block come one after the other, and so do blocks of a pair as a rule: those are one
 * release. Keys that no unit counts are none. */
void qw_key_releases_note(struct qw_key_releases *releases, const struct qw_key_charge *charge,
                          uint64_t keys);

#endif
