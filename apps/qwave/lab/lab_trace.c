/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_trace.h"

#include "radio/carrier/gap_filter.h"
#include "radio/carrier/rf_front_end.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VALUES_MAX = QW_CHANNEL_CHAINS_MAX * QW_CHANNEL_TONES_MAX };

static const double EVE_SNR_DB = 40.0;

struct level {
    float rssi_dbm, noise_dbm, agc_db;
};

struct lab_trace {
    uint32_t probes;
    enum qw_csi_format format;
    size_t tones;
    size_t access_point_antennas, terminal_antennas, bands;
    size_t values; /* of a frame */
    double interval_s;
    bool has_phase;
    bool is_injected_blindly; /* something is heard in every slot */
    char label[96];
    bool *is_heard;       /* [LAB_VIEWS * probes] */
    float complex *value; /* [(view * probes + probe) * values + value], as in a frame */
    struct level *level;  /* [LAB_VIEWS * probes] */
};

static size_t place(const struct lab_trace *trace, enum lab_view view, uint32_t probe)
{
    return (size_t)view * trace->probes + probe;
}

static void keep(struct lab_trace *trace, enum lab_view view, uint32_t probe,
                 const struct qw_csi_frame *frame)
{
    size_t at = place(trace, view, probe);

    memcpy(&trace->value[at * trace->values], frame->value, trace->values * sizeof frame->value[0]);
    trace->level[at] = (struct level){ frame->rssi_dbm, frame->noise_dbm, frame->agc_db };
    trace->is_heard[at] = true;
}

struct antennas {
    struct qw_channel
        *channel[QW_CHANNEL_CHAINS_MAX]; /* one per band, same waves; NULL: replayed */
    struct qw_front_end front_end[3];    /* access point, terminal, eavesdropper */
    struct qw_rf_front_end *rf[3];       /* instead when waveforms are sent */
    struct qw_prng loss;
    struct qw_csi_frame frame;
    struct qw_gap_filter filter[LAB_VIEWS]; /* of a cell */
    double complex far[VALUES_MAX], near[VALUES_MAX], turned[VALUES_MAX];
    const struct qw_surface *surface;
    double interval_s;
    uint64_t injected_from; /* number of the first probe, of all sessions */
};

enum { ACCESS_POINT, TERMINAL, EVE };

static size_t receiver_of(enum lab_view view)
{
    return view == LAB_ACCESS_POINT ? ACCESS_POINT : view == LAB_TERMINAL ? TERMINAL : EVE;
}

/* A capture instead of a channel: whoever is near hears nothing but the access point. */
static void replay_pair(struct lab_trace *trace, const struct lab_channel *config,
                        struct antennas *antennas, double time_s, uint32_t probe)
{
    struct qw_air_medium *medium = config->medium;
    double answer_s = time_s + config->carrier->gap_s;
    double complex *far = antennas->far;
    double complex *near = antennas->near;

    if (!medium->hear_terminal(medium->self, llround(1e9 * time_s), far, near)) {
        return;
    }
    qw_front_end_measure(&antennas->front_end[ACCESS_POINT], far, &antennas->frame);
    keep(trace, LAB_ACCESS_POINT, probe, &antennas->frame);
    medium->hear_access_point(medium->self, llround(1e9 * answer_s), far, near);
    qw_front_end_measure(&antennas->front_end[EVE], near, &antennas->frame);
    keep(trace, LAB_EVE_DOWN, probe, &antennas->frame);
    qw_front_end_measure(&antennas->front_end[TERMINAL], far, &antennas->frame);
    keep(trace, LAB_TERMINAL, probe, &antennas->frame);
}

/* What one antenna makes of a frame that left at time_s; the eavesdropper hears either sender.
 * False: not found in the noise. */
static bool measure(struct antennas *antennas, enum lab_view view, double time_s,
                    struct qw_csi_frame *frame)
{
    size_t who = receiver_of(view);
    bool is_sampled = antennas->rf[who] != NULL;
    struct qw_channel *channel = antennas->channel[0];
    double complex *far = antennas->far;
    double complex *near = antennas->near;

