/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W10 */
/* LOOK and MOMENT of docs/protocol/air.md: bytes, and a viewer beside two front ends in a real
 * air. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air/viewer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 60000, PAIRS_MAX = 2000, TONES = 52 };

static _Thread_local int fail_at; /* the air's own thread goes on */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

static struct qw_air_moment moment;

static void fill(struct qw_csi_frame *frame, uint64_t sequence)
{
    qw_csi_frame_clear(frame);
    qw_csi_frame_set_tones(frame, QW_CSI_LEGACY_20);
    frame->sequence = sequence;
    frame->tone_count = 2; /* short, for the laws */
    frame->rx_count = 2;
    for (size_t i = 0; i < 4; i++) {
        frame->value[i] = (float)i - 1.5f;
    }
}

static size_t encode(const struct qw_air_moment *m, uint8_t *out, size_t cap)
{
    size_t len = qw_air_moment_begin(m->sequence, out, cap);

    for (int end = 0; end < QW_AIR_ENDS; end++) {
        if (m->is_heard[end]) {
            len = qw_air_moment_add((enum qw_air_end)end, &m->frame[end], out, len, cap);
        }
    }
    return len;
}

static qw_err round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    static struct qw_air_moment got;
    qw_err err = qw_air_moment_decode(body, len, &got);

    if (err == QW_OK) {
        *out_len = encode(&got, out, QW_AIR_MOMENT_MAX);
    }
    return err;
}

