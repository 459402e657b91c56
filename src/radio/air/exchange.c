/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/exchange.h"

#include "base/prng.h"
#include "radio/air/cell.h"
#include "radio/air/ear.h"
#include "radio/air/injection.h"
#include "radio/air/medium.h"
#include "radio/front_end.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The channel itself has the streams from 2^59 on. */
enum { STREAM_ACCESS_POINT = 1, STREAM_TERMINAL, STREAM_EVE, STREAM_LOSS };

static const double EVE_SNR_DB = 40.0; /* a better receiver than either end has */
static const int64_t JUMP_MAX_NS = 86400 * INT64_C(1000000000);
static const int64_t CLOCK_MAX_NS = INT64_C(1) << 61; /* 73 years of channel */
static const int64_t ANSWER_MAX_NS = 10000000; /* LTE's 5 ms is the longest gap of a carrier */

struct qw_air_exchange {
    struct qw_air_medium medium;
    uint64_t seed;
    struct qw_front_end access_point, terminal, eve;
    struct qw_air_cell cell;    /* open while the medium is one */
    struct qw_tuning tuning[2]; /* of either end, by enum qw_air_role */
    struct qw_prng loss_prng;
    double loss;
    struct qw_air_injection injection;
    /* Virtual clock: time of the air = offset + time of the session. */
    bool is_used;  /* some pilot was sent in this air */
    bool is_begun; /* the session's first pilot has come */
    int64_t offset_ns;
    int64_t now_ns;    /* of the air, at the last pilot */
    int64_t latest_ns; /* of the air, ever; only grows */
    /* The pair under way. */
    bool is_open; /* the access point may answer it */
    bool is_answer_lost;
    bool is_answer;  /* the pilot in the air is the access point's */
    int64_t pair_ns; /* of the air, when the pair began */
    int64_t said_ns; /* and when it was sent, on its sender's clock */
    struct qw_air_pilot pilot;
    struct qw_air_probe probe;
    double complex channel[QW_CSI_TONES_MAX];
    double complex eve_channel[QW_CSI_TONES_MAX];
    double complex turned[QW_CSI_TONES_MAX];
};

static const char *config_fault(const struct qw_air_config *config)
{
    if (!(config->loss >= 0.0 && config->loss <= 0.5)) {
        return "loss must be 0..0.5";
    }
    if (config->captures != NULL && config->capture_count > 0) {
        return config->capture_snr_db >= -10.0 && config->capture_snr_db <= 60.0
                   ? qw_air_injection_fault(config)
                   : "capture_snr_db must be -10..60";
    }
    if (!(config->snr_db >= -10.0 && config->snr_db <= 60.0)) {
        return "snr_db must be -10..60";
    }
    if (!(config->eve_distance_m >= 0.0 && config->eve_distance_m <= 1000.0)) {
        return "eve_distance_m must be 0..1000";
    }
    return qw_air_injection_fault(config);
}

static qw_err new_medium(const struct qw_air_config *config, struct qw_air_medium *medium,
                         char error[static 256])
{
    const char *fault = config_fault(config);
    qw_err err;

    if (fault != NULL) {
        snprintf(error, 256, "%s", fault);
        return QW_ERR_ARG;
    }
    if (config->captures != NULL && config->capture_count > 0) {
        return qw_air_replayed_new(config, medium, error);
    }
    err = qw_air_simulated_new(config, medium);
    if (err != QW_OK) {
        snprintf(error, 256, "simulated channel: %s", qw_err_text(err));
    }
    return err;
}

static void open_front_ends(struct qw_air_exchange *exchange)
{
    const struct qw_air_medium *medium = &exchange->medium;
    struct qw_front_end_config honest = qw_front_end_calibrated(medium->snr_db, medium->has_phase);
    struct qw_front_end_config better = qw_front_end_calibrated(EVE_SNR_DB, medium->has_phase);

    honest.gap_s = better.gap_s = medium->tuning.carrier->gap_s;
    honest.spacing_hz = better.spacing_hz = medium->tuning.carrier->spacing_hz;
    qw_front_end_init(&exchange->access_point, exchange->seed, STREAM_ACCESS_POINT, &honest,
                      medium->tones, medium->tone_count);
    qw_front_end_init(&exchange->terminal, exchange->seed, STREAM_TERMINAL, &honest, medium->tones,
                      medium->tone_count);
    qw_front_end_init(&exchange->eve, exchange->seed, STREAM_EVE, &better, medium->tones,
                      medium->tone_count);
}

