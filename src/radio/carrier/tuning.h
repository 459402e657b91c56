/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_TUNING_H
#define QW_RADIO_CARRIER_TUNING_H

#include "base/error.h"
#include "radio/carrier/carrier.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the radios of a session are set to, the same at both ends: what carries the probes, how many
 * antennas each end uses, and how many bands a probe sweeps over [W12 W13]. */
enum { QW_TUNING_CHAINS_MAX = 4, QW_TUNING_LEN = 4, QW_TUNING_TEXT_CAP = 64 };

#define QW_TUNING_STEP_S 2e-3 /* of a sweep, from one band to the next */

struct qw_tuning {
    const struct qw_carrier *carrier;                        /* of qw_carriers */
    uint8_t access_point_antennas, terminal_antennas, bands; /* each >= 1, their product at most
                                                                QW_TUNING_CHAINS_MAX, 1 of a cell */
};

/* Wi-Fi 20 MHz, one antenna each, one band: what radios stand at when nothing is said. */
extern const struct qw_tuning qw_tuning_standard;

bool qw_tuning_equal(const struct qw_tuning *a, const struct qw_tuning *b);
/* Ranges; how many channels are measured at once. */
bool qw_tuning_ok(const struct qw_tuning *tuning);
size_t qw_tuning_chains(const struct qw_tuning *tuning);

/* Four bytes, in OPEN of docs/protocol/plkg.md and TUNE of air.md. QW_ERR_FORMAT: another carrier
 * or a number out of range; *tuning is then untouched. */
void qw_tuning_encode(const struct qw_tuning *tuning, uint8_t out[static QW_TUNING_LEN]);
qw_err qw_tuning_decode(const uint8_t data[static QW_TUNING_LEN],
                        struct qw_tuning *tuning) QW_MUST_USE;

/* For people: "wifi40, antennas 1x2, 1 band", the access point's antennas first. */
void qw_tuning_text(const struct qw_tuning *tuning, char text[static QW_TUNING_TEXT_CAP]);

/* True for a measurement of this shape, made by the terminal or by the access point. */
bool qw_tuning_fits(const struct qw_tuning *tuning, const struct qw_csi_frame *frame,
                    bool is_terminal);

/* Seconds of the host network that one probe takes: qw_carrier_probe_cost_s, the other bands, and
 * the training fields of further antennas. */
double qw_tuning_probe_cost_s(const struct qw_tuning *tuning, double interval_s);
/* The shortest interval between probes that costs the host at most 1 %; of a cell, whose cost does
 * not depend on it, half the reach of its filter. */
double qw_tuning_interval_s(const struct qw_tuning *tuning);
/* The next interval that the carrier can do: whole periods of a cell. wanted_us <= 10^7. */
uint32_t qw_tuning_interval_us(const struct qw_tuning *tuning, uint32_t wanted_us);
/* From the first band of a sweep to the last. */
double qw_tuning_sweep_s(const struct qw_tuning *tuning);
/* From one band to the next: twice the width, so that each is fresh in most rooms. */
double qw_tuning_band_hz(const struct qw_tuning *tuning);

/* Measurements in the order of who receives: from [band][access point antenna][terminal
 * antenna][tone] to [band][terminal antenna][access point antenna][tone]. Not in place. */
void qw_tuning_turn(const struct qw_tuning *tuning, size_t tones, const double complex *in,
                    double complex *out);

/* What an access point lets terminals use. */
struct qw_tuning_offer {
    uint32_t carriers; /* bit i: qw_carriers[i] */
    uint8_t antennas;  /* of its own, at most */
    uint8_t bands;     /* at most */
};
bool qw_tuning_offer_has(const struct qw_tuning_offer *offer, const struct qw_tuning *tuning);
/* Names of carriers, separated by spaces, at least one. QW_ERR_FORMAT. */
qw_err qw_tuning_offer_read(const char *names, uint32_t *carriers) QW_MUST_USE;

#endif
