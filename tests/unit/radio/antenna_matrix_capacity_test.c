/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W12 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/antenna/matrix_capacity.h"
#include "radio/channel.h"
#include "radio/csi_frame.h"

#include <math.h>
#include <stdlib.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fail_at, allocations;

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

static const double WAVELENGTH_M = QW_CHANNEL_LIGHT_M_PER_S / QW_CHANNEL_CARRIER_HZ;

static struct qw_channel_profile profile;

static struct qw_matrix_capacity link_of(const char *name, double speed_m_per_s, double interval_s)
{
    struct qw_channel_profile_options options = { .rice_factor = -1.0 };
    struct qw_matrix_capacity link = { .probing = { .profile = &profile,
                                                    .spacing_hz = QW_CHANNEL_TONE_SPACING_HZ,
                                                    .carrier_hz = QW_CHANNEL_CARRIER_HZ,
                                                    .speed_m_per_s = speed_m_per_s,
                                                    .interval_s = interval_s },
                                       .access_point_antennas = 1,
                                       .terminal_antennas = 1,
                                       .antenna_spacing_m = 0.5 * WAVELENGTH_M,
                                       .noise = 0.01,
                                       .eve_noise = 1e-4 };

    assert_int_equal(qw_channel_profile_of(qw_channel_kind_find(name), &options, &profile), QW_OK);
    link.probing.tone_count = qw_csi_format_tones(QW_CSI_LEGACY_20, &link.probing.tones);
    return link;
}

static double bits_of(const struct qw_matrix_capacity *link)
{
    double bits = -1.0;

    assert_int_equal(qw_matrix_capacity_probe_bits(link, &bits), QW_OK);
    return bits;
}

static void one_antenna_each_is_the_capacity_of_one_link(void **state)
{
    static const char *const kind[] = { "tgn-d", "room", "corridor" };
    static const double speed_m_per_s[] = { 1.5, 0.03, 0.7 };
    static const double interval_s[] = { 0.02, 0.5, 0.01 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct qw_matrix_capacity link = link_of(kind[i], speed_m_per_s[i], interval_s[i]);
        struct qw_capacity_noise noise = { .noise = 0.01, .eve_noise = 1e-4 };
        double alone;

        assert_int_equal(qw_capacity_probe_bits(&link.probing, &noise, &alone), QW_OK);
        assert_true(fabs(bits_of(&link) - alone) < 1e-6 * alone);
    }
}

/* In a room the listener's correlation is J0 of her distance at every frequency. */
static void a_listener_in_a_room_leaves_what_the_one_link_formula_says(void **state)
{
    struct qw_matrix_capacity link = link_of("room", 0.03, 0.5);
    struct qw_capacity_noise noise = { .noise = 0.01, .eve_noise = 1e-4 };
    double alone;

    (void)state;
    link.has_eve = true;
    link.eve_distance_m = 0.1 * WAVELENGTH_M;
    noise.eve_correlation = j0(2.0 * M_PI * 0.1);
    assert_int_equal(qw_capacity_probe_bits(&link.probing, &noise, &alone), QW_OK);
    assert_true(fabs(bits_of(&link) - alone) < 1e-6 * alone);
    link.eve_distance_m = 0.0;
    link.eve_noise = 1e-7;
    assert_true(bits_of(&link) < 0.02 * alone);
}

static void rows_far_apart_hold_as_many_links_as_pairs(void **state)
{
    struct qw_matrix_capacity link = link_of("room", 0.03, 0.5);
    double alone = bits_of(&link);

    (void)state;
    link.access_point_antennas = 2;
    link.terminal_antennas = 2;
    link.antenna_spacing_m = 200.0 * WAVELENGTH_M;
    assert_true(fabs(bits_of(&link) - 4.0 * alone) < 0.01 * alone);
    link.antenna_spacing_m = 0.5 * WAVELENGTH_M; /* J0(pi) = -0.30: a little less than four */
    assert_true(bits_of(&link) > 3.7 * alone && bits_of(&link) < 3.99 * alone);
}

