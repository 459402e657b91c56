/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W12 */
/* Statistics of the channel model against closed forms. The seeds are fixed: a false alarm cannot
 * come and go; each tolerance is more than five standard deviations of its estimate, so another
 * QW_TEST_SEED fails with a probability below 1e-5. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/channel.h"
#include "radio/csi_frame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TONES = 52, DRAWS = 600 };

static const double WAVELENGTH_M = QW_CHANNEL_LIGHT_M_PER_S / QW_CHANNEL_CARRIER_HZ;

static uint64_t first_seed(void)
{
    const char *text = getenv("QW_TEST_SEED");

    return text != NULL ? strtoull(text, NULL, 0) : 1;
}

/* qw_channel_new only borrows it. */
static struct qw_channel_profile profile;

static void take_profile(const char *name, bool has_clusters)
{
    struct qw_channel_profile_options options = { .rice_factor = -1.0,
                                                  .has_clusters = has_clusters };
    const struct qw_channel_kind *kind = qw_channel_kind_find(name);

    assert_non_null(kind);
    assert_int_equal(qw_channel_profile_of(kind, &options, &profile), QW_OK);
}

static struct qw_channel_config walking(uint64_t seed)
{
    struct qw_channel_config config = { .seed = seed, .profile = &profile, .speed_m_per_s = 1.5 };

    assert_int_equal(qw_channel_profile_exponential(50e-9, 0.0, &profile), QW_OK);
    config.tone_count = qw_csi_format_tones(QW_CSI_LEGACY_20, &config.tones);
    return config;
}

static struct qw_channel *open_channel(const struct qw_channel_config *config)
{
    struct qw_channel *channel = NULL;

    assert_int_equal(qw_channel_new(config, &channel), QW_OK);
    return channel;
}

struct sums {
    double complex cross;
    double power;
};

static void add_products(struct sums *sums, const double complex *a, const double complex *b)
{
    for (size_t k = 0; k < TONES; k++) {
        sums->cross += a[k] * conj(b[k]);
        sums->power += 0.5 * (creal(a[k] * conj(a[k])) + creal(b[k] * conj(b[k])));
    }
}

/* DRAWS channels with about 8 independent delays each: rms error of a correlation about 0.012. */
static void mean_power_is_one(void **state)
{
    double complex h[TONES];
    double complex e[TONES];
    double power[2] = { 0.0, 0.0 };

    (void)state;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct qw_channel_config config = walking(first_seed() + i);
        struct qw_channel *channel = open_channel(&config);

        for (size_t j = 0; j < 3; j++) { /* three lives of the waves */
            qw_channel_link(channel, 3.0 * (double)j, h, NULL);
            qw_channel_short_link(channel, 3.0 * (double)j, e);
            for (size_t k = 0; k < TONES; k++) {
                power[0] += creal(h[k] * conj(h[k])) / (3.0 * DRAWS * TONES);
                power[1] += creal(e[k] * conj(e[k])) / (3.0 * DRAWS * TONES);
            }
        }
        qw_channel_free(channel);
    }
    assert_true(fabs(power[0] - 1.0) < 0.06);
    assert_true(fabs(power[1] - 1.0) < 0.06);
}

static void correlation_over_distance_is_that_of_isotropic_waves(void **state)
{
    static const double wavelengths[] = { 0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 4.0 };

    (void)state;
    for (size_t j = 0; j < sizeof wavelengths / sizeof wavelengths[0]; j++) {
        struct sums sums = { 0.0, 0.0 };
        double expected = j0(2.0 * M_PI * wavelengths[j]);
        double complex rho;

        for (uint64_t i = 0; i < DRAWS; i++) {
            struct qw_channel_config config = walking(first_seed() + i);
            struct qw_channel *channel;
            double complex h[TONES];
            double complex e[TONES];

            config.eve_distance_m = wavelengths[j] * WAVELENGTH_M;
            channel = open_channel(&config);
            qw_channel_link(channel, 1.0, h, e);
            add_products(&sums, h, e);
            qw_channel_free(channel);
        }
        rho = sums.cross / sums.power;
        printf("distance %.2f wavelengths: %.3f%+.3fj, J0 %.3f\n", wavelengths[j], creal(rho),
               cimag(rho), expected);
        assert_true(cabs(rho - expected) < 0.08);
        if (wavelengths[j] == 0.0) {
            assert_true(cabs(rho - 1.0) < 1e-9);
        }
    }
}

