/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/capacity.h"
#include "radio/channel.h"
#include "radio/symmetric_eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fail_at, allocations;

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

static double noise_of(double snr_db)
{
    return pow(10.0, -snr_db / 10.0);
}

static struct qw_capacity_noise at_snr(double snr_db)
{
    return (struct qw_capacity_noise){ .noise = noise_of(snr_db), .eve_noise = noise_of(40.0) };
}

/* Design figures of one coefficient: log2(1 + snr^2 / (1 + 2 snr)). */
static void one_coefficient_holds_what_the_formula_says(void **state)
{
    static const double snr_db[] = { 10, 15, 20, 25, 30 };
    static const double bits[] = { 2.53, 4.05, 5.67, 7.31, 8.97 };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct qw_capacity_noise noise = at_snr(snr_db[i]);
        double snr = 1.0 / noise.noise;
        double found = qw_capacity_mode_bits(1.0, &noise);

        assert_true(fabs(found - log2(1.0 + snr * snr / (1.0 + 2.0 * snr))) < 1e-9);
        assert_true(fabs(found - bits[i]) < 0.0051);
    }
}

/* Share that a listener at 40 dB leaves at 20 dB. */
static void a_correlated_listener_leaves_the_published_share(void **state)
{
    static const double correlation[] = { 0.5, 0.7, 0.9, 0.95, 0.99 };
    static const double percent[] = { 93, 83, 59, 44, 15 };
    static const double wavelengths[] = { 0.05, 0.1, 0.2 };
    static const double near_percent[] = { 30, 58, 87 };
    struct qw_capacity_noise noise = at_snr(20.0);
    double alone = qw_capacity_mode_bits(1.0, &noise);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        noise.eve_correlation = correlation[i];
        assert_true(fabs(100.0 * qw_capacity_mode_bits(1.0, &noise) / alone - percent[i]) < 0.9);
        noise.eve_correlation = -correlation[i];
        assert_true(fabs(100.0 * qw_capacity_mode_bits(1.0, &noise) / alone - percent[i]) < 0.9);
    }
    for (size_t i = 0; i < 3; i++) {
        noise.eve_correlation = j0(2.0 * M_PI * wavelengths[i]);
        assert_true(fabs(100.0 * qw_capacity_mode_bits(1.0, &noise) / alone - near_percent[i]) <
                    0.9);
    }
    noise.eve_correlation = 1.0; /* only her 40 dB differ from knowing everything */
    assert_true(qw_capacity_mode_bits(1.0, &noise) < 0.02 * alone);
    assert_true(qw_capacity_mode_bits(0.0, &noise) == 0.0);
}

enum { WIDE_MAX = 600 };

/* Tones side by side, without the gap around the carrier, as in the design page. */
static double fresh_exponential(size_t count, double spacing_hz, double spread_s, double snr_db,
                                size_t *useful)
{
    double complex *matrix = calloc(count * count, sizeof *matrix);
    double *value = calloc(count, sizeof *value);
    struct qw_capacity_noise noise = at_snr(snr_db);
    double bits;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            double apart_hz = spacing_hz * ((double)i - (double)k);

            matrix[i * count + k] = 1.0 / (1.0 + 2.0 * M_PI * I * apart_hz * spread_s);
        }
    }
    assert_int_equal(qw_hermitian_eigenvalues(matrix, count, value), QW_OK);
    bits = qw_capacity_fresh_bits(value, count, &noise);
    *useful = 0;
    for (size_t i = 0; i < count; i++) {
        *useful += pow(value[i] / (value[i] + noise.noise), 2.0) > 0.5 ? 1 : 0;
    }
    free(matrix);
    free(value);
    return bits;
}

struct row {
    double spacing_hz, spread_s;
    size_t count;
    const char *kind; /* NULL: continuous exponential profile */
    double bits[4];   /* at 10, 15, 20, 25 dB */
    size_t useful;    /* modes at 20 dB */
    double digits;    /* of the figures */
};