/* The same receivers on other tones: their noise goes on, it does not begin again. */
static void reopen_front_ends(struct qw_air_exchange *exchange)
{
    struct qw_front_end *ends[] = { &exchange->access_point, &exchange->terminal, &exchange->eve };
    struct qw_prng noise[3][2];

    for (size_t i = 0; i < 3; i++) {
        noise[i][0] = ends[i]->prng;
        noise[i][1] = ends[i]->early_prng;
    }
    open_front_ends(exchange);
    for (size_t i = 0; i < 3; i++) {
        ends[i]->prng = noise[i][0];
        ends[i]->early_prng = noise[i][1];
    }
}

qw_err qw_air_exchange_new(const struct qw_air_config *config, struct qw_air_exchange **exchange,
                           char error[static 256])
{
    struct qw_air_exchange *made = calloc(1, sizeof *made);
    qw_err err;

    if (made == NULL) {
        snprintf(error, 256, "%s", qw_err_text(QW_ERR_NOMEM));
        return QW_ERR_NOMEM;
    }
    err = new_medium(config, &made->medium, error);
    if (err != QW_OK) {
        free(made);
        return err;
    }
    made->seed = config->seed;
    made->tuning[QW_AIR_ACCESS_POINT] = qw_tuning_standard;
    made->tuning[QW_AIR_TERMINAL] = qw_tuning_standard;
    open_front_ends(made);
    qw_prng_init(&made->loss_prng, config->seed, STREAM_LOSS);
    made->loss = config->loss;
    made->injection.injector = config->injector;
    made->injection.seed = config->seed;
    *exchange = made;
    return QW_OK;
}

void qw_air_exchange_free(struct qw_air_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    qw_air_cell_close(&exchange->cell);
    exchange->medium.free(exchange->medium.self);
    free(exchange);
}

void qw_air_exchange_describe(const struct qw_air_exchange *exchange, struct qw_air_ready *ready)
{
    memset(ready, 0, sizeof *ready);
    memcpy(ready->label, exchange->medium.label, sizeof ready->label);
    ready->is_simulated = true;
    ready->is_one_sided = exchange->medium.is_one_sided;
    ready->has_phase = exchange->medium.has_phase;
}

void qw_air_exchange_join(struct qw_air_exchange *exchange, enum qw_air_role role)
{
    exchange->tuning[role] = qw_tuning_standard;
    if (role == QW_AIR_TERMINAL) {
        exchange->is_begun = false;
        exchange->is_open = false;
    }
}

static bool is_possible(const struct qw_air_medium *medium, const struct qw_tuning *tuning)
{
    return qw_tuning_equal(&medium->tuning, tuning) || medium->tune != NULL;
}

/* Where the terminal's radio stands, there is the channel. */
static bool tune_medium(struct qw_air_exchange *exchange, const struct qw_tuning *tuning)
{
    struct qw_air_medium *medium = &exchange->medium;
    struct qw_air_cell cell = { .carrier = NULL };

    if (qw_tuning_equal(&medium->tuning, tuning)) {
        return true;
    }
    if (!is_possible(medium, tuning) ||
        (tuning->carrier->is_cellular && qw_air_cell_open(tuning->carrier, &cell) != QW_OK)) {
        return false;
    }
    if (medium->tune(medium, tuning) != QW_OK) {
        qw_air_cell_close(&cell);
        return false;
    }
    qw_air_cell_close(&exchange->cell);
    exchange->cell = cell;
    reopen_front_ends(exchange);
    return true;
}

bool qw_air_exchange_tune(struct qw_air_exchange *exchange, enum qw_air_role role,
                          const struct qw_tuning *tuning)
{
    bool can = role == QW_AIR_TERMINAL ? tune_medium(exchange, tuning)
                                       : is_possible(&exchange->medium, tuning);

    if (can) {
        exchange->tuning[role] = *tuning;
        exchange->is_open = false;
    }
    return can;
}

