/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/stock.h"

static const int64_t MINUTE_MS = 60 * 1000, HOUR_MS = 60 * 60 * 1000, DAY_MS = 24 * 60 * 60 * 1000;
static const int64_t START_MS = 123456789;

static struct qw_stock stock;

static int set_up(void **state)
{
    (void)state;
    qw_stock_init(&stock, 16, 64, START_MS);
    return 0;
}

static void assert_near(double value, double expected)
{
    assert_true(value > expected * 0.999 && value < expected * 1.001);
}

static void refilling_starts_below_the_low_mark(void **state)
{
    (void)state;
    assert_false(qw_stock_wants_refill(&stock, 64));
    assert_false(qw_stock_wants_refill(&stock, 17));
    assert_false(qw_stock_wants_refill(&stock, 16));
    assert_true(qw_stock_wants_refill(&stock, 15));
    assert_true(qw_stock_wants_refill(&stock, 0));
    assert_false(qw_stock_wants_refill(&stock, 1000));
}

static void as_many_keys_are_wanted_as_fit_below_the_high_mark(void **state)
{
    (void)state;
    assert_int_equal(qw_stock_wanted_keys(&stock, 0), 64);
    assert_int_equal(qw_stock_wanted_keys(&stock, 63), 1);
    assert_int_equal(qw_stock_wanted_keys(&stock, 64), 0);
    assert_int_equal(qw_stock_wanted_keys(&stock, 65), 0);
}

static void without_use_nothing_is_known(void **state)
{
    (void)state;
    assert_true(qw_stock_keys_per_day(&stock, START_MS) == 0);
    assert_true(qw_stock_keys_per_day(&stock, START_MS + 3 * DAY_MS) == 0);
    assert_true(qw_stock_lasts_s(&stock, 10, START_MS + DAY_MS) == -1);
}

static void a_key_an_hour_is_24_a_day(void **state)
{
    int64_t now_ms = START_MS;

    (void)state;
    for (int hour = 0; hour < 10; hour++) {
        now_ms += HOUR_MS;
        qw_stock_use(&stock, now_ms);
    }
    assert_near(qw_stock_keys_per_day(&stock, now_ms), 24);
    assert_near(qw_stock_lasts_s(&stock, 12, now_ms), 12 * 3600);
    assert_true(qw_stock_lasts_s(&stock, 0, now_ms) == 0);
}

static void the_first_key_is_no_rush(void **state)
{
    (void)state;
    qw_stock_use(&stock, START_MS + 1);
    assert_near(qw_stock_keys_per_day(&stock, START_MS + 2), 24 * 60);
    assert_near(qw_stock_keys_per_day(&stock, START_MS + MINUTE_MS), 24 * 60);
    assert_near(qw_stock_keys_per_day(&stock, START_MS + 2 * MINUTE_MS), 12 * 60);
}

static void what_was_used_more_than_a_day_ago_no_longer_counts(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        qw_stock_use(&stock, START_MS + i);
    }
    assert_near(qw_stock_keys_per_day(&stock, START_MS + DAY_MS - 1), 100);
    assert_true(qw_stock_keys_per_day(&stock, START_MS + DAY_MS) == 0);
    qw_stock_use(&stock, START_MS + 3 * DAY_MS); /* and its buckets are used again */
    assert_near(qw_stock_keys_per_day(&stock, START_MS + 3 * DAY_MS), 96.0 / 95.0);
}

/* Law: a steady rate is found at any moment of any later day, whatever was before. */
static void a_steady_rate_is_found_after_days(void **state)
{
    int64_t now_ms = START_MS;

    (void)state;
    while (now_ms < START_MS + 5 * DAY_MS) {
        now_ms += 10 * MINUTE_MS; /* 144 a day */
        qw_stock_use(&stock, now_ms);
        if (now_ms > START_MS + DAY_MS) {
            double rate = qw_stock_keys_per_day(&stock, now_ms);

            assert_true(rate > 142 && rate < 146);
        }
    }
}

static void long_pauses_of_any_length_leave_no_stale_bucket(void **state)
{
    (void)state;
    for (int64_t pause_ms = 1; pause_ms < 40 * DAY_MS; pause_ms = pause_ms * 3 / 2 + 1) {
        qw_stock_init(&stock, 16, 64, START_MS);
        for (int i = 0; i < 50; i++) {
            qw_stock_use(&stock, START_MS);
        }
        qw_stock_use(&stock, START_MS + pause_ms);
        if (pause_ms >= DAY_MS) {
            assert_true(qw_stock_keys_per_day(&stock, START_MS + pause_ms) < 1.1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refilling_starts_below_the_low_mark, set_up),
        cmocka_unit_test_setup(as_many_keys_are_wanted_as_fit_below_the_high_mark, set_up),
        cmocka_unit_test_setup(without_use_nothing_is_known, set_up),
        cmocka_unit_test_setup(a_key_an_hour_is_24_a_day, set_up),
        cmocka_unit_test_setup(the_first_key_is_no_rush, set_up),
        cmocka_unit_test_setup(what_was_used_more_than_a_day_ago_no_longer_counts, set_up),
        cmocka_unit_test_setup(a_steady_rate_is_found_after_days, set_up),
        cmocka_unit_test_setup(long_pauses_of_any_length_leave_no_stale_bucket, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
