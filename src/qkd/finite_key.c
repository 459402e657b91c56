/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/finite_key.h"

#include <math.h>
#include <string.h>

static const struct qw_finite_key_method *const methods[] = {
    &qw_finite_key_one_decoy,
    &qw_finite_key_one_decoy_asymptotic,
    &qw_finite_key_lim,
    &qw_finite_key_asymptotic,
};

const struct qw_finite_key_method *qw_finite_key_find(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i]->name, name) == 0) {
            return methods[i];
        }
    }
    return NULL;
}

double qw_binary_entropy(double p)
{
    return p > 0 && p < 1 ? -p * log2(p) - (1 - p) * log2(1 - p) : 0;
}

double qw_decoy_sum(const double values[static QW_DECOY_INTENSITIES_MAX], size_t count)
{
    double sum = 0;

    for (size_t k = 0; k < count; k++) {
        sum += values[k];
    }
    return sum;
}

double qw_decoy_photon_share(const struct qw_decoy_source *source, unsigned photons)
{
    double sum = 0;

    for (size_t k = 0; k < source->count; k++) {
        double mean = source->mean_photons[k];

        sum += source->share[k] * exp(-mean) * (photons == 0 ? 1 : mean);
    }
    return sum;
}

static bool is_count(double value)
{
    return isfinite(value) && value >= 0;
}

static bool is_epsilon(double value)
{
    return value > 0 && value < 1; /* false for what is not a number */
}

static bool source_is_sound(const struct qw_decoy_source *source)
{
    double sum = 0;

    if (source->count < 1 || source->count > QW_DECOY_INTENSITIES_MAX) {
        return false;
    }
    for (size_t k = 0; k < source->count; k++) {
        if (!is_count(source->mean_photons[k]) || !(source->share[k] > 0) ||
            !(source->share[k] <= 1)) {
            return false;
        }
        sum += source->share[k];
    }
    return fabs(sum - 1) < 1e-6;
}

static bool counts_are_sound(const struct qw_decoy_counts *counts, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        if (!is_count(counts->clicks[k]) || !is_count(counts->errors[k]) ||
            counts->errors[k] > counts->clicks[k]) {
            return false;
        }
    }
    return true;
}

static bool input_is_sound(const struct qw_finite_key_method *method,
                           const struct qw_finite_key_input *input)
{
    return source_is_sound(&input->source) && input->source.count == method->intensities &&
           counts_are_sound(&input->x, input->source.count) &&
           counts_are_sound(&input->z, input->source.count) && is_count(input->leaked_bits) &&
           is_count(input->verification_bits) && is_epsilon(input->epsilon_secrecy) &&
           is_epsilon(input->epsilon_correctness) && is_count(input->known_single_x) &&
           is_count(input->known_single_error_rate);
}

qw_err qw_finite_key_evaluate(const struct qw_finite_key_method *method,
                              const struct qw_finite_key_input *input, struct qw_finite_key *key)
{
    struct qw_finite_key account = { 0 };

    if (!input_is_sound(method, input)) {
        return QW_ERR_ARG;
    }
    account.leaked_bits = input->leaked_bits;
    account.epsilon_secrecy = input->epsilon_secrecy;
    account.epsilon_correctness = input->epsilon_correctness;
    account.phase_error_rate = 0.5; /* until a method knows better */
    method->evaluate(input, &account);
    if (!(account.exact_bits > 0)) {
        account.exact_bits = 0;
    }
    account.secret_bits = (uint64_t)floor(account.exact_bits);
    *key = account;
    return QW_OK;
}
