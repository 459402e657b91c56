/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPACITY_H
#define QW_RADIO_CAPACITY_H

#include "base/error.h"
#include "radio/channel/profile.h"

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* Secret-key capacity of a Gaussian channel that two ends measure with noise: how many bits of key
 * a probe can give at most, whatever the protocol. Closed forms; the laboratory divides what a
 * session really got by them. Two ends X, Y and a listener Z measure a mode of power lambda:
 *     cov(X, Y, Z) / lambda = [[1+a, 1, r], [1, 1+a, r], [r, r, 1+e]]
 *     a = noise / lambda, e = eve_noise / lambda, r = eve_correlation
 *     I(X;Y|Z) = log2( |K_xz| |K_yz| / (|K_z| |K_xyz|) ) */
struct qw_capacity_noise {
    double noise;           /* of either end, per tone or whatever the eigenvalues are of, > 0 */
    double eve_correlation; /* of the listener's channel with the link's, -1..1 */
    double eve_noise;       /* > 0; unused when eve_correlation is 0 */
};

/* One complex mode of power lambda >= 0. */
double qw_capacity_mode_bits(double lambda, const struct qw_capacity_noise *noise);

/* A fresh probe: the sum over the eigenvalues of the covariance over tones. */
double qw_capacity_fresh_bits(const double *eigenvalue, size_t count,
                              const struct qw_capacity_noise *noise);

/* Eigenvalues of the covariance over tones of what moves in a profile, largest first; at most
 * profile->tap_count are not 0. eigenvalue [profile->tap_count]. QW_ERR_NOMEM, QW_ERR_ARG. */
qw_err qw_capacity_eigenvalues(const struct qw_channel_profile *profile, const int16_t *tones,
                               size_t tone_count, double spacing_hz,
                               double *eigenvalue) QW_MUST_USE;

/* Probes of a stationary channel at a fixed interval, long sessions: what one probe adds to all
 * the others. Eigenvalue by eigenvalue of a covariance over tones and probes, which for a long
 * session become those over tones at each frequency of the Doppler spectrum folded at the rate of
 * the probes. Delay by delay when the profile's angles differ (heading: direction of the walk). */
struct qw_capacity_probing {
    const struct qw_channel_profile *profile;
    const int16_t *tones; /* [tone_count] */
    size_t tone_count;
    double spacing_hz; /* of the tones */
    double carrier_hz;
    double speed_m_per_s;
    double interval_s; /* > 0 */
    double heading_rad;
};
/* *bits per probe; 0 when nothing moves. QW_ERR_NOMEM, QW_ERR_ARG. */
qw_err qw_capacity_probe_bits(const struct qw_capacity_probing *probing,
                              const struct qw_capacity_noise *noise, double *bits) QW_MUST_USE;

#endif
