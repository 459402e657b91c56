/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CAPTURE_RECORD_SOAPY_H
#define QWAVE_CAPTURE_RECORD_SOAPY_H

#include "api/json_writer.h"
#include "radio/sdr/soapy_prober.h"

#include <argp.h>

/* qwave capture record soapy:ARGS: the options of a software radio, and what it counted. */
struct record_soapy_options {
    double frequency_hz, rate_hz, gain_db, send_gain_db;
    bool has_frequency, has_rate, has_gain, has_send_gain;
    const char *antenna, *send_antenna;
    const struct qw_carrier *carrier;
    enum qw_soapy_role role;
    long channel, station, peer, interval_ms, gap_ms; /* station, peer: -1 none */
};

#define RECORD_SOAPY_DEFAULTS \
    { \
        .carrier = &qw_carriers[0], .station = -1, .peer = -1, .interval_ms = 100, .gap_ms = 10 \
    }

/* A child of the subcommand's options; its input is a struct record_soapy_options. */
extern const struct argp record_soapy_argp;

/* What is missing for a radio, for people; NULL: nothing. */
const char *record_soapy_missing(const struct record_soapy_options *options);

/* Says on standard error what is wrong; then nothing is to be closed. */
qw_err record_soapy_open(const char *args, const struct record_soapy_options *options,
                         struct qw_soapy *soapy, struct qw_soapy_prober **prober);

void record_soapy_print(const struct qw_soapy_counters *counters);
/* Into the object that is open. */
void record_soapy_write(const struct qw_soapy_counters *counters, struct qw_json_writer *writer);

#endif
