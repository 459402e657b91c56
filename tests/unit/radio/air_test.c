/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W9 */
/* The air end to end: two clients over loopback, in their own threads, as the programs use it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air.h"
#include "radio/air/message.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail_at; /* the n-th wrapped call from now on fails; 0: none. Main thread only. */

void *__real_calloc(size_t count, size_t size);
int __real_pipe2(int ends[2], int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void *__wrap_calloc(size_t count, size_t size);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

static bool is_failing(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __real_calloc(count, size);
}

int __wrap_pipe2(int ends[2], int flags)
{
    return is_failing() ? -1 : __real_pipe2(ends, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    return is_failing() ? 11 : __real_pthread_create(thread, attributes, start, argument);
}

enum { PAIRS_MAX = 2000, TONES = 52, WAIT_MS = 60000 };

static const int64_t INTERVAL_NS = 15000000;
static const int64_t GAP_NS = 60000;

struct record { /* what one end measured */
    bool is_heard[PAIRS_MAX];
    int64_t time_ns[PAIRS_MAX];
    float complex value[PAIRS_MAX][TONES]; /* gain control undone */
};

struct bench {
    struct qw_air *air;
    uint16_t port;
    struct qw_csi_source access_point;
    struct qw_csi_source terminal;
    pthread_t thread;
    struct record at_access_point, at_terminal, at_eve, eve_near_terminal;
    size_t probe_count; /* calls of on_probe */
    struct qw_csi_frame frame, access_point_frame;
};

static void keep(struct record *record, const struct qw_csi_frame *frame)
{
    float gain = powf(10.0f, frame->agc_db / 20.0f);
    uint64_t i = frame->sequence;

    assert_true(i < PAIRS_MAX);
    record->is_heard[i] = true;
    record->time_ns[i] = frame->time_ns;
    for (size_t k = 0; k < frame->tone_count && k < TONES; k++) {
        record->value[i][k] = frame->value[k] / gain;
    }
}

static void on_probe(void *self, const struct qw_air_probe *probe)
{
    struct bench *bench = self;

    bench->probe_count++;
    if (probe->heard_access_point) {
        assert_true(probe->from_access_point.sequence == probe->sequence);
        keep(&bench->at_eve, &probe->from_access_point);
    }
    if (probe->heard_terminal) {
        keep(&bench->eve_near_terminal, &probe->from_terminal);
    }
}

static void *answer(void *self)
{
    struct bench *bench = self;
    struct qw_csi_frame *frame = &bench->access_point_frame;

    for (;;) {
        qw_err err = bench->access_point.next(bench->access_point.self, frame, WAIT_MS);

        if (err == QW_ERR_TIMEOUT) {
            continue;
        }
        if (err != QW_OK) {
            return NULL;
        }
        keep(&bench->at_access_point, frame);
        err = bench->access_point.transmit(bench->access_point.self, frame->sequence,
                                           frame->time_ns + GAP_NS);
        if (err != QW_OK) {
            return NULL;
        }
    }
}

static void connect_terminal(struct bench *bench)
{
    assert_int_equal(
        qw_air_connect("127.0.0.1", bench->port, QW_AIR_TERMINAL, WAIT_MS, &bench->terminal),
        QW_OK);
}

static struct bench *open_bench(const struct qw_air_config *config)
{
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    assert_non_null(bench);
    assert_int_equal(qw_air_new(config, on_probe, bench, &bench->air, &bench->port, error), QW_OK);
    assert_int_not_equal(bench->port, 0);
    assert_int_equal(qw_air_connect("127.0.0.1", bench->port, QW_AIR_ACCESS_POINT, WAIT_MS,
                                    &bench->access_point),
                     QW_OK);
    connect_terminal(bench);
    assert_int_equal(pthread_create(&bench->thread, NULL, answer, bench), 0);
    return bench;
}

static void close_bench(struct bench *bench)
{
    qw_csi_source_close(&bench->terminal);
    qw_air_free(bench->air); /* the access point sees the end and its thread returns */
    pthread_join(bench->thread, NULL);
    qw_csi_source_close(&bench->access_point);
    free(bench);
}

/* Pairs first..first + count - 1 at times from start_ns on; gives how many came back. */
static size_t probe(struct bench *bench, size_t first, size_t count, int64_t start_ns)
{
    size_t heard = 0;

    for (size_t i = 0; i < count; i++) {
        qw_err err = bench->terminal.transmit(bench->terminal.self, first + i,
                                              start_ns + (int64_t)i * INTERVAL_NS);

        assert_int_equal(err, QW_OK);
        err = bench->terminal.next(bench->terminal.self, &bench->frame, WAIT_MS);
        if (err == QW_ERR_TIMEOUT) {
            continue;
        }
        assert_int_equal(err, QW_OK);
        assert_int_equal(bench->frame.sequence, first + i);
        keep(&bench->at_terminal, &bench->frame);
        heard++;
    }
    return heard;
}

/* |correlation| of two records over the pairs first.. of a, first_b.. of b; means are not removed:
 * the channels have none. */
static double correlation(const struct record *a, const struct record *b, size_t first,
                          size_t first_b, size_t count)
{
    double complex cross = 0.0;
    double power_a = 0.0;
    double power_b = 0.0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < TONES; k++) {
            double complex x = a->value[first + i][k];
            double complex y = b->value[first_b + i][k];

            cross += x * conj(y);
            power_a += creal(x * conj(x));
            power_b += creal(y * conj(y));
        }
    }
    return cabs(cross) / sqrt(power_a * power_b);
}

