/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_MODEL_H
#define QW_QKD_LINK_MODEL_H

#include "qkd/finite_key.h"

/* What a fibre link with decoy-state BB84 does on average: gains and error probabilities in closed
 * form, the expected counts of a block, and the rate that follows. For plans, for golden values and
 * as the yardstick of the simulated optics (qkd/optics.h). */
struct qw_link_model {
    double pulse_rate_hz;
    struct qw_decoy_source source;
    double key_basis_share; /* of X, chosen by each end on its own; 0 < share < 1 */
    double sifted_share;    /* of the pulses that can make key; 0: share of X at both ends */
    double fibre_db_per_km;
    double detector_efficiency; /* with the losses inside the receiver, 0..1 */
    double dark_probability;    /* of a click without a photon, per pulse, both detectors */
    bool dark_adds;      /* gain = dark + light (Ma et al. 2005); else 1 - (1-dark)(1-light) */
    double misalignment; /* error probability of a click by light */
    double afterpulse_probability; /* of a further click, with a random bit */
    double dead_time_pulses;       /* blind after a click */
    double reconciliation_f;       /* leak over Shannon, for plans */
    double epsilon_secrecy;
    double epsilon_correctness;
    double epsilon_secrecy_per_bit; /* > 0: epsilon_secrecy is this times the key's length */
};

/* Transmission of fibre and detector. */
double qw_link_transmission(const struct qw_link_model *model, double distance_km);

/* Probability that a pulse of this mean photon number clicks, and that it clicks wrong (bases
 * equal), after-pulses included, dead time not. */
double qw_link_click_probability(const struct qw_link_model *model, double transmission,
                                 double mean_photons);
double qw_link_error_probability(const struct qw_link_model *model, double transmission,
                                 double mean_photons);

/* Clicks per pulse over all intensities, dead time included. */
double qw_link_gain(const struct qw_link_model *model, double transmission);

/* How long a block is. */
enum qw_block_kind {
    QW_BLOCK_PULSES, /* sent by Alice */
    QW_BLOCK_CLICKS  /* with equal bases, X and Z together */
};

struct qw_link_plan {
    struct qw_finite_key key;
    double pulses;
    double clicks_x;
    double clicks_z;
    double qber; /* in X */
    double key_rate_per_pulse;
    double key_rate_bps;
};

/* Expected counts of a block, and the key that the method gives for them. Asymptotic methods take
 * size as a unit: rates do not depend on it. QW_ERR_ARG: a parameter out of range. */
qw_err qw_link_plan_of(const struct qw_link_model *model, const struct qw_finite_key_method *method,
                       double distance_km, enum qw_block_kind kind, double size,
                       struct qw_link_plan *plan) QW_MUST_USE;

#endif
