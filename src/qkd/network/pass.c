/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "qkd/network/pass.h"

#include "base/prng.h"

#include <math.h>

bool qw_pass_is_clear(const struct qw_pass *pass, size_t number, uint64_t seed, uint64_t count)
{
    struct qw_prng prng;

    qw_prng_init(&prng, seed + 0x5a7e111e, (uint64_t)number << 32 | count);
    return qw_prng_uniform(&prng) < pass->clear_share;
}

/* Integral of sin^2 from the pass's begin to x, as a share of its length, times 2. */
static double filled(double x)
{
    double share = fmin(1, fmax(0, x));

    return share - sin(2 * M_PI * share) / (2 * M_PI);
}

double qw_pass_bits(const struct qw_pass *pass, size_t number, uint64_t seed, double from_s,
                    double to_s)
{
    double first = floor((from_s - pass->start_s) / pass->every_s);
    double bits = 0;

    qw_assert(from_s <= to_s);
    for (double count = fmax(0, first); pass->start_s + count * pass->every_s < to_s; count++) {
        double start_s = pass->start_s + count * pass->every_s;

        if (qw_pass_is_clear(pass, number, seed, (uint64_t)count)) {
            bits += pass->peak_bps * pass->length_s / 2 *
                    (filled((to_s - start_s) / pass->length_s) -
                     filled((from_s - start_s) / pass->length_s));
        }
    }
    return bits;
}
