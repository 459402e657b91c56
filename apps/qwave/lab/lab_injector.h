/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_INJECTOR_H
#define QWAVE_LAB_LAB_INJECTOR_H

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody who adds a signal to the pilots, so that both ends measure the channel and one and the
 * same wave of the attacker's on top, another one at each probe. How she gets it to both ends alike
 * is her affair, but for a repeater, which is reciprocal by itself; what she sent she knows. */
enum lab_attack {
    LAB_ATTACK_NONE,
    LAB_ATTACK_INJECT,               /* in every slot, by the clock */
    LAB_ATTACK_INJECT_AFTER_HEARING, /* only when she heard a pilot begin */
    LAB_ATTACK_REPEAT /* a repeater: what it hears of each pilot it amplifies and sends on */
};

/* The wave of one probe at count tones, mean power power: four paths 50 ns apart. */
void lab_injector_wave(uint64_t seed, uint64_t probe, double power, const int16_t *tones,
                       size_t count, double spacing_hz, double complex *wave);

/* What a repeater adds at count tones, from the path between it and the end that moves  [count];
 * the other path is at rest, and part of the power. Both directions pass it alike. */
void lab_injector_repeat(const double complex *path, double power, double delay_s,
                         const int16_t *tones, size_t count, double spacing_hz,
                         double complex *wave);

/* Correlation with what the ends measure, of somebody who knows the wave and hears the channel
 * itself with this correlation: of the power 1 + power she lacks 1 - rho^2. Where the channel does
 * not move, all that moves is hers. Of the whole power: where her wave comes later than the
 * channel, single numbers are more hers than that (docs/adr/0080). */
double lab_injector_correlation(double power, double channel_correlation, double speed_m_per_s);

#endif
