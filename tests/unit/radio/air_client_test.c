/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 */
/* The front end against an air that says whatever the test wants. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air.h"
#include "radio/air/message.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 60000, MESSAGES_MAX = 8 };

struct fake_air { /* takes one client, says its messages, waits for one more message and closes */
    int listener;
    uint16_t port;
    pthread_t thread;
    uint8_t message[MESSAGES_MAX][600];
    size_t len[MESSAGES_MAX];
    size_t count;
    uint8_t heard[64]; /* the message after HELLO */
    size_t heard_len;
};

static void *serve(void *self)
{
    struct fake_air *air = self;
    struct qw_wire wire;
    uint8_t hello[64];
    size_t len;
    int fd;

    if (qw_socket_accept(air->listener, WAIT_MS, &fd) != QW_OK ||
        qw_wire_tcp_new(fd, WAIT_MS, &wire) != QW_OK) {
        return NULL;
    }
    if (qw_wire_receive(&wire, hello, sizeof hello, &len, WAIT_MS) == QW_OK) {
        for (size_t i = 0; i < air->count; i++) {
            if (qw_wire_send(&wire, air->message[i], air->len[i]) != QW_OK) {
                break;
            }
        }
        if (qw_wire_receive(&wire, air->heard, sizeof air->heard, &air->heard_len, WAIT_MS) !=
            QW_OK) {
            air->heard_len = 0;
        }
    }
    qw_wire_close(&wire);
    return NULL;
}

static void say(struct fake_air *air, const void *message, size_t len)
{
    assert_true(len > 0 && air->count < MESSAGES_MAX);
    memcpy(air->message[air->count], message, len);
    air->len[air->count++] = len;
}

static void say_ready(struct fake_air *air)
{
    uint8_t message[128];
    struct qw_air_ready ready = { .label = "an air for tests",
                                  .is_simulated = true,
                                  .has_phase = false };

    say(air, message, qw_air_ready_encode(&ready, message, sizeof message));
}

static void say_csi(struct fake_air *air, uint64_t sequence)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    uint8_t message[600];

    assert_non_null(frame);
    qw_csi_frame_set_tones(frame, QW_CSI_LEGACY_20);
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->sequence = sequence;
    say(air, message, qw_air_csi_encode(frame, message, sizeof message));
    free(frame);
}

static void say_silence(struct fake_air *air, uint64_t sequence)
{
    uint8_t message[16];

    say(air, message, qw_air_silence_encode(sequence, message, sizeof message));
}

static void start(struct fake_air *air)
{
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &air->listener, &air->port), QW_OK);
    assert_int_equal(pthread_create(&air->thread, NULL, serve, air), 0);
}

static void finish(struct fake_air *air)
{
    pthread_join(air->thread, NULL);
    qw_socket_close(air->listener);
    free(air);
}

static struct fake_air *new_air(void)
{
    struct fake_air *air = calloc(1, sizeof *air);

    assert_non_null(air);
    return air;
}

static struct qw_csi_source join(struct fake_air *air, enum qw_air_role role)
{
    struct qw_csi_source source;

    start(air);
    assert_int_equal(qw_air_connect("127.0.0.1", air->port, role, WAIT_MS, &source), QW_OK);
    return source;
}

static struct qw_csi_frame frame; /* too large for the stack of some systems */

static void the_source_is_described_by_the_air(void **state)
{
    struct fake_air *air = new_air();
    struct qw_csi_source source;

    (void)state;
    say_ready(air);
    source = join(air, QW_AIR_TERMINAL);
    assert_string_equal(source.label, "an air for tests");
    assert_true(source.is_simulated);
    assert_false(source.has_phase);
    qw_csi_source_close(&source);
    assert_null(source.self);
    finish(air);
}

static void a_terminal_takes_only_answers_to_its_last_pilot(void **state)
{
    struct fake_air *air = new_air();
    struct qw_csi_source source;
    struct qw_air_pilot pilot;

    (void)state;
    say_ready(air);
    say_csi(air, 6);
    say_silence(air, 5);
    say_csi(air, 7);
    say_silence(air, 7);
    source = join(air, QW_AIR_TERMINAL);
    assert_int_equal(source.transmit(source.self, 7, -1), QW_ERR_ARG);
    assert_int_equal(source.transmit(source.self, 7, 1000), QW_OK);
    assert_int_equal(source.next(source.self, &frame, WAIT_MS), QW_OK);
    assert_int_equal(frame.sequence, 7);
    assert_int_equal(source.next(source.self, &frame, WAIT_MS), QW_ERR_TIMEOUT); /* at once */
    assert_int_equal(source.next(source.self, &frame, WAIT_MS), QW_ERR_CLOSED);
    qw_csi_source_close(&source);
    pthread_join(air->thread, NULL);
    assert_int_equal(qw_air_pilot_decode(air->heard, air->heard_len, &pilot), QW_OK);
    assert_true(pilot.sequence == 7 && pilot.time_ns == 1000);
    qw_socket_close(air->listener);
    free(air);
}