static struct qw_air_config indoor(uint64_t seed)
{
    return (struct qw_air_config){
        .scene = QW_AIR_INDOOR, .seed = seed, .snr_db = 25.0, .eve_distance_m = 0.5
    };
}

static void both_ends_hear_the_same_channel_and_the_listener_another(void **state)
{
    struct qw_air_config config = indoor(1);
    struct bench *bench = open_bench(&config);

    (void)state;
    assert_string_equal(bench->terminal.label, "simulated radio, indoor");
    assert_true(bench->terminal.is_simulated);
    assert_true(bench->terminal.has_phase);
    assert_int_equal(probe(bench, 0, 500, 0), 500);
    assert_int_equal(bench->probe_count, 500);
    assert_int_equal(bench->at_terminal.time_ns[7], 7 * INTERVAL_NS + GAP_NS);
    assert_int_equal(bench->at_access_point.time_ns[7], 7 * INTERVAL_NS);
    /* Noise of 25 dB at either end gives 0.9968, chain gains and jitter a little less. */
    assert_true(correlation(&bench->at_access_point, &bench->at_terminal, 0, 0, 500) > 0.99);
    /* 500 probes at 0.4 / Doppler and about 8 delays: the estimate of 0 has an rms of about 0.02.
     */
    assert_true(correlation(&bench->at_terminal, &bench->at_eve, 0, 0, 500) < 0.2);
    assert_true(correlation(&bench->at_terminal, &bench->eve_near_terminal, 0, 0, 500) < 0.2);
    close_bench(bench);
}

static void a_listener_at_the_same_place_hears_the_same_channel(void **state)
{
    struct qw_air_config config = indoor(2);
    struct bench *bench;

    (void)state;
    config.eve_distance_m = 0.0;
    bench = open_bench(&config);
    assert_int_equal(probe(bench, 0, 100, 0), 100);
    assert_true(correlation(&bench->at_terminal, &bench->at_eve, 0, 0, 100) > 0.99);
    close_bench(bench);
}

