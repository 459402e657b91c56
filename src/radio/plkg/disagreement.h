/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_DISAGREEMENT_H
#define QW_RADIO_PLKG_DISAGREEMENT_H

#include "radio/model.h"

/* How many bits the ends disagree about before reconciliation, counted on the disclosed numbers,
 * which everybody has heard and no key is made of: each end's are cut into the cells of the key
 * string. The lowest bits of fine cells are nearly a coin; the reconciler is made for that. */
struct qw_plkg_disagreement {
    uint64_t compared_bits;
    uint64_t different_bits;
};
struct qw_plkg_disagreement qw_plkg_disagreement_count(const struct qw_disclosed *disclosed,
                                                       const struct qw_model *model);

#endif
