/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/channel/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct qw_channel_profile_options standard = { .rice_factor = -1.0 };

static struct qw_channel_profile profile_named(const char *name,
                                               const struct qw_channel_profile_options *options)
{
    struct qw_channel_profile profile;
    const struct qw_channel_kind *kind = qw_channel_kind_find(name);

    assert_non_null(kind);
    assert_int_equal(qw_channel_profile_of(kind, options, &profile), QW_OK);
    return profile;
}

static void every_kind_is_a_valid_profile_of_power_one(void **state)
{
    size_t count = 0;

    (void)state;
    for (const struct qw_channel_kind *kind = qw_channel_kinds; kind->name != NULL; kind++) {
        for (size_t clusters = 0; clusters < 2; clusters++) {
            struct qw_channel_profile_options options = standard;
            struct qw_channel_profile profile;

            options.has_clusters = clusters == 1;
            profile = profile_named(kind->name, &options);
            assert_int_equal(qw_channel_profile_check(&profile), QW_OK);
            assert_ptr_equal(qw_channel_kind_find(kind->name), kind);
        }
        count++;
    }
    assert_int_equal(count, 19);
}

/* The document names rounded spreads: a wrong digit in a table shows [Erceg 2004]. */
static void tgn_models_have_the_delay_spreads_they_are_named_for(void **state)
{
    static const struct {
        const char *name;
        double spread_ns;
        size_t taps;
    } models[] = { { "tgn-a", 0, 1 },   { "tgn-b", 15, 12 },  { "tgn-c", 30, 18 },
                   { "tgn-d", 50, 27 }, { "tgn-e", 100, 38 }, { "tgn-f", 150, 41 } };

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct qw_channel_profile profile = profile_named(models[i].name, &standard);
        double spread_ns = 1e9 * qw_channel_profile_delay_spread_s(&profile);

        print_message("%s: %.2f ns\n", models[i].name, spread_ns);
        assert_int_equal(profile.tap_count, models[i].taps);
        assert_true(fabs(spread_ns - models[i].spread_ns) <= 0.12 * models[i].spread_ns);
    }
}

/* Normalised delays: the published rms is 1 [3GPP 38.901 7.7.2]. */
static void tapped_delay_lines_have_the_wanted_delay_spread(void **state)
{
    static const char *const names[] = { "tdl-a", "tdl-b", "tdl-c", "tdl-d", "tdl-e" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct qw_channel_profile_options options = standard;
        struct qw_channel_profile profile;
        double spread_ns;

        options.delay_spread_s = 300e-9;
        profile = profile_named(names[i], &options);
        spread_ns = 1e9 * qw_channel_profile_delay_spread_s(&profile);
        print_message("%s: %.1f ns\n", names[i], spread_ns);
        assert_true(fabs(spread_ns - 300.0) < 6.0);
    }
}

/* K of the first tap: 13.3 dB and 22 dB [3GPP 38.901 7.7.2]. */
static void lines_in_sight_have_their_steady_part(void **state)
{
    struct qw_channel_profile d = profile_named("tdl-d", &standard);
    struct qw_channel_profile e = profile_named("tdl-e", &standard);

    (void)state;
    assert_true(fabs(10.0 * log10(d.steady_power / d.tap[0].power) - 13.3) < 0.01);
    assert_true(fabs(10.0 * log10(e.steady_power / e.tap[0].power) - 22.0) < 0.01);
    assert_true(fabs(d.steady_power + qw_channel_profile_moving_power(&d) - 1.0) < 1e-12);
}

static void a_room_moves_a_thirteenth_of_its_power(void **state)
{
    struct qw_channel_profile room = profile_named("room", &standard);

    (void)state;
    assert_int_equal(room.motion, QW_CHANNEL_PEOPLE);
    assert_true(fabs(qw_channel_profile_moving_power(&room) - 0.074) < 1e-9);
}

