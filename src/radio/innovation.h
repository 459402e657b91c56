/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_INNOVATION_H
#define QW_RADIO_INNOVATION_H

#include "base/error.h"
#include "radio/feature.h"

#include <stddef.h>

/* How much of each probe its past does not tell: linear prediction over the probes of one end.
 * Each number is regressed on a constant, on the numbers treated before it in
 * the same probe, and on both parts of its own mode, in all chains, in the last lags probes; what
 * is left is the innovation. docs/adr/0006-entropy-account.md derives the bounds that the account
 * makes of it. */
enum {
    QW_INNOVATION_LAGS_MAX = 24,
    QW_INNOVATION_LAGS_MIN = 16,    /* also of two chains, */
    QW_INNOVATION_LAGS_CHAINS = 12, /* and of more */
    QW_INNOVATION_ROWS_MIN = 256,   /* for the smaller number of lags */
    QW_INNOVATION_ROWS_MANY = 640,  /* for the larger one */
    QW_INNOVATION_SEGMENT_ROWS = 96
};

struct qw_innovation {
    size_t dims;   /* numbers per probe that were looked at: the first ones */
    size_t probes; /* heard */
    size_t rows;   /* of these, had all their lags */
    size_t lags;
    size_t modes; /* of all chains, so how many prefixes there were to choose from */
    /* Sum over dims of 1/2 log2 of the mean squared residual, averaged over segments of the
     * session: by concavity never above the value of the whole, and honest when the movement stops
     * half-way. Lower where the residuals are not Gaussian (docs/adr/0017-shape-of-innovations.md).
     * Units: log2 of the fixed-point unit. */
    double deviation_log2;
    /* Of amplitudes: what the dims hold together less than Gaussian numbers would, per probe, upper
     * limit (radio/amplitude/shape.h); 0 with phases. */
    double shape_bits;
    /* Sum over dims of 1/2 log2 of the residual variance with that many lags, unbiased. */
    double order_log2[QW_INNOVATION_LAGS_MAX + 1];
};

/* set after qw_feature_set_fix; dims 1..set->stride. QW_ERR_EXHAUSTED: too few probes with all
 * their lags. QW_ERR_NOMEM. */
qw_err qw_innovation_estimate(const struct qw_feature_set *set, size_t dims,
                              struct qw_innovation *innovation) QW_MUST_USE;

#endif
