/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/sdr/sounding_receiver.h"

#include "radio/carrier/rf_receiver.h"
#include "radio/sdr/sounding_label.h"
#include "radio/sdr/sounding_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CARRY_MAX = 4096, MARGIN = 4 /* of a place that noise has moved */ };

static const float WILD = 16.0f;                /* times full scale */
static const float MEAN_SHARE = 1.0f / 4096.0f; /* of each sample in the slow average */
static const double JUMP_NS = 1e9;
static const double STEADY_NS = 1000.0; /* by which stamps of a steady stream may be off */

struct qw_sounding_receiver {
    struct qw_sounding_receiver_config config;
    struct qw_sounding sounding;
    struct qw_rf_receiver *rf;
    struct qw_dft *dft;
    double complex *work;  /* [sounding.size] */
    double complex *tone;  /* [sounding.tone_count] */
    float complex *sample; /* [QW_SOUNDING_BLOCK_MAX + CARRY_MAX] */
    size_t count;          /* of samples that are there */
    size_t from;           /* before this one nothing is left to be found; <= count */
    size_t tail;           /* samples that a place needs behind it */
    int64_t time_ns;       /* of sample[0] */
    bool has_time;         /* false: the next push begins anew */
    float complex mean;    /* direct current of the converter */
    struct qw_sounding_counters counters;
};

static bool station_ok(int station)
{
    return station == QW_SOUNDING_ANY_STATION || (station >= 0 && station < QW_SOUNDING_STATIONS);
}

static qw_err allocate(struct qw_sounding_receiver *made)
{
    qw_err err = qw_rf_receiver_new(&made->sounding, &made->rf);

    if (err == QW_OK) {
        err = qw_dft_new(made->sounding.size, &made->dft);
    }
    if (err != QW_OK) {
        return err;
    }
    made->work = calloc(made->sounding.size, sizeof *made->work);
    made->tone = calloc(made->sounding.tone_count, sizeof *made->tone);
    made->sample = calloc(QW_SOUNDING_BLOCK_MAX + CARRY_MAX, sizeof *made->sample);
    return made->work == NULL || made->tone == NULL || made->sample == NULL ? QW_ERR_NOMEM : QW_OK;
}

qw_err qw_sounding_receiver_new(const struct qw_sounding_receiver_config *config,
                                struct qw_sounding_receiver **receiver)
{
    struct qw_sounding_receiver *made;
    qw_err err;

    if (config->carrier->is_cellular || !(config->rate_hz >= QW_SOUNDING_RATE_MIN_HZ) ||
        config->rate_hz > QW_SOUNDING_RATE_MAX_HZ || !station_ok(config->own_station) ||
        !station_ok(config->peer_station)) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->config = *config;
    qw_sounding_of(config->carrier, &made->sounding);
    made->sounding.rate_hz = config->rate_hz;
    err = allocate(made);
    if (err != QW_OK) {
        qw_sounding_receiver_free(made);
        return err;
    }
    made->tail = qw_sounding_search_reach(&made->sounding) + qw_rf_receiver_samples(made->rf) +
                 qw_sounding_labelled_samples(&made->sounding) -
                 qw_sounding_samples(&made->sounding);
    qw_assert(made->tail + made->sounding.slack + MARGIN <= CARRY_MAX);
    *receiver = made;
    return QW_OK;
}

void qw_sounding_receiver_free(struct qw_sounding_receiver *receiver)
{
    if (receiver != NULL) {
        qw_rf_receiver_free(receiver->rf);
        qw_dft_free(receiver->dft);
        free(receiver->work);
        free(receiver->tone);
        free(receiver->sample);
        free(receiver);
    }
}

static int64_t time_of(const struct qw_sounding_receiver *receiver, size_t sample)
{
    return receiver->time_ns + (int64_t)llround(1e9 * (double)sample / receiver->config.rate_hz);
}

/* Times come from a device: any 64 bits, so their difference is taken in floating point. */
static void check_time(struct qw_sounding_receiver *receiver, int64_t time_ns)
{
    double late_ns = (double)time_ns - (double)time_of(receiver, receiver->count);

    if (fabs(late_ns) <= fmax(STEADY_NS, 1.5e9 / receiver->config.rate_hz)) {
        return;
    }
    if (late_ns > 0.0 && late_ns <= JUMP_NS) {
        receiver->counters.samples_lost +=
            (uint64_t)llround(late_ns * 1e-9 * receiver->config.rate_hz);
    } else {
        receiver->counters.clock_jumps++;
    }
    qw_sounding_receiver_break(receiver);
}

static float complex clean(struct qw_sounding_receiver *receiver, float complex sample)
{
    float re = crealf(sample);
    float im = cimagf(sample);

    if (!(fabsf(re) <= WILD && fabsf(im) <= WILD)) {
        receiver->counters.wild_samples++;
        return 0.0f;
    }
    receiver->mean += MEAN_SHARE * (sample - receiver->mean);
    return sample - receiver->mean;
}