    if (view == LAB_EVE_UP && is_sampled) {
        qw_channel_short_link_taps(channel, time_s, near);
    } else if (view == LAB_EVE_UP) {
        qw_channel_short_link(channel, time_s, near);
    } else if (is_sampled) {
        qw_channel_link_taps(channel, time_s, far, who == EVE ? near : NULL);
    } else {
        qw_channel_link(channel, time_s, far, who == EVE ? near : NULL);
    }
    if (is_sampled) {
        return qw_rf_front_end_measure(antennas->rf[who], who == EVE ? near : far, frame, NULL);
    }
    qw_front_end_measure(&antennas->front_end[who], who == EVE ? near : far, frame);
    return true;
}

static void measure_and_keep(struct lab_trace *trace, struct antennas *antennas, enum lab_view view,
                             double time_s, uint32_t probe)
{
    if (measure(antennas, view, time_s, &antennas->frame)) {
        keep(trace, view, probe, &antennas->frame);
    }
}

static struct qw_tuning tuning_of(const struct lab_trace *trace)
{
    return (struct qw_tuning){ .carrier = qw_carrier_of_format(trace->format),
                               .access_point_antennas = (uint8_t)trace->access_point_antennas,
                               .terminal_antennas = (uint8_t)trace->terminal_antennas,
                               .bands = (uint8_t)trace->bands };
}

/* One frame through one receiver. The trace keeps it, wherever it was lost later. */
static void keep_chains(struct lab_trace *trace, enum lab_view view, uint32_t probe,
                        struct antennas *antennas, const double complex *channel)
{
    bool is_downlink = view == LAB_TERMINAL || view == LAB_EVE_DOWN;
    struct qw_csi_frame *frame = &antennas->frame;

    frame->rx_count =
        (uint8_t)(is_downlink ? trace->terminal_antennas : trace->access_point_antennas);
    frame->tx_count =
        (uint8_t)(is_downlink ? trace->access_point_antennas : trace->terminal_antennas);
    frame->band_count = (uint8_t)trace->bands;
    if (is_downlink) {
        struct qw_tuning tuning = tuning_of(trace);

        qw_tuning_turn(&tuning, trace->tones, channel, antennas->turned);
        channel = antennas->turned;
    }
    qw_front_end_measure_chains(&antennas->front_end[receiver_of(view)], channel, frame);
    keep(trace, view, probe, frame);
}

/* Switched between two probes. What the eavesdropper hears of the terminal does not go by it. */
static void add_surface(const struct lab_trace *trace, struct antennas *antennas, double time_s,
                        size_t at, bool is_downlink)
{
    uint64_t probe = (uint64_t)floor(time_s / antennas->interval_s + 1e-3);
    const int16_t *tones;
    size_t count = qw_csi_format_tones(trace->format, &tones);

    qw_surface_add(antennas->surface, probe, tones, count, &antennas->far[at],
                   is_downlink ? &antennas->near[at] : NULL);
}

static void sweep(const struct lab_trace *trace, struct antennas *antennas, double time_s,
                  bool is_downlink)
{
    size_t per_band = trace->values / trace->bands;

    for (size_t band = 0; band < trace->bands; band++) {
        double complex *near = &antennas->near[band * per_band];
        double at_s = time_s + (double)band * QW_TUNING_STEP_S;

        qw_channel_link(antennas->channel[band], at_s, &antennas->far[band * per_band],
                        is_downlink ? near : NULL);
        if (!is_downlink) {
            qw_channel_short_link(antennas->channel[band], at_s, near);
        }
        if (antennas->surface != NULL) {
            add_surface(trace, antennas, at_s, band * per_band, is_downlink);
        }
    }
}

