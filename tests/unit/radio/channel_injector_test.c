/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
/* The wave of somebody who adds one: as strong as asked, new at each probe, the same to both ends.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/channel/injector.h"
#include "radio/csi_frame.h"

#include <math.h>
#include <string.h>

enum { TONES = 52, PROBES = 2000 };
static const double SPACING_HZ = 312.5e3;

static void is_as_strong_as_asked_and_new_at_each_probe(void **state)
{
    double complex wave[2][TONES];
    double complex product = 0.0;
    double power = 0.0;
    const int16_t *tones;

    (void)state;
    assert_int_equal(qw_csi_format_tones(QW_CSI_LEGACY_20, &tones), TONES);
    for (uint64_t probe = 0; probe < PROBES; probe++) {
        double complex *now = wave[probe % 2];

        qw_injector_wave(7, probe, 0.5, tones, TONES, SPACING_HZ, now);
        power += creal(now[3] * conj(now[3])) / PROBES;
        product += probe > 0 ? now[3] * conj(wave[1 - probe % 2][3]) / PROBES : 0.0;
    }
    assert_true(fabs(power - 0.5) < 0.06); /* 5 deviations */
    assert_true(cabs(product) < 0.06);
}

static void is_the_same_at_both_ends_and_the_sum_of_its_paths(void **state)
{
    double complex gain[QW_INJECTOR_PATHS];
    double complex wave[TONES], again[TONES];
    const int16_t *tones;

    (void)state;
    (void)qw_csi_format_tones(QW_CSI_LEGACY_20, &tones);
    qw_injector_wave(7, 3, 2.0, tones, TONES, SPACING_HZ, wave);
    qw_injector_wave(7, 3, 2.0, tones, TONES, SPACING_HZ, again);
    assert_memory_equal(wave, again, sizeof wave);
    qw_injector_paths(7, 3, 2.0, gain);
    for (size_t k = 0; k < TONES; k++) {
        double complex sum = 0.0;

        for (size_t p = 0; p < QW_INJECTOR_PATHS; p++) {
            sum += gain[p] * cexp(-2.0 * M_PI * I * tones[k] * (double)p / 64.0);
        }
        assert_true(cabs(sum - wave[k]) < 1e-9);
    }
}

static void a_repeater_adds_its_path_later(void **state)
{
    double complex path[TONES], wave[TONES];
    const int16_t *tones;

    (void)state;
    (void)qw_csi_format_tones(QW_CSI_LEGACY_20, &tones);
    for (size_t k = 0; k < TONES; k++) {
        path[k] = 1.0 + (double)k * I;
    }
    qw_injector_repeat(path, 4.0, 100e-9, tones, TONES, SPACING_HZ, wave);
    for (size_t k = 0; k < TONES; k++) {
        double complex wanted = 2.0 * path[k] * cexp(-2.0 * M_PI * I * tones[k] / 32.0);

        assert_true(cabs(wave[k] - wanted) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_as_strong_as_asked_and_new_at_each_probe),
        cmocka_unit_test(is_the_same_at_both_ends_and_the_sum_of_its_paths),
        cmocka_unit_test(a_repeater_adds_its_path_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
