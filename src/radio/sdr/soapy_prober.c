/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/sdr/soapy_prober.h"

#include "base/clock.h"
#include "radio/carrier/dft.h"
#include "radio/sdr/sounding_label.h"

#include <stdio.h>
#include <stdlib.h>

enum { READ_SAMPLES = 8192, READ_SAMPLES_MIN = 256, READ_MS = 50, CATCH_UP_MS = 2000 };
/* A device gives samples when it has as many as were asked for: what is heard must be there long
 * before its answer is due. */
static const double READS_PER_GAP = 4.0;

static const int64_t TIME_MAX_NS = INT64_C(3600) * 1000000000;
/* Of full scale, mean amplitude of what is sent: the peaks of a label are 10 dB above it. */
static const float SEND_AMPLITUDE = 0.25f;

struct qw_soapy_prober {
    struct qw_soapy_prober_config config;
    struct qw_soapy_radio *radio;
    struct qw_sounding_receiver *receiver;
    struct qw_sounding sounding;
    struct qw_dft *dft;
    double complex *work; /* [sounding.size] */
    float complex *wave;  /* [wave_samples] */
    size_t wave_samples;
    float complex *sample; /* [READ_SAMPLES] */
    size_t read_samples;   /* at once */
    uint16_t number;       /* the first's next one */
    bool has_begun;        /* the first knows when to send */
    int64_t send_ns;       /* its next time */
    int64_t heard_ms;      /* of the computer: when samples last came */
    struct qw_soapy_counters counters;
};

static bool times_ok(const struct qw_soapy_prober_config *config)
{
    return config->role == QW_SOAPY_LISTEN ||
           (config->gap_ns > 0 && config->gap_ns <= TIME_MAX_NS &&
            config->station != QW_SOUNDING_ANY_STATION &&
            (config->role != QW_SOAPY_FIRST ||
             (config->interval_ns > config->gap_ns && config->interval_ns <= TIME_MAX_NS)));
}

static size_t samples_at_once(const struct qw_soapy_prober_config *config)
{
    double samples = config->radio.rate_hz * 1e-9 * (double)config->gap_ns / READS_PER_GAP;

    return config->role == QW_SOAPY_LISTEN || samples > READ_SAMPLES ? READ_SAMPLES
           : samples < READ_SAMPLES_MIN                              ? READ_SAMPLES_MIN
                                                                     : (size_t)samples;
}

static qw_err allocate(struct qw_soapy_prober *made)
{
    struct qw_sounding_receiver_config receiver = { .carrier = made->config.carrier,
                                                    .rate_hz = made->config.radio.rate_hz,
                                                    .own_station = made->config.station,
                                                    .peer_station = made->config.peer,
                                                    .centre_hz = made->config.radio.frequency_hz,
                                                    .gain_db = made->config.radio.gain_db };
    qw_err err = qw_sounding_receiver_new(&receiver, &made->receiver);

    if (err != QW_OK) {
        return err;
    }
    qw_sounding_of(made->config.carrier, &made->sounding);
    made->read_samples = samples_at_once(&made->config);
    made->wave_samples = qw_sounding_labelled_samples(&made->sounding);
    made->work = calloc(made->sounding.size, sizeof *made->work);
    made->wave = calloc(made->wave_samples, sizeof *made->wave);
    made->sample = calloc(READ_SAMPLES, sizeof *made->sample);
    if (made->work == NULL || made->wave == NULL || made->sample == NULL) {
        return QW_ERR_NOMEM;
    }
    return qw_dft_new(made->sounding.size, &made->dft);
}

qw_err qw_soapy_prober_open(const struct qw_soapy *soapy,
                            const struct qw_soapy_prober_config *config,
                            struct qw_soapy_prober **prober, char text[static QW_SOAPY_TEXT_CAP])
{
    struct qw_soapy_prober *made;
    qw_err err;

