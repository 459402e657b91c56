/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W13 W4 */
/* A listener with her own antenna and every message. She must be able to win where she hears the
 * same channel, or the test of her losing would say nothing. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"

static void listen_in(struct bench *bench, struct qw_eavesdropper *eve)
{
    bench->channel.eve = eve;
    bench->middle_ap.eve = eve;
    bench->middle_te.eve = eve;
    bench->middle_ap.lock = &bench->channel.lock;
    bench->middle_te.lock = &bench->channel.lock;
}

/* One session with 200 bytes of data under the pad; an honest one in some hundreds ends without a
 * key, and another is met. */
static void run_session(struct qw_eavesdropper *eve, double rho, uint64_t seed,
                        struct qw_eavesdropper_result *result)
{
    struct bench_config config = bench_standard(seed);
    struct bench bench;
    uint8_t data[200];
    uint8_t got[200];
    size_t len;

    config.eve_rho = rho;
    for (int run = 0; run < 3; run++) {
        if (run > 0) {
            bench_wipe(&bench);
        }
        config.seed = seed + 1000 * (uint64_t)run;
        bench_init(&bench, &config);
        listen_in(&bench, eve);
        bench_run(&bench);
        if (bench.err_ap == QW_OK && bench.err_te == QW_OK) {
            break;
        }
    }
    assert_int_equal(bench.err_ap, QW_OK);
    assert_int_equal(bench.err_te, QW_OK);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    assert_int_equal(qw_plkg_send(bench.session_ap, &bench.wire_ap, data, sizeof data, false),
                     QW_OK);
    assert_int_equal(qw_plkg_receive(bench.session_te, &bench.wire_te, got, sizeof got, &len, 2000),
                     QW_OK);
    assert_int_equal(qw_eavesdropper_attack(eve, result), QW_OK);
    assert_true(result->attempted);
    assert_int_equal(result->data_len, sizeof data);
    bench_wipe(&bench);
}

static size_t equal_bytes(const struct qw_eavesdropper_result *result)
{
    size_t equal = 0;

    for (size_t i = 0; i < result->data_len; i++) {
        equal += result->data[i] == (uint8_t)i ? 1 : 0;
    }
    return equal;
}

static void reads_everything_when_she_hears_the_same_channel(void **state)
{
    struct qw_eavesdropper_result result;
    struct qw_eavesdropper *eve;

    (void)state;
    assert_int_equal(qw_eavesdropper_new(&eve), QW_OK);
    run_session(eve, 1.0, 5, &result);
    assert_true(result.decoded);
    assert_true(result.verified);
    assert_int_equal(equal_bytes(&result), result.data_len);
    qw_eavesdropper_free(eve);
}

/* At the correlation that policy credits to her, and below: nothing. Of 200 bytes 0.8 are right by
 * chance; 12 or more have a probability below 1e-10. */
static void gets_nothing_up_to_the_correlation_she_is_credited_with(void **state)
{
    static const double rhos[] = { 0.0, 0.5, 0.7, 0.9 };
    struct qw_eavesdropper *eve;

    (void)state;
    assert_int_equal(qw_eavesdropper_new(&eve), QW_OK);
    for (size_t i = 0; i < sizeof rhos / sizeof rhos[0]; i++) {
        struct qw_eavesdropper_result result;

        run_session(eve, rhos[i], 20 + i, &result);
        assert_false(result.verified);
        assert_true(equal_bytes(&result) < 12);
    }
    qw_eavesdropper_free(eve);
}

static void has_nothing_to_attack_after_a_refusal(void **state)
{
    struct bench_config config = bench_standard(1);
    struct qw_eavesdropper_result result = { .attempted = true };
    struct qw_eavesdropper *eve;
    struct bench bench;

    (void)state;
    config.kind = BENCH_STILL;
    assert_int_equal(qw_eavesdropper_new(&eve), QW_OK);
    bench_init(&bench, &config);
    listen_in(&bench, eve);
    bench_run(&bench);
    assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(qw_eavesdropper_attack(eve, &result), QW_OK);
    assert_false(result.attempted || result.decoded || result.verified);
    bench_wipe(&bench);
    qw_eavesdropper_free(eve);
    qw_eavesdropper_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_everything_when_she_hears_the_same_channel),
        cmocka_unit_test(gets_nothing_up_to_the_correlation_she_is_credited_with),
        cmocka_unit_test(has_nothing_to_attack_after_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
