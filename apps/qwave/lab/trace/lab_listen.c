/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/trace/lab_listen.h"

#include "lab/trace/lab_antennas.h"
#include "radio/air/cell.h"

#include <math.h>
#include <stdlib.h>

struct listening {
    const struct lab_channel *config;
    struct lab_antennas *antennas;
    struct lab_trace *trace;
    struct qw_air_cell cell; /* closed: no cell */
    double start_s;          /* of probe 0 */
    struct qw_csi_frame frame;
};

static void keep(struct listening *l, enum qw_air_view view, uint32_t probe)
{
    lab_trace_keep(l->trace, view, probe, &l->frame);
}

/* A capture instead of a channel. */
static void hear_replay(struct listening *l, double time_s, uint32_t probe)
{
    if (!lab_antennas_replay(l->antennas, time_s, false)) {
        return;
    }
    lab_antennas_measure_replay(l->antennas, QW_AIR_VIEW_ACCESS_POINT, &l->frame);
    keep(l, QW_AIR_VIEW_ACCESS_POINT, probe);
    lab_antennas_replay(l->antennas, time_s + l->config->carrier->gap_s, true);
    lab_antennas_measure_replay(l->antennas, QW_AIR_VIEW_EVE_DOWN, &l->frame);
    keep(l, QW_AIR_VIEW_EVE_DOWN, probe);
    lab_antennas_measure_replay(l->antennas, QW_AIR_VIEW_TERMINAL, &l->frame);
    keep(l, QW_AIR_VIEW_TERMINAL, probe);
}

/* The trace keeps what a receiver makes of a frame, wherever it was lost later. */
static void hear_view(struct listening *l, enum qw_air_view view, double time_s, uint32_t probe)
{
    if (!l->config->is_sampled) {
        lab_trace_shape(l->trace, view, &l->frame);
        lab_antennas_measure_sweep(l->antennas, view, &l->frame);
        keep(l, view, probe);
    } else if (lab_antennas_measure(l->antennas, view, time_s, probe, &l->frame)) {
        keep(l, view, probe);
    }
}

static void hear_direction(struct listening *l, double time_s, bool is_down, uint32_t probe)
{
    if (!l->config->is_sampled) {
        lab_antennas_sweep(l->antennas, time_s, is_down, probe);
    }
    hear_view(l, is_down ? QW_AIR_VIEW_EVE_DOWN : QW_AIR_VIEW_EVE_UP, time_s, probe);
    hear_view(l, is_down ? QW_AIR_VIEW_TERMINAL : QW_AIR_VIEW_ACCESS_POINT, time_s, probe);
}

/* The terminal's pilot, then the access point's answer. The eavesdropper loses nothing. */
static void hear_pair(struct listening *l, double time_s, uint32_t probe)
{
    hear_direction(l, time_s, false, probe);
    if (lab_antennas_lose(l->antennas, l->config->loss) ||
        !lab_trace_has(l->trace, QW_AIR_VIEW_ACCESS_POINT, probe)) {
        lab_trace_lose(l->trace, QW_AIR_VIEW_ACCESS_POINT, probe);
        return; /* no answer to what was not heard */
    }
    hear_direction(l, time_s + l->config->carrier->gap_s, true, probe);
    if (lab_antennas_lose(l->antennas, l->config->loss)) {
        lab_trace_lose(l->trace, QW_AIR_VIEW_TERMINAL, probe);
    }
}

/* One of a cell's reference signals. */
static bool hear_signal(void *self, enum qw_air_view view, int64_t number,
                        struct qw_csi_frame *frame)
{
    struct listening *l = self;
    const struct qw_carrier *carrier = l->config->carrier;
    double time_s = l->start_s + (double)number * carrier->period_s +
                    (qw_air_view_is_down(view) ? carrier->gap_s : 0.0);

    return lab_antennas_measure(l->antennas, view, time_s, 0, frame) &&
           (qw_air_view_is_eve(view) || !lab_antennas_lose(l->antennas, l->config->loss));
}

/* Both directions of a probe, brought to the middle of the gap unless it is left open. */
static void hear_cell(struct listening *l, uint32_t probe)
{
    int64_t period = probe * llround(l->config->interval_s / l->config->carrier->period_s);

    for (int v = 0; v < QW_AIR_VIEWS; v++) {
        enum qw_air_view view = (enum qw_air_view)v;
        bool is_heard = l->config->is_gap_open
                            ? hear_signal(l, view, qw_air_cell_number(period), &l->frame)
                            : qw_air_cell_hear(&l->cell, view, period, hear_signal, l, &l->frame);

        if (is_heard) {
            keep(l, view, probe);
        }
    }
}

static void hear_all(struct listening *l, uint32_t probes)
{
    for (uint32_t i = 0; i < probes; i++) {
        double time_s = l->start_s + i * l->config->interval_s;

        if (l->config->medium != NULL) {
            hear_replay(l, time_s, i);
        } else if (l->cell.carrier != NULL) {
            hear_cell(l, i);
        } else {
            hear_pair(l, time_s, i);
        }
    }
}

qw_err lab_listen(const struct lab_channel *channel, double start_s, uint32_t probes,
                  uint64_t noise_stream, struct lab_trace **trace)
{
    bool is_cell = channel->medium == NULL && channel->carrier->period_s > 0.0;
    struct listening *l = calloc(1, sizeof *l);
    qw_err err;

    if (l == NULL) {
        return QW_ERR_NOMEM;
    }
    l->config = channel;
    l->start_s = start_s;
    qw_csi_frame_set_tones(&l->frame, lab_channel_format(channel));
    err = lab_trace_new(channel, probes, &l->trace);
    if (err == QW_OK) {
        err = lab_antennas_new(channel, start_s, noise_stream, &l->antennas);
    }
    if (err == QW_OK && is_cell) {
        err = qw_air_cell_open(channel->carrier, &l->cell);
    }
    if (err == QW_OK) {
        hear_all(l, probes);
        *trace = l->trace;
        l->trace = NULL; /* the caller's */
    }
    qw_air_cell_close(&l->cell);
    lab_antennas_free(l->antennas);
    lab_trace_free(l->trace);
    free(l);
    return err;
}