/* Both ends measure one and the same wave on top of the channel; the attacker knows it. */
static void inject(const struct lab_trace *trace, const struct lab_channel *config,
                   struct antennas *antennas, bool is_downlink, uint32_t probe)
{
    double complex *wave = antennas->turned; /* free: one antenna has nothing to turn */
    const int16_t *tones;
    size_t count = qw_csi_format_tones(trace->format, &tones);

    lab_injector_wave(config->seed, antennas->injected_from + probe, config->injected_power, tones,
                      count, config->carrier->spacing_hz, wave);
    for (size_t k = 0; k < count; k++) {
        antennas->far[k] += wave[k];
        if (!is_downlink) { /* worth more to her than what she hears of the terminal */
            antennas->near[k] = wave[k];
        }
    }
}

static void hear_direction(struct lab_trace *trace, const struct lab_channel *config,
                           struct antennas *antennas, double time_s, bool is_downlink,
                           uint32_t probe)
{
    enum lab_view eve = is_downlink ? LAB_EVE_DOWN : LAB_EVE_UP;
    enum lab_view end = is_downlink ? LAB_TERMINAL : LAB_ACCESS_POINT;

    if (antennas->rf[ACCESS_POINT] != NULL) {
        measure_and_keep(trace, antennas, eve, time_s, probe);
        measure_and_keep(trace, antennas, end, time_s, probe);
    } else {
        sweep(trace, antennas, time_s, is_downlink);
        if (config->attack != LAB_ATTACK_NONE) {
            inject(trace, config, antennas, is_downlink, probe);
        }
        keep_chains(trace, eve, probe, antennas, antennas->near);
        keep_chains(trace, end, probe, antennas, antennas->far);
    }
}

/* The terminal's pilot, then the access point's answer. The eavesdropper loses nothing. */
static void hear_pair(struct lab_trace *trace, const struct lab_channel *config,
                      struct antennas *antennas, double time_s, uint32_t probe)
{
    hear_direction(trace, config, antennas, time_s, false, probe);
    if (qw_prng_uniform(&antennas->loss) < config->loss ||
        !trace->is_heard[place(trace, LAB_ACCESS_POINT, probe)]) {
        trace->is_heard[place(trace, LAB_ACCESS_POINT, probe)] = false;
        return; /* no answer to what was not heard */
    }
    hear_direction(trace, config, antennas, time_s + config->carrier->gap_s, true, probe);
    if (qw_prng_uniform(&antennas->loss) < config->loss) {
        trace->is_heard[place(trace, LAB_TERMINAL, probe)] = false;
    }
}

/* A cell's reference signals: one view of them by number. */
struct signals {
    const struct lab_channel *config;
    struct antennas *antennas;
    double start_s; /* of number 0 */
    enum lab_view view;
};

static bool hear_signal(void *self, int64_t number, struct qw_csi_frame *frame)
{
    struct signals *signals = self;
    const struct qw_carrier *carrier = signals->config->carrier;
    bool is_down = signals->view == LAB_TERMINAL || signals->view == LAB_EVE_DOWN;
    bool is_honest = signals->view == LAB_TERMINAL || signals->view == LAB_ACCESS_POINT;
    double time_s =
        signals->start_s + (double)number * carrier->period_s + (is_down ? carrier->gap_s : 0.0);

    return measure(signals->antennas, signals->view, time_s, frame) &&
           (!is_honest || qw_prng_uniform(&signals->antennas->loss) >= signals->config->loss);
}

/* Both directions of a probe, brought to the middle of the gap unless it is left open. The first
 * number is REACH, so that none is before the start. */
static void hear_cell(struct lab_trace *trace, const struct lab_channel *config,
                      struct antennas *antennas, double start_s, uint32_t probe)
{
    int64_t periods = llround(config->interval_s / config->carrier->period_s);
    int64_t number = QW_GAP_FILTER_REACH + probe * periods;
    struct signals signals = { config, antennas, start_s, LAB_ACCESS_POINT };

