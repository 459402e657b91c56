/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/sdr/session_radio.h"

#include "base/clock.h"
#include "radio/sdr/sounding_label.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAD_GAPS = 10,   /* before the first pilot: a session's shortest interval (plkg/gap.h) */
    LEAST_GAPS = 9,   /* between two pilots, with clocks that are off */
    TAIL_FRAMES = 4,  /* that the search looks at behind a frame, and more */
    SPARE_MS = 1000,  /* of the computer, behind what the device's clock asks for */
    EARLY_NS = 200000 /* or late, of an answer: 30 km there and back, and clocks */
};

static const double GAP_MIN_S = 1e-4;
static const double GAP_MAX_S = 0.1;
/* Of a frame: by which an estimate of where it begins may be off, at any rate of samples. */
static const double EARLY_FRAMES = 0.25;
static const int64_t TIME_MAX_NS = INT64_C(1) << 60;
/* Drivers whose devices are no radios: this project's tests, and SoapySDR's own empty one. */
static const char *const simulated_drivers[] = { "qwave-test", "null" };

struct session_radio {
    struct qw_soapy soapy; /* zeroed: somebody else's is used */
    struct qw_soapy_prober *prober;
    const struct qw_carrier *carrier;
    bool is_terminal;
    int64_t gap_ns, tolerance_ns, tail_ns;
    bool has_base;    /* the terminal's */
    int64_t base_ns;  /* of the device's clock when the session's is 0 */
    uint64_t jumps;   /* of the device's clock that base_ns knows of */
    uint64_t current; /* terminal: of the pilot that went out last; access point: heard last */
    int64_t slot_ns;  /* terminal: when that one's answer is due; access point: when it was heard */
    bool has_slot;
    bool is_silent; /* nothing was sent in this slot */
};

static uint64_t clock_jumps(const struct session_radio *radio)
{
    return qw_soapy_prober_counters(radio->prober).sounding.clock_jumps;
}

/* At the start, and when the device's clock has jumped: the session's clock goes on from here, a
 * shortest interval from now. */
static qw_err set_base(struct session_radio *radio, int64_t time_ns)
{
    int64_t now_ns;
    qw_err err;

    if (radio->has_base && clock_jumps(radio) == radio->jumps) {
        return QW_OK;
    }
    err = qw_soapy_prober_catch_up(radio->prober, &now_ns);
    if (err != QW_OK) {
        return err;
    }
    radio->base_ns = now_ns + LEAD_GAPS * radio->gap_ns - time_ns;
    radio->jumps = clock_jumps(radio);
    radio->has_base = true;
    return QW_OK;
}

/* The terminal's turn of a pilot that is sent or left out. */
static qw_err begin_slot(struct session_radio *radio, uint64_t sequence, int64_t time_ns,
                         bool is_silent)
{
    qw_err err = time_ns < 0 || time_ns > TIME_MAX_NS ? QW_ERR_ARG : set_base(radio, time_ns);

    if (err != QW_OK) {
        return err;
    }
    radio->current = sequence;
    radio->slot_ns = radio->base_ns + time_ns + radio->gap_ns;
    radio->has_slot = true;
    radio->is_silent = is_silent;
    return is_silent ? QW_OK
                     : qw_soapy_prober_send(radio->prober, sequence, radio->base_ns + time_ns);
}

static qw_err source_transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    struct session_radio *radio = self;

    return radio->is_terminal ? begin_slot(radio, sequence, time_ns, false)
                              : qw_soapy_prober_send(radio->prober, sequence, time_ns);
}

static qw_err source_stay_silent(void *self, uint64_t sequence, int64_t time_ns)
{
    return begin_slot(self, sequence, time_ns, true);
}

