/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/trace/lab_trace.h"

#include <stdlib.h>
#include <string.h>

struct level {
    float rssi_dbm, noise_dbm, agc_db;
};

struct beginning {
    bool is_known;
    float complex early[QW_CSI_EARLY_TONES], half[QW_CSI_EARLY_VALUES];
};

struct lab_trace {
    struct lab_channel channel;
    uint32_t probes;
    size_t values;               /* of a frame */
    bool *is_heard;              /* [QW_AIR_VIEWS * probes] */
    float complex *value;        /* [(view * probes + probe) * values + value], as in a frame */
    struct level *level;         /* [QW_AIR_VIEWS * probes] */
    struct beginning *beginning; /* [QW_AIR_VIEWS * probes] */
};

static size_t place(const struct lab_trace *trace, enum qw_air_view view, uint32_t probe)
{
    return (size_t)view * trace->probes + probe;
}

qw_err lab_trace_new(const struct lab_channel *channel, uint32_t probes, struct lab_trace **trace)
{
    size_t chains = channel->access_point_antennas * channel->terminal_antennas * channel->bands;
    size_t places = (size_t)QW_AIR_VIEWS * probes;
    const int16_t *tones;
    struct lab_trace *made;

    if (chains == 0 || chains > QW_CHANNEL_CHAINS_MAX) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->channel = *channel;
    made->probes = probes;
    made->values = chains * qw_csi_format_tones(lab_channel_format(channel), &tones);
    made->is_heard = calloc(places, sizeof *made->is_heard);
    made->level = calloc(places, sizeof *made->level);
    made->value = calloc(places * made->values, sizeof *made->value);
    made->beginning = calloc(places, sizeof *made->beginning);
    if (made->is_heard == NULL || made->level == NULL || made->value == NULL ||
        made->beginning == NULL) {
        lab_trace_free(made);
        return QW_ERR_NOMEM;
    }
    *trace = made;
    return QW_OK;
}

void lab_trace_free(struct lab_trace *trace)
{
    if (trace != NULL) {
        free(trace->is_heard);
        free(trace->level);
        free(trace->beginning);
        free(trace->value);
        free(trace);
    }
}

void lab_trace_keep(struct lab_trace *trace, enum qw_air_view view, uint32_t probe,
                    const struct qw_csi_frame *frame)
{
    size_t at = place(trace, view, probe);

    memcpy(&trace->value[at * trace->values], frame->value, trace->values * sizeof frame->value[0]);
    trace->beginning[at].is_known = frame->has_early;
    if (frame->has_early) {
        memcpy(trace->beginning[at].early, frame->early, sizeof frame->early);
        memcpy(trace->beginning[at].half, frame->half, sizeof frame->half);
    }
    trace->level[at] = (struct level){ frame->rssi_dbm, frame->noise_dbm, frame->agc_db };
    trace->is_heard[at] = true;
}

void lab_trace_lose(struct lab_trace *trace, enum qw_air_view view, uint32_t probe)
{
    trace->is_heard[place(trace, view, probe)] = false;
}

bool lab_trace_has(const struct lab_trace *trace, enum qw_air_view view, uint32_t probe)
{
    return probe < trace->probes && trace->is_heard[place(trace, view, probe)];
}

uint32_t lab_trace_probes(const struct lab_trace *trace)
{
    return trace->probes;
}

const struct lab_channel *lab_trace_channel(const struct lab_trace *trace)
{
    return &trace->channel;
}

void lab_trace_shape(const struct lab_trace *trace, enum qw_air_view view,
                     struct qw_csi_frame *frame)
{
    uint8_t access_point = (uint8_t)trace->channel.access_point_antennas;
    uint8_t terminal = (uint8_t)trace->channel.terminal_antennas;
    bool is_down = qw_air_view_is_down(view);

    frame->rx_count = is_down ? terminal : access_point;
    frame->tx_count = is_down ? access_point : terminal;
    frame->band_count = (uint8_t)trace->channel.bands;
}

bool lab_trace_frame(const struct lab_trace *trace, enum qw_air_view view, uint32_t probe,
                     struct qw_csi_frame *frame)
{
    size_t at = place(trace, view, probe);

    if (!lab_trace_has(trace, view, probe)) {
        return false;
    }
    qw_csi_frame_set_tones(frame, lab_channel_format(&trace->channel));
    frame->sequence = probe;
    frame->time_ns = (int64_t)(probe * trace->channel.interval_s * 1e9);
    lab_trace_shape(trace, view, frame);
    frame->rssi_dbm = trace->level[at].rssi_dbm;
    frame->noise_dbm = trace->level[at].noise_dbm;
    frame->agc_db = trace->level[at].agc_db;
    frame->has_early = trace->beginning[at].is_known;
    memcpy(frame->early, trace->beginning[at].early, sizeof frame->early);
    memcpy(frame->half, trace->beginning[at].half, sizeof frame->half);
    memcpy(frame->value, &trace->value[at * trace->values], trace->values * sizeof frame->value[0]);
    return true;
}