static void two_antennas_in_one_place_are_one_with_half_the_noise(void **state)
{
    struct qw_matrix_capacity link = link_of("room", 0.03, 0.5);
    double half;

    (void)state;
    link.noise = 0.005;
    half = bits_of(&link);
    link.noise = 0.01;
    link.antenna_spacing_m = 1e-9;
    link.terminal_antennas = 2;
    assert_true(fabs(bits_of(&link) - half) < 1e-3 * half);
    link.terminal_antennas = 1;
    link.access_point_antennas = 2;
    assert_true(fabs(bits_of(&link) - half) < 1e-3 * half);
}

/* Two directions have the same Doppler, and what a third antenna of the walking end hears nearly
 * follows from the others. Slope over the noise: bits per tenfold power count the dimensions. */
static double slope_of(struct qw_matrix_capacity link, size_t terminal_antennas)
{
    double lower;

    link.terminal_antennas = terminal_antennas;
    link.noise = 1e-5;
    lower = bits_of(&link);
    link.noise = 1e-6;
    return bits_of(&link) - lower;
}

static void a_walking_row_gains_little_from_a_third_antenna(void **state)
{
    struct qw_matrix_capacity link = link_of("rayleigh", 1.5, 0.01);
    double one = slope_of(link, 1);
    double room_one;

    (void)state;
    print_message("walking: two antennas %.2f, four %.2f times one\n", slope_of(link, 2) / one,
                  slope_of(link, 4) / one);
    assert_true(fabs(slope_of(link, 2) / one - 2.0) < 0.1);
    assert_true(slope_of(link, 4) / one <
                3.5); /* at 50 dB the width of a bin of frequencies counts */
    link = link_of("room", 0.03, 0.5);
    room_one = slope_of(link, 1);
    print_message("in a room: four antennas %.2f times one\n", slope_of(link, 4) / room_one);
    assert_true(fabs(slope_of(link, 4) / room_one - 4.0) < 0.1);
}

static void nothing_moves_nothing_is_held(void **state)
{
    struct qw_matrix_capacity link = link_of("static", 0.0, 0.02);

    (void)state;
    link.terminal_antennas = 4;
    assert_true(bits_of(&link) == 0.0);
}

static void refuses_numbers_out_of_range(void **state)
{
    struct qw_matrix_capacity bad[9];
    double bits = 7.0;

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        bad[i] = link_of("tgn-d", 1.5, 0.02);
        bad[i].terminal_antennas = 2;
    }
    bad[0].access_point_antennas = 0;
    bad[1].access_point_antennas = 5;
    bad[2].terminal_antennas = 0;
    bad[3].terminal_antennas = 5;
    bad[4].antenna_spacing_m = 0.0;
    bad[5].noise = 0.0;
    bad[6].has_eve = true;
    bad[6].eve_distance_m = -1.0;
    bad[7].probing.interval_s = 0.0;
    bad[8].probing.tone_count = 0;
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(qw_matrix_capacity_probe_bits(&bad[i], &bits), QW_ERR_ARG);
    }
    profile.tap[0].spread_rad = 0.3;
    bad[0] = bad[5];
    bad[0].noise = 0.01;
    assert_int_equal(qw_matrix_capacity_probe_bits(&bad[0], &bits), QW_ERR_ARG);
    assert_true(bits == 7.0);
}

static void says_when_memory_is_short(void **state)
{
    struct qw_matrix_capacity link = link_of("rayleigh", 1.5, 0.02);
    qw_err err = QW_ERR_NOMEM;
    double bits;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_at = n;
        allocations = 0;
        err = qw_matrix_capacity_probe_bits(&link, &bits);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_antenna_each_is_the_capacity_of_one_link),
        cmocka_unit_test(a_listener_in_a_room_leaves_what_the_one_link_formula_says),
        cmocka_unit_test(rows_far_apart_hold_as_many_links_as_pairs),
        cmocka_unit_test(two_antennas_in_one_place_are_one_with_half_the_noise),
        cmocka_unit_test(a_walking_row_gains_little_from_a_third_antenna),
        cmocka_unit_test(nothing_moves_nothing_is_held),
        cmocka_unit_test(refuses_numbers_out_of_range),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