    text[0] = '\0';
    if (!times_ok(config)) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->config = *config;
    made->config.radio.can_send = config->role != QW_SOAPY_LISTEN;
    err = allocate(made);
    if (err == QW_OK) {
        err = qw_soapy_radio_open(soapy, &made->config.radio, &made->radio, text);
    }
    if (err != QW_OK) {
        qw_soapy_prober_close(made);
        return err;
    }
    made->heard_ms = qw_clock_monotonic_ms();
    *prober = made;
    return QW_OK;
}

void qw_soapy_prober_close(struct qw_soapy_prober *prober)
{
    if (prober != NULL) {
        qw_soapy_radio_close(prober->radio);
        qw_sounding_receiver_free(prober->receiver);
        qw_dft_free(prober->dft);
        free(prober->work);
        free(prober->wave);
        free(prober->sample);
        free(prober);
    }
}

static qw_err send_number(struct qw_soapy_prober *prober, uint16_t number, int64_t time_ns)
{
    struct qw_sounding_label label = { .number = number,
                                       .station = (uint8_t)prober->config.station };
    qw_err err;

    qw_sounding_frame_make(&prober->sounding, prober->dft, &label, prober->work, prober->wave);
    for (size_t i = 0; i < prober->wave_samples; i++) {
        prober->wave[i] *= SEND_AMPLITUDE;
    }
    err = qw_soapy_radio_send(prober->radio, prober->wave, prober->wave_samples, time_ns);
    prober->counters.sends += err == QW_OK;
    prober->counters.sends_late += err == QW_ERR_TIMEOUT; /* a device that takes nothing is late */
    return err == QW_ERR_TIMEOUT ? QW_OK : err;
}

/* The first's sends, each handed over a gap ahead of its time. */
static qw_err send_due(struct qw_soapy_prober *prober)
{
    const struct qw_soapy_prober_config *config = &prober->config;
    int64_t horizon_ns = qw_sounding_receiver_time_ns(prober->receiver) + config->gap_ns;
    qw_err err = QW_OK;

    if (!prober->has_begun || horizon_ns - prober->send_ns > config->interval_ns ||
        prober->send_ns - horizon_ns > config->interval_ns) { /* at the start; the clock jumped */
        prober->has_begun = true;
        prober->send_ns = horizon_ns;
    }
    while (err == QW_OK && prober->send_ns <= horizon_ns) {
        err = send_number(prober, prober->number, prober->send_ns);
        prober->number = (uint16_t)((prober->number + 1) % QW_SOUNDING_NUMBERS);
        prober->send_ns += config->interval_ns;
    }
    return err;
}

/* Samples into the receiver, and what the device says about them. */
static qw_err hear(struct qw_soapy_prober *prober, int timeout_ms)
{
    struct qw_soapy_block block;
    qw_err err = qw_soapy_radio_read(prober->radio, prober->sample, prober->read_samples,
                                     timeout_ms, &block);

    if (err != QW_OK) {
        return err;
    }
    if (block.event == QW_SOAPY_SAMPLES) {
        prober->heard_ms = qw_clock_monotonic_ms();
        qw_sounding_receiver_push(prober->receiver, prober->sample, block.count, block.time_ns);
        return prober->config.role == QW_SOAPY_FIRST ? send_due(prober) : QW_OK;
    }
    if (block.event != QW_SOAPY_NOTHING) {
        prober->counters.overruns += block.event == QW_SOAPY_OVERRUN;
        prober->counters.corrupt += block.event == QW_SOAPY_CORRUPT;
        qw_sounding_receiver_break(prober->receiver);
    }
    return qw_clock_monotonic_ms() - prober->heard_ms > QW_SOAPY_SILENCE_MS ? QW_ERR_CLOSED : QW_OK;
}

