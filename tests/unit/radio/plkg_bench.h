/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_RADIO_PLKG_BENCH_H
#define QW_TESTS_UNIT_RADIO_PLKG_BENCH_H

/* Two ends of a session in two threads, on a small Gaussian channel whose statistics are known
 * exactly, with somebody in the middle of the wire who may alter one message. */
#include "base/prng.h"
#include "base/wire_memory.h"
#include "radio/air.h"
#include "radio/channel/injector.h"
#include "radio/eavesdropper.h"
#include "radio/plkg.h"
#include "radio/plkg/pace.h"

#include <complex.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* SCHEDULED: a path is blocked and opened by plan; TURNING: one reflector circles steadily; TREND:
 * shadowing over a channel that stands still; SURFACE: a reflecting surface that is switched
 * through a schedule of 45 settings again and again, which look like nothing but chance; ONE_WAVE:
 * one reflector at a random place for each probe, nothing else moves. */
enum bench_kind {
    BENCH_MOVING,
    BENCH_STILL,
    BENCH_STRANGERS,
    BENCH_SCHEDULED,
    BENCH_TURNING,
    BENCH_TREND,
    BENCH_SURFACE,
    BENCH_ONE_WAVE
};

struct bench_config {
    enum bench_kind kind;
    uint64_t seed;
    double snr_db;
    double memory;  /* of the channel from one probe to the next: AR(1) */
    double eve_rho; /* correlation of the eavesdropper's channel with the link's */
    double loss;
    uint64_t stall_at; /* the access point answers this pilot 0.7 s late; 0: none */
    bool is_amplitude_only;
    bool is_one_sided_ap, is_one_sided_te; /* that end's radio says that it replays one record */
    bool is_injected_at_ap; /* somebody's pilot is heard there in every slot, sent or not */
    bool is_injected_at_te; /* and here instead of answers that nobody gave */
    bool has_early;         /* radios measure the beginnings of frames apart */
    double injected;        /* power of a wave that is in each frame at both ends, and */
    bool is_late_at_ap, is_late_at_te; /* not in its beginning at that end */
    struct qw_plkg_policy policy;
    struct qw_replay_guard *guard_ap, *guard_te; /* borrowed, may be NULL */
    int timeout_ms;
    const struct qw_tuning *tuning;      /* borrowed, may be NULL, like the next one */
    const struct qw_tuning_offer *offer; /* the access point's */
};

enum { BENCH_TAPS = 6, BENCH_TONES = 52, BENCH_QUEUE = 8 };

struct bench_queue { /* of frames for one end */
    uint64_t sequence[BENCH_QUEUE];
    int64_t time_ns[BENCH_QUEUE];
    size_t head, tail;
};

struct bench_channel {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct bench_config *config;
    struct qw_prng fading, noise_ap, noise_te, noise_eve, lost;
    double complex tap[BENCH_TAPS], eve_tap[BENCH_TAPS], other_tap[BENCH_TAPS];
    double complex first_tap[BENCH_TAPS]; /* of the first probe */
    double shadow_db;
    uint64_t at;     /* probe that the taps are of, plus 1 */
    uint64_t slot;   /* of the terminal, plus 1 */
    uint64_t looked; /* pilots of looks so far: the channel moves in them as well */
    struct bench_queue to_ap, to_te;
    bool is_lost_at_te;          /* the answer to the last probe will not be heard */
    struct qw_eavesdropper *eve; /* may be NULL */
};

struct bench_end {
    struct bench_channel *channel;
    bool is_terminal;
};

static double complex bench_gaussian(struct qw_prng *prng)
{
    double re = qw_prng_gaussian(prng);
    double im = qw_prng_gaussian(prng);

    return (re + I * im) * sqrt(0.5);
}

/* Movements without a secret: everything after the first probe is a function of time, or slow. */
static void bench_move_by_plan(struct bench_channel *channel)
{
    uint64_t i = channel->at++;

    channel->shadow_db += 0.02 * qw_prng_gaussian(&channel->fading); /* 0.3 dB in 200 probes */
    for (size_t t = 0; t < BENCH_TAPS; t++) {
        channel->tap[t] = channel->first_tap[t];
    }
    switch (channel->config->kind) {
    case BENCH_SCHEDULED:
        channel->tap[0] *= i / 30 % 2 == 0 ? 1.0 : 0.3;
        break;
    case BENCH_TURNING:
        channel->tap[1] *= cexp(2.0 * 3.14159265358979 * I * (double)i / 7.3);
        break;
    case BENCH_SURFACE: {
        struct qw_prng schedule;

        qw_prng_init(&schedule, 45, i % 45);
        channel->tap[1] += bench_gaussian(&schedule);
        break;
    }
    case BENCH_ONE_WAVE:
        channel->tap[1] =
            0.6 * cexp(2.0 * 3.14159265358979 * I * qw_prng_uniform(&channel->fading));
        break;
    default:
        for (size_t t = 0; t < BENCH_TAPS; t++) {
            channel->tap[t] *= pow(10.0, channel->shadow_db / 20.0);
        }
        break;
    }
}