/* Moves the air's clock to the pilot; false for a time out of all bounds. */
static bool advance_clock(struct qw_air_exchange *exchange, int64_t time_ns)
{
    bool is_first = !exchange->is_begun || time_ns <= exchange->pilot.time_ns;
    int64_t now_ns;

    if (is_first) { /* S2 */
        now_ns = exchange->latest_ns + (exchange->is_used ? exchange->medium.session_gap_ns : 0);
        exchange->offset_ns = now_ns - time_ns;
    } else if (time_ns - exchange->pilot.time_ns > JUMP_MAX_NS) {
        return false;
    } else {
        now_ns = exchange->offset_ns + time_ns;
    }
    if (now_ns > CLOCK_MAX_NS) {
        return false;
    }
    exchange->is_used = true;
    exchange->is_begun = true;
    exchange->now_ns = now_ns;
    exchange->latest_ns = now_ns > exchange->latest_ns ? now_ns : exchange->latest_ns;
    return true;
}

/* What a receiver makes of what is said. */
static void measure(struct qw_air_exchange *exchange, struct qw_front_end *front_end,
                    const double complex *channel, struct qw_csi_frame *frame)
{
    const struct qw_tuning *tuning = &exchange->medium.tuning;
    bool is_answer = exchange->is_answer;

    qw_csi_frame_set_tones(frame, exchange->medium.format);
    frame->sequence = exchange->pilot.sequence;
    frame->time_ns = exchange->said_ns;
    frame->rx_count = is_answer ? tuning->terminal_antennas : tuning->access_point_antennas;
    frame->tx_count = is_answer ? tuning->access_point_antennas : tuning->terminal_antennas;
    frame->band_count = tuning->bands;
    if (!exchange->medium.is_one_sided && qw_csi_frame_early_count(frame) > 0) {
        qw_air_injection_measure(&exchange->injection, front_end != &exchange->eve, front_end,
                                 channel, frame);
        return;
    }
    if (is_answer) {
        qw_tuning_turn(tuning, exchange->medium.tone_count, channel, exchange->turned);
        channel = exchange->turned;
    }
    qw_front_end_measure_chains(front_end, channel, frame);
}

/* The same of a cell; the pilot only says in which period. */
static bool measure_cell(struct qw_air_exchange *exchange, enum qw_air_view view,
                         struct qw_csi_frame *frame)
{
    double period_ns = 1e9 * exchange->cell.carrier->period_s;
    struct qw_air_ear ear = { .medium = &exchange->medium,
                              .carrier = exchange->cell.carrier,
                              .front_end = view == QW_AIR_VIEW_ACCESS_POINT
                                               ? &exchange->access_point
                                           : view == QW_AIR_VIEW_TERMINAL ? &exchange->terminal
                                                                          : &exchange->eve,
                              .loss_prng = qw_air_view_is_eve(view) ? NULL : &exchange->loss_prng,
                              .loss = exchange->loss };

    frame->sequence = exchange->pilot.sequence;
    frame->time_ns = exchange->said_ns;
    frame->band_count = 1;
    return qw_air_cell_hear(&exchange->cell, view, llround((double)exchange->pair_ns / period_ns),
                            qw_air_ear_hear, &ear, frame);
}

static bool are_tuned_alike(const struct qw_air_exchange *exchange)
{
    return qw_tuning_equal(&exchange->tuning[QW_AIR_ACCESS_POINT], &exchange->medium.tuning);
}

static enum qw_air_outcome hear_terminal_in_cell(struct qw_air_exchange *exchange,
                                                 struct qw_csi_frame *frame)
{
    struct qw_air_probe *probe = &exchange->probe;

    probe->heard_terminal = measure_cell(exchange, QW_AIR_VIEW_EVE_UP, &probe->from_terminal);
    exchange->is_open =
        measure_cell(exchange, QW_AIR_VIEW_ACCESS_POINT, frame) && are_tuned_alike(exchange);
    return exchange->is_open ? QW_AIR_HEARD : QW_AIR_LOST;
}

