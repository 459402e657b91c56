/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_CSV_H
#define QW_RADIO_CAPTURE_CSV_H

#include "radio/capture/format.h"

/* A table for other people's tools, written only: a heading, then one line per tone and chain with
 * time_ns, sequence, source, format, rssi_dbm, noise_dbm, agc_db, rx, tx, tone, re, im. Unknown
 * levels are empty. */
extern const struct qw_capture_importer qw_capture_csv;

#endif
