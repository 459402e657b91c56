/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_KEY_KEY_MAKER_H
#define QWAVE_LAB_KEY_KEY_MAKER_H

#include "lab/key/key_plan.h"

#include <stdint.h>

/* Makes keys by a plan, one at a time and each from probes of its own: both ends' numbers are
 * drawn, the string is reconciled, checked, judged by its own likelihood and hashed at both ends.
 */
struct key_maker;

struct key_tally {
    uint32_t asked;
    uint32_t made;      /* with a key of 256 bits at the end that has the string */
    uint32_t wrong;     /* of those: the other end has another one */
    uint32_t undecoded; /* no string that passes the check */
    uint32_t too_short; /* a string that is worth less than the key costs */
    uint64_t more;      /* messages */
    uint64_t said_bits; /* by the reconciler */
    uint64_t course_bits;
    double worth_bits;      /* of all strings by their own likelihood */
    double reconciled_bits; /* entropy less what was said, of the strings that were decoded */
    double cpu_s;
};

/* plan must outlive the maker. trial: keys that no result counts, from a stream of their own.
 * QW_ERR_NOMEM. */
qw_err key_maker_new(const struct key_plan *plan, uint64_t seed, bool is_trial,
                     struct key_maker **maker) QW_MUST_USE;
void key_maker_free(struct key_maker *maker); /* NULL is fine */

/* Adds one key, made or not, to the tally. QW_ERR_NOMEM. */
qw_err key_maker_make(struct key_maker *maker, struct key_tally *tally) QW_MUST_USE;

#endif
