/* SPDX-License-Identifier: Apache-2.0 */
/* Infinitely many decoys and pulses (Ma et al. 2005): what single photons do is known. A plan and a
 * yardstick for published figures, never the length of a key. */
#include "qkd/finite_key.h"

#include <math.h>

static void evaluate(const struct qw_finite_key_input *input, struct qw_finite_key *key)
{
    key->single_x = input->known_single_x;
    key->phase_error_rate = fmin(input->known_single_error_rate, 0.5);
    key->exact_bits =
        key->single_x * (1 - qw_binary_entropy(key->phase_error_rate)) - key->leaked_bits;
    if (key->phase_error_rate >= 0.5) {
        key->exact_bits = 0;
    }
}

const struct qw_finite_key_method qw_finite_key_asymptotic = {
    "asymptotic", 1, "any number of decoys and pulses (Ma 2005): a plan, not a proof", evaluate
};