    for (size_t view = 0; view < LAB_VIEWS; view++) {
        bool is_heard;

        signals.view = (enum lab_view)view;
        is_heard = config->is_gap_open ? hear_signal(&signals, number, &antennas->frame)
                                       : qw_gap_filter_at(&antennas->filter[view], number,
                                                          hear_signal, &signals, &antennas->frame);
        if (is_heard) {
            keep(trace, signals.view, probe, &antennas->frame);
        }
    }
}

static void close_antennas(struct antennas *antennas)
{
    if (antennas != NULL) {
        for (size_t view = 0; view < LAB_VIEWS; view++) {
            qw_gap_filter_clear(&antennas->filter[view]);
        }
        for (size_t who = 0; who <= EVE; who++) {
            qw_rf_front_end_free(antennas->rf[who]);
        }
        for (size_t band = 0; band < QW_CHANNEL_CHAINS_MAX; band++) {
            qw_channel_free(antennas->channel[band]);
        }
        free(antennas);
    }
}

/* The terminal's signals come first, so its end looks ahead to the middle of the gap and the
 * other one back. */
static qw_err open_filters(const struct qw_carrier *carrier, struct antennas *antennas)
{
    double half = 0.5 * carrier->gap_s / carrier->period_s;
    qw_err err = QW_OK;

    for (size_t view = 0; err == QW_OK && view < LAB_VIEWS; view++) {
        bool is_down = view == LAB_TERMINAL || view == LAB_EVE_DOWN;

        err = qw_gap_filter_init(&antennas->filter[view], carrier->format, is_down ? -half : half);
    }
    return err;
}

static qw_err open_channels(const struct lab_channel *config, const int16_t *tones, size_t count,
                            struct antennas *antennas)
{
    struct qw_channel_config channel = { .seed = config->seed,
                                         .profile = &config->profile,
                                         .speed_m_per_s = config->speed_m_per_s,
                                         .eve_distance_m = config->eve_distance_m,
                                         .tones = tones,
                                         .tone_count = count,
                                         .access_point_antennas = config->access_point_antennas,
                                         .terminal_antennas = config->terminal_antennas,
                                         .antenna_spacing_m = config->antenna_spacing_m,
                                         .carrier_hz = config->carrier->carrier_hz,
                                         .spacing_hz = config->carrier->spacing_hz };
    qw_err err = QW_OK;

    for (size_t band = 0; err == QW_OK && band < config->bands; band++) {
        channel.offset_hz = (double)band * config->band_spacing_hz;
        err = qw_channel_new(&channel, &antennas->channel[band]);
    }
    return err;
}

static qw_err open_waveforms(const struct lab_channel *config,
                             const struct qw_front_end_config *eve, uint64_t stream,
                             struct antennas *antennas)
{
    qw_err err = QW_OK;

    for (size_t who = 0; err == QW_OK && who <= EVE; who++) {
        struct qw_rf_config rf = { .carrier = config->carrier,
                                   .profile = &config->profile,
                                   .front_end = who == EVE ? *eve : config->front_end,
                                   .converter_bits = QW_RF_CONVERTER_BITS,
                                   .seed = config->seed ^ UINT64_C(0xa11ce),
                                   .stream = stream + who };

        err = qw_rf_front_end_new(&rf, &antennas->rf[who]);
    }
    return err;
}

static enum qw_csi_format format_of(const struct lab_channel *config)
{
    return config->medium != NULL ? config->medium->format : config->carrier->format;
}