static void bench_step(struct bench_channel *channel)
{
    double a = channel->at == 0 ? 0.0 : channel->config->memory;
    double rho = channel->config->eve_rho;

    if (channel->config->kind == BENCH_STILL && channel->at > 0) {
        channel->at++;
        return;
    }
    if (channel->config->kind >= BENCH_SCHEDULED && channel->at > 0) {
        bench_move_by_plan(channel);
        return;
    }
    for (size_t i = 0; i < BENCH_TAPS; i++) {
        double scale = exp(-(double)i / 2.0) * 0.6;
        double complex fresh = bench_gaussian(&channel->fading) * scale;
        double complex eve_own = bench_gaussian(&channel->fading) * scale;
        double complex other = bench_gaussian(&channel->fading) * scale;
        double complex eve_fresh = rho * fresh + sqrt(1.0 - rho * rho) * eve_own;
        double b = sqrt(1.0 - a * a);

        channel->tap[i] = a * channel->tap[i] + b * fresh;
        channel->eve_tap[i] = a * channel->eve_tap[i] + b * eve_fresh;
        channel->other_tap[i] = a * channel->other_tap[i] + b * other;
        channel->first_tap[i] = channel->tap[i];
    }
    channel->at++;
}

/* What the beginning of a frame says that has nothing added yet, and then what somebody adds. */
static void bench_begin(struct bench_channel *channel, struct qw_prng *noise, double deviation,
                        struct qw_csi_frame *frame)
{
    bool is_late = noise == &channel->noise_ap ? channel->config->is_late_at_ap
                                               : channel->config->is_late_at_te;
    double complex wave[BENCH_TONES];
    size_t count = 0;

    qw_injector_wave(channel->config->seed, frame->sequence, channel->config->injected,
                     frame->tone_index, BENCH_TONES, 312.5e3, wave);
    frame->has_early = true;
    for (size_t k = 0; k < BENCH_TONES; k++) {
        frame->half[k] = (float complex)(deviation * bench_gaussian(noise));
        if (frame->tone_index[k] % 4 == 0) {
            double complex added = is_late ? 0.0 : wave[k];

            frame->early[count] +=
                (float complex)(added + 1.36 * deviation * bench_gaussian(noise));
            count++;
        }
        frame->value[k] += (float complex)wave[k];
    }
}

static void bench_measure(struct bench_channel *channel, const double complex *tap,
                          struct qw_prng *noise, double snr_db, uint64_t sequence, int64_t time_ns,
                          struct qw_csi_frame *frame)
{
    double deviation = pow(10.0, -snr_db / 20.0);
    size_t early = 0;

    memset(frame, 0, sizeof *frame);
    qw_csi_frame_set_tones(frame, QW_CSI_LEGACY_20);
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->sequence = sequence;
    frame->time_ns = time_ns;
    for (size_t k = 0; k < frame->tone_count; k++) {
        double complex own = deviation * bench_gaussian(noise);
        double complex h = 0.0;

        for (size_t i = 0; i < BENCH_TAPS; i++) {
            h += tap[i] * cexp(-2.0 * 3.14159265358979 * I * (double)frame->tone_index[k] *
                               (double)i / 64.0);
        }
        frame->value[k] = (float complex)(h + own);
        if (frame->tone_index[k] % 4 == 0) {
            frame->early[early++] = (float complex)h;
        }
    }
    if (channel->config->has_early) {
        bench_begin(channel, noise, deviation, frame);
    }
}

static void bench_push(struct bench_queue *queue, uint64_t sequence, int64_t time_ns)
{
    queue->sequence[queue->tail % BENCH_QUEUE] = sequence;
    queue->time_ns[queue->tail % BENCH_QUEUE] = time_ns;
    queue->tail++;
}

static void bench_tell_eve(struct bench_channel *channel, uint64_t sequence, int64_t time_ns)
{
    static __thread struct qw_air_probe probe;

    if (channel->eve == NULL) {
        return;
    }
    probe.sequence = sequence;
    probe.heard_access_point = true;
    probe.heard_terminal = false;
    bench_measure(channel, channel->eve_tap, &channel->noise_eve, 40.0, sequence, time_ns,
                  &probe.from_access_point);
    qw_eavesdropper_hear_probe(channel->eve, &probe);
}

