/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_BLOCK_SWEEP_H
#define QW_CENTRE_KEY_BLOCK_SWEEP_H

#include "centre/key/releases.h"

/* Ends the blocks of pairs that are due from the second after books.swept_s to to_s: what nobody
 * has fetched of them is destroyed and leaves one tombstone a block [C7]. Under the mutex. releases
 * is a workspace for 64 at least. */
qw_err qw_block_sweep(struct qw_centre *centre, struct qw_key_releases *releases, int64_t now_ms,
                      int64_t to_s) QW_MUST_USE;

#endif