static qw_err open_antennas(const struct lab_channel *config, const int16_t *tones, size_t count,
                            uint64_t noise_stream, struct antennas *antennas)
{
    struct qw_front_end_config eve = qw_front_end_calibrated(EVE_SNR_DB, true);
    uint64_t stream = 4 * noise_stream;
    qw_err err = QW_OK;

    eve.has_phase = config->front_end.has_phase;
    eve.gap_s = config->front_end.gap_s;
    eve.spacing_hz = config->front_end.spacing_hz;
    qw_front_end_init(&antennas->front_end[0], config->seed ^ UINT64_C(0xa11ce), stream,
                      &config->front_end, tones, count);
    qw_front_end_init(&antennas->front_end[1], config->seed ^ UINT64_C(0xa11ce), stream + 1,
                      &config->front_end, tones, count);
    qw_front_end_init(&antennas->front_end[2], config->seed ^ UINT64_C(0xa11ce), stream + 2, &eve,
                      tones, count);
    qw_prng_init(&antennas->loss, config->seed ^ UINT64_C(0xa11ce), stream + 3);
    qw_csi_frame_set_tones(&antennas->frame, format_of(config));
    if (config->medium != NULL) {
        return QW_OK;
    }
    if (config->carrier->period_s > 0.0) {
        err = open_filters(config->carrier, antennas);
    }
    if (err == QW_OK && config->is_sampled) {
        err = open_waveforms(config, &eve, stream, antennas);
    }
    antennas->surface = config->surface;
    antennas->interval_s = config->interval_s;
    return err == QW_OK ? open_channels(config, tones, count, antennas) : err;
}

static struct lab_trace *allocate(const struct lab_channel *config, uint32_t probes, size_t tones)
{
    struct lab_trace *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return NULL;
    }
    made->probes = probes;
    made->tones = tones;
    made->access_point_antennas = config->access_point_antennas;
    made->terminal_antennas = config->terminal_antennas;
    made->bands = config->bands;
    made->values =
        config->access_point_antennas * config->terminal_antennas * config->bands * tones;
    made->is_heard = calloc((size_t)LAB_VIEWS * probes, sizeof *made->is_heard);
    made->level = calloc((size_t)LAB_VIEWS * probes, sizeof *made->level);
    made->value = calloc((size_t)LAB_VIEWS * probes * made->values, sizeof *made->value);
    if (made->is_heard == NULL || made->level == NULL || made->value == NULL) {
        lab_trace_free(made);
        return NULL;
    }
    return made;
}

qw_err lab_trace_new(const struct lab_channel *channel, double start_s, uint32_t probes,
                     uint64_t noise_stream, struct lab_trace **trace)
{
    const int16_t *tones;
    enum qw_csi_format format = format_of(channel);
    size_t count = qw_csi_format_tones(format, &tones);
    size_t chains = channel->access_point_antennas * channel->terminal_antennas * channel->bands;
    struct antennas *antennas;
    struct lab_trace *made;
    qw_err err;

    if (chains == 0 || chains > QW_CHANNEL_CHAINS_MAX ||
        ((channel->surface != NULL || channel->attack != LAB_ATTACK_NONE) && chains > 1)) {
        return QW_ERR_ARG;
    }
    antennas = calloc(1, sizeof *antennas);
    made = allocate(channel, probes, count);
    err = antennas == NULL || made == NULL ? QW_ERR_NOMEM : QW_OK;
    if (err == QW_OK) {
        err = open_antennas(channel, tones, count, noise_stream, antennas);
    }
    if (err != QW_OK) {
        close_antennas(antennas);
        lab_trace_free(made);
        return err;
    }
    made->format = format;
    made->interval_s = channel->interval_s;
    made->has_phase = channel->front_end.has_phase;
    made->is_injected_blindly = channel->attack == LAB_ATTACK_INJECT;
    antennas->injected_from = (uint64_t)llround(start_s / channel->interval_s);
    snprintf(made->label, sizeof made->label, "%s", channel->label);
    for (uint32_t i = 0; i < probes; i++) {
        double time_s = start_s + i * channel->interval_s;

        if (channel->medium != NULL) {
            replay_pair(made, channel, antennas, time_s, i);
        } else if (channel->carrier->period_s > 0.0) {
            hear_cell(made, channel, antennas, start_s, i);
        } else {
            hear_pair(made, channel, antennas, time_s, i);
        }
    }
    close_antennas(antennas);
    *trace = made;
    return QW_OK;
}

void lab_trace_free(struct lab_trace *trace)
{
    if (trace != NULL) {
        free(trace->is_heard);
        free(trace->level);
        free(trace->value);
        free(trace);
    }
}

