/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/trace/lab_trace.h"

#include <stdlib.h>
#include <string.h>

struct level {
    float rssi_dbm, noise_dbm, agc_db;
};

struct lab_trace {
    struct lab_channel channel;
    uint32_t probes;
    size_t values;            /* of a frame */
    bool *is_heard;           /* [QW_AIR_VIEWS * probes] */
    float complex *value;     /* [(view * probes + probe) * values + value], as in a frame */
    struct level *level;      /* [QW_AIR_VIEWS * probes] */
    bool *has_early;          /* [QW_AIR_VIEWS * probes] */
    size_t early, half;       /* of a frame that knows its beginning, at most */
    float complex *beginning; /* [(view * probes + probe) * (early + half)] */
};

static size_t place(const struct lab_trace *trace, enum qw_air_view view, uint32_t probe)
{
    return (size_t)view * trace->probes + probe;
}

/* As large as the larger of both directions. */
static void size_beginnings(struct lab_trace *trace)
{
    const struct lab_channel *channel = &trace->channel;
    enum qw_csi_format format = lab_channel_format(channel);
    size_t up = qw_csi_early_count(format, channel->access_point_antennas,
                                   channel->terminal_antennas, channel->bands);
    size_t down = qw_csi_early_count(format, channel->terminal_antennas,
                                     channel->access_point_antennas, channel->bands);

    trace->early = up > down ? up : down;
    trace->half = format == QW_CSI_LEGACY_20 && trace->early > 0 ? trace->values : 0;
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
    size_beginnings(made);
    made->has_early = calloc(places, sizeof *made->has_early);
    made->beginning = calloc(places * (made->early + made->half) + 1, sizeof *made->beginning);
    if (made->is_heard == NULL || made->level == NULL || made->value == NULL ||
        made->has_early == NULL || made->beginning == NULL) {
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
        free(trace->has_early);
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
    trace->has_early[at] = frame->has_early;
    if (frame->has_early) {
        float complex *beginning = &trace->beginning[at * (trace->early + trace->half)];

        memcpy(beginning, frame->early, trace->early * sizeof *beginning);
        memcpy(beginning + trace->early, frame->half, trace->half * sizeof *beginning);
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
    const float complex *beginning = &trace->beginning[at * (trace->early + trace->half)];

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
    frame->has_early = trace->has_early[at];
    memcpy(frame->early, beginning, trace->early * sizeof *beginning);
    memcpy(frame->half, beginning + trace->early, trace->half * sizeof *beginning);
    memcpy(frame->value, &trace->value[at * trace->values], trace->values * sizeof frame->value[0]);
    return true;
}