static void correlation_over_time_is_that_of_isotropic_waves(void **state)
{
    static const double lag_ms[] = { 1.0, 3.0, 5.0, 10.0, 15.0, 25.0, 40.0 };
    double doppler_hz = 1.5 / WAVELENGTH_M;

    (void)state;
    for (size_t j = 0; j < sizeof lag_ms / sizeof lag_ms[0]; j++) {
        struct sums sums = { 0.0, 0.0 };
        double expected = j0(2.0 * M_PI * doppler_hz * lag_ms[j] * 1e-3);
        double complex rho;

        for (uint64_t i = 0; i < DRAWS; i++) {
            struct qw_channel_config config = walking(first_seed() + i);
            struct qw_channel *channel = open_channel(&config);
            double complex h[2][TONES];

            qw_channel_link(channel, 7.0, h[0], NULL);
            qw_channel_link(channel, 7.0 + lag_ms[j] * 1e-3, h[1], NULL);
            add_products(&sums, h[0], h[1]);
            qw_channel_free(channel);
        }
        rho = sums.cross / sums.power;
        printf("lag %.0f ms: %.3f%+.3fj, J0 %.3f\n", lag_ms[j], creal(rho), cimag(rho), expected);
        assert_true(cabs(rho - expected) < 0.08);
    }
}

/* R(df) = 1 / (1 + j 2 pi df tau) of an exponential profile. */
static void correlation_over_frequency_is_that_of_the_delay_profile(void **state)
{
    static const double spreads_s[] = { 30e-9, 50e-9, 120e-9 };

    (void)state;
    for (size_t j = 0; j < sizeof spreads_s / sizeof spreads_s[0]; j++) {
        double complex cross[25] = { 0.0 };
        double power = 0.0;

        for (uint64_t i = 0; i < DRAWS; i++) {
            struct qw_channel_config config = walking(first_seed() + i);
            struct qw_channel *channel;
            double complex h[TONES];

            assert_int_equal(qw_channel_profile_exponential(spreads_s[j], 0.0, &profile), QW_OK);
            channel = open_channel(&config);
            qw_channel_link(channel, 1.0, h, NULL);
            for (size_t k = 0; k < 26; k++) { /* tones -26..-1: no gap at DC */
                power += creal(h[k] * conj(h[k])) / 26.0;
                for (size_t m = 0; m < 25 && k + m < 26; m++) {
                    cross[m] += h[k + m] * conj(h[k]) / (26.0 - (double)m);
                }
            }
            qw_channel_free(channel);
        }
        for (size_t m = 0; m < 16; m++) {
            double x = 2.0 * M_PI * QW_CHANNEL_TONE_SPACING_HZ * (double)m * spreads_s[j];
            double expected = 1.0 / sqrt(1.0 + x * x);

            assert_true(fabs(cabs(cross[m] / power) - expected) < 0.12);
        }
    }
}

/* Beyond the life of a wave only the steady part is left: its power is the magnitude of the
 * correlation, its phase the Doppler of one wave. */
static double steady_power(double rice_factor)
{
    struct qw_channel_config config = walking(first_seed());
    struct qw_channel *channel;
    double complex cross = 0.0;

    assert_int_equal(qw_channel_profile_exponential(50e-9, rice_factor, &profile), QW_OK);
    channel = open_channel(&config);
    for (size_t i = 0; i < 4000; i++) {
        double complex h[2][TONES];

        qw_channel_link(channel, 0.5 * (double)i, h[0], NULL);
        qw_channel_link(channel, 0.5 * (double)i + 10.0, h[1], NULL);
        for (size_t k = 0; k < TONES; k++) {
            cross += h[0][k] * conj(h[1][k]) / (4000.0 * TONES);
        }
    }
    qw_channel_free(channel);
    return cabs(cross);
}

static void the_first_tap_has_the_wanted_steady_part(void **state)
{
    double first = (1.0 - exp(-5.5 / 16.0)) / (1.0 - exp(-5.5)); /* power of the first tap */

    (void)state;
    assert_true(steady_power(0.0) < 0.05);
    assert_true(fabs(steady_power(4.0) - first * 0.8) < 0.05);
}

static void nothing_moves_at_speed_zero(void **state)
{
    struct qw_channel_config config = walking(first_seed());
    struct qw_channel *channel;
    double complex h[3][TONES];

    (void)state;
    config.speed_m_per_s = 0.0;
    assert_int_equal(qw_channel_profile_exponential(50e-9, 1.0, &profile), QW_OK);
    channel = open_channel(&config);
    qw_channel_link(channel, 0.0, h[0], NULL);
    qw_channel_link(channel, 1e5, h[1], NULL);
    assert_memory_equal(h[0], h[1], sizeof h[0]);
    qw_channel_short_link(channel, 0.0, h[0]);
    qw_channel_short_link(channel, 1e5, h[1]);
    assert_memory_equal(h[0], h[1], sizeof h[0]);
    qw_channel_free(channel);
}

