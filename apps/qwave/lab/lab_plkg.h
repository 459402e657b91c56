/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_PLKG_H
#define QWAVE_LAB_LAB_PLKG_H

#include "lab/lab_session.h"

/* One run of the laboratory: as many sessions as fit into the wanted time of one channel. */
struct lab_plkg_config {
    struct lab_channel channel; /* eve_distance_m follows from eve_correlation */
    double eve_correlation;     /* that the eavesdropper really has, 0..1 */
    double credited;            /* that policy credits to it, 0..0.99 */
    double credited_injection;  /* power over the access point's noise in each number; 0: none */
    double seconds;             /* of channel time, probing only */
    uint32_t session_probes;    /* 64..20000 */
    bool is_paced;              /* the interval is measured, not channel.interval_s */
    double surface_power;       /* of a reflecting surface over a channel at rest; 0: none */
    uint32_t surface_period;    /* probes until its settings repeat; 0: never */
    bool is_credit_given;       /* else at least what the surface shows the eavesdropper */
    bool has_eve;
    bool is_two_sided; /* channel.medium is a measurement of both ends, so that a key is one */
    bool is_replayed;  /* the fading of every session was used once before (not reported) */
};

struct lab_plkg_result {
    uint32_t sessions, refused;
    enum qw_plkg_refusal refusal; /* of the last refused session */
    enum qw_plkg_onset onset;     /* of all sessions the worst: found, not made, passed */
    double onset_deviations;      /* the largest; NaN: not made in any */
    uint32_t undecoded;           /* sessions that ended in DECODE or VERIFY */
    uint64_t one_sided_bits;      /* what the sessions of a replayed capture came to; no key */
    uint64_t probes, coefficients, secret_bits, leaked_bits, auth_bits, keys, wrong_keys;
    double credited;       /* to the eavesdropper, in the end */
    double interval_s;     /* between probes, in the end */
    double channel_time_s; /* with the pauses between sessions */
    double net_rate_bps;
    double airtime_share;
    double capacity_bits_per_probe; /* I(X;Y|Z) at this interval, white noise only; NaN: replayed */
    double secret_bits_per_probe;
    double capacity_share;
    double reconciliation_beta; /* NaN: nothing was reconciled */
    double raw_disagreement;
    double eve_key_agreement;
    uint32_t eve_keys; /* sessions whose key the eavesdropper found */
    double cpu_ms_per_key;
    struct qw_plkg_ledger ledger;     /* of the last session */
    struct qw_plkg_ledger key_ledger; /* of the last one that made a key; zeroed: none */
};

/* The distance, in the same geometry, at which isotropic waves correlate so: the smallest d with
 * J0(2 pi d / wavelength) = correlation, 0..1. */
double lab_plkg_eve_distance_m(double correlation, double carrier_hz);

/* Sessions whose numbers all fit into one block of the reconciler, for any channel of 20 MHz. Of a
 * wider band some sessions leave the last probes out. */
enum { LAB_SESSION_PROBES = 4096, LAB_SESSION_PROBES_WIDE = 2560 };

/* progress may be NULL. QW_ERR_ARG: fewer probes than a session needs, or a surface with several
 * antennas or where something else moves; QW_ERR_NOMEM. */
qw_err lab_plkg_run(const struct lab_plkg_config *config,
                    void (*progress)(void *self, uint32_t done, uint32_t total), void *self,
                    struct lab_plkg_result *result) QW_MUST_USE;

#endif
