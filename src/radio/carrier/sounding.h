/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_SOUNDING_H
#define QW_RADIO_CARRIER_SOUNDING_H

#include "radio/carrier/carrier.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

/* The known waveform that is measured: one or two OFDM fields, each a cyclic prefix and a training
 * symbol sent once or twice [W1].
 *   Wi-Fi 20 MHz      L-LTF: finds the frame, its frequency, and the channel
 *   Wi-Fi 40, 80 MHz  L-LTF in every 20 MHz, then HT-LTF or VHT-LTF for the channel
 *   LTE, NR           one symbol of reference signals on the common tones
 * Fields in between that carry no training (L-SIG, HT-SIG ...) are left out. The training
 * of a cell is a chirp of constant amplitude in place of the Zadoff-Chu and Gold sequences.
 * A frame of Wi-Fi may begin with a lead, L-STF: ten short symbols on every fourth tone of each 20
 * MHz, which tell whether the end of the frame has something that its beginning had not
 * (radio/onset.h). */
enum { QW_SOUNDING_FIELDS_MAX = 2, QW_SOUNDING_TONES_MAX = 320, QW_SOUNDING_SAMPLES_MAX = 4096 };
enum { QW_SOUNDING_LEAD_PERIODS = 10, QW_SOUNDING_LEAD_STEP = 4 /* tones: periods of a symbol */ };

struct qw_sounding_field {
    size_t prefix;                                  /* samples */
    size_t repeats;                                 /* of the symbol, 1 or 2 */
    double complex training[QW_SOUNDING_TONES_MAX]; /* by tone of the format; amplitude 1, or 0 */
};

struct qw_sounding {
    const struct qw_carrier *carrier; /* borrowed: constant */
    const int16_t *tones;             /* [tone_count] */
    size_t tone_count;
    size_t size; /* samples of a symbol, a power of two */
    double rate_hz;
    double offset_ppm;   /* of the other end's oscillator, +-: worst case before correction */
    size_t slack;        /* samples within which the frame begins */
    size_t lead_samples; /* before the first field: QW_SOUNDING_LEAD_PERIODS, or 0 */
    size_t field_count;
    struct qw_sounding_field field[QW_SOUNDING_FIELDS_MAX]; /* the last one gives the channel */
};

/* Without a lead. */
void qw_sounding_of(const struct qw_carrier *carrier, struct qw_sounding *sounding);
/* Puts the lead in front, where the carrier has one (Wi-Fi). False: it has none. */
bool qw_sounding_lead(struct qw_sounding *sounding);
/* Samples after which it repeats. */
size_t qw_sounding_lead_period(const struct qw_sounding *sounding);
/* What the lead of Wi-Fi has at a tone of that number: QW_CSI_EARLY_TONES of each 20 MHz have
 * something (qw_csi_format_early). */
double complex qw_sounding_lead_at(enum qw_csi_format format, int tone);

size_t qw_sounding_field_samples(const struct qw_sounding *sounding, size_t field);
size_t
qw_sounding_samples(const struct qw_sounding *sounding); /* of all fields, without the lead */

#endif