/* A listener with all past probes must not be able to learn the waves for good. */
static void old_waves_say_nothing_about_new_ones(void **state)
{
    struct sums sums = { 0.0, 0.0 };

    (void)state;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct qw_channel_config config = walking(first_seed() + i);
        struct qw_channel *channel = open_channel(&config);
        double complex h[2][TONES];

        qw_channel_link(channel, 1.0, h[0], NULL);
        qw_channel_link(channel, 1.0 + QW_CHANNEL_WAVE_PATH_M / 1.5, h[1], NULL);
        add_products(&sums, h[0], h[1]);
        qw_channel_free(channel);
    }
    assert_true(cabs(sums.cross / sums.power) < 0.08);
}

static void the_value_depends_on_the_time_alone(void **state)
{
    struct qw_channel_config config = walking(first_seed());
    struct qw_channel *forward = open_channel(&config);
    struct qw_channel *backward = open_channel(&config);
    double complex h[2][20][TONES];
    double complex e[2][20][TONES];

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        qw_channel_link(forward, (double)i, h[0][i], e[0][i]);
    }
    for (size_t i = 20; i-- > 0;) {
        qw_channel_link(backward, (double)i, h[1][i], e[1][i]);
    }
    assert_memory_equal(h[0], h[1], sizeof h[0]);
    assert_memory_equal(e[0], e[1], sizeof e[0]);
    assert_memory_not_equal(h[0][0], h[0][1], sizeof h[0][0]);
    qw_channel_free(forward);
    qw_channel_free(backward);
}

/* Lag by lag over 52 tones: what the published delays and powers say. */
static void correlation_over_frequency_is_that_of_the_published_profile(void **state)
{
    static const char *const names[] = { "tgn-b", "tgn-d", "tgn-f", "tdl-a", "tdl-c", "room" };

    (void)state;
    for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
        double complex cross[26] = { 0.0 };

        for (uint64_t i = 0; i < DRAWS; i++) {
            struct qw_channel_config config = walking(first_seed() + i);
            struct qw_channel *channel;
            double complex h[TONES];

            take_profile(names[j], false);
            channel = open_channel(&config);
            qw_channel_link(channel, 1.0, h, NULL);
            for (size_t m = 0; m < 26; m++) {
                for (size_t k = 0; k + m < 26; k++) {
                    cross[m] += conj(h[k + m]) * h[k] / ((26.0 - (double)m) * DRAWS);
                }
            }
            qw_channel_free(channel);
        }
        for (size_t m = 0; m < 26; m++) {
            double spacing_hz = QW_CHANNEL_TONE_SPACING_HZ * (double)m;
            double share = qw_channel_profile_moving_power(&profile);
            double complex expected = qw_channel_profile_correlation(&profile, spacing_hz) / share;

            assert_true(cabs(cross[m] - expected) < 0.3);
            assert_true(m > 12 || cabs(cross[m] - expected) < 0.14);
        }
    }
}

/* |h|^2 of one tap: E|h|^4 / E^2|h|^2 = (K^2 + 4 K + 2) / (1 + K)^2, so 2 for Rayleigh. Ten
 * thousand places 0.8 wavelengths apart and more: about 3000 independent ones, 1 % rms. */
static void envelope_has_the_moments_of(const char *name, double k)
{
    struct qw_channel_config config = walking(first_seed());
    struct qw_channel *channel;
    double second = 0.0;
    double fourth = 0.0;

    take_profile(name, false);
    channel = open_channel(&config);
    for (size_t i = 0; i < 10000; i++) {
        double complex h[TONES];
        double power;

        qw_channel_link(channel, 0.031 * (double)i, h, NULL);
        power = creal(h[7] * conj(h[7]));
        second += power / 10000.0;
        fourth += power * power / 10000.0;
    }
    qw_channel_free(channel);
    assert_true(fabs(second - 1.0) < 0.1);
    assert_true(fabs(fourth / (second * second) - (k * k + 4.0 * k + 2.0) / ((1 + k) * (1 + k))) <
                0.15);
}

static void one_tap_is_rayleigh_or_rician(void **state)
{
    (void)state;
    envelope_has_the_moments_of("rayleigh", 0.0);
    envelope_has_the_moments_of("rician", pow(10.0, 0.6));
}

