/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/backoff.h"

static void the_wait_doubles_up_to_64_times_and_starts_again_after_success(void **state)
{
    struct qw_backoff backoff;

    (void)state;
    qw_backoff_init(&backoff, 1000);
    for (int64_t expected = 1000; expected <= 64000; expected *= 2) {
        assert_in_range(qw_backoff_fail(&backoff, UINT32_MAX / 2), expected - 1, expected + 1);
    }
    assert_in_range(qw_backoff_fail(&backoff, UINT32_MAX / 2), 63999, 64001);
    qw_backoff_succeed(&backoff);
    assert_in_range(qw_backoff_fail(&backoff, UINT32_MAX / 2), 999, 1001);
}

static void the_wait_is_spread_over_75_to_125_percent(void **state)
{
    struct qw_backoff backoff;

    (void)state;
    qw_backoff_init(&backoff, 1000);
    assert_int_equal(qw_backoff_fail(&backoff, 0), 750);
    qw_backoff_succeed(&backoff);
    assert_int_equal(qw_backoff_fail(&backoff, UINT32_MAX), 1250);
    qw_backoff_init(&backoff, 86400000);
    for (int i = 0; i < 20; i++) {
        assert_true(qw_backoff_fail(&backoff, UINT32_MAX) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_doubles_up_to_64_times_and_starts_again_after_success),
        cmocka_unit_test(the_wait_is_spread_over_75_to_125_percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
