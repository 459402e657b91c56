/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W9 W15 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"
#include "radio/plkg/gap.h"

static struct qw_csi_source radio;
static const struct qw_plkg_party party = { .radio = &radio };
static struct qw_plkg_run run;

static int set_up(void **state)
{
    (void)state;
    radio = (struct qw_csi_source){ .label = "a radio", .gap_s = 2e-3 };
    run = (struct qw_plkg_run){ .party = &party, .tuning = qw_tuning_standard };
    return 0;
}

static void a_tenth_of_the_interval_is_the_most(void **state)
{
    (void)state;
    assert_int_equal(qw_plkg_gap_check(&run, 20000, false), QW_OK);
    assert_int_equal(qw_plkg_gap_check(&run, 10000000, false), QW_OK);
    assert_int_equal(qw_plkg_gap_check(&run, 19999, false), QW_ERR_REFUSED);
    assert_int_equal(run.refusal, QW_PLKG_GAP);
    radio.gap_s = 0.0; /* the carrier's own: whatever the interval */
    assert_int_equal(qw_plkg_gap_check(&run, 100, false), QW_OK);
}

static void a_radio_without_looks_measures_no_pace(void **state)
{
    (void)state;
    assert_int_equal(qw_plkg_gap_check(&run, 20000, true), QW_OK);
    radio.has_no_looks = true;
    assert_int_equal(qw_plkg_gap_check(&run, 20000, false), QW_OK);
    assert_int_equal(qw_plkg_gap_check(&run, 20000, true), QW_ERR_REFUSED);
    assert_int_equal(run.refusal, QW_PLKG_POLICY);
}

static void the_gap_is_the_radios_or_the_carriers(void **state)
{
    (void)state;
    assert_true(qw_plkg_gap_s(&run) == 2e-3);
    radio.gap_s = 0.0;
    assert_true(qw_plkg_gap_s(&run) == qw_carriers[0].gap_s);
    run.tuning.carrier = qw_carrier_find("lte-tdd");
    assert_true(qw_plkg_gap_s(&run) == 5e-3);
}

/* Either end's radio alone ends the session, before the centre is asked or a pool byte spent. */
static void a_slow_radio_ends_a_session_at_both_ends(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct bench_config config = bench_standard(5);
        struct bench bench;

        bench_init(&bench, &config);
        *(who == 0 ? &bench.radio_ap.gap_s : &bench.radio_te.gap_s) = 3e-3; /* of 20 ms */
        bench_run(&bench);
        assert_int_equal(bench.err_te, QW_ERR_REFUSED);
        assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(bench.ledger_te.refusal, QW_PLKG_GAP);
        assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_GAP);
        assert_int_equal(bench.ledger_te.secret_bits, 0);
        if (who == 0) {
            assert_int_equal(bench.asked, 0);
        }
        bench_wipe(&bench);
    }
}

static void an_access_point_without_looks_refuses_a_measured_pace(void **state)
{
    struct bench_config config = bench_standard(5);
    struct bench bench;

    (void)state;
    config.policy.is_paced = true;
    bench_init(&bench, &config);
    bench.radio_ap.has_no_looks = true;
    bench_run(&bench);
    assert_int_equal(bench.ledger_te.refusal, QW_PLKG_POLICY);
    assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_POLICY);
    assert_int_equal(bench.asked, 0);
    bench_wipe(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_tenth_of_the_interval_is_the_most, set_up),
        cmocka_unit_test_setup(a_radio_without_looks_measures_no_pace, set_up),
        cmocka_unit_test_setup(the_gap_is_the_radios_or_the_carriers, set_up),
        cmocka_unit_test(a_slow_radio_ends_a_session_at_both_ends),
        cmocka_unit_test(an_access_point_without_looks_refuses_a_measured_pace),
    };

    return cmocka_run_group_tests_name("radio.plkg_gap", tests, NULL, NULL);
}