/* Reflections from people: both directions are random, so the correlation is J0 squared on top of
 * what stands still. */
static void people_move_a_small_part_of_a_room(void **state)
{
    static const double lag_s[] = { 0.1, 0.3, 0.5, 0.8, 1.2 };
    double doppler_hz = 0.03 / WAVELENGTH_M;

    (void)state;
    for (size_t j = 0; j < sizeof lag_s / sizeof lag_s[0]; j++) {
        double expected = pow(j0(2.0 * M_PI * doppler_hz * lag_s[j]), 2.0);
        double moving = 0.0;
        double drift = 0.0;

        for (uint64_t i = 0; i < DRAWS; i++) {
            struct qw_channel_config config = walking(first_seed() + i);
            struct qw_channel *channel;
            double complex h[2][TONES];

            config.speed_m_per_s = 0.03;
            take_profile("room", false);
            channel = open_channel(&config);
            qw_channel_link(channel, 70.0, h[0], NULL);
            qw_channel_link(channel, 70.0 + lag_s[j], h[1], NULL);
            for (size_t k = 0; k < TONES; k++) {
                double complex step = h[1][k] - h[0][k];

                drift += 0.5 * creal(step * conj(step)) / (DRAWS * TONES);
            }
            qw_channel_free(channel);
        }
        moving = qw_channel_profile_moving_power(&profile);
        assert_true(fabs(moving - 0.074) < 1e-9);
        assert_true(fabs(1.0 - drift / moving - expected) < 0.08);
    }
}

/* A cluster of a few ten degrees: the field changes slower over distance than J0. The walk's
 * direction against the cluster is random, so the mean over it is taken. */
static void narrow_clusters_reach_further_than_isotropic_waves(void **state)
{
    double distance_m = 0.3 * WAVELENGTH_M;
    double expected = 0.0;
    double measured = 0.0;

    (void)state;
    for (uint64_t i = 0; i < DRAWS; i++) {
        struct qw_channel_config config = walking(first_seed() + i);
        struct qw_channel *channel;
        struct sums sums = { 0.0, 0.0 };
        double complex h[TONES];
        double complex e[TONES];

        config.eve_distance_m = distance_m;
        take_profile("tgn-a", true);
        channel = open_channel(&config);
        for (size_t t = 0; t < 60; t++) {
            qw_channel_link(channel, 0.7 * (double)t, h, e);
            add_products(&sums, h, e);
        }
        measured += cabs(sums.cross / sums.power) / DRAWS;
        qw_channel_free(channel);
    }
    for (size_t heading = 0; heading < 360; heading++) {
        double complex sum = 0.0;

        for (size_t i = 0; i < 1000; i++) {
            double angle = qw_channel_tap_angle(&profile.tap[0], ((double)i + 0.5) / 1000.0);

            sum +=
                cexp(2.0 * M_PI * I * 0.3 * sin(angle - (double)heading * M_PI / 180.0)) / 1000.0;
        }
        expected += cabs(sum) / 360.0;
    }
    printf("tgn-a at 0.3 wavelengths: %.3f, expected %.3f, J0 %.3f\n", measured, expected,
           j0(2.0 * M_PI * 0.3));
    assert_true(fabs(measured - expected) < 0.05);
    assert_true(expected > fabs(j0(2.0 * M_PI * 0.3)) + 0.2);
}

/* Rows of two antennas at both ends: (a t) and (a' t') have J0 of the distance at either end in
 * common, and the eavesdropper's antennas stand where they are said to. */
