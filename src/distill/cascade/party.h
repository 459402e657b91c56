/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_PARTY_H
#define QW_DISTILL_CASCADE_PARTY_H

#include "distill/cascade/buffers.h"
#include "distill/cascade/order.h"
#include "distill/cascade/plan.h"

/* What asker and answerer of Cascade both are: one end with its key, the orders in which its passes
 * look at it, and how far the frame has come. */
enum qw_cascade_state { QW_CASCADE_IDLE, QW_CASCADE_BEGUN, QW_CASCADE_ASKED, QW_CASCADE_FINISHED };

struct qw_cascade_party {
    struct qw_cascade_config config;
    struct qw_cascade_plan plan;
    struct qw_cascade_report report;
    enum qw_cascade_state state;
    uint32_t qber_ppm;
    size_t word_count; /* of key, permuted and scratch: of the longest order */
    uint64_t *key;     /* as in cascade/key.h */
    uint64_t *permuted;
    uint64_t *scratch;
    struct qw_cascade_buffers *buffers;                    /* public, not wiped */
    struct qw_cascade_order *order[QW_CASCADE_PASSES_MAX]; /* [0] NULL: the first pass is as is */
};

/* Copies config; allocates all of it. is_two_way: the orders lead back as well. QW_ERR_ARG,
 * QW_ERR_NOMEM: nothing is left to wipe then. */
qw_err qw_cascade_party_init(struct qw_cascade_party *party, const struct qw_cascade_config *config,
                             bool is_two_way) QW_MUST_USE;
void qw_cascade_party_wipe(struct qw_cascade_party *party); /* zeroed is fine */

/* Starts a frame, as the two begin_plan of cascade/plan.h. */
qw_err qw_cascade_party_begin(struct qw_cascade_party *party, const uint8_t *key, uint32_t qber_ppm,
                              const struct qw_cascade_plan *plan) QW_MUST_USE;

/* Positions of a pass; the first looks at the bits alone. */
uint32_t qw_cascade_party_length(const struct qw_cascade_party *party, unsigned pass);

/* The key as it is now, in the order of the pass [size: word_count]; until the next call. */
const uint64_t *qw_cascade_party_arrange(struct qw_cascade_party *party, unsigned pass);

/* How many bits a reply says that opens count passes more. */
size_t qw_cascade_party_opening_bits(const struct qw_cascade_party *party, unsigned count);

#endif