/* The terminal's: of this pilot, when it was due. In a silent slot whatever bears the number. */
static bool take_answer(const struct session_radio *radio, struct qw_csi_frame *frame)
{
    if (!radio->has_slot || frame->sequence != radio->current % QW_SOUNDING_NUMBERS ||
        (!radio->is_silent && llabs(frame->time_ns - radio->slot_ns) > radio->tolerance_ns)) {
        return false;
    }
    frame->sequence = radio->current;
    return true;
}

/* Numbers that a terminal can have gone on by since the last one was heard. A clock that went back
 * says nothing. */
static uint64_t steps_max(const struct session_radio *radio, int64_t time_ns)
{
    double steps = 1.0 + ((double)time_ns - (double)radio->slot_ns) /
                             ((double)LEAST_GAPS * (double)radio->gap_ns);

    return !radio->has_slot || steps < 1.0 || steps > QW_SOUNDING_NUMBERS / 2
               ? QW_SOUNDING_NUMBERS / 2
               : (uint64_t)steps;
}

/* The access point's: numbers go up, each is heard once. */
static bool take_pilot(struct session_radio *radio, struct qw_csi_frame *frame)
{
    uint64_t steps = (frame->sequence + QW_SOUNDING_NUMBERS - radio->current) % QW_SOUNDING_NUMBERS;

    if ((radio->has_slot && steps == 0) || steps > steps_max(radio, frame->time_ns)) {
        return false;
    }
    radio->current += steps;
    radio->slot_ns = frame->time_ns;
    radio->has_slot = true;
    frame->sequence = radio->current;
    return true;
}

/* Milliseconds of the computer to wait for the answer, however far away its time still is. */
static int patience_ms(const struct session_radio *radio, int64_t until_ns, int timeout_ms)
{
    double left_ms =
        1e-6 * ((double)until_ns - (double)qw_soapy_prober_time_ns(radio->prober)) + SPARE_MS;

    return left_ms > timeout_ms ? (int)fmin(left_ms, 1e6) : timeout_ms;
}

static qw_err source_next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    struct session_radio *radio = self;
    bool has_due = radio->is_terminal && radio->has_slot;
    int64_t until_ns = has_due ? radio->slot_ns + radio->tail_ns : INT64_MAX;
    int64_t end_ms =
        qw_clock_monotonic_ms() + (has_due ? patience_ms(radio, until_ns, timeout_ms) : timeout_ms);
    qw_err err = QW_OK;

    while (err == QW_OK) {
        int64_t left_ms = end_ms - qw_clock_monotonic_ms();

        err = qw_soapy_prober_next_until(radio->prober, frame, left_ms > 0 ? (int)left_ms : 0,
                                         until_ns);
        if (err == QW_OK &&
            (radio->is_terminal ? take_answer(radio, frame) : take_pilot(radio, frame))) {
            frame->format = radio->carrier->format; /* the same waveform at any rate */
            return QW_OK;
        }
    }
    return err;
}

static void source_close(void *self)
{
    struct session_radio *radio = self;

    qw_soapy_prober_close(radio->prober);
    qw_soapy_unload(&radio->soapy);
    free(radio);
}

static bool config_ok(const struct qw_session_radio_config *config)
{
    return config->gap_s >= GAP_MIN_S && config->gap_s <= GAP_MAX_S && config->station >= 0 &&
           config->station < QW_SOUNDING_STATIONS && config->peer >= 0 &&
           config->peer < QW_SOUNDING_STATIONS && config->station != config->peer;
}

static void describe(const struct session_radio *radio, struct qw_csi_source *source)
{
    char driver[QW_SOAPY_DRIVER_CAP];

    qw_soapy_prober_driver(radio->prober, driver);
    source->is_simulated = false;
    for (size_t i = 0; i < sizeof simulated_drivers / sizeof simulated_drivers[0]; i++) {
        source->is_simulated = source->is_simulated || strcmp(driver, simulated_drivers[i]) == 0;
    }
    (void)snprintf(source->label, sizeof source->label, "SoapySDR driver %s%s", driver,
                   source->is_simulated ? ", simulated" : "");
}

