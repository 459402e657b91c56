/* SPDX-License-Identifier: Apache-2.0 */
/* One decoy, signal stronger than decoy (Wiesemann et al. 2024), built on the bounds of Rusca et
 * al. (2018). The constants belong together: 15 estimates with 4 log2 of the composition. Without
 * fluctuations it is the limit of long blocks. */
#include "qkd/finite_key.h"

#include <math.h>

enum { SIGNAL = 0, DECOY = 1, ESTIMATES = 15 };

struct fluctuation {
    double log_inverse; /* ln(1 / epsilon of one estimate); 0: none */
};

struct bounds {
    double vacuum; /* upper */
    double single; /* lower */
    double single_errors;
};

static double clip(double value, double max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

/* Hoeffding, over the total of a basis whatever the intensity. */
static double deviation(struct fluctuation f, double total)
{
    return sqrt(total / 2 * f.log_inverse);
}

static struct bounds bounds_of(const struct qw_decoy_source *source,
                               const struct qw_decoy_counts *counts, struct fluctuation f)
{
    double mu = source->mean_photons[SIGNAL];
    double nu = source->mean_photons[DECOY];
    double up = exp(mu) / source->share[SIGNAL]; /* from clicks to a yield of the intensity */
    double down = exp(nu) / source->share[DECOY];
    double empty = qw_decoy_photon_share(source, 0);
    double one = qw_decoy_photon_share(source, 1);
    double n = qw_decoy_sum(counts->clicks, 2);
    double c = qw_decoy_sum(counts->errors, 2);
    double dn = deviation(f, n);
    double dc = deviation(f, c);
    double most =
        fmin(up * clip(counts->errors[SIGNAL] + dc, c), down * clip(counts->errors[DECOY] + dc, c));
    struct bounds b;

    b.vacuum = clip(2 * (empty * most + dn), n); /* half of the dark clicks are wrong */
    b.single = mu * one / (nu * (mu - nu)) *
               (down * clip(counts->clicks[DECOY] - dn, n) -
                nu * nu / (mu * mu) * up * clip(counts->clicks[SIGNAL] + dn, n) -
                (mu * mu - nu * nu) / (mu * mu * empty) * b.vacuum);
    b.single = clip(b.single, n);
    b.single_errors =
        one / (mu - nu) *
        (up * clip(counts->errors[SIGNAL] + dc, c) - down * clip(counts->errors[DECOY] - dc, c));
    b.single_errors = clip(b.single_errors, n);
    return b;
}

/* From the errors seen in Z to those that X would have had: sampling without replacement. */
static double phase_error(const struct bounds *x, const struct bounds *z, struct fluctuation f)
{
    double rate;

    if (z->single <= 0 || x->single <= 0) {
        return 0.5;
    }
    rate = z->single_errors / z->single + sqrt((z->single + x->single) / (z->single * x->single) *
                                               (z->single + 1) / z->single * f.log_inverse);
    return rate < 0.5 ? rate : 0.5;
}

static void evaluate_with(const struct qw_finite_key_input *input, struct fluctuation f,
                          struct qw_finite_key *key)
{
    struct bounds x;
    struct bounds z;

    if (!(input->source.mean_photons[SIGNAL] > input->source.mean_photons[DECOY]) ||
        !(input->source.mean_photons[DECOY] > 0)) {
        return;
    }
    x = bounds_of(&input->source, &input->x, f);
    z = bounds_of(&input->source, &input->z, f);
    key->vacuum_x = x.vacuum;
    key->single_x = x.single;
    key->single_z = z.single;
    key->single_errors_z = z.single_errors;
    key->phase_error_rate = phase_error(&x, &z, f);
    key->exact_bits = key->phase_error_rate >= 0.5
                          ? 0
                          : x.single * (1 - qw_binary_entropy(key->phase_error_rate)) -
                                key->leaked_bits - key->verification_bits - key->composition_bits;
}

static void evaluate(const struct qw_finite_key_input *input, struct qw_finite_key *key)
{
    key->terms = ESTIMATES;
    key->epsilon_term = input->epsilon_secrecy / ESTIMATES;
    key->verification_bits = input->verification_bits > 0 ? input->verification_bits
                                                          : log2(2 / input->epsilon_correctness);
    key->composition_bits = 4 * (log2(ESTIMATES / input->epsilon_secrecy) - 0.25);
    evaluate_with(input, (struct fluctuation){ -log(key->epsilon_term) }, key);
}

static void evaluate_asymptotic(const struct qw_finite_key_input *input, struct qw_finite_key *key)
{
    evaluate_with(input, (struct fluctuation){ 0 }, key);
}

const struct qw_finite_key_method qw_finite_key_one_decoy = {
    "one-decoy", 2, "one decoy, finite block (Wiesemann 2024)", evaluate
};

const struct qw_finite_key_method qw_finite_key_one_decoy_asymptotic = {
    "one-decoy-asymptotic", 2, "one decoy, block of any length: a plan, not a proof",
    evaluate_asymptotic
};