static void an_exponential_profile_has_the_correlation_of_the_formula(void **state)
{
    struct qw_channel_profile profile;

    (void)state;
    assert_int_equal(qw_channel_profile_exponential(50e-9, 0.0, &profile), QW_OK);
    assert_true(fabs(1e9 * qw_channel_profile_delay_spread_s(&profile) - 50.0) < 1e-6);
    for (double spacing_hz = 0.0; spacing_hz < 4e6; spacing_hz += 312.5e3) {
        double complex expected = 1.0 / (1.0 - 2.0 * M_PI * I * spacing_hz * 50e-9);

        assert_true(cabs(qw_channel_profile_correlation(&profile, spacing_hz)) <=
                    cabs(expected) + 0.06);
        assert_true(fabs(cabs(qw_channel_profile_correlation(&profile, spacing_hz)) -
                         cabs(expected)) < 0.06);
    }
}

/* The quantiles of 10^5 even steps: mean and rms of the Laplacian, and never beyond half a turn. */
static void angles_of_a_cluster_are_laplacian(void **state)
{
    struct qw_channel_tap tap = { .angle_rad = 0.7, .spread_rad = 0.4 };
    double mean = 0.0;
    double square = 0.0;

    (void)state;
    for (size_t i = 0; i < 100000; i++) {
        double angle = qw_channel_tap_angle(&tap, ((double)i + 0.5) / 100000.0) - 0.7;

        assert_true(fabs(angle) <= M_PI);
        mean += angle / 100000.0;
        square += angle * angle / 100000.0;
    }
    assert_true(fabs(mean) < 1e-6);
    assert_true(fabs(sqrt(square) - 0.4) < 0.002);
}

static void refuses_what_no_kind_can_be(void **state)
{
    struct qw_channel_profile_options bad[5];
    struct qw_channel_profile profile = { .tap_count = 7 };
    const char *kinds[5] = { "tdl-a", "tdl-a", "tgn-d", "rayleigh", "tdl-a" };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        bad[i] = standard;
    }
    bad[0].delay_spread_s = 20e-6;
    bad[1].delay_spread_s = -1e-9;
    bad[2].delay_spread_s = 30e-9; /* fixed by its table */
    bad[3].delay_spread_s = 30e-9;
    bad[4].rice_factor = (double)NAN;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(qw_channel_profile_of(qw_channel_kind_find(kinds[i]), &bad[i], &profile),
                         QW_ERR_ARG);
    }
    assert_int_equal(qw_channel_profile_exponential(0.0, 0.0, &profile), QW_ERR_ARG);
    assert_int_equal(qw_channel_profile_exponential(50e-9, -1.0, &profile), QW_ERR_ARG);
    assert_int_equal(profile.tap_count, 7);
    assert_null(qw_channel_kind_find("tgn-g"));
}

static void check_finds_every_number_that_is_none(void **state)
{
    struct qw_channel_profile good = profile_named("tgn-d", &standard);

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct qw_channel_profile bad = good;

        switch (i) {
        case 0:
            bad.tap_count = 0;
            break;
        case 1:
            bad.tap_count = QW_CHANNEL_TAPS_MAX + 1;
            break;
        case 2:
            bad.steady_power = -0.1;
            break;
        case 3:
            bad.tap[3].delay_s = -1e-9;
            break;
        case 4:
            bad.tap[3].power = (double)NAN;
            break;
        case 5:
            bad.tap[3].still_power = -0.1;
            break;
        case 6:
            bad.tap[3].angle_rad = (double)INFINITY;
            break;
        case 7:
            bad.tap[3].spread_rad = -1.0;
            break;
        default:
            bad.motion = (enum qw_channel_motion)9;
            break;
        }
        assert_int_equal(qw_channel_profile_check(&bad), QW_ERR_ARG);
    }
    assert_int_equal(qw_channel_profile_check(&good), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_a_valid_profile_of_power_one),
        cmocka_unit_test(tgn_models_have_the_delay_spreads_they_are_named_for),
        cmocka_unit_test(tapped_delay_lines_have_the_wanted_delay_spread),
        cmocka_unit_test(lines_in_sight_have_their_steady_part),
        cmocka_unit_test(a_room_moves_a_thirteenth_of_its_power),
        cmocka_unit_test(an_exponential_profile_has_the_correlation_of_the_formula),
        cmocka_unit_test(angles_of_a_cluster_are_laplacian),
        cmocka_unit_test(refuses_what_no_kind_can_be),
        cmocka_unit_test(check_finds_every_number_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
