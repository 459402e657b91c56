/* SPDX-License-Identifier: Apache-2.0 */
#include "link/pace.h"

#include <math.h>

struct qw_link_pace qw_link_pace_for(double per_s)
{
    double gap_ms = per_s > 0 ? 500 / per_s : QW_LINK_PACE_GAP_MAX_MS;

    return (struct qw_link_pace){ .gap_ms = fmin(gap_ms, QW_LINK_PACE_GAP_MAX_MS) };
}

int64_t qw_link_pace_take(struct qw_link_pace *pace, int64_t now_ms)
{
    double turn_ms = fmax((double)now_ms, pace->next_ms);

    pace->next_ms = turn_ms + pace->gap_ms;
    return (int64_t)ceil(turn_ms);
}