static void antennas_have_in_common_what_their_distances_say(void **state)
{
    static const double wavelengths[] = { 0.2, 0.5 };
    static const double EVE_WAVELENGTHS = 0.1;

    (void)state;
    for (size_t j = 0; j < 2; j++) {
        double apart = j0(2.0 * M_PI * wavelengths[j]);
        double near = j0(2.0 * M_PI * EVE_WAVELENGTHS);
        double crossed = j0(2.0 * M_PI * (EVE_WAVELENGTHS + wavelengths[j]));
        double expected[4] = { 1.0, apart, apart, apart * apart };
        double heard[4] = { near, j0(2.0 * M_PI * (EVE_WAVELENGTHS - wavelengths[j])), near * apart,
                            crossed };
        struct sums link[4] = { { 0.0, 0.0 } };
        struct sums eve[4] = { { 0.0, 0.0 } };

        for (uint64_t i = 0; i < DRAWS; i++) {
            struct qw_channel_config config = walking(first_seed() + i);
            struct qw_channel *channel;
            double complex h[4 * TONES];
            double complex e[4 * TONES];

            config.access_point_antennas = 2;
            config.terminal_antennas = 2;
            config.antenna_spacing_m = wavelengths[j] * WAVELENGTH_M;
            config.eve_distance_m = EVE_WAVELENGTHS * WAVELENGTH_M;
            channel = open_channel(&config);
            qw_channel_link(channel, 1.0, h, e);
            for (size_t chain = 0; chain < 4; chain++) {
                add_products(&link[chain], h, &h[chain * TONES]);
            }
            add_products(&eve[0], h, e);
            add_products(&eve[1], h, &e[TONES]);
            add_products(&eve[2], h, &e[2 * TONES]);
            add_products(&eve[3], &h[TONES], e);
            qw_channel_free(channel);
        }
        for (size_t i = 0; i < 4; i++) {
            printf("%.1f apart, %zu: %.3f, by distance %.3f; eavesdropper %.3f, %.3f\n",
                   wavelengths[j], i, creal(link[i].cross) / link[i].power, expected[i],
                   creal(eve[i].cross) / eve[i].power, heard[i]);
            assert_true(cabs(link[i].cross / link[i].power - expected[i]) < 0.08);
            assert_true(cabs(eve[i].cross / eve[i].power - heard[i]) < 0.08);
        }
    }
}

/* Tone 0 of another band is a tone of this one. */
static void another_band_is_the_same_place_at_another_frequency(void **state)
{
    struct qw_channel_config config = walking(3);
    int16_t wide[] = { 0, 4, 10 };
    int16_t narrow[] = { -6, 0 };
    double complex h[3];
    double complex other[2];
    struct qw_channel *channel;

    (void)state;
    config.tones = wide;
    config.tone_count = 3;
    channel = open_channel(&config);
    qw_channel_link(channel, 1.0, h, NULL);
    qw_channel_free(channel);
    config.tones = narrow;
    config.tone_count = 2;
    config.offset_hz = 10.0 * QW_CHANNEL_TONE_SPACING_HZ;
    channel = open_channel(&config);
    qw_channel_link(channel, 1.0, other, NULL);
    qw_channel_free(channel);
    assert_true(cabs(other[0] - h[1]) < 1e-9);
    assert_true(cabs(other[1] - h[2]) < 1e-9);
}

static void refuses_numbers_out_of_range(void **state)
{
    struct qw_channel_profile broken;
    struct qw_channel_config bad[10];
    struct qw_channel *channel = NULL;

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        bad[i] = walking(1);
    }
    broken = profile;
    broken.tap[0].power += 0.1;
    bad[0].tone_count = 0;
    bad[1].tone_count = QW_CHANNEL_TONES_MAX + 1;
    bad[2].profile = &broken;
    bad[3].speed_m_per_s = -1.0;
    bad[4].speed_m_per_s = (double)NAN;
    bad[5].eve_distance_m = -0.1;
    bad[6].terminal_antennas = QW_CHANNEL_CHAINS_MAX + 1;
    bad[7].access_point_antennas = 2;
    bad[7].terminal_antennas = 3;
    bad[8].antenna_spacing_m = -0.1;
    bad[9].offset_hz = (double)NAN;
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(qw_channel_new(&bad[i], &channel), QW_ERR_ARG);
        assert_null(channel);
    }
    qw_channel_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_power_is_one),
        cmocka_unit_test(correlation_over_distance_is_that_of_isotropic_waves),
        cmocka_unit_test(correlation_over_time_is_that_of_isotropic_waves),
        cmocka_unit_test(correlation_over_frequency_is_that_of_the_delay_profile),
        cmocka_unit_test(correlation_over_frequency_is_that_of_the_published_profile),
        cmocka_unit_test(one_tap_is_rayleigh_or_rician),
        cmocka_unit_test(people_move_a_small_part_of_a_room),
        cmocka_unit_test(narrow_clusters_reach_further_than_isotropic_waves),
        cmocka_unit_test(the_first_tap_has_the_wanted_steady_part),
        cmocka_unit_test(nothing_moves_at_speed_zero),
        cmocka_unit_test(old_waves_say_nothing_about_new_ones),
        cmocka_unit_test(the_value_depends_on_the_time_alone),
        cmocka_unit_test(antennas_have_in_common_what_their_distances_say),
        cmocka_unit_test(another_band_is_the_same_place_at_another_frequency),
        cmocka_unit_test(refuses_numbers_out_of_range),
    };

    printf("seed %llu (QW_TEST_SEED)\n", (unsigned long long)first_seed());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
