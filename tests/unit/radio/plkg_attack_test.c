/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W12 */
/* Channels that look alive and hold nothing: both ends agree on them very well, and so does whoever
 * knows the plan. Not a bit may come of them, whatever the seed. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"

static void gives_nothing(enum bench_kind kind, bool is_amplitude_only)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct bench_config config = bench_standard(seed);
        struct bench bench;

        config.kind = kind;
        config.snr_db = 30.0;
        config.loss = 0.0;
        config.is_amplitude_only = is_amplitude_only;
        config.policy.eve_correlation = 0.0; /* only the past speaks against the channel */
        bench_init(&bench, &config);
        bench_run(&bench);
        print_message("%s\n", qw_plkg_refusal_name((enum qw_plkg_refusal)bench.ledger_ap.refusal));
        assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(bench.err_te, QW_ERR_REFUSED);
        assert_true(bench.ledger_ap.refusal == QW_PLKG_STATIC ||
                    bench.ledger_ap.refusal == QW_PLKG_PREDICTABLE ||
                    bench.ledger_ap.refusal == QW_PLKG_NO_GAIN ||
                    bench.ledger_ap.refusal == QW_PLKG_LOW_RHO);
        assert_int_equal(bench.ledger_ap.secret_bits, 0);
        assert_int_equal(bench.ledger_te.secret_bits, 0);
        bench_wipe(&bench);
    }
}

static void a_path_blocked_by_plan_gives_nothing(void **state)
{
    (void)state;
    gives_nothing(BENCH_SCHEDULED, false);
    gives_nothing(BENCH_SCHEDULED, true);
}

static void a_reflector_that_circles_steadily_gives_nothing(void **state)
{
    (void)state;
    gives_nothing(BENCH_TURNING, false);
    gives_nothing(BENCH_TURNING, true);
}

/* Longer than the account's prediction looks back: nothing but the repetition gives it away. */
static void a_surface_that_is_switched_by_a_schedule_is_predictable(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct bench_config config = bench_standard(seed);
        struct bench bench;

        config.kind = BENCH_SURFACE;
        config.loss = seed % 2 == 0 ? 0.02 : 0.0;
        config.policy.eve_correlation = 0.0;
        bench_init(&bench, &config);
        bench_run(&bench);
        assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_PREDICTABLE);
        assert_int_equal(bench.ledger_te.refusal, QW_PLKG_PREDICTABLE);
        assert_int_equal(bench.ledger_ap.secret_bits, 0);
        bench_wipe(&bench);
    }
    gives_nothing(BENCH_SURFACE, true);
}

static void shadowing_alone_gives_nothing(void **state)
{
    (void)state;
    gives_nothing(BENCH_TREND, false);
    gives_nothing(BENCH_TREND, true);
}

/* Sixteen amplitudes of a probe are functions of one angle: it is credited once. One number
 * at 30 dB and nobody listening is no more than 5 bits: a range of 60 deviations of the noise.
 * Some of these channels fade to nothing (10 and 12 most of all), others do not. */
static void amplitudes_of_one_wave_are_credited_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct bench_config config = bench_standard(seed);
        struct bench bench;

        config.kind = BENCH_ONE_WAVE;
        config.snr_db = 30.0;
        config.loss = 0.0;
        config.is_amplitude_only = true;
        config.policy.eve_correlation = 0.0;
        bench_init(&bench, &config);
        bench_run(&bench);
        print_message("%s, %.1f bits per pair\n",
                      qw_plkg_refusal_name((enum qw_plkg_refusal)bench.ledger_ap.refusal),
                      (double)bench.ledger_ap.secret_bits / (double)bench.ledger_ap.pairs);
        assert_true(bench.ledger_ap.coefficients <=
                    bench.ledger_ap.pairs - bench.ledger_ap.disclosed_pairs);
        assert_true((double)bench.ledger_ap.secret_bits < 5.0 * (double)bench.ledger_ap.pairs);
        bench_wipe(&bench);
    }
}

static void refuses_as_injected(const struct bench_config *config)
{
    struct bench bench;

    bench_init(&bench, config);
    bench_run(&bench);
    assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(bench.err_te, QW_ERR_REFUSED);
    assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_INJECTION);
    assert_int_equal(bench.ledger_te.refusal, QW_PLKG_INJECTION);
    assert_int_equal(bench.ledger_ap.secret_bits, 0);
    bench_wipe(&bench);
}

/* Whoever adds a signal to every probe adds it to those that were never sent. The places are drawn
 * anew each time, so this must hold each time. */
static void who_sends_in_a_silent_slot_is_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct bench_config config = bench_standard(seed);

        config.policy.wanted_bits = 256;
        config.is_injected_at_ap = true;
        refuses_as_injected(&config);
        config.is_injected_at_ap = false;
        config.is_injected_at_te = true;
        refuses_as_injected(&config);
    }
}

/* [W9] Who waits for a pilot is not in its beginning: it is enough that one end sees that. Who
 * heard the request is there when the answer begins, so the terminal may see nothing. */
