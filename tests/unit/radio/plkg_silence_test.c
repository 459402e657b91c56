/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W9 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "radio/plkg/silence.h"

#include <string.h>

static uint32_t count(const struct qw_plkg_silence *silence)
{
    uint32_t silent = 0;

    for (uint32_t i = 0; i < silence->probes; i++) {
        silent += qw_plkg_silence_at(silence, i) ? 1 : 0;
    }
    return silent;
}

static void draws_runs_of_four_anywhere_but_at_the_ends(void **state)
{
    static const uint32_t probes[] = { 64, 320, 640, 1083, 4096, 20000 };

    (void)state;
    for (size_t p = 0; p < sizeof probes / sizeof probes[0]; p++) {
        for (int again = 0; again < 200; again++) {
            struct qw_plkg_silence silence;

            assert_int_equal(qw_plkg_silence_draw(probes[p], &silence), QW_OK);
            assert_in_range(count(&silence), 4, 4 * (2 + probes[p] / 512));
            assert_false(qw_plkg_silence_at(&silence, 0));
            assert_false(qw_plkg_silence_at(&silence, probes[p] - 1));
            assert_false(qw_plkg_silence_at(&silence, probes[p]));
        }
    }
}

/* Of 20 000 probes 41 runs: two draws alike would be a source that is none. */
static void two_draws_differ(void **state)
{
    struct qw_plkg_silence one;
    struct qw_plkg_silence two;

    (void)state;
    assert_int_equal(qw_plkg_silence_draw(20000, &one), QW_OK);
    assert_int_equal(qw_plkg_silence_draw(20000, &two), QW_OK);
    assert_true(memcmp(one.is_silent, two.is_silent, sizeof one.is_silent) != 0);
}

static void one_probe_heard_in_silence_breaks_it(void **state)
{
    struct qw_plkg_silence silence;
    uint8_t heard[QW_PLKG_BITMAP_MAX];

    (void)state;
    assert_int_equal(qw_plkg_silence_draw(1083, &silence), QW_OK);
    memset(heard, 0xff, sizeof heard);
    for (uint32_t i = 0; i < 1083; i++) {
        if (qw_plkg_silence_at(&silence, i)) {
            qw_bit_set(heard, i, false);
        }
    }
    assert_false(qw_plkg_silence_is_broken(&silence, heard));
    for (uint32_t i = 0; i < 1083; i++) {
        if (qw_plkg_silence_at(&silence, i)) {
            qw_bit_set(heard, i, true);
            assert_true(qw_plkg_silence_is_broken(&silence, heard));
            qw_bit_set(heard, i, false);
        }
    }
}

static void refuses_numbers_of_probes_that_no_session_has(void **state)
{
    struct qw_plkg_silence silence = { .probes = 77 };

    (void)state;
    assert_int_equal(qw_plkg_silence_draw(63, &silence), QW_ERR_ARG);
    assert_int_equal(qw_plkg_silence_draw(QW_PLKG_PROBES_MAX + 1, &silence), QW_ERR_ARG);
    assert_int_equal(silence.probes, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_runs_of_four_anywhere_but_at_the_ends),
        cmocka_unit_test(two_draws_differ),
        cmocka_unit_test(one_probe_heard_in_silence_breaks_it),
        cmocka_unit_test(refuses_numbers_of_probes_that_no_session_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
