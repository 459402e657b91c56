/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_FRESH_H
#define QW_CENTRE_PAIR_FRESH_H

#include "centre/pair/pair.h"

/* Keys straight from the source, for the one call that waits for them: they were never in stock. */

/* len bytes from the source, before whatever ingest still wants of it. Not under the centre's
 * mutex: a source may take its time. The source's error; out is then zero. */
qw_err qw_fresh_take(struct qw_centre *centre, uint8_t *out, size_t len) QW_MUST_USE;

/* Takes what the wish needs and leases it to the pair as a block of its own, in front of those it
 * has open, so that exactly this wish is carved from it. QW_ERR_UNAVAILABLE: the source is not the
 * one that is demanded, or the wish is for more than QW_BLOCK_KEYS_MAX places. QW_ERR_EXHAUSTED:
 * the source gives nothing now. Takes the centre's mutex. */
qw_err qw_fresh_lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                      const struct qw_key_wish *wish,
                      const struct qw_key_demand *demand) QW_MUST_USE;

#endif
