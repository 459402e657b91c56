/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/wire.h"

#include "base/clock.h"
#include "base/wire_memory.h"
#include "base/wire_tcp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What every wire promises, tried on each of them. */
enum { PATIENCE_MS = 60000, SHORT_MS = 30 };

static struct qw_wire a, b;
static uint8_t big[QW_WIRE_MESSAGE_MAX + 1];
static uint8_t in[QW_WIRE_MESSAGE_MAX];

static int open_memory(void **state)
{
    (void)state;
    return qw_wire_memory_pair(&a, &b) == QW_OK ? 0 : -1;
}

static int open_tcp(void **state)
{
    int fds[2];

    (void)state;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0 &&
                   qw_wire_tcp_new(fds[0], PATIENCE_MS, &a) == QW_OK &&
                   qw_wire_tcp_new(fds[1], PATIENCE_MS, &b) == QW_OK
               ? 0
               : -1;
}

static int close_both(void **state)
{
    (void)state;
    qw_wire_close(&a);
    qw_wire_close(&b);
    qw_wire_close(&b); /* a zeroed wire is fine */
    qw_wire_close(NULL);
    return a.self == NULL && b.self == NULL ? 0 : -1;
}

static void assert_receives(struct qw_wire *wire, const void *expected, size_t expected_len)
{
    size_t len = SIZE_MAX;

    assert_int_equal(qw_wire_receive(wire, in, sizeof in, &len, PATIENCE_MS), QW_OK);
    assert_int_equal(len, expected_len);
    assert_memory_equal(in, expected, len);
}

static void messages_come_whole_and_in_order(void **state)
{
    (void)state;
    assert_int_equal(qw_wire_send(&a, "one", 3), QW_OK);
    assert_int_equal(qw_wire_send(&a, "", 0), QW_OK); /* an empty message is one too */
    assert_int_equal(qw_wire_send(&a, NULL, 0), QW_OK);
    assert_int_equal(qw_wire_send(&a, "three", 5), QW_OK);
    assert_receives(&b, "one", 3);
    assert_receives(&b, "", 0);
    assert_receives(&b, "", 0);
    assert_receives(&b, "three", 5);
    assert_int_equal(qw_wire_send(&b, "back", 4), QW_OK);
    assert_receives(&a, "back", 4);
}

static void *send_largest(void *argument)
{
    (void)argument;
    return qw_wire_send(&a, big, QW_WIRE_MESSAGE_MAX) == QW_OK ? NULL : big;
}

static void the_longest_message_passes_and_a_longer_one_is_refused(void **state)
{
    pthread_t sender;
    void *failed = big;

    (void)state;
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    assert_int_equal(qw_wire_send(&a, big, QW_WIRE_MESSAGE_MAX + 1), QW_ERR_SPACE);
    assert_int_equal(pthread_create(&sender, NULL, send_largest, NULL), 0);
    assert_receives(&b, big, QW_WIRE_MESSAGE_MAX);
    pthread_join(sender, &failed);
    assert_null(failed);
}

static void waiting_ends_and_looking_does_not_wait(void **state)
{
    int64_t before_ms = qw_clock_monotonic_ms();
    size_t len = 77;

    (void)state;
    assert_int_equal(qw_wire_receive(&b, in, sizeof in, &len, 0), QW_ERR_TIMEOUT);
    assert_int_equal(qw_wire_receive(&b, in, sizeof in, &len, SHORT_MS), QW_ERR_TIMEOUT);
    assert_in_range(qw_clock_monotonic_ms() - before_ms, SHORT_MS - 1, PATIENCE_MS);
    assert_int_equal(len, 77);
    assert_int_equal(qw_wire_send(&a, "late", 4), QW_OK); /* a timeout breaks nothing */
    assert_receives(&b, "late", 4);
}

static void what_was_sent_before_the_close_is_still_read(void **state)
{
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_send(&a, "last words", 10), QW_OK);
    qw_wire_close(&a);
    assert_receives(&b, "last words", 10);
    assert_int_equal(qw_wire_receive(&b, in, sizeof in, &len, PATIENCE_MS), QW_ERR_CLOSED);
    assert_int_equal(qw_wire_receive(&b, in, sizeof in, &len, 0), QW_ERR_CLOSED);
}

static void sending_to_a_closed_end_fails(void **state)
{
    qw_err err = QW_OK;

    (void)state;
    qw_wire_close(&b);
    for (int i = 0; err == QW_OK && i < 3; i++) {
        err = qw_wire_send(&a, "anybody?", 8);
    }
    assert_int_equal(err, QW_ERR_CLOSED);
}

