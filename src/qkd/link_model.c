/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link_model.h"

#include <math.h>

enum { FIXED_POINT_ROUNDS = 60 };

double qw_link_transmission(const struct qw_link_model *model, double distance_km)
{
    return model->detector_efficiency * pow(10, -model->fibre_db_per_km * distance_km / 10);
}

/* Without after-pulses. */
static double first_click(const struct qw_link_model *model, double transmission,
                          double mean_photons)
{
    double light = -expm1(-transmission * mean_photons);
    double dark = model->dark_probability;

    return model->dark_adds ? dark + light : dark + (1 - dark) * light;
}

double qw_link_click_probability(const struct qw_link_model *model, double transmission,
                                 double mean_photons)
{
    return first_click(model, transmission, mean_photons) * (1 + model->afterpulse_probability);
}

double qw_link_error_probability(const struct qw_link_model *model, double transmission,
                                 double mean_photons)
{
    double light = -expm1(-transmission * mean_photons);

    return model->dark_probability / 2 + model->misalignment * light +
           model->afterpulse_probability / 2 * first_click(model, transmission, mean_photons);
}

/* Share of the time in which the detectors can click. */
static double live_share(const struct qw_link_model *model, double transmission)
{
    double clicks = 0;

    for (size_t k = 0; k < model->source.count; k++) {
        clicks += model->source.share[k] *
                  qw_link_click_probability(model, transmission, model->source.mean_photons[k]);
    }
    return 1 / (1 + clicks * model->dead_time_pulses);
}

double qw_link_gain(const struct qw_link_model *model, double transmission)
{
    double clicks = 0;

    for (size_t k = 0; k < model->source.count; k++) {
        clicks += model->source.share[k] *
                  qw_link_click_probability(model, transmission, model->source.mean_photons[k]);
    }
    return clicks * live_share(model, transmission);
}

static bool is_share(double value)
{
    return value >= 0 && value <= 1;
}

static bool is_positive(double value)
{
    return isfinite(value) && value >= 0;
}

static bool model_is_sound(const struct qw_link_model *model, double distance_km)
{
    return is_positive(model->pulse_rate_hz) && is_share(model->key_basis_share) &&
           is_share(model->sifted_share) && is_positive(model->fibre_db_per_km) &&
           is_share(model->detector_efficiency) && is_share(model->dark_probability) &&
           is_share(model->misalignment) && is_share(model->afterpulse_probability) &&
           is_positive(model->dead_time_pulses) && is_positive(model->reconciliation_f) &&
           is_positive(model->epsilon_secrecy_per_bit) && is_positive(distance_km) &&
           model->source.count >= 1 && model->source.count <= QW_DECOY_INTENSITIES_MAX;
}

/* Expected clicks of one basis, when this share of the pulses is sent and measured in it. */
static void expect(const struct qw_link_model *model, double transmission, double pulses,
                   struct qw_decoy_counts *counts)
{
    double live = live_share(model, transmission);

    for (size_t k = 0; k < model->source.count; k++) {
        double mean = model->source.mean_photons[k];
        double sent = pulses * model->source.share[k] * live;

        counts->clicks[k] = sent * qw_link_click_probability(model, transmission, mean);
        counts->errors[k] =
            fmin(sent * qw_link_error_probability(model, transmission, mean), counts->clicks[k]);
    }
}

/* What single photons of the signal do, for the method with infinitely many decoys. */
static void know(const struct qw_link_model *model, double transmission, double pulses_x,
                 struct qw_finite_key_input *input)
{
    double mean = model->source.mean_photons[0];
    double dark = model->dark_probability;
    double yield = dark + transmission - dark * transmission;

    input->known_single_x = pulses_x * yield * mean * exp(-mean);
    input->known_single_error_rate =
        yield > 0 ? (dark / 2 + model->misalignment * transmission) / yield : 0.5;
}

/* A secrecy that grows with the key: the fixed point from above, where the key is longest. */
static qw_err evaluate(const struct qw_link_model *model, const struct qw_finite_key_method *method,
                       struct qw_finite_key_input *input, struct qw_finite_key *key)
{
    double bits = qw_decoy_sum(input->x.clicks, input->source.count);
    qw_err err = QW_OK;

    if (model->epsilon_secrecy_per_bit <= 0) {
        return qw_finite_key_evaluate(method, input, key);
    }
    for (int i = 0; err == QW_OK && i < FIXED_POINT_ROUNDS; i++) {
        input->epsilon_secrecy = fmin(model->epsilon_secrecy_per_bit * fmax(bits, 1), 0.5);
        err = qw_finite_key_evaluate(method, input, key);
        if (err == QW_OK && fabs(key->exact_bits - bits) < 0.5) {
            break;
        }
        bits = err == QW_OK ? key->exact_bits : 0;
    }
    return err;
}

qw_err qw_link_plan_of(const struct qw_link_model *model, const struct qw_finite_key_method *method,
                       double distance_km, enum qw_block_kind kind, double size,
                       struct qw_link_plan *plan)
{
    double transmission = qw_link_transmission(model, distance_km);
    double share = model->key_basis_share;
    double share_x = model->sifted_share > 0 ? model->sifted_share : share * share;
    double share_z = (1 - share) * (1 - share);
    struct qw_finite_key_input input = { .source = model->source,
                                         .epsilon_secrecy = model->epsilon_secrecy,
                                         .epsilon_correctness = model->epsilon_correctness };
    struct qw_link_plan p = { 0 };
    double wrong;
    qw_err err;

    if (!model_is_sound(model, distance_km) || !isfinite(size) || size <= 0 ||
        qw_link_gain(model, transmission) <= 0) {
        return QW_ERR_ARG;
    }
    p.pulses = kind == QW_BLOCK_PULSES
                   ? size
                   : size / (qw_link_gain(model, transmission) * (share_x + share_z));
    expect(model, transmission, p.pulses * share_x, &input.x);
    expect(model, transmission, p.pulses * share_z, &input.z);
    know(model, transmission, p.pulses * share_x, &input);
    p.clicks_x = qw_decoy_sum(input.x.clicks, input.source.count);
    p.clicks_z = qw_decoy_sum(input.z.clicks, input.source.count);
    wrong = qw_decoy_sum(input.x.errors, input.source.count);
    p.qber = p.clicks_x > 0 ? wrong / p.clicks_x : 0;
    input.leaked_bits = model->reconciliation_f * p.clicks_x * qw_binary_entropy(p.qber);
    err = evaluate(model, method, &input, &p.key);
    if (err == QW_OK) {
        p.key_rate_per_pulse = p.key.exact_bits / p.pulses;
        p.key_rate_bps = p.key_rate_per_pulse * model->pulse_rate_hz;
        *plan = p;
    }
    return err;
}