uint32_t lab_trace_probes(const struct lab_trace *trace)
{
    return trace->probes;
}

bool lab_trace_frame(const struct lab_trace *trace, enum lab_view view, uint32_t probe,
                     struct qw_csi_frame *frame)
{
    size_t at = place(trace, view, probe);
    bool is_downlink;

    if (probe >= trace->probes || !trace->is_heard[at]) {
        return false;
    }
    qw_csi_frame_set_tones(frame, trace->format);
    frame->sequence = probe;
    frame->time_ns = (int64_t)(probe * trace->interval_s * 1e9);
    is_downlink = view == LAB_TERMINAL || view == LAB_EVE_DOWN;
    frame->rx_count =
        (uint8_t)(is_downlink ? trace->terminal_antennas : trace->access_point_antennas);
    frame->tx_count =
        (uint8_t)(is_downlink ? trace->access_point_antennas : trace->terminal_antennas);
    frame->band_count = (uint8_t)trace->bands;
    frame->rssi_dbm = trace->level[at].rssi_dbm;
    frame->noise_dbm = trace->level[at].noise_dbm;
    frame->agc_db = trace->level[at].agc_db;
    memcpy(frame->value, &trace->value[at * trace->values], trace->values * sizeof frame->value[0]);
    return true;
}

static qw_err transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    struct lab_reader *reader = self;

    (void)time_ns;
    if (reader->view == LAB_TERMINAL) {
        reader->next = (uint32_t)sequence;
        if (reader->slots != NULL) {
            reader->slots->sent[sequence] = 1;
            atomic_store(&reader->slots->passed, (unsigned)sequence + 1);
        }
    }
    return QW_OK;
}

/* False: the terminal has not come to this slot in time. */
static bool is_settled(const struct lab_reader *reader, int timeout_ms)
{
    const struct timespec pause = { .tv_nsec = 50000 };

    for (int waits = 20 * timeout_ms; reader->slots != NULL; waits--) {
        if (atomic_load(&reader->slots->passed) > reader->next) {
            break;
        }
        if (waits <= 0) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool is_heard_at_access_point(const struct lab_reader *reader, uint32_t probe)
{
    return reader->slots == NULL || reader->slots->sent[probe] != 0 ||
           reader->trace->is_injected_blindly;
}

/* The terminal reads the answer to its last pilot; the access point all pilots that it heard, in
 * order. The measurements are there from the beginning: it waits only to know what was sent. */
static qw_err next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    struct lab_reader *reader = self;
    const struct timespec pause = { .tv_nsec = 1000000 };

    if (reader->view == LAB_TERMINAL) {
        return lab_trace_frame(reader->trace, LAB_TERMINAL, reader->next, frame) ? QW_OK
                                                                                 : QW_ERR_TIMEOUT;
    }
    while (reader->next < reader->trace->probes && is_settled(reader, timeout_ms)) {
        uint32_t probe = reader->next++;

        if (is_heard_at_access_point(reader, probe) &&
            lab_trace_frame(reader->trace, LAB_ACCESS_POINT, probe, frame)) {
            return QW_OK;
        }
    }
    nanosleep(&pause, NULL); /* no more pilots: the caller looks at the wire and comes again */
    return QW_ERR_TIMEOUT;
}

static void close_reader(void *self)
{
    (void)self; /* the laboratory's own */
}

struct qw_csi_source lab_reader_source(struct lab_reader *reader, const struct lab_trace *trace,
                                       enum lab_view view)
{
    struct qw_csi_source source = { .is_simulated = true,
                                    .has_phase = trace->has_phase,
                                    .tuning = tuning_of(trace),
                                    .self = reader,
                                    .transmit = transmit,
                                    .next = next,
                                    .close = close_reader };

    *reader = (struct lab_reader){ trace, view, 0, NULL };
    snprintf(source.label, sizeof source.label, "%s", trace->label);
    return source;
}
