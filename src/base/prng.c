/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "base/prng.h"

#include "base/bytes.h"
#include "base/error.h"

#include <math.h>
#include <string.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, unsigned k)
{
    return x << k | x >> (64 - k);
}

void qw_prng_init(struct qw_prng *prng, uint64_t seed, uint64_t stream)
{
    uint64_t x = stream;
    uint64_t mixed = seed ^ splitmix64(&x);

    for (size_t i = 0; i < 4; i++) {
        prng->state[i] = splitmix64(&mixed);
    }
}

uint64_t qw_prng_u64(struct qw_prng *prng)
{
    uint64_t *s = prng->state;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t qw_prng_below(struct qw_prng *prng, uint64_t bound)
{
    uint64_t limit;
    uint64_t value;

    qw_assert(bound > 0);
    limit = UINT64_MAX - UINT64_MAX % bound;
    do {
        value = qw_prng_u64(prng);
    } while (value >= limit);
    return value % bound;
}

double qw_prng_uniform(struct qw_prng *prng)
{
    return (double)(qw_prng_u64(prng) >> 11) * 0x1p-53;
}

double qw_prng_gaussian(struct qw_prng *prng)
{
    double u = 1.0 - qw_prng_uniform(prng); /* never 0 */
    double v = qw_prng_uniform(prng);

    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

void qw_prng_bytes(struct qw_prng *prng, void *out, size_t len)
{
    uint8_t *p = out;

    for (size_t at = 0; at < len; at += 8) {
        uint8_t word[8];

        qw_store_u64le(word, qw_prng_u64(prng));
        memcpy(p + at, word, len - at < 8 ? len - at : 8);
    }
}