static void a_static_scene_varies_by_the_noise_only(void **state)
{
    struct qw_air_config config = indoor(3);
    struct bench *bench;
    double variance = 0.0;

    (void)state;
    config.scene = QW_AIR_STATIC;
    bench = open_bench(&config);
    assert_int_equal(probe(bench, 0, 400, 0), 400);
    for (size_t k = 0; k < TONES; k++) {
        double mean = 0.0;
        double square = 0.0;

        for (size_t i = 0; i < 400; i++) { /* amplitudes: the phase jitter does not show */
            double x = (double)cabsf(bench->at_terminal.value[i][k]);

            mean += x / 400.0;
            square += x * x / 400.0;
        }
        variance += (square - mean * mean) / TONES;
    }
    /* One real dimension of noise of power 10^-2.5; 400 x 52 values: 1 % rms. */
    assert_true(fabs(variance / (0.5 * pow(10.0, -2.5)) - 1.0) < 0.1);
    assert_true(correlation(&bench->at_terminal, &bench->at_terminal, 0, 200, 200) > 0.99);
    close_bench(bench);
}

static void lost_probes_are_reported_at_once_and_counted(void **state)
{
    struct qw_air_config config = indoor(4);
    struct bench *bench;
    size_t heard;

    (void)state;
    config.loss = 0.2;
    bench = open_bench(&config);
    heard = probe(bench, 0, 1000, 0);
    assert_in_range(heard, 580, 700); /* 640, sigma 15 */
    assert_int_equal(bench->probe_count, 1000);
    close_bench(bench);
}

static void a_new_session_hears_fresh_fading(void **state)
{
    struct qw_air_config config = indoor(5);
    struct bench *bench = open_bench(&config);

    (void)state;
    assert_int_equal(probe(bench, 0, 200, 0), 200);
    assert_int_equal(probe(bench, 200, 200, 0), 200); /* same connection, its time starts again */
    qw_csi_source_close(&bench->terminal);
    connect_terminal(bench);
    assert_int_equal(probe(bench, 400, 200, 0), 200);
    assert_true(correlation(&bench->at_terminal, &bench->at_terminal, 0, 200, 200) < 0.3);
    assert_true(correlation(&bench->at_terminal, &bench->at_terminal, 0, 400, 200) < 0.3);
    assert_true(correlation(&bench->at_terminal, &bench->at_terminal, 200, 400, 200) < 0.3);
    assert_true(correlation(&bench->at_terminal, &bench->at_access_point, 400, 400, 200) > 0.99);
    close_bench(bench);
}

static void a_restarted_access_point_takes_the_place_of_the_old_one(void **state)
{
    struct qw_air_config config = indoor(6);
    struct bench *bench = open_bench(&config);

    (void)state;
    assert_int_equal(probe(bench, 0, 10, 0), 10);
    struct qw_csi_source second;
    assert_int_equal(
        qw_air_connect("127.0.0.1", bench->port, QW_AIR_ACCESS_POINT, WAIT_MS, &second), QW_OK);
    pthread_join(bench->thread, NULL); /* the first one was closed */
    qw_csi_source_close(&bench->access_point);
    bench->access_point = second;
    assert_int_equal(pthread_create(&bench->thread, NULL, answer, bench), 0);
    assert_int_equal(probe(bench, 10, 10, 10 * INTERVAL_NS), 10);
    close_bench(bench);
}

static void without_an_access_point_there_is_silence_at_once(void **state)
{
    struct qw_air_config config = indoor(7);
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    (void)state;
    assert_non_null(bench);
    assert_int_equal(qw_air_new(&config, on_probe, bench, &bench->air, &bench->port, error), QW_OK);
    connect_terminal(bench);
    assert_int_equal(probe(bench, 0, 20, 0), 0);
    assert_int_equal(bench->probe_count, 20);
    assert_true(
        bench->eve_near_terminal.is_heard[19]); /* the listener hears the terminal's pilot */
    qw_csi_source_close(&bench->terminal);
    qw_air_free(bench->air);
    free(bench);
}

