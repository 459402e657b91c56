/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/link_model.h"

#include "qkd/link_preset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct qw_link_preset *preset;

static qw_err plan_with(const struct qw_link_model *model, double km, double size)
{
    struct qw_link_plan plan;

    return qw_link_plan_of(model, preset->method, km, QW_BLOCK_CLICKS, size, &plan);
}

static void refuses_a_link_that_cannot_be(void **state)
{
    struct qw_link_model m;

    (void)state;
    assert_int_equal(plan_with(&preset->model, 10, 1e7), QW_OK);
    assert_int_equal(plan_with(&preset->model, -1, 1e7), QW_ERR_ARG);
    assert_int_equal(plan_with(&preset->model, NAN, 1e7), QW_ERR_ARG);
    assert_int_equal(plan_with(&preset->model, 10, 0), QW_ERR_ARG);
    assert_int_equal(plan_with(&preset->model, 10, INFINITY), QW_ERR_ARG);
#define REFUSES(change) \
    do { \
        m = preset->model; \
        change; \
        assert_int_equal(plan_with(&m, 10, 1e7), QW_ERR_ARG); \
    } while (0)
    REFUSES(m.pulse_rate_hz = -1);
    REFUSES(m.key_basis_share = 1.1);
    REFUSES(m.sifted_share = NAN);
    REFUSES(m.fibre_db_per_km = -0.1);
    REFUSES(m.detector_efficiency = 2);
    REFUSES(m.detector_efficiency = 0; m.dark_probability = 0);
    REFUSES(m.dark_probability = -1e-9);
    REFUSES(m.misalignment = NAN);
    REFUSES(m.afterpulse_probability = 2);
    REFUSES(m.dead_time_pulses = INFINITY);
    REFUSES(m.reconciliation_f = NAN);
    REFUSES(m.epsilon_secrecy = 0);
    REFUSES(m.epsilon_secrecy_per_bit = -1);
    REFUSES(m.source.count = 0);
    REFUSES(m.source.count = 4);
#undef REFUSES
}

static void transmission_falls_by_the_decibel(void **state)
{
    double near = qw_link_transmission(&preset->model, 0);

    (void)state;
    assert_true(fabs(qw_link_transmission(&preset->model, 50) / near - 0.1) < 1e-12);
}

/* Law: dead time lowers the rate of clicks to at most one per dead time, errors stay in proportion.
 */
static void dead_time_limits_the_rate_and_not_the_errors(void **state)
{
    struct qw_link_model m = preset->model;
    struct qw_link_plan free_plan;
    struct qw_link_plan dead_plan;

    (void)state;
    assert_int_equal(qw_link_plan_of(&m, preset->method, 0, QW_BLOCK_CLICKS, 1e8, &free_plan),
                     QW_OK);
    m.dead_time_pulses = 100;
    assert_true(qw_link_gain(&m, 1) < 0.01);
    assert_int_equal(qw_link_plan_of(&m, preset->method, 0, QW_BLOCK_CLICKS, 1e8, &dead_plan),
                     QW_OK);
    assert_true(fabs(free_plan.qber - dead_plan.qber) < 1e-12);
    assert_true(dead_plan.pulses > 20 * free_plan.pulses);
    assert_true(fabs(dead_plan.key.exact_bits / free_plan.key.exact_bits - 1) < 1e-6);
}

static void a_worse_link_gives_no_more(void **state)
{
    struct qw_link_plan good;
    struct qw_link_plan bad;
    struct qw_link_model m = preset->model;

    (void)state;
    assert_int_equal(qw_link_plan_of(&m, preset->method, 50, QW_BLOCK_CLICKS, 1e8, &good), QW_OK);
    m.misalignment = 0.03;
    assert_int_equal(qw_link_plan_of(&m, preset->method, 50, QW_BLOCK_CLICKS, 1e8, &bad), QW_OK);
    assert_true(bad.key_rate_bps < good.key_rate_bps);
    m = preset->model;
    m.dark_probability *= 100;
    assert_int_equal(qw_link_plan_of(&m, preset->method, 50, QW_BLOCK_CLICKS, 1e8, &bad), QW_OK);
    assert_true(bad.key_rate_bps < good.key_rate_bps);
}

static int find_preset(void **state)
{
    (void)state;
    preset = qw_link_preset_find("one-decoy-block-1e8");
    return preset == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_link_that_cannot_be),
        cmocka_unit_test(transmission_falls_by_the_decibel),
        cmocka_unit_test(dead_time_limits_the_rate_and_not_the_errors),
        cmocka_unit_test(a_worse_link_gives_no_more),
    };

    return cmocka_run_group_tests(tests, find_preset, NULL);
}
