/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SOUNDING_SEARCH_H
#define QW_RADIO_SDR_SOUNDING_SEARCH_H

#include "radio/carrier/sounding.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

/* Where in a stream something is sent twice, as the first training symbol of a Wi-Fi sounding is:
 * the normalised sum of conj(x[n]) x[n + size]. Finds any repetition; what it is,
 * carrier/rf_receiver.h tells. Pure; the samples are finite. */

/* Samples behind a place that must be there for it to be judged. */
size_t qw_sounding_search_reach(const struct qw_sounding *sounding);

/* The first place in sample[from .. count - reach) that repeats like a sounding, moved to the
 * highest one near it; the frame begins within a symbol's quarter before it. False: none, and
 * nothing before count - reach need be looked at again. sounding.field[0].repeats is 2. */
bool qw_sounding_search(const struct qw_sounding *sounding, const float complex *sample,
                        size_t count, size_t from, size_t *place);

#endif
