/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/disagreement.h"

struct qw_plkg_disagreement qw_plkg_disagreement_count(const struct qw_disclosed *disclosed,
                                                       const struct qw_model *model)
{
    struct qw_plkg_disagreement all = { 0 };

    for (size_t i = 0; i < disclosed->count; i++) {
        for (size_t d = 0; d < model->dims; d++) {
            size_t at = i * disclosed->stride + d;
            bool is_outside; /* then the nearest cell, as in the string */
            unsigned x = qw_model_symbol(model, d, disclosed->x[at], &is_outside);
            unsigned y = qw_model_symbol(model, d, disclosed->y[at], &is_outside);

            all.compared_bits += model->depth[d];
            all.different_bits += (uint64_t)__builtin_popcount(x ^ y);
        }
    }
    return all;
}