/* Design figures per fresh probe; each to its own last digit. */
static const struct row rows[] = {
    { 312.5e3, 15e-9, 52, NULL, { 14.9, 20.3, 26.5, 33.6 }, 4, 0.06 },
    { 312.5e3, 50e-9, 52, NULL, { 25.9, 36.8, 49.9, 64.9 }, 8, 0.06 },
    { 312.5e3, 15e-9, 242, NULL, { 50, 67, 87, 110 }, 13, 0.6 },
    { 312.5e3, 50e-9, 242, NULL, { 104, 147, 198, 256 }, 32, 0.6 },
    { 120e3, 30e-9, 318, "tdl-a", { 47, 62, 78, 95 }, 10, 0.6 },
    { 120e3, 300e-9, 318, "tdl-c", { 88, 120, 153, 187 }, 20, 0.6 },
    { 30e3, 300e-9, 576, "tdl-c", { 92, 122, 153, 185 }, 19, 0.6 },
};

static double fresh_tapped(const struct row *row, double snr_db, size_t *useful)
{
    struct qw_channel_profile_options options = { .delay_spread_s = row->spread_s,
                                                  .rice_factor = -1.0 };
    struct qw_capacity_noise noise = at_snr(snr_db);
    struct qw_channel_profile profile;
    double value[QW_CHANNEL_TAPS_MAX];
    int16_t tones[WIDE_MAX];

    for (size_t i = 0; i < row->count; i++) {
        tones[i] = (int16_t)i;
    }
    assert_int_equal(qw_channel_profile_of(qw_channel_kind_find(row->kind), &options, &profile),
                     QW_OK);
    assert_int_equal(qw_capacity_eigenvalues(&profile, tones, row->count, row->spacing_hz, value),
                     QW_OK);
    *useful = 0;
    for (size_t i = 0; i < profile.tap_count; i++) {
        *useful += pow(value[i] / (value[i] + noise.noise), 2.0) > 0.5 ? 1 : 0;
    }
    return qw_capacity_fresh_bits(value, profile.tap_count, &noise);
}

static void a_fresh_probe_holds_what_the_design_page_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t j = 0; j < 4; j++) {
            double snr_db = 10.0 + 5.0 * (double)j;
            size_t useful;
            double bits = rows[i].kind == NULL
                              ? fresh_exponential(rows[i].count, rows[i].spacing_hz,
                                                  rows[i].spread_s, snr_db, &useful)
                              : fresh_tapped(&rows[i], snr_db, &useful);

            print_message("%zu tones, %.0f ns, %.0f dB: %.2f bits, %zu modes\n", rows[i].count,
                          rows[i].spread_s * 1e9, snr_db, bits, useful);
            assert_true(fabs(bits - rows[i].bits[j]) < rows[i].digits);
            assert_true(j != 2 || useful == rows[i].useful);
        }
    }
}

static struct qw_channel_profile profile;
static int16_t tones[52];

static struct qw_capacity_probing walking(const char *kind, bool has_clusters, double interval_s)
{
    struct qw_channel_profile_options options = { .rice_factor = -1.0,
                                                  .has_clusters = has_clusters };

    for (int i = 0; i < 52; i++) {
        tones[i] = (int16_t)(i < 26 ? i - 26 : i - 25);
    }
    assert_int_equal(qw_channel_profile_of(qw_channel_kind_find(kind), &options, &profile), QW_OK);
    return (struct qw_capacity_probing){ .profile = &profile,
                                         .tones = tones,
                                         .tone_count = 52,
                                         .spacing_hz = QW_CHANNEL_TONE_SPACING_HZ,
                                         .carrier_hz = QW_CHANNEL_CARRIER_HZ,
                                         .speed_m_per_s = 1.5,
                                         .interval_s = interval_s };
}

