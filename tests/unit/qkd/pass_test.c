/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q6 */
#define _DEFAULT_SOURCE
#include "qkd/network/pass.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct qw_pass clear_pass = {
    .start_s = 1000, .length_s = 300, .every_s = 5000, .peak_bps = 48000, .clear_share = 1
};

static void a_whole_pass_gives_half_its_peak(void **state)
{
    double whole = 48000 * 300 / 2.0;

    (void)state;
    assert_true(fabs(qw_pass_bits(&clear_pass, 0, 1, 0, 2000) - whole) < 1e-6);
    assert_true(fabs(qw_pass_bits(&clear_pass, 0, 1, 1000, 1150) - whole / 2) < 1e-6);
    assert_true(qw_pass_bits(&clear_pass, 0, 1, 1400, 5900) == 0);
    assert_true(qw_pass_bits(&clear_pass, 0, 1, 0, 1000) == 0);
    assert_true(fabs(qw_pass_bits(&clear_pass, 0, 1, 0, 16500) - 4 * whole) < 1e-6);
}

/* Against the sum of small steps of the formula. */
static void bits_are_the_sum_of_the_rate(void **state)
{
    double sum = 0;

    (void)state;
    for (double t = 900; t < 1100; t += 0.01) {
        double x = (t + 0.005 - 1000) / 300;

        sum += x > 0 && x < 1 ? 0.01 * 48000 * pow(sin(M_PI * x), 2) : 0;
    }
    assert_true(fabs(qw_pass_bits(&clear_pass, 0, 1, 900, 1100) / sum - 1) < 1e-3);
    /* cut anywhere, the parts are the whole */
    sum = 0;
    for (int i = 0; i < 400; i++) {
        sum += qw_pass_bits(&clear_pass, 0, 1, 40.0 * i, 40.0 * (i + 1));
    }
    assert_true(fabs(sum / qw_pass_bits(&clear_pass, 0, 1, 0, 16000) - 1) < 1e-9);
}

/* 10000 passes at 60 %: 5 standard deviations are 2.5 %; false alarm 6e-7, and the seeds are fixed.
 */
static void weather_is_as_likely_as_said_and_follows_the_seed(void **state)
{
    struct qw_pass pass = clear_pass;
    int clear = 0;
    int same = 0;

    (void)state;
    pass.clear_share = 0.6;
    for (uint64_t i = 0; i < 10000; i++) {
        clear += qw_pass_is_clear(&pass, 3, 7, i);
        same += qw_pass_is_clear(&pass, 3, 7, i) == qw_pass_is_clear(&pass, 4, 7, i);
        assert_true(qw_pass_is_clear(&pass, 3, 7, i) == qw_pass_is_clear(&pass, 3, 7, i));
    }
    assert_true(abs(clear - 6000) < 250);
    assert_true(abs(same - 5200) < 250); /* two passes have weather of their own */
    pass.clear_share = 0;
    assert_true(qw_pass_bits(&pass, 0, 1, 0, 1e6) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_pass_gives_half_its_peak),
        cmocka_unit_test(bits_are_the_sum_of_the_rate),
        cmocka_unit_test(weather_is_as_likely_as_said_and_follows_the_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
