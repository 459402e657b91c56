/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_PACE_H
#define QWAVE_LAB_LAB_PACE_H

#include "lab/trace/lab_channel.h"

/* Looks at a channel, slower and slower, until its movement shows; as an access point would before
 * a session. *interval_s: between probes, 20 ms..10 s; *spent_s: channel time that the looks took.
 * QW_ERR_NOMEM and others: the laboratory failed. */
qw_err lab_pace_find(const struct lab_channel *channel, double *interval_s,
                     double *spent_s) QW_MUST_USE;

#endif
