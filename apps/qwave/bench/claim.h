/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_CLAIM_H
#define QWAVE_BENCH_CLAIM_H

#include "base/error.h"

#include <stdint.h>

/* How long it takes to claim the oldest free block of a store, depending on how much is stored.
 * Blocks have the size of sealed ones of 256 keys; their contents are random. */
enum { CLAIM_BLOCK_KEYS = 256, CLAIM_SMALL_KEYS = 1000 };

struct claim_figures {
    double small_ms, large_ms; /* median of a claim: walk to the block, read it, durable group */
    double groups_per_s;       /* durable groups of two small records, one after the other */
    double bytes_per_key;      /* on the disk, of the larger store */
    uint64_t stored_keys;      /* in the larger one */
};

/* Makes two SQLite stores in $TMPDIR (or /tmp), one of CLAIM_SMALL_KEYS keys and one of at least
 * keys, claims from both in turn, claims times each, putting back as much as was claimed, and
 * removes them. 10^7 keys take about 350 MB. Says on standard error what it does. QW_ERR_IO. */
qw_err claim_measure(uint64_t keys, unsigned claims, struct claim_figures *figures) QW_MUST_USE;

#endif
