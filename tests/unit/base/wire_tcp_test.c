/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/wire_tcp.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/socket.h"
#include "support/fail_nth.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The peer here is not a wire but somebody who writes what he likes. */
enum { SHORT_MS = 40, PATIENCE_MS = 60000 };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, malloc, NULL, (size_t size), (size));

static struct qw_wire wire;
static int peer;
static uint8_t in[256];

static int connect_peer(void **state)
{
    int fds[2];

    (void)state;
    fail_nth = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0) {
        return -1;
    }
    peer = fds[1];
    return qw_wire_tcp_new(fds[0], SHORT_MS, &wire) == QW_OK ? 0 : -1;
}

static int hang_up(void **state)
{
    (void)state;
    qw_socket_close(peer);
    qw_wire_close(&wire);
    return 0;
}

static void peer_writes(const void *data, size_t len)
{
    assert_int_equal(write(peer, data, len), (ssize_t)len);
}

static qw_err receive(size_t *len, int timeout_ms)
{
    return qw_wire_receive(&wire, in, sizeof in, len, timeout_ms);
}

static void a_message_is_its_length_and_its_bytes(void **state)
{
    static const uint8_t expected[] = { 0, 0, 0, 3, 'a', 'b', 'c' };
    uint8_t got[sizeof expected];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_send(&wire, "abc", 3), QW_OK);
    assert_int_equal(read(peer, got, sizeof got), sizeof got);
    assert_memory_equal(got, expected, sizeof got);
    peer_writes(expected, sizeof expected);
    assert_int_equal(receive(&len, PATIENCE_MS), QW_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(in, "abc", 3);
}

static void a_length_out_of_range_ends_the_wire_before_a_byte_is_stored(void **state)
{
    static const uint32_t bad[] = { 257, QW_WIRE_MESSAGE_MAX + 1, 0x7fffffff, 0xffffffff };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t length[4];
        size_t len = 77;

        connect_peer(state);
        qw_store_u32be(length, bad[i]);
        peer_writes(length, sizeof length);
        fail_nth = 1; /* a body for it would be the next allocation */
        assert_int_equal(receive(&len, PATIENCE_MS), QW_ERR_SPACE);
        assert_int_equal(fail_nth, 1);
        fail_nth = 0;
        assert_int_equal(len, 77);
        assert_int_equal(receive(&len, PATIENCE_MS), QW_ERR_CLOSED);
        assert_int_equal(qw_wire_send(&wire, "x", 1), QW_ERR_CLOSED);
        assert_int_equal(read(peer, length, 1), 0); /* the peer sees it at once */
        hang_up(state);
    }
}

/* Half a message, slowly: each call ends in time, whatever the peer does. */
static void a_byte_at_a_time_never_holds_a_receiver_beyond_its_limit(void **state)
{
    static const uint8_t message[] = { 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
    size_t len = 77;

    (void)state;
    for (size_t i = 0; i < sizeof message - 1; i++) {
        int64_t before_ms = qw_clock_monotonic_ms();

        peer_writes(message + i, 1);
        assert_int_equal(receive(&len, SHORT_MS), QW_ERR_TIMEOUT);
        assert_in_range(qw_clock_monotonic_ms() - before_ms, SHORT_MS - 1, PATIENCE_MS);
        assert_int_equal(receive(&len, 0), QW_ERR_TIMEOUT); /* a look breaks nothing either */
    }
    assert_int_equal(len, 77);
    peer_writes(message + sizeof message - 1, 1);
    assert_int_equal(receive(&len, 0), QW_OK);
    assert_int_equal(len, 8);
    assert_memory_equal(in, message + 4, 8);
}

static void a_close_in_the_middle_is_closed_at_every_place(void **state)
{
    static const uint8_t message[] = { 0, 0, 0, 4, 1, 2, 3, 4 };

    for (size_t cut = 0; cut < sizeof message; cut++) {
        size_t len = 77;

        connect_peer(state);
        peer_writes(message, cut);
        qw_socket_close(peer);
        peer = -1;
        assert_int_equal(receive(&len, PATIENCE_MS), QW_ERR_CLOSED);
        assert_int_equal(len, 77);
        hang_up(state);
    }
}

static void a_peer_that_does_not_read_ends_the_wire_in_time(void **state)
{
    static uint8_t big[QW_WIRE_MESSAGE_MAX];
    int64_t before_ms = qw_clock_monotonic_ms();
    qw_err err = QW_OK;

    (void)state;
    for (int i = 0; err == QW_OK && i < 100; i++) {
        err = qw_wire_send(&wire, big, sizeof big);
    }
    assert_int_equal(err, QW_ERR_TIMEOUT);
    assert_true(qw_clock_monotonic_ms() - before_ms < PATIENCE_MS);
    assert_int_equal(qw_wire_send(&wire, big, 1), QW_ERR_CLOSED); /* half a message is out there */
}

static void memory_that_is_short_is_an_error_without_a_leak(void **state)
{
    static const uint8_t message[] = { 0, 0, 0, 1, 9 };
    struct qw_wire other = { 0 };
    size_t len = 77;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    fail_nth = 1;
    assert_int_equal(qw_wire_tcp_new(fds[0], SHORT_MS, &other), QW_ERR_NOMEM);
    assert_null(other.self);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1); /* taken, also when it fails */
    close(fds[1]);
    peer_writes(message, sizeof message);
    fail_nth = 1;
    assert_int_equal(receive(&len, PATIENCE_MS), QW_ERR_NOMEM);
    assert_int_equal(receive(&len, PATIENCE_MS), QW_ERR_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_is_its_length_and_its_bytes, connect_peer,
                                        hang_up),
        cmocka_unit_test(a_length_out_of_range_ends_the_wire_before_a_byte_is_stored),
        cmocka_unit_test_setup_teardown(a_byte_at_a_time_never_holds_a_receiver_beyond_its_limit,
                                        connect_peer, hang_up),
        cmocka_unit_test(a_close_in_the_middle_is_closed_at_every_place),
        cmocka_unit_test_setup_teardown(a_peer_that_does_not_read_ends_the_wire_in_time,
                                        connect_peer, hang_up),
        cmocka_unit_test_setup_teardown(memory_that_is_short_is_an_error_without_a_leak,
                                        connect_peer, hang_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
