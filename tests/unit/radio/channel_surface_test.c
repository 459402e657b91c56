/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W12 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/channel/surface.h"

#include <math.h>
#include <stdlib.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fail_at, allocations;

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

enum { TONES = 3, PROBES = 4000 };

static const int16_t tones[TONES] = { -20, 0, 20 };

static struct qw_surface_config standard(void)
{
    return (struct qw_surface_config){ .seed = 4,
                                       .elements = 64,
                                       .power = 0.2,
                                       .delay_s = 50e-9,
                                       .width_rad = M_PI / 3.0,
                                       .eve_distance_wavelengths = 0.3,
                                       .spacing_hz = 312.5e3 };
}

static struct qw_surface *open_surface(const struct qw_surface_config *config)
{
    struct qw_surface *surface = NULL;

    assert_int_equal(qw_surface_new(config, &surface), QW_OK);
    return surface;
}

static double complex at_probe(const struct qw_surface *surface, uint64_t probe,
                               double complex *eve)
{
    double complex terminal[TONES] = { 0.0 };
    double complex listener[TONES] = { 0.0 };

    qw_surface_add(surface, probe, tones, TONES, terminal, listener);
    assert_true(fabs(cabs(terminal[0]) - cabs(terminal[2])) < 1e-9); /* one path */
    *eve = listener[1];
    return terminal[1];
}

/* Rms errors of the estimates over PROBES fresh values: 0.016 of the power and of a correlation. */
static void fresh_settings_make_fresh_values_of_the_wanted_power(void **state)
{
    struct qw_surface_config config = standard();
    struct qw_surface *surface = open_surface(&config);
    double power = 0.0;
    double complex again = 0.0;
    double complex cross = 0.0;
    double complex last = 0.0;
    double eve_power = 0.0;

    (void)state;
    for (uint64_t i = 0; i < PROBES; i++) {
        double complex eve;
        double complex value = at_probe(surface, i, &eve);

        power += creal(value * conj(value)) / PROBES;
        eve_power += creal(eve * conj(eve)) / PROBES;
        again += value * conj(last) / PROBES;
        cross += eve * conj(value) / PROBES;
        last = value;
    }
    assert_true(fabs(power / config.power - 1.0) < 0.09);
    assert_true(cabs(again) / power < 0.09);
    assert_true(fabs(cabs(cross) / sqrt(power * eve_power) - qw_surface_eve_correlation(surface)) <
                0.06);
    qw_surface_free(surface);
}

/* Seen under 60 degrees a surface is narrower than waves from everywhere: J0 would leave her less.
 */
static void a_listener_hears_more_of_a_surface_than_of_a_room(void **state)
{
    struct qw_surface_config config = standard();
    struct qw_surface *surface = open_surface(&config);

    (void)state;
    assert_true(qw_surface_eve_correlation(surface) > j0(2.0 * M_PI * 0.3) + 0.2);
    qw_surface_free(surface);
    config.eve_distance_wavelengths = 0.0;
    surface = open_surface(&config);
    assert_true(fabs(qw_surface_eve_correlation(surface) - 1.0) < 1e-9);
    qw_surface_free(surface);
}

static void a_schedule_repeats_itself(void **state)
{
    struct qw_surface_config config = standard();
    struct qw_surface *surface;
    double complex eve;

    (void)state;
    config.period = 30;
    surface = open_surface(&config);
    for (uint64_t i = 0; i < 30; i++) {
        double complex first = at_probe(surface, i, &eve);

        assert_true(first == at_probe(surface, i + 60, &eve));
        assert_true(first != at_probe(surface, i + 1, &eve));
    }
    qw_surface_free(surface);
}

static void refuses_numbers_out_of_range(void **state)
{
    struct qw_surface_config bad[7];
    struct qw_surface *surface = NULL;

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        bad[i] = standard();
    }
    bad[0].elements = 0;
    bad[1].elements = QW_SURFACE_ELEMENTS_MAX + 1;
    bad[2].power = -0.1;
    bad[3].delay_s = (double)NAN;
    bad[4].width_rad = 3.2;
    bad[5].eve_distance_wavelengths = -1.0;
    bad[6].spacing_hz = 0.0;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(qw_surface_new(&bad[i], &surface), QW_ERR_ARG);
    }
    assert_null(surface);
    qw_surface_free(NULL);
}

static void says_when_memory_is_short(void **state)
{
    struct qw_surface_config config = standard();
    struct qw_surface *surface = NULL;

    (void)state;
    allocations = 0;
    fail_at = 1;
    assert_int_equal(qw_surface_new(&config, &surface), QW_ERR_NOMEM);
    assert_null(surface);
    fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_settings_make_fresh_values_of_the_wanted_power),
        cmocka_unit_test(a_listener_hears_more_of_a_surface_than_of_a_room),
        cmocka_unit_test(a_schedule_repeats_itself),
        cmocka_unit_test(refuses_numbers_out_of_range),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