/* A cut between two ends is a moment of fewer ends; any other is none. */
static void a_moment_is_refused_when_it_is_cut_or_too_long(void **state)
{
    static uint8_t bytes[1024], out[QW_AIR_MOMENT_MAX];
    static struct qw_csi_frame frame;
    size_t whole[QW_AIR_ENDS + 1], out_len = 0, len;

    (void)state;
    fill(&frame, 7);
    whole[0] = len = qw_air_moment_begin(7, bytes, sizeof bytes);
    for (int end = 0; end < QW_AIR_ENDS; end++) {
        whole[end + 1] = len =
            qw_air_moment_add((enum qw_air_end)end, &frame, bytes, len, sizeof bytes);
    }
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1);
        bool is_whole = cut == whole[0] || cut == whole[1] || cut == whole[2];

        memcpy(copy, bytes, cut);
        assert_int_equal(round_trip(copy, cut, out, &out_len), is_whole ? QW_OK : QW_ERR_FORMAT);
        free(copy);
    }
    assert_int_equal(round_trip(bytes, len, out, &out_len), QW_OK);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, bytes, len);
    assert_int_equal(round_trip(bytes, len + 1, out, &out_len), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (round_trip(bytes, len, out, &out_len) == QW_OK) {
            assert_int_equal(out_len, len);
            assert_memory_equal(out, bytes, len);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_moment_says_the_first_chain_of_each_end_in_order(void **state)
{
    static uint8_t bytes[1024];
    static struct qw_csi_frame frame;
    size_t begun, len;

    (void)state;
    fill(&frame, 7);
    begun = qw_air_moment_begin(7, bytes, sizeof bytes);
    len = qw_air_moment_add(QW_AIR_END_EVE, &frame, bytes, begun, sizeof bytes);
    assert_int_equal(qw_air_moment_decode(bytes, len, &moment), QW_OK);
    assert_false(moment.is_heard[QW_AIR_END_ACCESS_POINT]);
    assert_false(moment.is_heard[QW_AIR_END_TERMINAL]);
    assert_true(moment.is_heard[QW_AIR_END_EVE]);
    assert_int_equal(moment.frame[QW_AIR_END_EVE].rx_count, 1);
    assert_int_equal(moment.frame[QW_AIR_END_EVE].tone_count, 2);
    assert_true(moment.frame[QW_AIR_END_EVE].value[1] == frame.value[1]);
    len = qw_air_moment_add(QW_AIR_END_TERMINAL, &frame, bytes, len, sizeof bytes);
    assert_int_equal(qw_air_moment_decode(bytes, len, &moment), QW_ERR_FORMAT);
    frame.sequence = 8; /* another probe's */
    len = qw_air_moment_add(QW_AIR_END_EVE, &frame, bytes, begun, sizeof bytes);
    assert_int_equal(qw_air_moment_decode(bytes, len, &moment), QW_ERR_FORMAT);
    assert_int_equal(qw_air_moment_add(QW_AIR_END_EVE, &frame, bytes, begun, begun + 20), begun);
    assert_int_equal(qw_air_moment_begin(7, bytes, 8), 0);
    assert_int_equal(qw_air_moment_add(QW_AIR_END_EVE, &frame, bytes, 0, sizeof bytes), 0);
}

static void look_is_one_byte(void **state)
{
    uint8_t bytes[2] = { 0 };

    (void)state;
    assert_int_equal(qw_air_look_encode(bytes, 0), 0);
    assert_int_equal(qw_air_look_encode(bytes, sizeof bytes), 1);
    assert_int_equal(qw_air_look_decode(bytes, 1), QW_OK);
    assert_int_equal(qw_air_look_decode(bytes, 2), QW_ERR_FORMAT);
    assert_int_equal(qw_air_look_decode(bytes, 0), QW_ERR_FORMAT);
    bytes[0] = QW_AIR_MOMENT;
    assert_int_equal(qw_air_look_decode(bytes, 1), QW_ERR_FORMAT);
}

struct bench {
    struct qw_air *air;
    uint16_t port;
    struct qw_csi_source access_point, terminal;
    struct qw_air_viewer *viewer;
    struct qw_csi_frame at_access_point, at_terminal;
    float complex access_point_heard[PAIRS_MAX][TONES], terminal_heard[PAIRS_MAX][TONES];
};

static int open_bench(void **state)
{
    struct qw_air_config config = { .seed = 1, .snr_db = 30, .eve_distance_m = 1 };
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    assert_int_equal(qw_air_new(&config, NULL, NULL, &bench->air, &bench->port, error), QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.1", bench->port, QW_AIR_ACCESS_POINT, WAIT_MS,
                                    &bench->access_point),
                     QW_OK);
    assert_int_equal(
        qw_air_connect("127.0.0.1", bench->port, QW_AIR_TERMINAL, WAIT_MS, &bench->terminal),
        QW_OK);
    assert_int_equal(qw_air_viewer_new("127.0.0.1", bench->port, WAIT_MS, &bench->viewer), QW_OK);
    *state = bench;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *bench = *state;

    qw_air_viewer_free(bench->viewer);
    qw_csi_source_close(&bench->terminal);
    qw_csi_source_close(&bench->access_point);
    qw_air_free(bench->air);
    free(bench);
    return 0;
}

/* One pair, both ends in this thread. */
static void probe(struct bench *bench, uint64_t sequence)
{
    int64_t time_ns = (int64_t)sequence * 20000000;

    assert_int_equal(bench->terminal.transmit(bench->terminal.self, sequence, time_ns), QW_OK);
    assert_int_equal(
        bench->access_point.next(bench->access_point.self, &bench->at_access_point, WAIT_MS),
        QW_OK);
    assert_int_equal(
        bench->access_point.transmit(bench->access_point.self, sequence, time_ns + 60000), QW_OK);
    assert_int_equal(bench->terminal.next(bench->terminal.self, &bench->at_terminal, WAIT_MS),
                     QW_OK);
}

/* When the air reads LOOK is its own affair: pairs until it has, and the moment is there. */
static void probe_until_seen(struct bench *bench, struct qw_air_viewer *viewer)
{
    qw_err err = QW_ERR_TIMEOUT;

    for (uint64_t i = 1; err == QW_ERR_TIMEOUT && i < PAIRS_MAX; i++) {
        probe(bench, i);
        memcpy(bench->access_point_heard[i], bench->at_access_point.value,
               sizeof bench->access_point_heard[i]);
        memcpy(bench->terminal_heard[i], bench->at_terminal.value, sizeof bench->terminal_heard[i]);
        err = qw_air_viewer_next(viewer, &moment, 1);
    }
    assert_int_equal(err, QW_OK);
}

static void a_viewer_sees_what_all_ends_of_a_pair_heard(void **state)
{
    struct bench *bench = *state;

    probe_until_seen(bench, bench->viewer);
    assert_true(moment.sequence < PAIRS_MAX);
    assert_true(moment.is_heard[QW_AIR_END_ACCESS_POINT] && moment.is_heard[QW_AIR_END_TERMINAL] &&
                moment.is_heard[QW_AIR_END_EVE]);
    for (size_t end = 0; end < QW_AIR_ENDS; end++) {
        assert_int_equal(moment.frame[end].tone_count, TONES);
    }
    assert_memory_equal(moment.frame[QW_AIR_END_ACCESS_POINT].value,
                        bench->access_point_heard[moment.sequence],
                        sizeof bench->access_point_heard[0]);
    assert_memory_equal(moment.frame[QW_AIR_END_TERMINAL].value,
                        bench->terminal_heard[moment.sequence], sizeof bench->terminal_heard[0]);
    assert_memory_not_equal(moment.frame[QW_AIR_END_EVE].value,
                            bench->terminal_heard[moment.sequence],
                            sizeof bench->terminal_heard[0]);
}

/* Nobody answers: what there is of it. */
static void a_pair_that_comes_to_nothing_is_a_moment_too(void **state)
{
    struct bench *bench = *state;
    qw_err err = QW_ERR_TIMEOUT;

    for (uint64_t i = 1; err == QW_ERR_TIMEOUT && i < PAIRS_MAX; i++) {
        assert_int_equal(bench->terminal.transmit(bench->terminal.self, i, (int64_t)i * 20000000),
                         QW_OK);
        assert_int_equal(
            bench->access_point.next(bench->access_point.self, &bench->at_access_point, WAIT_MS),
            QW_OK);
        err = qw_air_viewer_next(bench->viewer, &moment, 1);
    }
    assert_int_equal(err, QW_OK);
    assert_true(moment.is_heard[QW_AIR_END_ACCESS_POINT]);
    assert_false(moment.is_heard[QW_AIR_END_TERMINAL]);
    assert_true(moment.is_heard[QW_AIR_END_EVE]);
}

/* The fading and the noise are the same whether somebody looks or not. */
static void looking_changes_nothing(void **state)
{
    struct bench *bench = *state, *other = NULL;
    unsigned seen = 0;

    assert_int_equal(open_bench((void **)&other), 0);
    for (uint64_t i = 1; seen < 5 && i < PAIRS_MAX; i++) {
        probe(bench, i);
        probe(other, i);
        assert_memory_equal(bench->at_terminal.value, other->at_terminal.value,
                            sizeof bench->terminal_heard[0]);
        seen += qw_air_viewer_next(bench->viewer, &moment, 1) == QW_OK;
    }
    assert_int_equal(seen, 5);
    close_bench((void **)&other);
}

static void a_second_viewer_takes_the_place_of_the_first(void **state)
{
    struct bench *bench = *state;
    struct qw_air_viewer *second = NULL;

    assert_int_equal(qw_air_viewer_new("127.0.0.1", bench->port, WAIT_MS, &second), QW_OK);
    assert_int_equal(qw_air_viewer_next(bench->viewer, &moment, WAIT_MS), QW_ERR_CLOSED);
    probe_until_seen(bench, second);
    qw_air_viewer_free(second);
    probe(bench, PAIRS_MAX); /* the session does not mind */
}

/* An air that says it is a real channel is left at once. */
static void *play_real_air(void *self)
{
    struct qw_wire wire = { 0 };
    struct qw_air_ready ready = { .label = "radio", .is_simulated = false };
    uint8_t bytes[256];
    size_t len = 0;
    int fd = -1;

    assert_int_equal(qw_socket_accept(*(int *)self, WAIT_MS, &fd), QW_OK);
    assert_int_equal(qw_wire_tcp_new(fd, WAIT_MS, &wire), QW_OK);
    assert_int_equal(qw_wire_receive(&wire, bytes, sizeof bytes, &len, WAIT_MS), QW_OK);
    len = qw_air_ready_encode(&ready, bytes, sizeof bytes);
    assert_int_equal(qw_wire_send(&wire, bytes, len), QW_OK);
    assert_int_equal(qw_wire_receive(&wire, bytes, sizeof bytes, &len, WAIT_MS), QW_ERR_CLOSED);
    qw_wire_close(&wire);
    return NULL;
}

static void a_real_channel_is_not_looked_at(void **state)
{
    struct qw_air_viewer *viewer = NULL;
    pthread_t thread;
    uint16_t port = 0;
    int listener = -1;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, play_real_air, &listener), 0);
    assert_int_equal(qw_air_viewer_new("127.0.0.1", port, WAIT_MS, &viewer), QW_ERR_REFUSED);
    pthread_join(thread, NULL);
    assert_null(viewer);
    qw_socket_close(listener);
    assert_int_not_equal(qw_air_viewer_new("127.0.0.1", port, WAIT_MS, &viewer), QW_OK);
}

