/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_ACCOUNT_H
#define QW_RADIO_ACCOUNT_H

#include "radio/innovation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The honest entropy account: from what was estimated and what was said to the length of
 * the key. Derivations, assumptions and the budget of epsilon: docs/adr/0006-entropy-account.md and
 * docs/adr/0155-one-limit-for-estimate-and-string.md. */

struct qw_account_input {
    const struct qw_innovation *innovation; /* of the end that holds the key string */
    const uint32_t
        *width;          /* cell width of each of the innovation's dims, fixed-point units, >= 1 */
    bool has_phase;      /* false: amplitudes, which are not quite Gaussian */
    size_t key_pairs;    /* probes whose numbers went into the key string */
    const uint32_t *run; /* lengths of the runs of consecutive disclosed probes  [run_count] */
    size_t run_count;
    double eve_correlation; /* credited, 0..0.99 */
    /* Credited: power of what the eavesdropper adds to each number over the access point's noise in
     * it, at any Doppler frequency; 0: she adds nothing. docs/adr/0059. */
    double injected_ratio;
    double epsilon_log2; /* of the whole key: half of it for what the hash leaves, a quarter each
                            for what the disclosed probes tell and for authentication */
};

struct qw_account {
    double pair_bits;     /* entropy of one probe given its past and the eavesdropper, as the probes
                             themselves say */
    double boundary_bits; /* what the disclosed probes tell about those before them, upper limit */
    double entropy_bits;  /* H_lo = key_pairs * pair_bits - boundary_bits, never negative */
    double finite_size_bits;   /* chance in the string and in its estimate (radio/leftover.h) */
    double amplification_bits; /* 2 log2(1 / (2 eps_PA)) */
};

void qw_account_of(const struct qw_account_input *input, struct qw_account *account);

/* What a signal of hers makes one real number look more alive than the channel is, at most, in
 * bits. correlation 0..1, injected_ratio >= 0. */
double qw_account_injected_bits(double injected_ratio, double correlation);
/* The correlation that alone would cost a number as much as both. */
double qw_account_effective_correlation(double injected_ratio, double correlation);

/* Upper limit, failing with probability exp(-ln_inverse), of sum over dims of 1/2 log2 of
 * (chi-square with rows degrees of freedom / rows): how far an estimated sum of log deviations can
 * be above the truth, in bits. rows, dims >= 1. */
double qw_account_confidence_bits(size_t rows, size_t dims, double ln_inverse);

/* Length of the key: floor(entropy - finite size - amplification - said_bits), 0 when negative. */
uint64_t qw_account_length(const struct qw_account *account, uint64_t said_bits);

/* Total failure probability of a key: log2(three quarters of the policy's epsilon + authentication
 * of authenticated_len bytes, the transcript and the string: an altered message passes, or another
 * string at the other end). */
double qw_account_epsilon_log2(double policy_epsilon_log2, size_t authenticated_len);

#endif
