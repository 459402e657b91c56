/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PACE_H
#define QW_LINK_PACE_H

#include <stdint.h>

/* Keeps many links of one host from rotating at the same moment: what is due by time takes its turn
 * here. A plain value; one thread at a time. */
enum { QW_LINK_PACE_GAP_MAX_MS = 250 }; /* four in a second, where fewer would do */

struct qw_link_pace {
    double gap_ms; /* between two turns */
    double next_ms;
};

/* per_s: rotations that all links together need in a second. Turns come twice as fast, so that a
 * queue gets shorter. */
struct qw_link_pace qw_link_pace_for(double per_s);
/* The next turn that is free, now_ms or later; it is taken. */
int64_t qw_link_pace_take(struct qw_link_pace *pace, int64_t now_ms);

#endif