static void the_same_seed_gives_the_same_frames(void **state)
{
    struct bench *bench[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct qw_air_config config = indoor(i < 2 ? 8 : 9);

        config.loss = 0.1;
        bench[i] = open_bench(&config);
        probe(bench[i], 0, 50, 0);
    }
    assert_memory_equal(&bench[0]->at_terminal, &bench[1]->at_terminal, sizeof(struct record));
    assert_memory_equal(&bench[0]->at_access_point, &bench[1]->at_access_point,
                        sizeof(struct record));
    assert_memory_equal(&bench[0]->at_eve, &bench[1]->at_eve, sizeof(struct record));
    assert_memory_not_equal(&bench[0]->at_terminal, &bench[2]->at_terminal, sizeof(struct record));
    for (size_t i = 0; i < 3; i++) {
        close_bench(bench[i]);
    }
}

/* A peer that speaks the framing and then says message. */
static struct qw_wire stranger(struct bench *bench, const void *message, size_t len)
{
    struct qw_wire wire;
    int fd;

    assert_int_equal(qw_socket_connect("127.0.0.1", bench->port, WAIT_MS, &fd), QW_OK);
    assert_int_equal(qw_wire_tcp_new(fd, WAIT_MS, &wire), QW_OK);
    assert_int_equal(qw_wire_send(&wire, message, len), QW_OK);
    return wire;
}

static void assert_dropped(struct qw_wire *wire)
{
    uint8_t answer[4096];
    size_t len;
    qw_err err;

    do {
        err = qw_wire_receive(wire, answer, sizeof answer, &len, WAIT_MS);
    } while (err == QW_OK); /* a READY or a measurement may have come before */
    assert_true(err == QW_ERR_CLOSED || err == QW_ERR_IO);
    qw_wire_close(wire);
}

static void bad_clients_are_dropped_and_the_air_goes_on(void **state)
{
    struct qw_air_config config = indoor(10);
    struct bench *bench = open_bench(&config);
    uint8_t huge[100] = { QW_AIR_HELLO };
    uint8_t hello[8];
    uint8_t pilot[32];
    size_t len = qw_air_pilot_encode(&(struct qw_air_pilot){ 1, 2 }, pilot, sizeof pilot);
    struct qw_wire wire;

    (void)state;
    wire = stranger(bench, "x", 1);
    assert_dropped(&wire);
    wire = stranger(bench, "", 0);
    assert_dropped(&wire);
    wire = stranger(bench, huge, sizeof huge);
    assert_dropped(&wire);
    wire = stranger(bench, pilot, len); /* before HELLO */
    assert_dropped(&wire);
    assert_int_equal(probe(bench, 0, 10, 0), 10);

    /* A terminal whose time jumps by more than a day; it took the place of the good one. */
    wire = stranger(bench, hello, qw_air_hello_encode(QW_AIR_TERMINAL, hello, sizeof hello));
    for (int64_t i = 0; i < 2; i++) {
        struct qw_air_pilot jump = { 0, i * 2 * 86400 * INT64_C(1000000000) };

        len = qw_air_pilot_encode(&jump, pilot, sizeof pilot);
        assert_int_equal(qw_wire_send(&wire, pilot, len), QW_OK);
    }
    assert_dropped(&wire);
    qw_csi_source_close(&bench->terminal);
    connect_terminal(bench);
    assert_int_equal(probe(bench, 10, 10, 0), 10);
    close_bench(bench);
}

static void a_message_may_come_in_pieces(void **state)
{
    static const uint8_t hello[] = { 0, 0, 0, 3, QW_AIR_HELLO, QW_AIR_VERSION, QW_AIR_TERMINAL };
    struct qw_air_config config = indoor(14);
    struct bench *bench = open_bench(&config);
    uint8_t ready[64];
    int fd;

    (void)state;
    assert_int_equal(qw_socket_connect("127.0.0.1", bench->port, WAIT_MS, &fd), QW_OK);
    for (size_t i = 0; i < sizeof hello; i++) {
        /* Pairs of the terminal that is there go on in between, so the air has seen the piece. */
        assert_int_equal(qw_socket_write(fd, hello + i, 1, qw_clock_monotonic_ms() + WAIT_MS),
                         QW_OK);
        if (i + 1 < sizeof hello) {
            assert_int_equal(probe(bench, 2 * i, 2, (int64_t)(2 * i) * INTERVAL_NS), 2);
        }
    }
    assert_int_equal(qw_socket_read(fd, ready, 5, qw_clock_monotonic_ms() + WAIT_MS), QW_OK);
    assert_int_equal(ready[4], QW_AIR_READY);
    qw_socket_close(fd);
    close_bench(bench);
}

