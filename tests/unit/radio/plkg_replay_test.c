/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
/* Sessions whose ends remember earlier ones: S12 of the protocol page. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"

/* The same fading for every session of a seed; the noise of run number noise. */
static void run_with_noise(struct bench *bench, struct bench_config *config, uint64_t noise)
{
    bench_init(bench, config);
    qw_prng_init(&bench->channel.noise_ap, noise, 12);
    qw_prng_init(&bench->channel.noise_te, noise, 13);
    bench_run(bench);
}

/* A session that makes a key; an honest one in some hundreds does not, and other fading is met. */
static void run_to_key(struct bench *bench, struct bench_config *config, uint64_t noise)
{
    for (int run = 0; run < 3; run++) {
        if (run > 0) {
            bench_wipe(bench);
            config->seed += 100;
        }
        run_with_noise(bench, config, noise);
        if (bench->err_ap == QW_OK && bench->err_te == QW_OK) {
            break;
        }
    }
    assert_int_equal(bench->err_ap, QW_OK);
    assert_int_equal(bench->err_te, QW_OK);
}

static void expect_replay(const struct bench *bench)
{
    assert_int_equal(bench->err_ap, QW_ERR_REFUSED);
    assert_int_equal(bench->err_te, QW_ERR_REFUSED);
    assert_int_equal(bench->ledger_ap.refusal, QW_PLKG_REPLAY);
    assert_int_equal(bench->ledger_te.refusal, QW_PLKG_REPLAY);
    assert_int_equal(bench->ledger_ap.secret_bits, 0);
    assert_int_equal(bench->ledger_te.secret_bits, 0);
}

static void repeat_with(bool at_access_point)
{
    struct bench_config config = bench_standard(21);
    struct qw_replay_guard *guard = NULL;
    struct bench bench;

    config.policy.probes_max = 700;
    assert_int_equal(qw_replay_guard_new(4, &guard), QW_OK);
    *(at_access_point ? &config.guard_ap : &config.guard_te) = guard;
    run_to_key(&bench, &config, 1);
    bench_wipe(&bench);
    run_with_noise(&bench, &config, 2);
    expect_replay(&bench);
    bench_wipe(&bench);
    config.seed++; /* other fading: nothing against it */
    run_to_key(&bench, &config, 3);
    bench_wipe(&bench);
    qw_replay_guard_free(guard);
}

static void the_access_point_refuses_fading_that_comes_again(void **state)
{
    (void)state;
    repeat_with(true);
}

static void the_terminal_refuses_fading_that_comes_again(void **state)
{
    (void)state;
    repeat_with(false);
}

/* One record for both ends is no secret of theirs, whatever the account says of it. */
static void either_end_refuses_one_record_for_both(void **state)
{
    (void)state;
    for (int end = 0; end < 2; end++) {
        struct bench_config config = bench_standard(31);
        struct bench bench;

        config.is_one_sided_ap = end == 0;
        config.is_one_sided_te = end == 1;
        run_with_noise(&bench, &config, 1);
        expect_replay(&bench);
        assert_true(bench.ledger_ap.entropy_bits > 1000.0); /* the way was shown */
        bench_wipe(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_access_point_refuses_fading_that_comes_again),
        cmocka_unit_test(either_end_refuses_one_record_for_both),
        cmocka_unit_test(the_terminal_refuses_fading_that_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
