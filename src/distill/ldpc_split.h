/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_SPLIT_H
#define QW_DISTILL_LDPC_SPLIT_H

#include "distill/ldpc_code.h"

#include <stddef.h>
#include <stdint.h>

/* Further parities for a code whose syndrome is out already. Row r < split of the base graph is cut
 * in two: rows 2 r and 2 r + 1 of the new code are the first and the second half of its edges, and
 * the rows from split on follow as they were. To say the checks of the first half is to say both,
 * as their sum is known: lift bits per row. No edge is new, so there is no new cycle. */

/* split 0..code->rows. halved borrows row_start [size: code->rows + split + 1] and the edges of
 * code; it is not to be freed. */
void qw_ldpc_split(const struct qw_ldpc_code *code, uint32_t split, uint32_t *row_start,
                   struct qw_ldpc_code *halved);

/* The syndrome of the halved code out of that of the code it was made from, whole [size: rows of
 * the code * lift], and the checks of the first halves, half [size: split * lift]. */
void qw_ldpc_split_syndrome(const struct qw_ldpc_code *halved, uint32_t split, const uint8_t *whole,
                            const uint8_t *half, uint8_t *syndrome);

#endif
