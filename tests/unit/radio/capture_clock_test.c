/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* Clocks of captures: wraps, steps back, and times that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/capture/clock.h"

static void the_clock_wraps_and_never_runs_backwards(void **state)
{
    static const uint32_t times_us[] = { 4294967000u, 4294967290u, 704u, 704u, 600u, 1600u };
    static const int64_t expected_ns[] = { 4294967000000, 4294967290000, 4294968000000,
                                           4294968000000, 4294968000000, 4294969000000 };
    struct qw_capture_clock clock = { 0 };
    int64_t previous_ns = INT64_MIN;
    int64_t time_ns;

    (void)state;
    for (size_t i = 0; i < sizeof times_us / sizeof times_us[0]; i++) {
        assert_int_equal(qw_capture_clock_at(&clock, times_us[i]), expected_ns[i]);
    }
    clock = (struct qw_capture_clock){ 0 };
    for (uint32_t i = 0; i < 5000000; i++) { /* a hostile file cannot push it over its end */
        int64_t now_ns = qw_capture_clock_at(&clock, i * (UINT32_MAX / 2 - 1));

        assert_true(now_ns >= previous_ns);
        previous_ns = now_ns;
    }
    assert_true(qw_capture_time_from_us(UINT64_C(9223372036854775), &time_ns));
    assert_int_equal(time_ns, 9223372036854775000);
    assert_false(qw_capture_time_from_us(UINT64_C(9223372036854776), &time_ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_wraps_and_never_runs_backwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
