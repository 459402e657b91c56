/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CHANNEL_INJECTOR_H
#define QW_RADIO_CHANNEL_INJECTOR_H

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody who adds a signal to the pilots, so that both ends measure the channel and one and the
 * same wave of the attacker's on top, another one at each probe [W9]. How she gets it to both ends
 * alike is her affair, but for a repeater, which is reciprocal by itself; what she sent she knows.
 */
enum { QW_INJECTOR_PATHS = 4 };
#define QW_INJECTOR_PATH_S 50e-9

/* The wave of one probe: paths QW_INJECTOR_PATH_S apart, mean power power together. */
void qw_injector_paths(uint64_t seed, uint64_t probe, double power,
                       double complex gain[static QW_INJECTOR_PATHS]);
/* The same at count tones. */
void qw_injector_wave(uint64_t seed, uint64_t probe, double power, const int16_t *tones,
                      size_t count, double spacing_hz, double complex *wave);

/* What a repeater adds at count tones, from the path between it and the end that moves  [count];
 * the other path is at rest, and part of the power. Both directions pass it alike. */
void qw_injector_repeat(const double complex *path, double power, double delay_s,
                        const int16_t *tones, size_t count, double spacing_hz,
                        double complex *wave);

#endif