static enum qw_air_outcome hear_access_point_in_cell(struct qw_air_exchange *exchange,
                                                     struct qw_csi_frame *frame)
{
    struct qw_air_probe *probe = &exchange->probe;

    probe->heard_access_point =
        measure_cell(exchange, QW_AIR_VIEW_EVE_DOWN, &probe->from_access_point);
    return measure_cell(exchange, QW_AIR_VIEW_TERMINAL, frame) ? QW_AIR_HEARD : QW_AIR_LOST;
}

enum qw_air_outcome qw_air_exchange_terminal(struct qw_air_exchange *exchange,
                                             const struct qw_air_pilot *pilot,
                                             struct qw_csi_frame *frame)
{
    struct qw_air_medium *medium = &exchange->medium;
    bool is_lost = qw_prng_uniform(&exchange->loss_prng) < exchange->loss;
    bool is_heard;

    exchange->is_answer_lost = qw_prng_uniform(&exchange->loss_prng) < exchange->loss;
    exchange->is_open = false;
    exchange->probe.sequence = pilot->sequence;
    exchange->probe.heard_terminal = false;
    exchange->probe.heard_access_point = false;
    if (!advance_clock(exchange, pilot->time_ns)) {
        return QW_AIR_REFUSED;
    }
    exchange->pilot = *pilot;
    exchange->said_ns = pilot->time_ns;
    exchange->is_answer = false;
    if (!tune_medium(exchange, &exchange->tuning[QW_AIR_TERMINAL])) {
        return QW_AIR_LOST;
    }
    exchange->pair_ns = exchange->now_ns;
    exchange->injection.pairs++;
    if (exchange->cell.carrier != NULL) {
        return hear_terminal_in_cell(exchange, frame);
    }
    is_heard = medium->hear_terminal(medium->self, exchange->now_ns, exchange->channel,
                                     exchange->eve_channel);
    if (!is_heard) {
        return QW_AIR_LOST;
    }
    if (medium->is_near_eve) { /* the listener loses nothing */
        measure(exchange, &exchange->eve, exchange->eve_channel, &exchange->probe.from_terminal);
        exchange->probe.heard_terminal = true;
    }
    if (is_lost || !are_tuned_alike(exchange)) {
        return QW_AIR_LOST;
    }
    measure(exchange, &exchange->access_point, exchange->channel, frame);
    exchange->is_open = true;
    return QW_AIR_HEARD;
}

enum qw_air_outcome qw_air_exchange_access_point(struct qw_air_exchange *exchange,
                                                 const struct qw_air_pilot *pilot,
                                                 struct qw_csi_frame *frame)
{
    struct qw_air_medium *medium = &exchange->medium;
    int64_t gap_ns;

    if (!exchange->is_open || pilot->sequence != exchange->pilot.sequence) {
        return QW_AIR_IGNORED;
    }
    gap_ns = pilot->time_ns - exchange->pilot.time_ns; /* both times are >= 0 */
    if (gap_ns < 0 || gap_ns > ANSWER_MAX_NS) {
        return QW_AIR_REFUSED;
    }
    exchange->is_open = false;
    exchange->said_ns = pilot->time_ns;
    exchange->is_answer = true;
    exchange->now_ns += gap_ns;
    if (exchange->now_ns > exchange->latest_ns) {
        exchange->latest_ns = exchange->now_ns;
    }
    if (exchange->cell.carrier != NULL) {
        return hear_access_point_in_cell(exchange, frame);
    }
    medium->hear_access_point(medium->self, exchange->now_ns, exchange->channel,
                              exchange->eve_channel);
    measure(exchange, &exchange->eve, exchange->eve_channel, &exchange->probe.from_access_point);
    exchange->probe.heard_access_point = true;
    if (exchange->is_answer_lost) {
        return QW_AIR_LOST;
    }
    measure(exchange, &exchange->terminal, exchange->channel, frame);
    return QW_AIR_HEARD;
}

const struct qw_air_probe *qw_air_exchange_probe(const struct qw_air_exchange *exchange)
{
    return &exchange->probe;
}
