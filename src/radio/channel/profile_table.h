/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CHANNEL_PROFILE_TABLE_H
#define QW_RADIO_CHANNEL_PROFILE_TABLE_H

#include "radio/channel/profile.h"

/* The published numbers behind qw_channel_kinds; see channel/profile_table.c for their sources. */
enum { QW_CHANNEL_TABLE_TAPS_MAX = 24, QW_CHANNEL_CLUSTER_TAPS_MAX = 16 };

struct qw_channel_delay_table {
    size_t count;
    double unit_s; /* of the delays; 0: they are multiples of the delay spread */
    double delay[QW_CHANNEL_TABLE_TAPS_MAX];
    double power_db[QW_CHANNEL_TABLE_TAPS_MAX]; /* unused when the kind has clusters */
};

struct qw_channel_cluster {
    size_t first; /* its first delay in the table */
    size_t count;
    double angle_deg;  /* mean angle of arrival */
    double spread_deg; /* angular spread at the receiver */
    double power_db[QW_CHANNEL_CLUSTER_TAPS_MAX];
};

#endif