static void an_access_point_takes_every_measurement(void **state)
{
    struct fake_air *air = new_air();
    struct qw_csi_source source;

    (void)state;
    say_ready(air);
    say_csi(air, 6);
    say_silence(air, 6); /* not meant for it */
    say_csi(air, 0);
    source = join(air, QW_AIR_ACCESS_POINT);
    assert_int_equal(source.next(source.self, &frame, WAIT_MS), QW_OK);
    assert_int_equal(frame.sequence, 6);
    assert_int_equal(source.next(source.self, &frame, WAIT_MS), QW_OK);
    assert_int_equal(frame.sequence, 0);
    assert_int_equal(source.next(source.self, &frame, 20), QW_ERR_TIMEOUT);
    assert_int_equal(source.next(source.self, &frame, 0), QW_ERR_TIMEOUT);
    qw_csi_source_close(&source);
    finish(air);
}

static void say_tuned(struct fake_air *air, bool is_tuned)
{
    uint8_t message[8];

    say(air, message, qw_air_tuned_encode(is_tuned, message, sizeof message));
}

/* A3 */
static void a_radio_is_set_or_stays_where_it_is(void **state)
{
    struct qw_tuning wide = { qw_carrier_find("wifi40"), 1, 2, 1 };

    (void)state;
    for (int answer = 0; answer < 2; answer++) {
        struct fake_air *air = new_air();
        struct qw_csi_source source;
        struct qw_tuning heard;

        say_ready(air);
        say_csi(air, 3); /* on its way already: of before */
        say_tuned(air, answer == 1);
        source = join(air, QW_AIR_TERMINAL);
        assert_true(qw_tuning_equal(&source.tuning, &qw_tuning_standard));
        assert_int_equal(qw_csi_source_tune(&source, &wide),
                         answer == 1 ? QW_OK : QW_ERR_UNAVAILABLE);
        assert_true(qw_tuning_equal(&source.tuning, answer == 1 ? &wide : &qw_tuning_standard));
        qw_csi_source_close(&source);
        pthread_join(air->thread, NULL);
        assert_int_equal(qw_air_tune_decode(air->heard, air->heard_len, &heard), QW_OK);
        assert_true(qw_tuning_equal(&heard, &wide));
        qw_socket_close(air->listener);
        free(air);
    }
}

static void an_air_that_does_not_know_the_question_is_an_error(void **state)
{
    static const uint8_t bad[2] = { QW_AIR_TUNED, 2 };
    struct qw_tuning wide = { qw_carrier_find("wifi80"), 1, 1, 1 };
    struct fake_air *air = new_air();
    struct qw_csi_source source;

    (void)state;
    say_ready(air);
    say(air, bad, sizeof bad);
    source = join(air, QW_AIR_TERMINAL);
    assert_int_equal(qw_csi_source_tune(&source, &wide), QW_ERR_FORMAT);
    assert_int_equal(qw_csi_source_tune(&source, &wide), QW_ERR_CLOSED); /* it has hung up */
    qw_csi_source_close(&source);
    finish(air);
}

static void garbage_after_ready_is_an_error(void **state)
{
    static const uint8_t bad[][4] = { { QW_AIR_SILENCE, 1 }, { QW_AIR_CSI, 1 }, { 99 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_air *air = new_air();
        struct qw_csi_source source;

        say_ready(air);
        say(air, bad[i], sizeof bad[i]);
        source = join(air, QW_AIR_TERMINAL);
        assert_int_equal(source.next(source.self, &frame, WAIT_MS), QW_ERR_FORMAT);
        qw_csi_source_close(&source);
        finish(air);
    }
}

static void anything_but_ready_ends_the_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake_air *air = new_air();
        struct qw_csi_source source = { .label = "untouched" };

        if (i == 0) {
            say_silence(air, 1);
        } else {
            say_csi(air, 1);
        }
        start(air);
        assert_int_equal(qw_air_connect("127.0.0.1", air->port, QW_AIR_TERMINAL, WAIT_MS, &source),
                         QW_ERR_FORMAT);
        assert_string_equal(source.label, "untouched");
        finish(air);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_is_described_by_the_air),
        cmocka_unit_test(a_terminal_takes_only_answers_to_its_last_pilot),
        cmocka_unit_test(an_access_point_takes_every_measurement),
        cmocka_unit_test(a_radio_is_set_or_stays_where_it_is),
        cmocka_unit_test(an_air_that_does_not_know_the_question_is_an_error),
        cmocka_unit_test(garbage_after_ready_is_an_error),
        cmocka_unit_test(anything_but_ready_ends_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
