/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_RF_RECEIVER_H
#define QW_RADIO_CARRIER_RF_RECEIVER_H

#include "base/error.h"
#include "radio/carrier/sounding.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

/* From samples to a channel: finds a sounding by correlation with its first training symbol, its
 * frequency by what repeats in it (the symbol, or the cyclic prefix), and the channel by least
 * squares, tone by tone [W1 W15]. Knows nothing of where the samples come from. */
struct qw_rf_receiver;

/* Copies sounding. QW_ERR_NOMEM. */
qw_err qw_rf_receiver_new(const struct qw_sounding *sounding,
                          struct qw_rf_receiver **receiver) QW_MUST_USE;
void qw_rf_receiver_free(struct qw_rf_receiver *receiver); /* NULL is fine */

/* Samples that a call of _estimate looks at, with the frame's first sample (of its lead, if it has
 * one) at 0..sounding.slack. */
size_t qw_rf_receiver_samples(const struct qw_rf_receiver *receiver);

struct qw_rf_estimate {
    size_t start;     /* sample at which the frame was taken to begin: some of the prefix early */
    double offset_hz; /* of the sender's oscillator against this one */
    double complex *tone; /* the caller's  [sounding.tone_count] */
    double complex *half; /* the caller's  [sounding.tone_count], or NULL: of a last field that is
                             sent twice, half of what its first symbol says more than its second */
};

/* sample [qw_rf_receiver_samples], borrowed. False: nothing there looks like the sounding. The
 * channel has its phase at the middle of the last field as if that began at start, and its delays
 * count from start. */
bool qw_rf_receiver_estimate(struct qw_rf_receiver *receiver, const float complex *sample,
                             struct qw_rf_estimate *estimate);

/* What the lead says of the same channel, with the same phase and delays, in the 0.8 us that begin
 * 0.8 us after the strongest path's first sample: for the first 0.8 us of a frame its echoes are
 * not all there. early [QW_CSI_EARLY_TONES of each 20 MHz]. estimate: as made from this sample; its
 * offset_hz may be one that is known better than from one frame, for the phase is carried over 11
 * us and more. False: no lead. */
bool qw_rf_receiver_early(const struct qw_rf_receiver *receiver, const float complex *sample,
                          const struct qw_rf_estimate *estimate, double complex *early);

#endif
