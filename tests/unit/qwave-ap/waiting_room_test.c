/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waiting_room.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/socket.h"

#include <poll.h>
#include <string.h>

static struct waiting_room room;
static int listener = -1;
static uint16_t port;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    memset(&room, 0, sizeof room);
    room.listener = listener;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    waiting_room_close(&room);
    qw_socket_close(listener);
    return 0;
}

static int come(void)
{
    int fd = -1;

    assert_int_equal(qw_socket_connect("127.0.0.1", port, 1000, &fd), QW_OK);
    return fd;
}

/* Says the first count bytes of a message of 6 bytes with its length. */
static void say(int fd, size_t from, size_t count)
{
    static const char frame[] = "\0\0\0\6hello!";

    assert_int_equal(qw_socket_write(fd, frame + from, count, qw_clock_monotonic_ms() + 60000),
                     QW_OK);
}

/* The connection that is next, or -1 when there is none within the time. */
static int next(int timeout_ms)
{
    int fd = -1;
    qw_err err = waiting_room_next(&room, timeout_ms, &fd);

    assert_true(err == QW_OK || err == QW_ERR_TIMEOUT);
    return err == QW_OK ? fd : -1;
}

/* That fd is the other end of peer: what one says the other hears. */
static void assert_joined(int fd, int peer)
{
    char mark = 'm', heard = 0;
    int64_t deadline_ms = qw_clock_monotonic_ms() + 60000;

    assert_int_equal(qw_socket_write(fd, &mark, 1, deadline_ms), QW_OK);
    assert_int_equal(qw_socket_read(peer, &heard, 1, deadline_ms), QW_OK);
    assert_int_equal(heard, 'm');
}

static void who_has_spoken_is_next_and_nothing_of_it_is_taken(void **state)
{
    int terminal = come(), fd;
    char text[10];

    (void)state;
    say(terminal, 0, 10);
    fd = next(60000);
    assert_true(fd >= 0);
    assert_int_equal(qw_socket_read(fd, text, sizeof text, qw_clock_monotonic_ms() + 60000), QW_OK);
    assert_memory_equal(text + 4, "hello!", 6);
    qw_socket_close(fd);
    qw_socket_close(terminal);
}

static void the_silent_and_the_slow_do_not_stand_in_the_way(void **state)
{
    int silent = come(), slow = come(), terminal, fd;

    (void)state;
    say(slow, 0, 9);
    assert_int_equal(next(50), -1);
    terminal = come();
    say(terminal, 0, 10);
    fd = next(60000);
    assert_true(fd >= 0);
    assert_joined(fd, terminal);
    qw_socket_close(fd);
    say(slow, 9, 1); /* now it is complete */
    fd = next(60000);
    assert_true(fd >= 0);
    assert_joined(fd, slow);
    qw_socket_close(fd);
    qw_socket_close(silent);
    qw_socket_close(slow);
    qw_socket_close(terminal);
}

static void who_came_first_is_first_among_those_who_have_spoken(void **state)
{
    int first = come(), second = come(), fd;

    (void)state;
    say(second, 0, 10);
    say(first, 0, 10);
    poll(NULL, 0, 50); /* both are in the kernel's hands by then */
    fd = next(60000);
    assert_joined(fd, first);
    qw_socket_close(fd);
    fd = next(60000);
    assert_joined(fd, second);
    qw_socket_close(fd);
    qw_socket_close(first);
    qw_socket_close(second);
}

static void who_has_gone_or_announces_too_much_loses_the_seat(void **state)
{
    static const char too_much[4] = { 0x7f, 0, 0, 0 };
    int gone = come(), loud = come();
    char heard;

    (void)state;
    assert_int_equal(qw_socket_write(loud, too_much, 4, qw_clock_monotonic_ms() + 60000), QW_OK);
    qw_socket_close(gone);
    assert_int_equal(next(100), -1);
    assert_int_equal(room.count, 0);
    assert_int_equal(qw_socket_read(loud, &heard, 1, qw_clock_monotonic_ms() + 60000),
                     QW_ERR_CLOSED);
    qw_socket_close(loud);
}

static void the_silent_leave_after_their_time(void **state)
{
    int silent = come();
    char heard;

    (void)state;
    assert_int_equal(next(50), -1);
    assert_int_equal(room.count, 1);
    room.seats[0].since_ms -= WAITING_ROOM_SILENT_MS;
    assert_int_equal(next(50), -1);
    assert_int_equal(room.count, 0);
    assert_int_equal(qw_socket_read(silent, &heard, 1, qw_clock_monotonic_ms() + 60000),
                     QW_ERR_CLOSED);
    qw_socket_close(silent);
}

/* Somebody who spoke while the radio was busy for long is served, not shown the door. */
static void who_has_spoken_is_served_however_long_it_waited(void **state)
{
    int terminal = come(), fd;

    (void)state;
    assert_int_equal(next(50), -1);
    room.seats[0].since_ms -= 10 * WAITING_ROOM_SILENT_MS;
    say(terminal, 0, 10);
    poll(NULL, 0, 50);
    fd = next(60000);
    assert_true(fd >= 0);
    assert_joined(fd, terminal);
    qw_socket_close(fd);
    qw_socket_close(terminal);
}

static void a_full_room_keeps_the_rest_at_the_door(void **state)
{
    int fds[WAITING_ROOM_SEATS + 4];
    int fd;

    (void)state;
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = come();
    }
    say(fds[WAITING_ROOM_SEATS + 3], 0, 10);
    assert_int_equal(next(100), -1);
    assert_int_equal(room.count, WAITING_ROOM_SEATS);
    for (size_t i = 0; i < room.count; i++) {
        room.seats[i].since_ms -= WAITING_ROOM_SILENT_MS;
    }
    fd = next(60000); /* the silent ones go, and the one who has spoken comes in */
    assert_true(fd >= 0);
    assert_joined(fd, fds[WAITING_ROOM_SEATS + 3]);
    qw_socket_close(fd);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        qw_socket_close(fds[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_spoken_is_next_and_nothing_of_it_is_taken),
        TEST(the_silent_and_the_slow_do_not_stand_in_the_way),
        TEST(who_came_first_is_first_among_those_who_have_spoken),
        TEST(who_has_gone_or_announces_too_much_loses_the_seat),
        TEST(the_silent_leave_after_their_time),
        TEST(who_has_spoken_is_served_however_long_it_waited),
        TEST(a_full_room_keeps_the_rest_at_the_door),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
