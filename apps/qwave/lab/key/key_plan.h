/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_KEY_KEY_PLAN_H
#define QWAVE_LAB_KEY_KEY_PLAN_H

#include "distill/multilevel.h"
#include "radio/channel/profile.h"
#include "radio/known_law.h"

#include <stddef.h>
#include <stdint.h>

/* How one key is made of a channel whose law both ends know: how many fresh probes, which of their
 * modes, cut into which cells, and what that is expected to leave. */
enum {
    KEY_BITS = 256,
    KEY_CHECK_BITS_MIN = 32,
    KEY_CHECK_BITS_MAX = 72,
    /* What DECODED says, as a prefix code: "done", or "more" and the number of a level. */
    KEY_DONE_BITS = 1,
    KEY_MORE_BITS = 5,
    KEY_PROBES_MAX = 2000,
    KEY_EPSILON_LOG2 = -65 /* of the hash: half of 2^-64 */
};

/* The law. */
struct key_channel {
    size_t modes;                           /* that hold anything to speak of */
    double eigenvalue[QW_CHANNEL_TAPS_MAX]; /* of the covariance over tones, largest first */
    double noise;                           /* at either end, per mode, > 0 */
    double eve_correlation;                 /* 0..1 */
    double capacity_bits;                   /* of a fresh probe given the eavesdropper, > 0 */
};

/* Both real numbers of a mode. */
struct key_mode {
    struct qw_known_number number;
    double gain;   /* expected number of the sender over that of the receiver */
    uint8_t depth; /* 2^depth cells about 0 */
};

struct key_plan {
    const struct key_channel *channel; /* borrowed */
    unsigned check_bits;
    size_t probes;
    size_t modes;       /* of each probe, the strongest */
    double sigma_cells; /* deviation of the receiver's belief */
    struct key_mode mode[QW_CHANNEL_TAPS_MAX];
    size_t string_bits;      /* length of the string */
    double cells_bits;       /* its entropy for somebody who heard nothing */
    double information_bits; /* what it and the receiver's numbers have in common */
    double entropy_bits;     /* its entropy for the eavesdropper, expected */
    double order;            /* of the account */
    double loss_bits;        /* of the account */
    size_t first_bits;       /* of the reconciler's first message */
    double spare_bits;       /* expected over the key's 256, when MORE is not asked for */
};

/* Numbers of a key: two for each mode of each probe. */
size_t key_plan_numbers(const struct key_plan *plan);

/* A reconciler for the plan. QW_ERR_NOMEM. */
qw_err key_plan_reconciler(const struct key_plan *plan,
                           struct qw_multilevel **reconciler) QW_MUST_USE;

/* QW_ERR_ARG: fewer numbers or more cells than the reconciler takes; QW_ERR_NOMEM. */
qw_err key_plan_make(const struct key_channel *channel, unsigned check_bits, size_t probes,
                     size_t modes, double sigma_cells, struct key_plan *plan) QW_MUST_USE;

/* The KEY_PLANS best of one number of probes by what they are expected to spare, best first. *count
 * may be 0. QW_ERR_NOMEM. */
enum { KEY_PLANS = 3 };
qw_err key_plan_best(const struct key_channel *channel, unsigned check_bits, size_t probes,
                     struct key_plan plan[static KEY_PLANS], size_t *count) QW_MUST_USE;

#endif
