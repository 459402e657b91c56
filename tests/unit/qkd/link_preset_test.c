/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/link_preset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct qw_link_plan plan_of(const char *name, double distance_km)
{
    const struct qw_link_preset *preset = qw_link_preset_find(name);
    struct qw_link_plan plan;

    assert_non_null(preset);
    assert_int_equal(qw_link_plan_of(&preset->model, preset->method, distance_km,
                                     preset->block_kind, preset->block_size, &plan),
                     QW_OK);
    return plan;
}

static void assert_close(double value, double golden)
{
    if (fabs(value / golden - 1) > 1e-4) {
        fail_msg("%.6e is not %.6e", value, golden);
    }
}

/* Rates of Ma et al. (2005) at the figures of its experiment, bit per pulse. */
static void infinite_decoys_give_the_published_rates(void **state)
{
    (void)state;
    assert_close(plan_of("gys-asymptotic", 0).key_rate_per_pulse, 2.5546e-3);
    assert_close(plan_of("gys-asymptotic", 50).key_rate_per_pulse, 2.2260e-4);
    assert_close(plan_of("gys-asymptotic", 100).key_rate_per_pulse, 1.7184e-5);
}

/* Golden values of one decoy, bit/s at 0, 50 and 100 km (Wiesemann et al. 2024). */
static void one_decoy_gives_its_golden_rates(void **state)
{
    static const struct {
        const char *name;
        double rate_bps[3];
    } golden[] = {
        { "one-decoy-asymptotic", { 6.8803e7, 5.4332e6, 5.2458e5 } },
        { "one-decoy-pulses-1e10", { 6.7278e7, 4.9319e6, 3.6055e5 } },
        { "one-decoy-pulses-1e12", { 6.8651e7, 5.3835e6, 5.0876e5 } },
        { "one-decoy-block-1e7", { 4.3346e7, 2.3902e6, 2.1389e5 } },
        { "one-decoy-block-1e8", { 6.1000e7, 4.5337e6, 4.3318e5 } },
        { "one-decoy-block-1e9", { 6.6343e7, 5.1523e6, 4.9607e5 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        for (int j = 0; j < 3; j++) {
            assert_close(plan_of(golden[i].name, 50 * j).key_rate_bps, golden[i].rate_bps[j]);
        }
    }
}

/* Values of a second implementation of the formulas of [Lim 2014], written in another language. */
static void two_decoys_agree_with_a_second_implementation(void **state)
{
    (void)state;
    assert_close(plan_of("lim", 0).key_rate_bps, 9.087304e5);
    assert_close(plan_of("lim", 50).key_rate_bps, 8.792987e4);
    assert_close(plan_of("lim", 100).key_rate_bps, 8.046618e3);
}

static void every_preset_falls_with_distance_and_ends_in_no_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < qw_link_preset_count(); i++) {
        const char *name = qw_link_preset_at(i)->name;
        double before = INFINITY;

        for (int km = 0; km <= 400; km += 10) {
            double rate = plan_of(name, km).key_rate_per_pulse;

            assert_true(rate >= 0 && rate <= before);
            before = rate;
        }
        assert_true(before == 0);
    }
}

static void a_longer_block_comes_nearer_to_the_limit(void **state)
{
    const struct qw_link_preset *preset = qw_link_preset_find("one-decoy-block-1e7");
    double limit = plan_of("one-decoy-asymptotic", 80).key_rate_per_pulse;
    double before = 0;

    (void)state;
    for (double size = 1e6; size < 1e17; size *= 10) {
        struct qw_link_plan plan;

        assert_int_equal(
            qw_link_plan_of(&preset->model, preset->method, 80, QW_BLOCK_CLICKS, size, &plan),
            QW_OK);
        assert_true(plan.key_rate_per_pulse >= before && plan.key_rate_per_pulse < limit);
        before = plan.key_rate_per_pulse;
    }
    assert_true(before > 0.999 * limit);
}

static void unknown_names_are_not_found(void **state)
{
    (void)state;
    assert_null(qw_link_preset_find("gys"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infinite_decoys_give_the_published_rates),
        cmocka_unit_test(one_decoy_gives_its_golden_rates),
        cmocka_unit_test(two_decoys_agree_with_a_second_implementation),
        cmocka_unit_test(every_preset_falls_with_distance_and_ends_in_no_key),
        cmocka_unit_test(a_longer_block_comes_nearer_to_the_limit),
        cmocka_unit_test(unknown_names_are_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
