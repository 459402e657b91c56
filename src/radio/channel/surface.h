/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CHANNEL_SURFACE_H
#define QW_RADIO_CHANNEL_SURFACE_H

#include "base/error.h"

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* A reflecting surface, or an antenna with switched parasitic elements: simulated [W12]. Each of
 * its elements turns what it reflects by one of four phases; new settings for each probe make a
 * channel move in which nothing else does. Its settings are a secret only as long as nobody else
 * chooses or learns them: an element of one's own draws them at random, an attacker's surface
 * repeats a schedule. What a listener beside the terminal hears of it is geometry, not policy. */
enum { QW_SURFACE_ELEMENTS_MAX = 256 };

struct qw_surface_config {
    uint64_t seed;
    size_t elements;                 /* 1..QW_SURFACE_ELEMENTS_MAX */
    double power;                    /* that it adds at the terminal, of the channel's 1, >= 0 */
    double delay_s;                  /* of its path, >= 0 */
    double width_rad;                /* as the terminal sees it, 0..pi */
    double eve_distance_wavelengths; /* of the listener from the terminal, >= 0 */
    double spacing_hz;               /* of the tones, > 0 */
    uint32_t period;                 /* probes until the settings repeat; 0: never */
};

struct qw_surface;

/* QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_surface_new(const struct qw_surface_config *config,
                      struct qw_surface **surface) QW_MUST_USE;
void qw_surface_free(struct qw_surface *surface); /* NULL is fine */

/* Adds what it reflects at one probe, the same in both directions, to the link and to what the
 * listener beside the terminal hears (may be NULL)  [tone_count values each]. */
void qw_surface_add(const struct qw_surface *surface, uint64_t probe, const int16_t *tones,
                    size_t tone_count, double complex *terminal, double complex *eve);

/* Coherence of what the two hear of it, 0..1: what policy has to credit to a listener of one
 * antenna. One with as many antennas as the surface has elements can learn all settings. */
double qw_surface_eve_correlation(const struct qw_surface *surface);

#endif