qw_err qw_soapy_prober_next_until(struct qw_soapy_prober *prober, struct qw_csi_frame *frame,
                                  int timeout_ms, int64_t until_ns)
{
    int64_t end_ms = qw_clock_monotonic_ms() + timeout_ms;
    int64_t left_ms = timeout_ms;
    qw_err err = QW_OK;

    while (err == QW_OK && !qw_sounding_receiver_next(prober->receiver, frame)) {
        if (left_ms < 0 || qw_sounding_receiver_time_ns(prober->receiver) > until_ns) {
            return QW_ERR_TIMEOUT;
        }
        err = hear(prober, left_ms < READ_MS ? (int)left_ms : READ_MS);
        left_ms = end_ms - qw_clock_monotonic_ms() - 1; /* 0 looks once */
    }
    if (err == QW_OK && prober->config.role == QW_SOAPY_SECOND) {
        err =
            send_number(prober, (uint16_t)frame->sequence, frame->time_ns + prober->config.gap_ns);
    }
    return err;
}

qw_err qw_soapy_prober_next(struct qw_soapy_prober *prober, struct qw_csi_frame *frame,
                            int timeout_ms)
{
    return qw_soapy_prober_next_until(prober, frame, timeout_ms, INT64_MAX);
}

qw_err qw_soapy_prober_send(struct qw_soapy_prober *prober, uint64_t number, int64_t time_ns)
{
    return prober->config.radio.can_send
               ? send_number(prober, (uint16_t)(number % QW_SOUNDING_NUMBERS), time_ns)
               : QW_ERR_UNAVAILABLE;
}

qw_err qw_soapy_prober_catch_up(struct qw_soapy_prober *prober, int64_t *time_ns)
{
    int64_t end_ms = qw_clock_monotonic_ms() + CATCH_UP_MS;
    struct qw_soapy_block block = { .event = QW_SOAPY_SAMPLES };
    bool has_waited = false;

    qw_sounding_receiver_break(prober->receiver);
    /* Until it has nothing ready; what comes after that is of now. */
    while (!has_waited || block.event != QW_SOAPY_SAMPLES) {
        int wait_ms = has_waited ? READ_MS : 0;
        qw_err err = qw_soapy_radio_read(prober->radio, prober->sample, prober->read_samples,
                                         wait_ms, &block);

        if (err != QW_OK) {
            return err;
        }
        if (qw_clock_monotonic_ms() > end_ms) {
            return QW_ERR_TIMEOUT;
        }
        has_waited = has_waited || block.event == QW_SOAPY_NOTHING;
    }
    prober->heard_ms = qw_clock_monotonic_ms();
    qw_sounding_receiver_push(prober->receiver, prober->sample, block.count, block.time_ns);
    *time_ns = qw_sounding_receiver_time_ns(prober->receiver);
    return QW_OK;
}

int64_t qw_soapy_prober_time_ns(const struct qw_soapy_prober *prober)
{
    return qw_sounding_receiver_time_ns(prober->receiver);
}

void qw_soapy_prober_driver(const struct qw_soapy_prober *prober,
                            char driver[static QW_SOAPY_DRIVER_CAP])
{
    qw_soapy_radio_driver(prober->radio, driver);
}

double qw_soapy_prober_frame_s(const struct qw_soapy_prober *prober)
{
    return (double)prober->wave_samples / prober->config.radio.rate_hz;
}

struct qw_soapy_counters qw_soapy_prober_counters(struct qw_soapy_prober *prober)
{
    struct qw_soapy_counters counters = prober->counters;

    counters.sounding = qw_sounding_receiver_counters(prober->receiver);
    counters.sends_late += qw_soapy_radio_late(prober->radio);
    return counters;
}

static qw_err source_transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    return qw_soapy_prober_send(self, sequence, time_ns);
}

static qw_err source_next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    return qw_soapy_prober_next(self, frame, timeout_ms);
}

static void source_close(void *self)
{
    qw_soapy_prober_close(self);
}

struct qw_csi_source qw_soapy_prober_source(struct qw_soapy_prober *prober, const char *label)
{
    struct qw_csi_source source = { .self = prober,
                                    .tuning = qw_tuning_standard,
                                    .transmit = source_transmit,
                                    .next = source_next,
                                    .close = source_close };

    source.tuning.carrier = prober->config.carrier;
    (void)snprintf(source.label, sizeof source.label, "%s", label);
    return source;
}