static void a_viewer_that_cannot_be_made_leaves_nothing(void **state)
{
    struct bench *bench = *state;
    struct qw_air_viewer *viewer = NULL;
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; n < 20 && err != QW_OK; n++) {
        fail_at = n;
        err = qw_air_viewer_new("127.0.0.1", bench->port, WAIT_MS, &viewer);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && viewer == NULL));
    }
    fail_at = 0;
    assert_int_equal(err, QW_OK);
    qw_air_viewer_free(viewer);
    qw_air_viewer_free(NULL);
}

#define IN_AIR(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_refused_when_it_is_cut_or_too_long),
        cmocka_unit_test(a_moment_says_the_first_chain_of_each_end_in_order),
        cmocka_unit_test(look_is_one_byte),
        IN_AIR(a_viewer_sees_what_all_ends_of_a_pair_heard),
        IN_AIR(a_pair_that_comes_to_nothing_is_a_moment_too),
        IN_AIR(looking_changes_nothing),
        IN_AIR(a_second_viewer_takes_the_place_of_the_first),
        cmocka_unit_test(a_real_channel_is_not_looked_at),
        IN_AIR(a_viewer_that_cannot_be_made_leaves_nothing),
    };

    return cmocka_run_group_tests_name("radio.air_viewer", tests, NULL, NULL);
}
