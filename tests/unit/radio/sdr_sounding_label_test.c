/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/sdr/sounding_label.h"

#include <math.h>
#include <stdlib.h>

enum { WIFI = 3 }; /* carriers of Wi-Fi, first in the table */

static void every_label_comes_back_from_its_bits(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 65536; value++) {
        struct qw_sounding_label label = { .number = (uint16_t)(value & 0xfff),
                                           .station = (uint8_t)(value >> 12) };
        struct qw_sounding_label back = { 0 };

        assert_true(qw_sounding_label_decode(qw_sounding_label_encode(&label), &back));
        assert_int_equal(back.number, label.number);
        assert_int_equal(back.station, label.station);
    }
}

static void one_wrong_bit_or_two_are_no_label(void **state)
{
    struct qw_sounding_label label = { .number = 0x5a7, .station = 9 };
    struct qw_sounding_label back = { .number = 1, .station = 2 };
    uint32_t bits = qw_sounding_label_encode(&label);

    (void)state;
    for (unsigned a = 0; a < 32; a++) {
        assert_false(qw_sounding_label_decode(bits ^ (uint32_t)1 << a, &back));
        for (unsigned b = 0; b < a; b++) {
            assert_false(
                qw_sounding_label_decode(bits ^ (uint32_t)1 << a ^ (uint32_t)1 << b, &back));
        }
    }
    assert_false(qw_sounding_label_decode(0, &back));
    assert_false(qw_sounding_label_decode(UINT32_MAX, &back));
    assert_int_equal(back.number, 1);
    assert_int_equal(back.station, 2);
}

/* The layout of docs/design/sdr.md; the check of 16 zero bits from 0xFFFF with polynomial 0x1021
 * is 0x1D0F, as tables of the common CRC have it for two zero bytes. */
static void the_bits_are_those_of_the_page(void **state)
{
    struct qw_sounding_label zero = { 0 };
    struct qw_sounding_label one = { .number = 0xabc, .station = 0xd };

    (void)state;
    assert_int_equal(qw_sounding_label_encode(&zero), UINT32_C(0x1d0f0000));
    assert_int_equal(qw_sounding_label_encode(&one) & 0xffff, 0xdabc);
}

struct bench {
    struct qw_sounding sounding;
    struct qw_dft *dft;
    double complex *work;
    float complex *sample;
    size_t count;
    double complex tone[QW_SOUNDING_TONES_MAX];
};

static void bench_open(struct bench *bench, const struct qw_carrier *carrier)
{
    qw_sounding_of(carrier, &bench->sounding);
    bench->count = qw_sounding_labelled_samples(&bench->sounding);
    bench->work = calloc(bench->sounding.size, sizeof *bench->work);
    bench->sample = calloc(bench->count, sizeof *bench->sample);
    assert_non_null(bench->work);
    assert_non_null(bench->sample);
    assert_int_equal(qw_dft_new(bench->sounding.size, &bench->dft), QW_OK);
    for (size_t k = 0; k < bench->sounding.tone_count; k++) { /* a channel of one path */
        bench->tone[k] = 1.0 / sqrt((double)bench->sounding.tone_count);
    }
}

static void bench_close(struct bench *bench)
{
    qw_dft_free(bench->dft);
    free(bench->work);
    free(bench->sample);
}

static void a_frame_has_power_one_and_its_label_is_read(void **state)
{
    (void)state;
    for (size_t c = 0; c < WIFI; c++) {
        struct bench bench;
        struct qw_sounding_label label = { .number = 4095, .station = 15 };
        struct qw_sounding_label back = { 0 };
        size_t training;
        double power = 0.0;

        bench_open(&bench, &qw_carriers[c]);
        training = qw_sounding_samples(&bench.sounding);
        qw_sounding_frame_make(&bench.sounding, bench.dft, &label, bench.work, bench.sample);
        for (size_t i = 0; i < training; i++) {
            power += pow(cabs((double complex)bench.sample[i]), 2.0) / (double)training;
        }
        assert_true(fabs(power - 1.0) < 0.15);
        assert_true(qw_sounding_label_read(&bench.sounding, bench.dft, bench.sample, 0.0,
                                           bench.tone, bench.work, &back));
        assert_int_equal(back.number, 4095);
        assert_int_equal(back.station, 15);
        bench_close(&bench);
    }
}

/* False labels are one in 65536 of random bits: of 2000 readings of noise, four or more with a
 * probability of 4e-8. */
static void noise_has_no_label(void **state)
{
    struct bench bench;
    struct qw_sounding_label back;
    struct qw_prng prng;
    int read = 0;

    (void)state;
    bench_open(&bench, &qw_carriers[0]);
    qw_prng_init(&prng, 3, 1);
    for (int run = 0; run < 2000; run++) {
        for (size_t i = 0; i < bench.count; i++) {
            bench.sample[i] =
                (float)qw_prng_gaussian(&prng) + (float complex)I * (float)qw_prng_gaussian(&prng);
        }
        read += qw_sounding_label_read(&bench.sounding, bench.dft, bench.sample, 0.0, bench.tone,
                                       bench.work, &back)
                    ? 1
                    : 0;
    }
    assert_true(read < 4);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_comes_back_from_its_bits),
        cmocka_unit_test(one_wrong_bit_or_two_are_no_label),
        cmocka_unit_test(the_bits_are_those_of_the_page),
        cmocka_unit_test(a_frame_has_power_one_and_its_label_is_read),
        cmocka_unit_test(noise_has_no_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
