/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/deadline_wire.h"

#include "base/clock.h"
#include "base/wire_memory.h"

#include <pthread.h>
#include <stdbool.h>

static struct qw_wire near_end, far_end, wire;
static struct qw_deadline_wire limits;
static atomic_bool stop;

static int set_up(void **state)
{
    (void)state;
    atomic_store(&stop, false);
    limits = (struct qw_deadline_wire){ .inner = &near_end,
                                        .deadline_ms = qw_clock_monotonic_ms() + 600000,
                                        .stop = &stop };
    qw_deadline_wire_on(&limits, &wire);
    return qw_wire_memory_pair(&near_end, &far_end) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    qw_wire_close(&wire);
    qw_wire_close(&near_end);
    qw_wire_close(&far_end);
    return 0;
}

static void messages_pass_both_ways_and_are_counted(void **state)
{
    char text[8];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_send(&wire, "ping", 4), QW_OK);
    assert_int_equal(qw_wire_receive(&far_end, text, sizeof text, &len, 0), QW_OK);
    assert_memory_equal(text, "ping", 4);
    assert_int_equal(qw_wire_send(&far_end, "pong!", 5), QW_OK);
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_OK);
    assert_int_equal(len, 5);
    assert_int_equal(wire.counters(wire.self)->messages_sent, 1);
    assert_int_equal(wire.counters(wire.self)->bytes_received, 5);
}

static void closing_it_leaves_the_inner_wire_open(void **state)
{
    char text[8];
    size_t len = 0;

    (void)state;
    qw_wire_close(&wire);
    assert_int_equal(qw_wire_send(&far_end, "x", 1), QW_OK);
    assert_int_equal(qw_wire_receive(&near_end, text, sizeof text, &len, 0), QW_OK);
}

static void waiting_ends_at_the_callers_limit(void **state)
{
    int64_t start_ms = qw_clock_monotonic_ms();
    char text[8];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 0), QW_ERR_TIMEOUT);
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 300), QW_ERR_TIMEOUT);
    assert_true(qw_clock_monotonic_ms() - start_ms >= 290);
}

static void waiting_ends_at_the_deadline_and_so_does_sending(void **state)
{
    int64_t start_ms = qw_clock_monotonic_ms();
    char text[8];
    size_t len = 0;

    (void)state;
    limits.deadline_ms = start_ms + 250;
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_ERR_TIMEOUT);
    assert_in_range(qw_clock_monotonic_ms() - start_ms, 240, 59000); /* not his limit */
    assert_int_equal(qw_wire_send(&wire, "late", 4), QW_ERR_TIMEOUT);
    assert_int_equal(qw_wire_receive(&far_end, text, sizeof text, &len, 0), QW_ERR_TIMEOUT);
}

static void the_first_message_has_a_limit_of_its_own_and_later_ones_have_not(void **state)
{
    int64_t start_ms = qw_clock_monotonic_ms();
    char text[8];
    size_t len = 0;

    (void)state;
    limits.first_message_ms = 50;
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_ERR_TIMEOUT);
    assert_in_range(qw_clock_monotonic_ms() - start_ms, 45, 59000);
    assert_int_equal(qw_wire_send(&far_end, "x", 1), QW_OK);
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_OK);
    start_ms = qw_clock_monotonic_ms();
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 400), QW_ERR_TIMEOUT);
    assert_true(qw_clock_monotonic_ms() - start_ms >= 390);
}

static void *stop_soon(void *self)
{
    char text[1];
    size_t len;

    (void)self;
    (void)!qw_wire_receive(&far_end, text, sizeof text, &len, 50);
    atomic_store(&stop, true);
    return NULL;
}

static void being_told_to_stop_ends_the_wait_within_a_slice(void **state)
{
    int64_t start_ms = qw_clock_monotonic_ms();
    pthread_t thread;
    char text[8];
    size_t len = 0;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_ERR_CLOSED);
    assert_in_range(qw_clock_monotonic_ms() - start_ms, 40, 59000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(qw_wire_send(&wire, "x", 1), QW_ERR_CLOSED);
}

static void what_the_inner_wire_says_comes_through(void **state)
{
    char text[2];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_send(&far_end, "too long", 8), QW_OK);
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_ERR_SPACE);
    qw_wire_close(&far_end);
    assert_int_equal(qw_wire_receive(&wire, text, sizeof text, &len, 60000), QW_ERR_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_pass_both_ways_and_are_counted),
        TEST(closing_it_leaves_the_inner_wire_open),
        TEST(waiting_ends_at_the_callers_limit),
        TEST(waiting_ends_at_the_deadline_and_so_does_sending),
        TEST(the_first_message_has_a_limit_of_its_own_and_later_ones_have_not),
        TEST(being_told_to_stop_ends_the_wait_within_a_slice),
        TEST(what_the_inner_wire_says_comes_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
