/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link_preset.h"

#include <string.h>

/* The link of Ma et al. (2005): figures of an experiment over installed fibre. */
#define GYS \
    { \
        .pulse_rate_hz = 2e6, .source = { 1, { 0.48 }, { 1 } }, .key_basis_share = 0.5, \
        .sifted_share = 0.5, .fibre_db_per_km = 0.21, .detector_efficiency = 0.045, \
        .dark_probability = 1.7e-6, .dark_adds = true, .misalignment = 0.033, \
        .reconciliation_f = 1.22, .epsilon_secrecy = 1e-12, .epsilon_correctness = 1e-12, \
    }

#define ONE_DECOY \
    { \
        .pulse_rate_hz = 625e6, .source = { 2, { 0.5, 0.15 }, { 0.7, 0.3 } }, \
        .key_basis_share = 0.9, .fibre_db_per_km = 0.2, .detector_efficiency = 1, \
        .dark_probability = 200 / 625e6, .misalignment = 0.02, .reconciliation_f = 1.16, \
        .epsilon_secrecy = 1e-12, .epsilon_correctness = 1e-12, \
    }

/* The channel of [Lim 2014]; intensities and shares, which are optimised per distance there, are
 * fixed at round values. */
#define LIM \
    { \
        .pulse_rate_hz = 1e8, .source = { 3, { 0.5, 0.1, 2e-4 }, { 0.7, 0.2, 0.1 } }, \
        .key_basis_share = 0.9, .fibre_db_per_km = 0.2, .detector_efficiency = 0.1, \
        .dark_probability = 2 * 6e-7, .misalignment = 5e-3, .afterpulse_probability = 4e-2, \
        .reconciliation_f = 1.16, .epsilon_secrecy = 1e-10, .epsilon_correctness = 1e-15, \
        .epsilon_secrecy_per_bit = 1e-15, \
    }

static const struct qw_link_preset presets[] = {
    { "gys-asymptotic", "122 km of installed fibre, any number of decoys and pulses", GYS,
      &qw_finite_key_asymptotic, QW_BLOCK_PULSES, 1e12 },
    { "one-decoy-asymptotic", "625 MHz, one decoy, block of any length", ONE_DECOY,
      &qw_finite_key_one_decoy_asymptotic, QW_BLOCK_PULSES, 1e12 },
    { "one-decoy-pulses-1e10", "625 MHz, one decoy, 10^10 pulses sent", ONE_DECOY,
      &qw_finite_key_one_decoy, QW_BLOCK_PULSES, 1e10 },
    { "one-decoy-pulses-1e12", "625 MHz, one decoy, 10^12 pulses sent", ONE_DECOY,
      &qw_finite_key_one_decoy, QW_BLOCK_PULSES, 1e12 },
    { "one-decoy-block-1e7", "625 MHz, one decoy, 10^7 clicks with equal bases", ONE_DECOY,
      &qw_finite_key_one_decoy, QW_BLOCK_CLICKS, 1e7 },
    { "one-decoy-block-1e8", "625 MHz, one decoy, 10^8 clicks with equal bases", ONE_DECOY,
      &qw_finite_key_one_decoy, QW_BLOCK_CLICKS, 1e8 },
    { "one-decoy-block-1e9", "625 MHz, one decoy, 10^9 clicks with equal bases", ONE_DECOY,
      &qw_finite_key_one_decoy, QW_BLOCK_CLICKS, 1e9 },
    { "lim", "100 MHz, two decoys, 10^9 clicks with equal bases", LIM, &qw_finite_key_lim,
      QW_BLOCK_CLICKS, 1e9 },
};

size_t qw_link_preset_count(void)
{
    return sizeof presets / sizeof presets[0];
}

const struct qw_link_preset *qw_link_preset_at(size_t index)
{
    qw_assert(index < qw_link_preset_count());
    return &presets[index];
}

const struct qw_link_preset *qw_link_preset_find(const char *name)
{
    for (size_t i = 0; i < qw_link_preset_count(); i++) {
        if (strcmp(presets[i].name, name) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}