static void silent_strangers_fill_the_room_for_two_seconds_only(void **state)
{
    struct qw_air_config config = indoor(15);
    struct bench *bench = open_bench(&config); /* two of eight places */
    uint8_t byte;
    int fd[7];

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(qw_socket_connect("127.0.0.1", bench->port, WAIT_MS, &fd[i]), QW_OK);
    }
    assert_int_equal(probe(bench, 0, 5, 0), 5); /* who is inside is served */
    for (size_t i = 0; i < 7; i++) {            /* the seventh at once, the others after 2 s */
        assert_int_equal(qw_socket_read(fd[6 - i], &byte, 1, qw_clock_monotonic_ms() + WAIT_MS),
                         QW_ERR_CLOSED);
        qw_socket_close(fd[6 - i]);
    }
    assert_int_equal(probe(bench, 5, 5, 5 * INTERVAL_NS), 5);
    close_bench(bench);
}

static void a_terminal_that_goes_in_the_middle_of_a_pair_ends_it(void **state)
{
    struct qw_air_config config = indoor(16);
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    (void)state;
    assert_non_null(bench);
    assert_int_equal(qw_air_new(&config, on_probe, bench, &bench->air, &bench->port, error), QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.1", bench->port, QW_AIR_ACCESS_POINT, WAIT_MS,
                                    &bench->access_point),
                     QW_OK);
    connect_terminal(bench);
    assert_int_equal(bench->terminal.transmit(bench->terminal.self, 0, 0), QW_OK);
    assert_int_equal(bench->access_point.next(bench->access_point.self, &bench->frame, WAIT_MS),
                     QW_OK);
    assert_int_equal(bench->terminal.transmit(bench->terminal.self, 1, INTERVAL_NS), QW_OK);
    qw_csi_source_close(&bench->terminal);
    connect_terminal(bench); /* READY: the air has dealt with the one that left */
    assert_int_equal(bench->probe_count, 2);
    qw_csi_source_close(&bench->terminal);
    qw_csi_source_close(&bench->access_point);
    qw_air_free(bench->air);
    free(bench);
}

static void an_access_point_whose_answer_makes_no_sense_is_dropped(void **state)
{
    struct qw_air_config config = indoor(17);
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    (void)state;
    assert_non_null(bench);
    assert_int_equal(qw_air_new(&config, NULL, NULL, &bench->air, &bench->port, error), QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.1", bench->port, QW_AIR_ACCESS_POINT, WAIT_MS,
                                    &bench->access_point),
                     QW_OK);
    connect_terminal(bench);
    assert_int_equal(bench->terminal.transmit(bench->terminal.self, 0, 0), QW_OK);
    assert_int_equal(bench->access_point.transmit(bench->access_point.self, 3, 0),
                     QW_OK); /* late */
    assert_int_equal(bench->access_point.next(bench->access_point.self, &bench->frame, WAIT_MS),
                     QW_OK);
    assert_int_equal(
        bench->access_point.transmit(bench->access_point.self, 0, INT64_C(3600000000000)), QW_OK);
    assert_int_equal(bench->access_point.next(bench->access_point.self, &bench->frame, WAIT_MS),
                     QW_ERR_CLOSED);
    assert_int_equal(bench->terminal.next(bench->terminal.self, &bench->frame, WAIT_MS),
                     QW_ERR_TIMEOUT); /* silence, at once */
    qw_csi_source_close(&bench->terminal);
    qw_csi_source_close(&bench->access_point);
    qw_air_free(bench->air);
    free(bench);
}

