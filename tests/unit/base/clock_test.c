/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void the_monotonic_clock_never_goes_back(void **state)
{
    int64_t before_ms = qw_clock_monotonic_ms();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        int64_t now_ms = qw_clock_monotonic_ms();

        assert_true(now_ms >= before_ms);
        before_ms = now_ms;
    }
}

static void processor_time_grows_with_work(void **state)
{
    int64_t before_ns = qw_clock_cpu_ns();
    volatile unsigned sum = 0;

    (void)state;
    for (unsigned i = 0; i < 10000000; i++) {
        sum = sum + i;
    }
    assert_true(qw_clock_cpu_ns() > before_ns);
}

static void utc_is_a_time_of_this_century_in_milliseconds(void **state)
{
    (void)state;
    assert_true(qw_clock_utc_ms() > (int64_t)1600000000 * 1000);
    assert_true(qw_clock_utc_ms() < (int64_t)4102444800 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(processor_time_grows_with_work),
        cmocka_unit_test(utc_is_a_time_of_this_century_in_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