/* soapy is borrowed, or NULL: the radio's own. */
static qw_err open_with(struct session_radio *made, const struct qw_soapy *soapy,
                        const struct qw_session_radio_config *config,
                        char text[static QW_SOAPY_TEXT_CAP])
{
    struct qw_soapy_prober_config prober = { .radio = config->radio,
                                             .carrier = config->carrier,
                                             .station = config->station,
                                             .peer = config->peer,
                                             .role = QW_SOAPY_AS_TOLD,
                                             .gap_ns = llround(1e9 * config->gap_s) };
    double frame_ns;
    qw_err err;

    if (soapy == NULL && qw_soapy_load(QW_SOAPY_LIBRARY, &made->soapy) != QW_OK) {
        (void)snprintf(text, QW_SOAPY_TEXT_CAP, "%s is not installed", QW_SOAPY_LIBRARY);
        return QW_ERR_UNAVAILABLE;
    }
    err = qw_soapy_prober_open(soapy != NULL ? soapy : &made->soapy, &prober, &made->prober, text);
    if (err != QW_OK) {
        return err;
    }
    frame_ns = 1e9 * qw_soapy_prober_frame_s(made->prober);
    made->carrier = config->carrier;
    made->is_terminal = config->is_terminal;
    made->gap_ns = prober.gap_ns;
    made->tolerance_ns = EARLY_NS + llround(EARLY_FRAMES * frame_ns);
    made->tail_ns = made->tolerance_ns + llround(TAIL_FRAMES * frame_ns);
    return QW_OK;
}

static qw_err open_source(const struct qw_soapy *soapy,
                          const struct qw_session_radio_config *config,
                          struct qw_csi_source *source, char text[static QW_SOAPY_TEXT_CAP])
{
    struct session_radio *made;
    qw_err err;

    text[0] = '\0';
    if (!config_ok(config)) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    err = open_with(made, soapy, config, text);
    if (err != QW_OK) {
        source_close(made);
        return err;
    }
    *source = (struct qw_csi_source){ .has_no_looks = true,
                                      .gap_s = config->gap_s,
                                      .tuning = qw_tuning_standard,
                                      .self = made,
                                      .transmit = source_transmit,
                                      .stay_silent = source_stay_silent,
                                      .next = source_next,
                                      .close = source_close };
    source->tuning.carrier = config->carrier;
    describe(made, source);
    return QW_OK;
}

qw_err qw_session_radio_open(const struct qw_soapy *soapy,
                             const struct qw_session_radio_config *config,
                             struct qw_csi_source *source, char text[static QW_SOAPY_TEXT_CAP])
{
    return open_source(soapy, config, source, text);
}

qw_err qw_session_radio_start(const struct qw_session_radio_config *config,
                              struct qw_csi_source *source, char text[static QW_SOAPY_TEXT_CAP])
{
    return open_source(NULL, config, source, text);
}

struct qw_soapy_counters qw_session_radio_counters(const struct qw_csi_source *source)
{
    const struct session_radio *radio = source->self;

    return qw_soapy_prober_counters(radio->prober);
}

void qw_session_radio_log(const struct qw_csi_source *source, const struct qw_log *log)
{
    struct qw_soapy_counters counters = qw_session_radio_counters(source);
    const struct qw_sounding_counters *sounding = &counters.sounding;

    qw_log_write(log, QW_LOG_INFO,
                 "radio: sent %" PRIu64 ", heard %" PRIu64 ", late %" PRIu64 ", overruns %" PRIu64
                 ", corrupt %" PRIu64 ", clock jumps %" PRIu64 ", wild samples %" PRIu64
                 ", foreign %" PRIu64 ", no label %" PRIu64,
                 counters.sends, sounding->frames, counters.sends_late, counters.overruns,
                 counters.corrupt, sounding->clock_jumps, sounding->wild_samples, sounding->foreign,
                 sounding->no_label);
}