static void an_access_point_that_never_answers_means_silence(void **state)
{
    struct qw_air_config config = indoor(11);
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    (void)state;
    assert_non_null(bench);
    assert_int_equal(qw_air_new(&config, NULL, NULL, &bench->air, &bench->port, error), QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.1", bench->port, QW_AIR_ACCESS_POINT, WAIT_MS,
                                    &bench->access_point),
                     QW_OK);
    connect_terminal(bench);
    assert_int_equal(probe(bench, 0, 1, 0), 0); /* after 2 s, well before WAIT_MS */
    assert_int_equal(bench->terminal.transmit(bench->terminal.self, 1, INTERVAL_NS), QW_OK);
    qw_csi_source_close(&bench->access_point); /* killed while the terminal waits */
    assert_int_equal(bench->terminal.next(bench->terminal.self, &bench->frame, WAIT_MS),
                     QW_ERR_TIMEOUT);
    qw_csi_source_close(&bench->terminal);
    qw_air_free(bench->air);
    free(bench);
}

static void refuses_numbers_out_of_range_and_says_which(void **state)
{
    static const struct {
        struct qw_air_config config;
        const char *says;
    } bad[] = {
        { { .snr_db = 20.0, .loss = 0.6 }, "loss" },
        { { .snr_db = 20.0, .loss = -0.1 }, "loss" },
        { { .snr_db = 61.0 }, "snr_db" },
        { { .snr_db = -11.0 }, "snr_db" },
        { { .snr_db = 20.0, .eve_distance_m = -1.0 }, "eve_distance_m" },
        { { .snr_db = 20.0, .eve_distance_m = 1001.0 }, "eve_distance_m" },
        { { .snr_db = 20.0, .scene = (enum qw_air_scene)5 }, "simulated" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct qw_air *air = NULL;
        uint16_t port = 0;
        char error[256] = "";

        assert_int_equal(qw_air_new(&bad[i].config, NULL, NULL, &air, &port, error), QW_ERR_ARG);
        assert_non_null(strstr(error, bad[i].says));
        assert_null(air);
        assert_int_equal(port, 0);
    }
}

static void closing_what_was_never_opened_is_fine(void **state)
{
    struct qw_csi_source source = { 0 };

    (void)state;
    qw_csi_source_close(NULL);
    qw_csi_source_close(&source);
    qw_air_free(NULL);
}

static void connecting_to_nothing_is_an_error(void **state)
{
    struct qw_csi_source source = { .label = "untouched" };
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &fd, &port), QW_OK);
    /* Somebody listens but never says READY. */
    assert_int_equal(qw_air_connect("127.0.0.1", port, QW_AIR_TERMINAL, 100, &source),
                     QW_ERR_TIMEOUT);
    qw_socket_close(fd);
    assert_int_equal(qw_air_connect("127.0.0.1", port, QW_AIR_TERMINAL, 1000, &source),
                     QW_ERR_CLOSED);
    assert_string_equal(source.label, "untouched");
}

static void a_start_that_fails_leaves_nothing_behind(void **state)
{
    struct qw_air_config config = indoor(12);

    (void)state;
    for (int n = 1;; n++) {
        struct qw_air *air = NULL;
        uint16_t port = 0;
        char error[256] = "";
        qw_err err;

        assert_true(n < 20);
        fail_at = n;
        err = qw_air_new(&config, NULL, NULL, &air, &port, error);
        fail_at = 0;
        if (err == QW_OK) {
            assert_int_equal(n, 7); /* four allocations, pipe, thread */
            qw_air_free(air);
            return;
        }
        assert_true(err == QW_ERR_NOMEM || err == QW_ERR_IO);
        assert_null(air);
        assert_int_equal(port, 0);
        assert_string_not_equal(error, "");
    }
}

static void a_port_in_use_is_said(void **state)
{
    struct qw_air_config config = indoor(13);
    struct qw_air *air = NULL;
    char error[256];
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &fd, &port), QW_OK);
    assert_int_equal(qw_air_new(&config, NULL, NULL, &air, &port, error), QW_ERR_CONFLICT);
    assert_non_null(strstr(error, "127.0.0.1:"));
    qw_socket_close(fd);
}

