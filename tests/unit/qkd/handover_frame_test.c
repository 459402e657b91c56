/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C2 */
#define _POSIX_C_SOURCE 200809L
#include "qkd/handover/frame.h"

#include "base/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    int fds[2];
    struct qw_handover_inbox inbox;
};

static int make_pair(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair->fds), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fcntl(pair->fds[i], F_SETFL, O_NONBLOCK), 0);
    }
    pair->inbox.message = malloc(QW_HANDOVER_LEN_MAX);
    assert_non_null(pair->inbox.message);
    *state = pair;
    return 0;
}

static int remove_pair(void **state)
{
    struct pair *pair = *state;

    close(pair->fds[0]);
    if (pair->fds[1] >= 0) {
        close(pair->fds[1]);
    }
    free(pair->inbox.message);
    free(pair);
    return 0;
}

static qw_err look(struct pair *pair, size_t *len)
{
    return qw_handover_receive(pair->fds[0], &pair->inbox, len, qw_clock_monotonic_ms());
}

static void a_message_may_come_byte_by_byte(void **state)
{
    static const uint8_t bytes[] = { 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0 };
    struct pair *pair = *state;
    size_t len = 99;

    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(look(pair, &len), QW_ERR_TIMEOUT);
        assert_int_equal(write(pair->fds[1], bytes + i, 1), 1);
        if (i == 6) {
            assert_int_equal(look(pair, &len), QW_OK);
            assert_int_equal(len, 3);
            assert_memory_equal(pair->inbox.message, "abc", 3);
        }
    }
    assert_int_equal(look(pair, &len), QW_OK);
    assert_int_equal(len, 0);
}

static void two_messages_in_one_write_are_two(void **state)
{
    static const uint8_t bytes[] = { 0, 0, 0, 1, 'x', 0, 0, 0, 2, 'y', 'z' };
    struct pair *pair = *state;
    size_t len;

    assert_int_equal(write(pair->fds[1], bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(look(pair, &len), QW_OK);
    assert_int_equal(len, 1);
    assert_int_equal(pair->inbox.message[0], 'x');
    assert_int_equal(look(pair, &len), QW_OK);
    assert_memory_equal(pair->inbox.message, "yz", 2);
}

static void what_is_sent_is_received(void **state)
{
    struct pair *pair = *state;
    size_t len;

    assert_int_equal(qw_handover_send(pair->fds[1], (const uint8_t *)"hello", 5,
                                      qw_clock_monotonic_ms() + 60000),
                     QW_OK);
    assert_int_equal(look(pair, &len), QW_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(pair->inbox.message, "hello", 5);
}

static void a_length_above_every_message_is_refused_before_it_is_read(void **state)
{
    static const uint8_t most[] = { 0x00, 0x0f, 0x42, 0x59 }; /* QW_HANDOVER_LEN_MAX */
    static const uint8_t more[] = { 0x00, 0x0f, 0x42, 0x5a };
    struct pair *pair = *state;
    size_t len;

    assert_int_equal(QW_HANDOVER_LEN_MAX, 0x0f4259);
    assert_int_equal(write(pair->fds[1], most, sizeof most), sizeof most);
    assert_int_equal(look(pair, &len), QW_ERR_TIMEOUT);
    pair->inbox.head_got = 0;
    assert_int_equal(write(pair->fds[1], more, sizeof more), sizeof more);
    assert_int_equal(look(pair, &len), QW_ERR_SPACE);
}

static void the_end_in_the_middle_of_a_message_is_the_end(void **state)
{
    static const uint8_t bytes[] = { 0, 0, 0, 3, 'a' };
    struct pair *pair = *state;
    size_t len;

    assert_int_equal(write(pair->fds[1], bytes, sizeof bytes), sizeof bytes);
    close(pair->fds[1]);
    pair->fds[1] = -1;
    assert_int_equal(look(pair, &len), QW_ERR_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_may_come_byte_by_byte, make_pair, remove_pair),
        cmocka_unit_test_setup_teardown(two_messages_in_one_write_are_two, make_pair, remove_pair),
        cmocka_unit_test_setup_teardown(what_is_sent_is_received, make_pair, remove_pair),
        cmocka_unit_test_setup_teardown(a_length_above_every_message_is_refused_before_it_is_read,
                                        make_pair, remove_pair),
        cmocka_unit_test_setup_teardown(the_end_in_the_middle_of_a_message_is_the_end, make_pair,
                                        remove_pair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
