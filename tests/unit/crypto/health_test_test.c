/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/health_test.h"

#include "base/prng.h"
#include "support/test_seed.h"

#include <string.h>

static void a_good_source_passes(void **state)
{
    struct qw_health_test test;
    struct qw_prng prng;
    uint8_t raw[4096];

    (void)state;
    qw_health_test_init(&test);
    qw_prng_init(&prng, test_seed(), 0);
    for (int i = 0; i < 256; i++) { /* 1 MiB; false alarm: 2^20 * 256^-7 + 2^11 * 1e-50 < 2^-35 */
        qw_prng_bytes(&prng, raw, sizeof raw);
        assert_true(qw_health_test_push(&test, raw, sizeof raw));
    }
}

static void one_byte_short_of_the_repetition_cutoff_passes(void **state)
{
    struct qw_health_test test;
    uint8_t raw[QW_HEALTH_REPETITION_CUTOFF];

    (void)state;
    memset(raw, 7, sizeof raw);
    qw_health_test_init(&test);
    assert_true(qw_health_test_push(&test, raw, sizeof raw - 1));
    assert_false(qw_health_test_push(&test, raw, 1));
}

static void repetitions_are_counted_over_calls_and_restart_at_another_byte(void **state)
{
    static const uint8_t seven = 7, eight = 8;
    struct qw_health_test test;

    (void)state;
    qw_health_test_init(&test);
    for (int i = 0; i < QW_HEALTH_REPETITION_CUTOFF - 1; i++) {
        assert_true(qw_health_test_push(&test, &seven, 1));
    }
    assert_true(qw_health_test_push(&test, &eight, 1));
    for (int i = 0; i < QW_HEALTH_REPETITION_CUTOFF - 1; i++) {
        assert_true(qw_health_test_push(&test, &seven, 1));
    }
    assert_false(qw_health_test_push(&test, &seven, 1));
}

/* A window whose first byte comes count times, never twice in a row. */
static void fill_window(uint8_t window[QW_HEALTH_WINDOW], size_t count)
{
    for (size_t i = 0; i < QW_HEALTH_WINDOW; i++) {
        window[i] = (uint8_t)(1 + i % 251);
    }
    for (size_t i = 0; i < QW_HEALTH_WINDOW; i++) {
        if (window[i] == 0xff || i < 2 * count) {
            window[i] = i % 2 == 0 && i < 2 * count ? 0xff : (uint8_t)(1 + i % 200);
        }
    }
}

static void one_short_of_the_proportion_cutoff_passes(void **state)
{
    uint8_t window[QW_HEALTH_WINDOW];
    struct qw_health_test test;

    (void)state;
    fill_window(window, QW_HEALTH_PROPORTION_CUTOFF - 1);
    qw_health_test_init(&test);
    for (int i = 0; i < 100; i++) { /* each window counts anew */
        assert_true(qw_health_test_push(&test, window, sizeof window));
    }
    fill_window(window, QW_HEALTH_PROPORTION_CUTOFF);
    assert_false(qw_health_test_push(&test, window, sizeof window));
}

static void a_failure_is_for_good(void **state)
{
    static const uint8_t stuck[QW_HEALTH_REPETITION_CUTOFF];
    static const uint8_t fine[3] = { 1, 2, 3 };
    struct qw_health_test test;

    (void)state;
    qw_health_test_init(&test);
    assert_false(qw_health_test_push(&test, stuck, sizeof stuck));
    assert_false(qw_health_test_push(&test, fine, sizeof fine));
    assert_false(qw_health_test_push(&test, fine, 0));
}

/* A source with less than the claimed entropy: each byte is one of two values. */
static void a_source_of_one_bit_per_byte_is_found_out(void **state)
{
    struct qw_health_test test;
    struct qw_prng prng;
    uint8_t raw[QW_HEALTH_STARTUP_LEN];

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    qw_prng_bytes(&prng, raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) {
        raw[i] &= 1;
    }
    qw_health_test_init(&test);
    assert_false(qw_health_test_push(&test, raw, sizeof raw));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_source_passes),
        cmocka_unit_test(one_byte_short_of_the_repetition_cutoff_passes),
        cmocka_unit_test(repetitions_are_counted_over_calls_and_restart_at_another_byte),
        cmocka_unit_test(one_short_of_the_proportion_cutoff_passes),
        cmocka_unit_test(a_failure_is_for_good),
        cmocka_unit_test(a_source_of_one_bit_per_byte_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
