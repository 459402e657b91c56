/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_PRNG_H
#define QW_BASE_PRNG_H

#include <stddef.h>
#include <stdint.h>

/* Seeded generator for simulated channels, public permutations and tests: xoshiro256** seeded by
 * splitmix64. Every sequence is the same on every machine. NEVER for keys, nonces or seeds that
 * must be unpredictable: those come from crypto/random.h. */
struct qw_prng {
    uint64_t state[4];
};

/* stream separates independent sequences of one seed (access point, terminal and eavesdropper
 * noise). */
void qw_prng_init(struct qw_prng *prng, uint64_t seed, uint64_t stream);
uint64_t qw_prng_u64(struct qw_prng *prng);
uint64_t qw_prng_below(struct qw_prng *prng,
                       uint64_t bound);        /* uniform in 0..bound-1, bound >= 1 */
double qw_prng_uniform(struct qw_prng *prng);  /* [0, 1) */
double qw_prng_gaussian(struct qw_prng *prng); /* mean 0, variance 1; last bits follow the libm */
void qw_prng_bytes(struct qw_prng *prng, void *out, size_t len);

#endif
