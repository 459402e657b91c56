/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AMPLITUDE_WAVES_H
#define QW_RADIO_AMPLITUDE_WAVES_H

#include "base/error.h"

#include <stddef.h>

/* How many unknowns move in a channel of which only amplitudes are measured. Amplitudes at many
 * tones are functions of few waves, and three functions of one wave are not three secrets. The
 * *powers* of M moving waves over whatever stands still are linear in at most M^2 + M products
 * (and M squares, of waves that change their strength too), so powers that vary in L directions
 * which both ends see have at least the smallest M with M^2 + M >= L waves in them, each of which
 * holds at least one real number. Only powers that were measured as such will do: the squares of a
 * few cosines of |H| vary in further directions wherever a channel fades to nothing.
 * docs/adr/0046-amplitudes-of-few-waves.md, docs/adr/0145-waves-are-counted-in-powers.md. */
enum {
    QW_WAVES_BLOCK_PROBES = 32, /* counted for each block of disclosed probes: what drifts is old */
    QW_WAVES_BLOCK_ROWS_MIN = 16, /* a block with fewer says nothing */
    QW_WAVES_DIRECTIONS_MAX = 48
};

struct qw_disclosed;

/* The least number of moving waves in any block; 0: nothing moves that both ends see, or no block
 * is long enough. disclosed->group 1, the second half of each row powers; the result is the same at
 * both ends, for it depends on published numbers only. QW_ERR_NOMEM. */
qw_err qw_waves_count(const struct qw_disclosed *disclosed, size_t *waves) QW_MUST_USE;

/* Smallest M with M^2 + M >= directions. */
size_t qw_waves_of_directions(size_t directions);

#endif