static void who_adds_a_wave_late_is_found_by_the_end_that_can_see_it(void **state)
{
    (void)state;
    for (int ends = 1; ends < 4; ends++) {
        for (int moves = 0; moves < 2; moves++) {
            struct bench_config config = bench_standard(1);
            struct bench bench;

            config.kind = moves == 1 ? BENCH_MOVING : BENCH_STILL;
            config.policy.eve_correlation = 0.0;
            config.policy.wanted_bits = 256;
            config.has_early = true;
            config.injected = 0.1;
            config.is_late_at_ap = (ends & 1) != 0;
            config.is_late_at_te = (ends & 2) != 0;
            bench_init(&bench, &config);
            bench_run(&bench);
            assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
            assert_int_equal(bench.err_te, QW_ERR_REFUSED);
            assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_INJECTION);
            assert_int_equal(bench.ledger_te.refusal, QW_PLKG_INJECTION);
            assert_int_equal(bench.ledger_ap.secret_bits, 0);
            assert_int_equal(bench.ledger_te.secret_bits, 0);
            assert_true((ends & 1) == 0 || bench.ledger_ap.onset == QW_PLKG_ONSET_FOUND);
            assert_true((ends & 2) == 0 || bench.ledger_te.onset == QW_PLKG_ONSET_FOUND);
            bench_wipe(&bench);
        }
    }
}

/* The same wave in all of each frame is none that came late, and without beginnings nobody can
 * tell: neither is called the other. */
static void a_wave_from_the_beginning_passes_and_no_beginning_is_no_pass(void **state)
{
    (void)state;
    for (int has_early = 0; has_early < 2; has_early++) {
        struct bench_config config = bench_standard(1);
        struct bench bench;

        config.policy.eve_correlation = 0.0;
        config.has_early = has_early == 1;
        config.injected = 0.1;
        bench_run_to_key(&bench, &config);
        assert_int_equal(bench.err_ap, QW_OK);
        assert_int_equal(bench.ledger_ap.onset,
                         has_early == 1 ? QW_PLKG_ONSET_PASSED : QW_PLKG_ONSET_NOT_MADE);
        assert_int_equal(bench.ledger_te.onset, bench.ledger_ap.onset);
        bench_wipe(&bench);
    }
}

/* The same set-up with a moving channel does give a key: the refusals are not the set-up's. */
/* [W9] Each end counts with its own policy; both have the same here. */
static void a_credited_injector_costs_a_part_of_the_key(void **state)
{
    uint64_t bits[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench_config config = bench_standard(1);
        struct bench bench;

        config.policy.injected_ratio = i == 0 ? 0.0 : 0.1;
        bench_init(&bench, &config);
        bench_run(&bench);
        assert_int_equal(bench.err_ap, QW_OK);
        assert_int_equal(bench.err_te, QW_OK);
        assert_int_equal(bench.ledger_ap.secret_bits, bench.ledger_te.secret_bits);
        bits[i] = bench.ledger_ap.secret_bits;
        bench_wipe(&bench);
    }
    print_message("%llu bits, %llu\n", (unsigned long long)bits[0], (unsigned long long)bits[1]);
    assert_true(bits[1] < bits[0] - bits[0] / 50);
}

static void amplitudes_cannot_credit_an_injector(void **state)
{
    struct bench_config config = bench_standard(1);
    struct bench bench;

    (void)state;
    config.snr_db = 30.0;
    config.is_amplitude_only = true;
    config.policy.eve_correlation = 0.0;
    config.policy.injected_ratio = 0.001;
    bench_init(&bench, &config);
    bench_run(&bench);
    assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(bench.err_te, QW_ERR_REFUSED);
    assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_POLICY);
    bench_wipe(&bench);
}

static void a_moving_channel_gives_a_key(void **state)
{
    struct bench_config config = bench_standard(1);
    struct bench bench;

    (void)state;
    config.snr_db = 30.0;
    config.loss = 0.0;
    config.policy.eve_correlation = 0.0;
    bench_run_to_key(&bench, &config);
    assert_int_equal(bench.err_ap, QW_OK);
    assert_true(bench.ledger_ap.secret_bits > 10 * bench.ledger_ap.probes);
    bench_wipe(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_blocked_by_plan_gives_nothing),
        cmocka_unit_test(a_reflector_that_circles_steadily_gives_nothing),
        cmocka_unit_test(a_surface_that_is_switched_by_a_schedule_is_predictable),
        cmocka_unit_test(shadowing_alone_gives_nothing),
        cmocka_unit_test(amplitudes_of_one_wave_are_credited_once),
        cmocka_unit_test(who_sends_in_a_silent_slot_is_found),
        cmocka_unit_test(who_adds_a_wave_late_is_found_by_the_end_that_can_see_it),
        cmocka_unit_test(a_wave_from_the_beginning_passes_and_no_beginning_is_no_pass),
        cmocka_unit_test(a_credited_injector_costs_a_part_of_the_key),
        cmocka_unit_test(amplitudes_cannot_credit_an_injector),
        cmocka_unit_test(a_moving_channel_gives_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
