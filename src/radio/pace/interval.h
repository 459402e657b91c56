/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PACE_INTERVAL_H
#define QW_RADIO_PACE_INTERVAL_H

#include "radio/feature.h"

/* How far apart probes are fresh in a channel whose movement nobody knows beforehand [W12]. One end
 * looks at some probes, which it must not use for a key: the interval that follows from them is
 * public. Nothing of secrecy rests on it; a wrong interval costs time, and the account judges what
 * the session then measures. */
enum { QW_PACE_PROBES = 256 }; /* of a look */

/* After a look at this interval: the time after which a tenth of a fluctuation is left, or 0: the
 * channel moves so slowly that the look was too short; look again QW_PACE_STEP times slower. set
 * after qw_feature_set_fix, of at least QW_PACE_PROBES probes. */
enum { QW_PACE_STEP = 8 };
double qw_pace_interval_s(const struct qw_feature_set *set, double interval_s);

#endif
