/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_SILENCE_H
#define QW_RADIO_PLKG_SILENCE_H

#include "radio/plkg/pairs.h"

#include <stdbool.h>
#include <stdint.h>

/* Probes that the terminal leaves out, at places that it alone knows. Whoever hears something in
 * one of them hears somebody else: an injector that adds its signal to every probe does not know
 * when to be silent (T3, T4). Runs of few, since each run costs the account the pasts of the
 * probes that follow; places from the machine's random source, for they must not be guessed. */
enum {
    QW_PLKG_SILENCE_RUN = 4,
    QW_PLKG_SILENCE_RUNS_MIN = 2,         /* and one more */
    QW_PLKG_SILENCE_PROBES_PER_RUN = 512, /* for each of these */
    QW_PLKG_SILENCE_PROBES_MIN = 64
};

struct qw_plkg_silence {
    uint32_t probes;
    uint8_t is_silent[QW_PLKG_BITMAP_MAX]; /* bit string over probes */
};

/* probes QW_PLKG_SILENCE_PROBES_MIN..QW_PLKG_PROBES_MAX. Neither the first probe nor the last one
 * is silent. Runs may meet. QW_ERR_ARG, and the errors of qw_random_bytes. */
qw_err qw_plkg_silence_draw(uint32_t probes, struct qw_plkg_silence *silence) QW_MUST_USE;
bool qw_plkg_silence_at(const struct qw_plkg_silence *silence, uint32_t probe);

/* Whether an end heard something where nothing was sent; heard as in PAIRS, over as many probes. */
bool qw_plkg_silence_is_broken(const struct qw_plkg_silence *silence, const uint8_t *heard);

#endif