static void an_address_that_is_none_or_not_of_this_machine_is_said(void **state)
{
    static const struct {
        const char *address;
        qw_err err;
    } bad[] = {
        { "", QW_ERR_ARG },
        { "localhost", QW_ERR_ARG },
        { "127.0.0.1:4801", QW_ERR_ARG },
        { "192.0.2.1", QW_ERR_IO }, /* of documents, nobody's */
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct qw_air_config config = indoor(13);
        struct qw_air *air = NULL;
        char error[256] = "";
        uint16_t port = 0;

        config.address = bad[i].address;
        assert_int_equal(qw_air_new(&config, NULL, NULL, &air, &port, error), bad[i].err);
        assert_memory_equal(error, bad[i].address, strlen(bad[i].address));
        assert_null(air);
    }
}

/* Where it was told to, and nowhere else. */
static void serves_on_the_address_that_it_is_given(void **state)
{
    struct qw_csi_source source = { .label = "untouched" };
    struct qw_air_config config = indoor(14);
    struct qw_air *air = NULL;
    char error[256] = "";
    uint16_t port = 0;

    (void)state;
    config.address = "127.0.0.2";
    assert_int_equal(qw_air_new(&config, NULL, NULL, &air, &port, error), QW_OK);
    assert_int_not_equal(qw_air_connect("127.0.0.1", port, QW_AIR_TERMINAL, 1000, &source), QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.2", port, QW_AIR_TERMINAL, 1000, &source), QW_OK);
    assert_string_equal(source.label, "simulated radio, indoor");
    qw_csi_source_close(&source);
    qw_air_free(air);
}

static void a_connection_that_lacks_memory_is_given_up(void **state)
{
    struct qw_csi_source source = { .label = "untouched" };
    uint16_t port;
    int fd;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &fd, &port), QW_OK);
    for (int n = 1; n <= 2; n++) {
        fail_at = n;
        assert_int_equal(qw_air_connect("127.0.0.1", port, QW_AIR_TERMINAL, 100, &source),
                         QW_ERR_NOMEM);
        fail_at = 0;
    }
    assert_string_equal(source.label, "untouched");
    qw_socket_close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_hear_the_same_channel_and_the_listener_another),
        cmocka_unit_test(a_listener_at_the_same_place_hears_the_same_channel),
        cmocka_unit_test(a_static_scene_varies_by_the_noise_only),
        cmocka_unit_test(lost_probes_are_reported_at_once_and_counted),
        cmocka_unit_test(a_new_session_hears_fresh_fading),
        cmocka_unit_test(a_restarted_access_point_takes_the_place_of_the_old_one),
        cmocka_unit_test(without_an_access_point_there_is_silence_at_once),
        cmocka_unit_test(the_same_seed_gives_the_same_frames),
        cmocka_unit_test(bad_clients_are_dropped_and_the_air_goes_on),
        cmocka_unit_test(a_message_may_come_in_pieces),
        cmocka_unit_test(silent_strangers_fill_the_room_for_two_seconds_only),
        cmocka_unit_test(a_terminal_that_goes_in_the_middle_of_a_pair_ends_it),
        cmocka_unit_test(an_access_point_whose_answer_makes_no_sense_is_dropped),
        cmocka_unit_test(an_access_point_that_never_answers_means_silence),
        cmocka_unit_test(refuses_numbers_out_of_range_and_says_which),
        cmocka_unit_test(closing_what_was_never_opened_is_fine),
        cmocka_unit_test(connecting_to_nothing_is_an_error),
        cmocka_unit_test(a_start_that_fails_leaves_nothing_behind),
        cmocka_unit_test(a_port_in_use_is_said),
        cmocka_unit_test(an_address_that_is_none_or_not_of_this_machine_is_said),
        cmocka_unit_test(serves_on_the_address_that_it_is_given),
        cmocka_unit_test(a_connection_that_lacks_memory_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
