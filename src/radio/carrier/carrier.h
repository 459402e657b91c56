/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_CARRIER_H
#define QW_RADIO_CARRIER_CARRIER_H

#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What carries the probes: frames of Wi-Fi or reference signals of LTE and NR in time division
 * [W13]. One table of numerology, times and costs; docs/design/carrier.md derives each number.
 * Only carriers whose two directions share one band: otherwise there is no reciprocity. */

struct qw_carrier {
    const char *name; /* "wifi20" */
    const char *text; /* for people */
    enum qw_csi_format format;
    double carrier_hz;
    double spacing_hz; /* of one tone number */
    /* Public transform over the tones (radio/feature.h). */
    size_t modes;
    double delay_spread_s;
    /* Time. */
    double period_s; /* of the reference signals, both directions; 0: frames when they are wanted */
    double gap_s;    /* from what the terminal sends to what the access point sends */
    double interval_min_s; /* between probes, so that they cost the host at most 1 % */
    /* Cost to the host network, as seconds of all of it. */
    double exchange_s;     /* one pair of frames; one period's own reference signals */
    double discussion_bps; /* of the messages */
    bool is_cellular;      /* the cost is a share of resource elements, not of airtime */
};

enum { QW_CARRIERS = 5 };
extern const struct qw_carrier qw_carriers[]; /* ends with a NULL name; wifi20 first */
const struct qw_carrier *qw_carrier_find(const char *name); /* NULL: none of that name */
/* The carrier whose frames are of this format; wifi20 for every other format. */
const struct qw_carrier *qw_carrier_of_format(enum qw_csi_format format);

/* Seconds of the host network that one probe takes at this interval, reference signals between the
 * probes included. */
double qw_carrier_probe_cost_s(const struct qw_carrier *carrier, double interval_s);

/* The shortest interval of at least wanted_s at which probes can be made: a whole number of periods
 * where there are periods, never below interval_min_s. */
double qw_carrier_interval_s(const struct qw_carrier *carrier, double wanted_s);

#endif