void qw_sounding_receiver_push(struct qw_sounding_receiver *receiver, const float complex *sample,
                               size_t count, int64_t time_ns)
{
    qw_assert(count <= QW_SOUNDING_BLOCK_MAX && receiver->count <= CARRY_MAX);
    if (receiver->has_time) {
        check_time(receiver, time_ns);
    }
    /* Each stamp sets the time anew, so that a rate a little off does not add up. */
    receiver->time_ns =
        time_ns - (int64_t)llround(1e9 * (double)receiver->count / receiver->config.rate_hz);
    receiver->has_time = true;
    for (size_t i = 0; i < count; i++) {
        receiver->sample[receiver->count + i] = clean(receiver, sample[i]);
    }
    receiver->count += count;
    receiver->counters.samples += count;
}

void qw_sounding_receiver_break(struct qw_sounding_receiver *receiver)
{
    receiver->count = 0;
    receiver->from = 0;
    receiver->has_time = false;
}

int64_t qw_sounding_receiver_time_ns(const struct qw_sounding_receiver *receiver)
{
    return time_of(receiver, receiver->count);
}

static size_t behind(size_t place, size_t samples)
{
    return place > samples ? place - samples : 0;
}

/* Keeps what a later place may still need. */
static void forget(struct qw_sounding_receiver *receiver)
{
    size_t keep_from = behind(receiver->from, receiver->sounding.slack + MARGIN);

    receiver->time_ns = time_of(receiver, keep_from);
    receiver->count -= keep_from;
    receiver->from -= keep_from;
    memmove(receiver->sample, receiver->sample + keep_from,
            receiver->count * sizeof *receiver->sample);
}

static void fill_frame(const struct qw_sounding_receiver *receiver, size_t start,
                       const struct qw_sounding_label *label, struct qw_csi_frame *frame)
{
    const struct qw_sounding_receiver_config *config = &receiver->config;
    const uint8_t source[QW_CSI_SOURCE_LEN] = { 0x02, 0x51, 0x57, 0, 0, label->station };
    double own_rate_hz = config->carrier->spacing_hz * (double)receiver->sounding.size;

    qw_csi_frame_clear(frame);
    qw_csi_frame_set_tones(frame, config->carrier->format);
    if (fabs(config->rate_hz / own_rate_hz - 1.0) > 1e-3) {
        frame->format = QW_CSI_OTHER;
    }
    frame->flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE | QW_CSI_HAS_SEQUENCE | QW_CSI_HAS_AGC;
    frame->time_ns = time_of(receiver, start);
    frame->sequence = label->number;
    frame->centre_mhz = (uint16_t)fmin(fmax(round(config->centre_hz / 1e6), 0.0), 65535.0);
    frame->agc_db = (float)config->gain_db;
    memcpy(frame->source, source, sizeof source);
    for (size_t k = 0; k < receiver->sounding.tone_count; k++) {
        frame->value[k] = (float complex)receiver->tone[k];
    }
}

static bool is_wanted(const struct qw_sounding_receiver_config *config, int station)
{
    return config->peer_station != QW_SOUNDING_ANY_STATION ? station == config->peer_station
                                                           : station != config->own_station;
}

/* What repeats at place: measured when it is the peer's. */
static bool take(struct qw_sounding_receiver *receiver, size_t place, struct qw_csi_frame *frame)
{
    size_t begin = behind(place, receiver->sounding.slack + MARGIN);
    struct qw_rf_estimate estimate = { .tone = receiver->tone };
    struct qw_sounding_label label;
    const float complex *start;

    receiver->from = place + receiver->sounding.size;
    if (!qw_rf_receiver_estimate(receiver->rf, receiver->sample + begin, &estimate)) {
        receiver->counters.no_label++;
        return false;
    }
    start = receiver->sample + begin + estimate.start;
    if (!qw_sounding_label_read(&receiver->sounding, receiver->dft, start, estimate.offset_hz,
                                receiver->tone, receiver->work, &label)) {
        receiver->counters.no_label++;
        return false;
    }
    receiver->from =
        begin + estimate.start + behind(qw_sounding_labelled_samples(&receiver->sounding), MARGIN);
    if (!is_wanted(&receiver->config, label.station)) {
        receiver->counters.foreign++;
        return false;
    }
    fill_frame(receiver, begin + estimate.start, &label, frame);
    receiver->counters.frames++;
    return true;
}

bool qw_sounding_receiver_next(struct qw_sounding_receiver *receiver, struct qw_csi_frame *frame)
{
    size_t reach = qw_sounding_search_reach(&receiver->sounding);
    size_t place;

    while (receiver->count > receiver->tail &&
           qw_sounding_search(&receiver->sounding, receiver->sample,
                              receiver->count - receiver->tail + reach, receiver->from, &place)) {
        if (take(receiver, place, frame)) {
            return true;
        }
    }
    if (receiver->from < behind(receiver->count, receiver->tail)) {
        receiver->from = behind(receiver->count, receiver->tail);
    }
    forget(receiver);
    return false;
}

struct qw_sounding_counters
qw_sounding_receiver_counters(const struct qw_sounding_receiver *receiver)
{
    return receiver->counters;
}
