/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_PASS_H
#define QW_QKD_NETWORK_PASS_H

#include "qkd/network/topology.h"

#include <stdbool.h>

/* A satellite over a ground station [Q6]: rate = peak sin^2(pi (t - start) / length) while it
 * passes and the sky is clear, which the seed decides for each pass. Simulated. */

/* Key made between two times, from_s <= to_s, in bits. number is the pass's own among all of a
 * network, so that each has its weather. */
double qw_pass_bits(const struct qw_pass *pass, size_t number, uint64_t seed, double from_s,
                    double to_s);

/* Whether the pass of that count (0: the first) is clear. */
bool qw_pass_is_clear(const struct qw_pass *pass, size_t number, uint64_t seed, uint64_t count);

#endif