/* Pilots since the beginning, those of looks included. */
static uint64_t bench_moment(struct bench_channel *channel, uint64_t sequence)
{
    if (sequence < QW_PLKG_LOOK_FIRST) {
        return channel->looked + sequence;
    }
    channel->looked = sequence - QW_PLKG_LOOK_FIRST + 1;
    return channel->looked - 1;
}

static qw_err bench_transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    struct bench_end *end = self;
    struct bench_channel *channel = end->channel;

    if (!end->is_terminal && sequence > 0 && sequence == channel->config->stall_at) {
        nanosleep(&(struct timespec){ .tv_nsec = 700000000 }, NULL);
    }
    pthread_mutex_lock(&channel->lock);
    if (end->is_terminal) {
        bool is_lost = qw_prng_uniform(&channel->lost) < channel->config->loss;

        for (; channel->config->is_injected_at_ap && channel->slot < sequence; channel->slot++) {
            bench_push(&channel->to_ap, channel->slot, time_ns);
        }
        channel->slot = sequence + 1;
        while (channel->at <= bench_moment(channel, sequence)) { /* it moves in silent slots too */
            bench_step(channel);
        }
        channel->is_lost_at_te = is_lost;
        if (is_lost) { /* said at once, as the simulated air does */
            bench_push(&channel->to_te, UINT64_MAX, time_ns);
        } else {
            bench_push(&channel->to_ap, sequence, time_ns);
        }
    } else {
        channel->is_lost_at_te = qw_prng_uniform(&channel->lost) < channel->config->loss;
        bench_tell_eve(channel, sequence, time_ns);
        bench_push(&channel->to_te, channel->is_lost_at_te ? UINT64_MAX : sequence, time_ns);
    }
    pthread_cond_broadcast(&channel->changed);
    pthread_mutex_unlock(&channel->lock);
    return QW_OK;
}

static qw_err bench_wait(struct bench_channel *channel, struct bench_queue *queue, int timeout_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    while (queue->head == queue->tail) {
        if (pthread_cond_timedwait(&channel->changed, &channel->lock, &until) != 0) {
            return QW_ERR_TIMEOUT;
        }
    }
    return QW_OK;
}

static qw_err bench_next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    struct bench_end *end = self;
    struct bench_channel *channel = end->channel;
    struct bench_queue *queue = end->is_terminal ? &channel->to_te : &channel->to_ap;
    qw_err err;

    pthread_mutex_lock(&channel->lock);
    err = bench_wait(channel, queue, timeout_ms);
    if (err == QW_ERR_TIMEOUT && end->is_terminal && timeout_ms < 100 &&
        channel->config->is_injected_at_te) {
        bench_measure(channel, channel->tap, &channel->noise_te, channel->config->snr_db,
                      channel->slot++, 0, frame);
        err = QW_OK;
    } else if (err == QW_OK) {
        size_t at = queue->head++ % BENCH_QUEUE;
        bool is_stranger = channel->config->kind == BENCH_STRANGERS && end->is_terminal;

        if (queue->sequence[at] == UINT64_MAX) {
            err = QW_ERR_TIMEOUT;
        } else {
            bench_measure(channel, is_stranger ? channel->other_tap : channel->tap,
                          end->is_terminal ? &channel->noise_te : &channel->noise_ap,
                          channel->config->snr_db, queue->sequence[at], queue->time_ns[at], frame);
        }
    }
    pthread_mutex_unlock(&channel->lock);
    return err;
}

static void bench_channel_init(struct bench_channel *channel, const struct bench_config *config)
{
    memset(channel, 0, sizeof *channel);
    pthread_mutex_init(&channel->lock, NULL);
    pthread_cond_init(&channel->changed, NULL);
    channel->config = config;
    qw_prng_init(&channel->fading, config->seed, 1);
    qw_prng_init(&channel->noise_ap, config->seed, 2);
    qw_prng_init(&channel->noise_te, config->seed, 3);
    qw_prng_init(&channel->noise_eve, config->seed, 4);
    qw_prng_init(&channel->lost, config->seed, 5);
}

/* Somebody in the middle: alters what one end sends. */
enum bench_attack { ATTACK_NONE, ATTACK_FLIP, ATTACK_DROP, ATTACK_REPEAT, ATTACK_TRUNCATE };

