/* SPDX-License-Identifier: Apache-2.0 */
/* Two decoys, the second nearly empty [Lim 2014], kept for comparison with published rates. The
 * constants belong together: 21 estimates with 6 log2; ln inside a deviation, log2 under the root
 * of the phase error. */
#include "qkd/finite_key.h"

#include <math.h>

enum { ESTIMATES = 21 };

struct yields { /* exp(mu) / p times a count, moved to the safe side both ways */
    double low[3];
    double high[3];
};

struct basis {
    double vacuum; /* lower */
    double single; /* lower */
};

static struct yields yields_of(const struct qw_decoy_source *source, const double counts[static 3],
                               double log_inverse)
{
    double deviation = sqrt(qw_decoy_sum(counts, 3) / 2 * log_inverse);
    struct yields y;

    for (size_t k = 0; k < 3; k++) {
        double scale = exp(source->mean_photons[k]) / source->share[k];

        y.low[k] = scale * fmax(counts[k] - deviation, 0);
        y.high[k] = scale * (counts[k] + deviation);
    }
    return y;
}

static struct basis basis_of(const struct qw_decoy_source *source,
                             const struct qw_decoy_counts *counts, double log_inverse)
{
    const double *mu = source->mean_photons;
    double n = qw_decoy_sum(counts->clicks, 3);
    double empty = qw_decoy_photon_share(source, 0);
    double one = qw_decoy_photon_share(source, 1);
    double squares = mu[1] * mu[1] - mu[2] * mu[2];
    struct yields y = yields_of(source, counts->clicks, log_inverse);
    struct basis b;

    b.vacuum = empty * (mu[1] * y.low[2] - mu[2] * y.high[1]) / (mu[1] - mu[2]);
    b.vacuum = fmin(fmax(b.vacuum, 0), n);
    b.single = one * mu[0] *
               (y.low[1] - y.high[2] - squares / (mu[0] * mu[0]) * (y.high[0] - b.vacuum / empty)) /
               (mu[0] * (mu[1] - mu[2]) - squares);
    b.single = fmin(fmax(b.single, 0), n);
    return b;
}

/* What the rate in X may exceed b by, seen in c single photons of Z for d of X. No errors at all
 * are taken for one: the formula would conclude that there can be none in X. */
static double sampling_gap(double secrecy, double b, double c, double d)
{
    double rate = fmin(fmax(b, 1 / c), 0.5);
    double spread = (1 - rate) * rate;

    return sqrt((c + d) * spread / (c * d * log(2)) *
                log2((c + d) / (c * d * spread) * ESTIMATES * ESTIMATES / (secrecy * secrecy)));
}

static void evaluate(const struct qw_finite_key_input *input, struct qw_finite_key *key)
{
    const double *mu = input->source.mean_photons;
    double log_inverse = log(ESTIMATES / input->epsilon_secrecy);
    struct basis x;
    struct basis z;
    struct yields errors;
    double rate;

    key->terms = ESTIMATES;
    key->epsilon_term = input->epsilon_secrecy / ESTIMATES;
    key->verification_bits = input->verification_bits > 0 ? input->verification_bits
                                                          : log2(2 / input->epsilon_correctness);
    key->composition_bits = 6 * log2(ESTIMATES / input->epsilon_secrecy);
    if (!(mu[0] > mu[1] + mu[2]) || !(mu[1] > mu[2])) {
        return;
    }
    x = basis_of(&input->source, &input->x, log_inverse);
    z = basis_of(&input->source, &input->z, log_inverse);
    errors = yields_of(&input->source, input->z.errors, log_inverse);
    key->vacuum_x = x.vacuum;
    key->single_x = x.single;
    key->single_z = z.single;
    key->single_errors_z = qw_decoy_photon_share(&input->source, 1) *
                           (errors.high[1] - errors.low[2]) / (mu[1] - mu[2]);
    key->single_errors_z = fmax(key->single_errors_z, 0);
    if (x.single <= 0 || z.single <= 0 || key->single_errors_z >= z.single / 2) {
        return;
    }
    rate = key->single_errors_z / z.single;
    rate += sampling_gap(input->epsilon_secrecy, rate, z.single, x.single);
    key->phase_error_rate = fmin(rate, 0.5);
    key->exact_bits = x.vacuum + x.single * (1 - qw_binary_entropy(key->phase_error_rate)) -
                      key->leaked_bits - key->verification_bits - key->composition_bits;
}

const struct qw_finite_key_method qw_finite_key_lim = { "lim", 3,
                                                        "two decoys, finite block (Lim 2014)",
                                                        evaluate };
