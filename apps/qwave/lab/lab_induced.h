/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_INDUCED_H
#define QWAVE_LAB_LAB_INDUCED_H

#include <stdint.h>

/* An experiment that earns nothing: both ends send pilots that they draw at random and keep secret,
 * over a channel at rest, and multiply what they hear by their own [W12]. Both get nearly the same
 * new number each time, which passes every test of randomness. Whoever listens multiplies what she
 * hears of the two and has the same numbers, times one constant for all of them. */
struct lab_induced_result {
    double agreed_bits_per_probe; /* I(X;Y): what it looks like to both ends */
    double left_bits_per_probe;   /* I(X;Y|Z), the listener at 40 dB with her one constant learnt */
};

/* A channel drawn by seed, probes at this signal to noise at the ends. */
struct lab_induced_result lab_induced_run(uint64_t seed, double snr_db, uint32_t probes);

/* Runs it and says so; the exit status is that of a refusal. */
int lab_induced_main(uint64_t seed, double snr_db, int as_json);

#endif