static void a_message_longer_than_the_buffer_ends_the_wire(void **state)
{
    size_t len = 77;
    qw_err err = QW_OK;

    (void)state;
    memset(in, 0xee, 8);
    assert_int_equal(qw_wire_send(&a, "12345678", 8), QW_OK);
    assert_int_equal(qw_wire_receive(&b, in, 7, &len, PATIENCE_MS), QW_ERR_SPACE);
    assert_int_equal(in[0], 0xee);
    assert_int_equal(len, 77);
    assert_int_equal(qw_wire_receive(&b, in, sizeof in, &len, 0), QW_ERR_CLOSED);
    assert_int_equal(qw_wire_send(&b, "x", 1), QW_ERR_CLOSED);
    for (int i = 0; err == QW_OK && i < 3; i++) {
        err = qw_wire_send(&a, "x", 1);
    }
    assert_int_equal(err, QW_ERR_CLOSED);
}

static void a_message_of_exactly_the_buffer_fits(void **state)
{
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_send(&a, "12345678", 8), QW_OK);
    assert_int_equal(qw_wire_receive(&b, in, 8, &len, PATIENCE_MS), QW_OK);
    assert_int_equal(len, 8);
}

static void both_ends_count_messages_bytes_and_round_trips(void **state)
{
    const struct qw_wire_counters *ca = a.counters(a.self);
    const struct qw_wire_counters *cb = b.counters(b.self);

    (void)state;
    for (int i = 0; i < 3; i++) { /* two questions, one answer: one round trip for the asker */
        assert_int_equal(qw_wire_send(&a, "ask", 3), QW_OK);
        assert_int_equal(qw_wire_send(&a, "more", 4), QW_OK);
        assert_receives(&b, "ask", 3);
        assert_receives(&b, "more", 4);
        assert_int_equal(qw_wire_send(&b, "answer", 6), QW_OK);
        assert_receives(&a, "answer", 6);
    }
    assert_int_equal(ca->messages_sent, 6);
    assert_int_equal(ca->messages_received, 3);
    assert_int_equal(ca->bytes_sent, 21);
    assert_int_equal(ca->bytes_received, 18);
    assert_int_equal(ca->round_trips, 3);
    assert_int_equal(cb->messages_sent, 3);
    assert_int_equal(cb->messages_received, 6);
    assert_int_equal(cb->round_trips, 2); /* it turned from sending to receiving twice */
}

enum { EXCHANGES = 2000 };

static void *echo(void *argument)
{
    uint8_t buffer[256];

    for (int i = 0; i < EXCHANGES; i++) {
        size_t len = 0;

        if (qw_wire_receive(&b, buffer, sizeof buffer, &len, PATIENCE_MS) != QW_OK ||
            qw_wire_send(&b, buffer, len) != QW_OK) {
            return &a;
        }
    }
    return argument;
}

static void two_threads_exchange_messages(void **state)
{
    uint8_t message[256];
    void *failed = &a;
    pthread_t peer;

    (void)state;
    assert_int_equal(pthread_create(&peer, NULL, echo, NULL), 0);
    for (size_t i = 0; i < EXCHANGES; i++) {
        size_t len = i % sizeof message;

        memset(message, (int)i, len);
        assert_int_equal(qw_wire_send(&a, message, len), QW_OK);
        assert_receives(&a, message, len);
    }
    pthread_join(peer, &failed);
    assert_null(failed);
}

static void *close_b(void *argument)
{
    qw_wire_close(&b);
    return argument;
}

static void a_close_wakes_the_peer_that_waits(void **state)
{
    int64_t before_ms = qw_clock_monotonic_ms();
    pthread_t peer;
    size_t len;

    (void)state;
    assert_int_equal(pthread_create(&peer, NULL, close_b, NULL), 0);
    assert_int_equal(qw_wire_receive(&a, in, sizeof in, &len, PATIENCE_MS), QW_ERR_CLOSED);
    assert_true(qw_clock_monotonic_ms() - before_ms < PATIENCE_MS);
    pthread_join(peer, NULL);
}

#define ON_BOTH(test) \
    { #test " (memory)", test, open_memory, close_both, NULL }, \
    { \
#test " (tcp)", test, open_tcp, close_both, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(messages_come_whole_and_in_order),
        ON_BOTH(the_longest_message_passes_and_a_longer_one_is_refused),
        ON_BOTH(waiting_ends_and_looking_does_not_wait),
        ON_BOTH(what_was_sent_before_the_close_is_still_read),
        ON_BOTH(sending_to_a_closed_end_fails),
        ON_BOTH(a_message_longer_than_the_buffer_ends_the_wire),
        ON_BOTH(a_message_of_exactly_the_buffer_fits),
        ON_BOTH(both_ends_count_messages_bytes_and_round_trips),
        ON_BOTH(two_threads_exchange_messages),
        ON_BOTH(a_close_wakes_the_peer_that_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
