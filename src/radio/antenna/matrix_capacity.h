/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_ANTENNA_MATRIX_CAPACITY_H
#define QW_RADIO_ANTENNA_MATRIX_CAPACITY_H

#include "radio/capacity.h"

#include <stdbool.h>

/* Secret-key capacity of a link with rows of antennas at both ends, as radio/capacity.h has it for
 * one antenna each. Waves leave and arrive from everywhere alike, so antennas d apart at one end
 * have J0(2 pi d / wavelength) in common; the listener has a row like the terminal's, each antenna
 * at eve_distance_m from one of the terminal's, at a right angle to its path. Over a long session
 * it is the waves of one Doppler frequency after the other that count: of a walk there are only two
 * directions to each, so a third antenna adds little there. Frequencies are taken in 512 bins,
 * about as fine as a wave's life of 4 m lets anybody resolve them. */
struct qw_matrix_capacity {
    struct qw_capacity_probing probing; /* its heading is not used; QW_ERR_ARG for a profile whose
                                           taps have angles of their own */
    size_t access_point_antennas;       /* 1..4 */
    size_t terminal_antennas;           /* 1..4 */
    double antenna_spacing_m;           /* > 0 with several antennas */
    double noise;                       /* of either end, per tone and antenna, > 0 */
    bool has_eve;                       /* false: hers is an independent channel */
    double eve_distance_m;              /* >= 0 */
    double eve_noise;                   /* > 0 */
};

/* *bits per probe; 0 when nothing moves. QW_ERR_NOMEM, QW_ERR_ARG. */
qw_err qw_matrix_capacity_probe_bits(const struct qw_matrix_capacity *link,
                                     double *bits) QW_MUST_USE;

#endif