struct bench_middle {
    struct qw_wire inner;
    bool from_terminal;
    enum bench_attack attack;
    uint8_t type; /* of the message to alter; 0: the index-th */
    size_t bit;   /* to flip, modulo the length */
    bool was_done;
    struct qw_eavesdropper *eve; /* may be NULL */
    pthread_mutex_t *lock;       /* for eve */
};

static qw_err middle_send(void *self, const void *message, size_t len)
{
    struct bench_middle *middle = self;
    const uint8_t *bytes = message;
    bool is_due =
        middle->attack != ATTACK_NONE && !middle->was_done && len > 0 && bytes[0] == middle->type;
    uint8_t *copy;
    qw_err err;

    if (middle->eve != NULL) {
        pthread_mutex_lock(middle->lock);
        qw_eavesdropper_hear_message(middle->eve, middle->from_terminal, message, len);
        pthread_mutex_unlock(middle->lock);
    }
    if (!is_due) {
        return qw_wire_send(&middle->inner, message, len);
    }
    middle->was_done = true;
    switch (middle->attack) {
    case ATTACK_DROP:
        return QW_OK;
    case ATTACK_REPEAT:
        err = qw_wire_send(&middle->inner, message, len);
        return err == QW_OK ? qw_wire_send(&middle->inner, message, len) : err;
    case ATTACK_TRUNCATE:
        return qw_wire_send(&middle->inner, message, len - 1 - middle->bit % len);
    default:
        copy = malloc(len);
        memcpy(copy, message, len);
        copy[middle->bit / 8 % len] ^= (uint8_t)(1u << middle->bit % 8);
        err = qw_wire_send(&middle->inner, copy, len);
        free(copy);
        return err;
    }
}

static qw_err middle_receive(void *self, void *message, size_t cap, size_t *len, int timeout_ms)
{
    struct bench_middle *middle = self;

    return qw_wire_receive(&middle->inner, message, cap, len, timeout_ms);
}

static void middle_close(void *self)
{
    struct bench_middle *middle = self;

    qw_wire_close(&middle->inner);
}

static const struct qw_wire_counters *middle_counters(void *self)
{
    struct bench_middle *middle = self;

    return middle->inner.counters(middle->inner.self);
}

static struct qw_wire middle_wire(struct bench_middle *middle)
{
    return (struct qw_wire){ middle, middle_send, middle_receive, middle_close, middle_counters };
}

enum { BENCH_POOL = QW_PLKG_AUTH_LEN };

struct bench { /* one session */
    struct bench_config config;
    struct bench_channel channel;
    struct bench_end end_ap, end_te;
    struct qw_csi_source radio_ap, radio_te;
    struct bench_middle middle_ap, middle_te; /* of what each end sends */
    struct qw_wire wire_ap, wire_te;
    qw_err authorise_err, take_err;   /* what the callbacks answer */
    unsigned asked;                   /* how often the centre was */
    size_t order_len;                 /* what the access point gives after QW_ERR_STATE */
    uint8_t order[QW_PLKG_ORDER_MAX]; /* what the terminal got */
    size_t got_order_len;
    qw_err err_ap, err_te;
    struct qw_plkg_session *session_ap, *session_te;
    struct qw_plkg_ledger ledger_ap, ledger_te;
};

static void bench_pool(uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    for (size_t i = 0; i < QW_PLKG_AUTH_LEN; i++) {
        up[i] = (uint8_t)(i * 7 + 3);
        down[i] = (uint8_t)(i * 11 + 5);
    }
}

static qw_err bench_authorise(void *self, const char *terminal_id, const uint8_t *contact,
                              size_t contact_len, uint64_t *up_position, uint64_t *down_position,
                              uint8_t up[static QW_PLKG_AUTH_LEN],
                              uint8_t down[static QW_PLKG_AUTH_LEN])
{
    struct bench *bench = self;

    (void)terminal_id;
    bench->asked++;
    if (contact_len != 3 || memcmp(contact, "abc", 3) != 0) {
        return QW_ERR_AUTH;
    }
    *up_position = 640;
    *down_position = 1280;
    bench_pool(up, down);
    return bench->authorise_err;
}

static qw_err bench_take(void *self, uint64_t up_position, uint64_t down_position,
                         uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    struct bench *bench = self;

    if (up_position != 640 || down_position != 1280) {
        return QW_ERR_ARG; /* not what the centre granted: other pads at the other end */
    }
    bench_pool(up, down);
    return bench->take_err;
}

static struct qw_csi_source bench_radio(struct bench_end *end)
{
    struct qw_csi_source radio = { .label = "bench",
                                   .is_simulated = true,
                                   .is_one_sided = end->is_terminal
                                                       ? end->channel->config->is_one_sided_te
                                                       : end->channel->config->is_one_sided_ap,
                                   .has_phase = !end->channel->config->is_amplitude_only,
                                   .self = end,
                                   .transmit = bench_transmit,
                                   .next = bench_next };
    return radio;
}