/* The other way: eigenvalues of J0 over a session of 300 probes times those over the tones. */
static void dependent_probes_hold_what_their_covariance_says(void **state)
{
    enum { PROBES = 300 };
    static const double interval_s[] = { 0.005, 0.010, 0.020, 0.050 };
    struct qw_capacity_noise noise = at_snr(20.0);
    double value[QW_CHANNEL_TAPS_MAX];
    double *over_time = calloc(PROBES * PROBES, sizeof *over_time);

    (void)state;
    noise.eve_correlation = 0.7;
    for (size_t t = 0; t < 4; t++) {
        struct qw_capacity_probing probing = walking("tgn-d", false, interval_s[t]);
        double turns = 1.5 * QW_CHANNEL_CARRIER_HZ / QW_CHANNEL_LIGHT_M_PER_S * interval_s[t];
        double mu[PROBES];
        double direct = 0.0;
        double bits;

        for (size_t i = 0; i < PROBES; i++) {
            for (size_t k = 0; k < PROBES; k++) {
                over_time[i * PROBES + k] = j0(2.0 * M_PI * turns * fabs((double)i - (double)k));
            }
        }
        assert_int_equal(qw_symmetric_eigenvalues(over_time, PROBES, mu), QW_OK);
        assert_int_equal(
            qw_capacity_eigenvalues(&profile, tones, 52, QW_CHANNEL_TONE_SPACING_HZ, value), QW_OK);
        for (size_t i = 0; i < PROBES; i++) {
            for (size_t k = 0; k < profile.tap_count; k++) {
                direct += qw_capacity_mode_bits(value[k] * mu[i], &noise) / PROBES;
            }
        }
        assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits), QW_OK);
        print_message("every %.0f ms: %.2f, by 300 probes %.2f\n", 1e3 * interval_s[t], bits,
                      direct);
        assert_true(fabs(bits - direct) < 0.03 * direct);
    }
    free(over_time);
}

/* Laws: rarer probes hold no less; clusters hold less than the same taps from everywhere; what
 * stands still holds nothing; at long intervals a probe is fresh. */
static void probes_obey_their_laws(void **state)
{
    struct qw_capacity_noise noise = at_snr(20.0);
    double bits[4];
    double value[QW_CHANNEL_TAPS_MAX];
    struct qw_capacity_probing probing = walking("tgn-d", false, 0.005);

    (void)state;
    assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits[0]), QW_OK);
    probing.interval_s = 0.010;
    assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits[1]), QW_OK);
    probing.interval_s = 3.0;
    assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits[2]), QW_OK);
    assert_true(bits[0] < bits[1] && bits[1] < bits[2]);
    assert_int_equal(
        qw_capacity_eigenvalues(&profile, tones, 52, QW_CHANNEL_TONE_SPACING_HZ, value), QW_OK);
    assert_true(fabs(bits[2] / qw_capacity_fresh_bits(value, profile.tap_count, &noise) - 1.0) <
                0.02);
    probing = walking("tgn-d", true, 0.010);
    assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits[3]), QW_OK);
    assert_true(bits[3] < bits[1] && bits[3] > 0.0);
    probing.speed_m_per_s = 0.0;
    assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits[3]), QW_OK);
    assert_true(bits[3] == 0.0);
    probing = walking("room", false, 0.5);
    probing.speed_m_per_s = 0.03;
    assert_int_equal(qw_capacity_probe_bits(&probing, &noise, &bits[3]), QW_OK);
    assert_true(bits[3] > 5.0 && bits[3] < bits[2]);
}

static void refuses_numbers_out_of_range(void **state)
{
    struct qw_capacity_noise noise = at_snr(20.0);
    double bits = 7.0;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct qw_capacity_probing probing = walking("tgn-d", false, 0.02);
        struct qw_capacity_noise bad = noise;

        switch (i) {
        case 0:
            probing.interval_s = 0.0;
            break;
        case 1:
            probing.speed_m_per_s = -1.0;
            break;
        case 2:
            probing.tone_count = 0;
            break;
        case 3:
            bad.noise = 0.0;
            break;
        case 4:
            bad.eve_correlation = 1.1;
            break;
        default:
            bad.eve_correlation = 0.5;
            bad.eve_noise = 0.0;
            break;
        }
        assert_int_equal(qw_capacity_probe_bits(&probing, &bad, &bits), QW_ERR_ARG);
    }
    assert_true(bits == 7.0);
}

static void says_when_memory_is_short(void **state)
{
    struct qw_capacity_probing probing = walking("tgn-d", false, 0.02);
    struct qw_capacity_noise noise = at_snr(20.0);
    qw_err err = QW_ERR_NOMEM;
    double bits;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        allocations = 0;
        err = qw_capacity_probe_bits(&probing, &noise, &bits);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_coefficient_holds_what_the_formula_says),
        cmocka_unit_test(a_correlated_listener_leaves_the_published_share),
        cmocka_unit_test(a_fresh_probe_holds_what_the_design_page_says),
        cmocka_unit_test(dependent_probes_hold_what_their_covariance_says),
        cmocka_unit_test(probes_obey_their_laws),
        cmocka_unit_test(refuses_numbers_out_of_range),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
