/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_pace.h"

#include "lab/trace/lab_listen.h"
#include "radio/pace/interval.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double INTERVAL_MIN_S = 0.02; /* airtime */
static const double INTERVAL_MAX_S = 10.0; /* of a policy */

/* What the access point heard of one look: 0 when it was too short. */
static qw_err look(const struct lab_channel *channel, double start_s, double *interval_s)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    struct qw_feature_set *set = NULL;
    struct lab_trace *trace = NULL;
    qw_err err = frame == NULL ? QW_ERR_NOMEM : qw_feature_set_new(QW_PACE_PROBES, &set);

    if (err == QW_OK) {
        err = lab_listen(channel, start_s, QW_PACE_PROBES, UINT32_MAX, &trace);
    }
    for (uint32_t i = 0; err == QW_OK && i < QW_PACE_PROBES; i++) {
        if (lab_trace_frame(trace, QW_AIR_VIEW_ACCESS_POINT, i, frame)) {
            err = qw_feature_set_put(set, i, frame, channel->front_end.has_phase);
        }
    }
    if (err == QW_OK) {
        qw_feature_set_fix(set);
        *interval_s = qw_pace_interval_s(set, channel->interval_s);
    }
    lab_trace_free(trace);
    qw_feature_set_free(set);
    free(frame);
    return err;
}

qw_err lab_pace_find(const struct lab_channel *channel, double *interval_s, double *spent_s)
{
    struct lab_channel looked = *channel;
    double found = 0.0;
    double at_s = 0.0;
    qw_err err = QW_OK;

    for (looked.interval_s = INTERVAL_MIN_S;
         err == QW_OK && found == 0.0 && looked.interval_s <= INTERVAL_MAX_S;
         looked.interval_s *= QW_PACE_STEP) {
        err = look(&looked, at_s, &found);
        at_s += QW_PACE_PROBES * looked.interval_s;
    }
    if (err == QW_OK) {
        *interval_s =
            found == 0.0 ? INTERVAL_MAX_S : fmin(fmax(found, INTERVAL_MIN_S), INTERVAL_MAX_S);
        *spent_s = at_s;
    }
    return err;
}