static void bench_init(struct bench *bench, const struct bench_config *config)
{
    memset(bench, 0, sizeof *bench);
    bench->config = *config;
    bench_channel_init(&bench->channel, &bench->config);
    bench->end_ap = (struct bench_end){ &bench->channel, false };
    bench->end_te = (struct bench_end){ &bench->channel, true };
    bench->radio_ap = bench_radio(&bench->end_ap);
    bench->radio_te = bench_radio(&bench->end_te);
    if (qw_wire_memory_pair(&bench->middle_ap.inner, &bench->middle_te.inner) != QW_OK) {
        abort();
    }
    bench->middle_te.from_terminal = true;
    bench->wire_ap = middle_wire(&bench->middle_ap);
    bench->wire_te = middle_wire(&bench->middle_te);
}

static size_t bench_give_order(void *self, uint8_t order[static QW_PLKG_ORDER_MAX])
{
    struct bench *bench = self;

    for (size_t i = 0; i < bench->order_len; i++) {
        order[i] = (uint8_t)(i * 13 + 1);
    }
    return bench->order_len;
}

static void bench_take_order(void *self, const uint8_t *order, size_t len)
{
    struct bench *bench = self;

    memcpy(bench->order, order, len);
    bench->got_order_len = len;
}

static void *bench_run_terminal(void *self)
{
    struct bench *bench = self;
    struct qw_plkg_terminal terminal = {
        .party = { .policy = bench->config.policy,
                   .radio = &bench->radio_te,
                   .wire = &bench->wire_te,
                   .timeout_ms = bench->config.timeout_ms,
                   .replay_guard = bench->config.guard_te,
                   .self = bench },
        .terminal_id = "meter-17",
        .contact = (const uint8_t *)"abc",
        .contact_len = 3,
        .tuning = bench->config.tuning,
        .take_auth = bench_take,
        .take_order = bench_take_order,
    };

    bench->err_te = qw_plkg_run_terminal(&terminal, &bench->session_te, &bench->ledger_te);
    return NULL;
}

static void bench_run(struct bench *bench)
{
    struct qw_plkg_access_point access_point = {
        .party = { .policy = bench->config.policy,
                   .radio = &bench->radio_ap,
                   .wire = &bench->wire_ap,
                   .timeout_ms = bench->config.timeout_ms,
                   .replay_guard = bench->config.guard_ap,
                   .self = bench },
        .access_point_id = "ap-north",
        .offer = bench->config.offer,
        .authorise = bench_authorise,
        .give_order = bench->order_len > 0 ? bench_give_order : NULL,
    };
    pthread_t thread;

    if (pthread_create(&thread, NULL, bench_run_terminal, bench) != 0) {
        abort();
    }
    bench->err_ap = qw_plkg_run_access_point(&access_point, &bench->session_ap, &bench->ledger_ap);
    pthread_join(thread, NULL);
}

static void bench_wipe(struct bench *bench)
{
    qw_plkg_session_free(bench->session_ap);
    qw_plkg_session_free(bench->session_te);
    qw_wire_close(&bench->wire_ap);
    qw_wire_close(&bench->wire_te);
    pthread_mutex_destroy(&bench->channel.lock);
    pthread_cond_destroy(&bench->channel.changed);
}

static struct bench_config bench_standard(uint64_t seed)
{
    struct bench_config config = { .kind = BENCH_MOVING,
                                   .seed = seed,
                                   .snr_db = 25.0,
                                   .memory = 0.3,
                                   .eve_rho = 0.9,
                                   .loss = 0.01,
                                   .policy = qw_plkg_policy_standard,
                                   .timeout_ms = 30000 };
    return config;
}

/* Sessions until one ends with a key, at most three: an honest one in some hundreds cannot be
 * decoded. Seeds and nonces are new each time. */
static inline void bench_run_to_key(struct bench *bench, const struct bench_config *config)
{
    struct bench_config next = *config;

    for (int attempt = 0;; attempt++) {
        next.seed = config->seed + (uint64_t)attempt;
        bench_init(bench, &next);
        bench_run(bench);
        if ((bench->err_ap == QW_OK && bench->err_te == QW_OK) || attempt == 2) {
            return;
        }
        printf("refused, once more: %s\n",
               qw_plkg_refusal_name((enum qw_plkg_refusal)bench->ledger_ap.refusal));
        bench_wipe(bench);
    }
}

#endif
