/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#define _GNU_SOURCE
#include "qkd_link/optics_switch.h"

#include "base/clock.h"
#include "base/socket.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/qwave-light.XXXXXX";
static char path[64];
static struct optics_switch light;
static int bob[2]; /* his end, and the one that waits for him */

static int setup(void **state)
{
    (void)state;
    return optics_switch_open(&light, path) != QW_OK ||
           socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, bob) != 0;
}

static int teardown(void **state)
{
    (void)state;
    optics_switch_close(&light);
    qw_socket_close(bob[0]);
    qw_socket_close(bob[1]);
    return unlink(path);
}

static int relay(void)
{
    int fd = -1;

    assert_int_equal(qw_socket_connect_unix(path, 5000, &fd), QW_OK);
    return fd;
}

static void say(int fd, const void *words, size_t len)
{
    assert_int_equal(qw_socket_write(fd, words, len, qw_clock_monotonic_ms() + 60000), QW_OK);
}

/* Whether it is dark now: somebody who speaks out of turn ends the wait. */
static bool is_dark(void)
{
    uint8_t byte;
    qw_err err;

    say(bob[0], "x", 1);
    err = optics_switch_wait(&light, bob[1]);
    assert_int_equal(qw_socket_read(bob[1], &byte, 1, qw_clock_monotonic_ms() + 60000), QW_OK);
    assert_true(err == QW_OK || err == QW_ERR_CLOSED);
    return err == QW_ERR_CLOSED;
}

static void it_is_dark_until_the_relay_says_more(void **state)
{
    int fd;

    (void)state;
    assert_true(is_dark());
    fd = relay();
    assert_true(is_dark());
    say(fd, "\1", 1);
    assert_int_equal(optics_switch_wait(&light, bob[1]), QW_OK);
    assert_false(is_dark()); /* it stays so */
    say(fd, "\0\1\0", 3);
    assert_true(is_dark()); /* the newest word counts */
    say(fd, "\1", 1);
    assert_false(is_dark());
    qw_socket_close(fd); /* W3: a relay that died */
    assert_true(is_dark());
}

static void the_relay_that_came_last_counts(void **state)
{
    int first = relay();
    int second;

    (void)state;
    say(first, "\1", 1);
    assert_false(is_dark());
    second = relay();
    assert_true(is_dark());
    say(second, "\1", 1);
    assert_false(is_dark());
    qw_socket_close(first);
    assert_false(is_dark());
    qw_socket_close(second);
}

static void any_other_word_makes_it_dark(void **state)
{
    (void)state;
    for (int word = 2; word < 256; word++) {
        uint8_t words[] = { 1, (uint8_t)word, 1 };
        int fd = relay();

        say(fd, words, sizeof words);
        assert_true(is_dark());
        qw_socket_close(fd);
    }
}

static void *light_later(void *argument)
{
    int fd = relay();

    say(fd, "\1", 1);
    *(int *)argument = fd;
    return NULL;
}

static void who_waits_is_woken(void **state)
{
    pthread_t thread;
    int fd = -1;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, light_later, &fd), 0);
    assert_int_equal(optics_switch_wait(&light, bob[1]), QW_OK);
    pthread_join(thread, NULL);
    qw_socket_close(fd);
    assert_true(is_dark());
    qw_socket_close(bob[0]);
    bob[0] = -1;
    assert_int_equal(optics_switch_wait(&light, bob[1]), QW_ERR_CLOSED); /* Bob hangs up */
}

static void two_at_one_socket_are_refused(void **state)
{
    struct optics_switch other;

    (void)state;
    assert_int_equal(optics_switch_open(&other, path), QW_ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_dark_until_the_relay_says_more, setup, teardown),
        cmocka_unit_test_setup_teardown(the_relay_that_came_last_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(any_other_word_makes_it_dark, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waits_is_woken, setup, teardown),
        cmocka_unit_test_setup_teardown(two_at_one_socket_are_refused, setup, teardown),
    };
    int status;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/s", folder);
    status = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 ? status : 1;
}
