/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W13 */
/* The known waveform of every carrier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/carrier/dft.h"
#include "radio/carrier/sounding.h"

#include <math.h>
#include <stdlib.h>

static double amplitude(double complex value)
{
    return hypot(creal(value), cimag(value));
}

static void every_tone_of_the_measured_field_is_sent_at_amplitude_one(void **state)
{
    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        struct qw_sounding *sounding = calloc(1, sizeof *sounding);
        const struct qw_sounding_field *field;

        assert_non_null(sounding);
        qw_sounding_of(carrier, sounding);
        field = &sounding->field[sounding->field_count - 1];
        for (size_t k = 0; k < sounding->tone_count; k++) {
            assert_true(fabs(amplitude(field->training[k]) - 1.0) < 1e-12);
        }
        free(sounding);
    }
}

static void times_are_those_of_the_standards(void **state)
{
    static const double length_us[QW_CARRIERS] = { 8.0, 12.0, 12.0, 71.35, 35.68 };
    static const double rate_mhz[QW_CARRIERS] = { 20.0, 40.0, 80.0, 30.72, 61.44 };

    (void)state;
    for (size_t i = 0; i < QW_CARRIERS; i++) {
        struct qw_sounding *sounding = calloc(1, sizeof *sounding);

        assert_non_null(sounding);
        qw_sounding_of(&qw_carriers[i], sounding);
        assert_true(fabs(1e-6 * sounding->rate_hz - rate_mhz[i]) < 1e-9);
        assert_true(fabs(1e6 * (double)qw_sounding_samples(sounding) / sounding->rate_hz -
                         length_us[i]) < 0.01);
        assert_true(qw_sounding_samples(sounding) <= QW_SOUNDING_SAMPLES_MAX);
        free(sounding);
    }
}

/* [W9] Ten periods of a quarter of the symbol, of the same power as the long training, in 20 MHz
 * only. */
static void the_lead_has_the_power_of_the_training(void **state)
{
    struct qw_sounding *sounding = calloc(1, sizeof *sounding);

    (void)state;
    assert_non_null(sounding);
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        size_t place[QW_CSI_EARLY_CHAIN_MAX];
        size_t early = qw_csi_format_early(carrier->format, place);
        size_t count = 0;
        double power = 0.0;

        qw_sounding_of(carrier, sounding);
        assert_int_equal(sounding->lead_samples, 0);
        assert_int_equal(qw_sounding_lead(sounding), !carrier->is_cellular);
        assert_int_equal(sounding->lead_samples,
                         carrier->is_cellular ? 0 : 8e-6 * sounding->rate_hz);
        for (size_t k = 0; !carrier->is_cellular && k < sounding->tone_count; k++) {
            double complex value = qw_sounding_lead_at(carrier->format, sounding->tones[k]);

            power += creal(value * conj(value));
            if (creal(value) != 0.0) {
                assert_int_equal(sounding->tones[k] % 4, 0);
                assert_int_equal(place[count++], k);
            }
        }
        assert_int_equal(count, early);
        assert_true(fabs(power - 13.0 / 3.0 * (double)early) < 1e-9);
    }
    free(sounding);
}

/* Training was chosen to be flat in time: a wrong sign somewhere would show. */
static void peaks_stay_low(void **state)
{
    static const double most_db[QW_CARRIERS] = { 3.2, 5.5, 6.5, 2.7, 2.7 };

    (void)state;
    for (size_t i = 0; i < QW_CARRIERS; i++) {
        struct qw_sounding *sounding = calloc(1, sizeof *sounding);
        double complex *wave = calloc(QW_DFT_SIZE_MAX, sizeof *wave);
        const struct qw_sounding_field *field;
        struct qw_dft *dft = NULL;
        double peak = 0.0;

        assert_true(sounding != NULL && wave != NULL);
        qw_sounding_of(&qw_carriers[i], sounding);
        field = &sounding->field[sounding->field_count - 1];
        assert_int_equal(qw_dft_new(sounding->size, &dft), QW_OK);
        for (size_t k = 0; k < sounding->tone_count; k++) {
            int number = sounding->tones[k];

            wave[number < 0 ? number + (int)sounding->size : number] = field->training[k];
        }
        qw_dft_backward(dft, wave);
        for (size_t n = 0; n < sounding->size; n++) {
            peak = fmax(peak, amplitude(wave[n]));
        }
        assert_true(10.0 * log10(peak * peak / (double)sounding->tone_count) < most_db[i]);
        qw_dft_free(dft);
        free(wave);
        free(sounding);
    }
}

/* The lower half of HT-LTF between the L-LTFs that it is made of. */
static void wide_training_holds_that_of_20_mhz(void **state)
{
    struct qw_sounding *narrow = calloc(1, sizeof *narrow);
    struct qw_sounding *wide = calloc(1, sizeof *wide);

    (void)state;
    assert_true(narrow != NULL && wide != NULL);
    qw_sounding_of(qw_carrier_find("wifi20"), narrow);
    qw_sounding_of(qw_carrier_find("wifi40"), wide);
    for (size_t k = 0; k < 26; k++) {
        assert_true(creal(wide->field[1].training[k]) == creal(narrow->field[0].training[k]));
        assert_true(cimag(wide->field[1].training[113 - k]) ==
                    creal(narrow->field[0].training[51 - k])); /* turned by j */
        assert_true(creal(wide->field[0].training[k]) == creal(narrow->field[0].training[k]));
        assert_true(cimag(wide->field[0].training[113 - k]) ==
                    creal(narrow->field[0].training[51 - k]));
    }
    free(narrow);
    free(wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tone_of_the_measured_field_is_sent_at_amplitude_one),
        cmocka_unit_test(times_are_those_of_the_standards),
        cmocka_unit_test(the_lead_has_the_power_of_the_training),
        cmocka_unit_test(peaks_stay_low),
        cmocka_unit_test(wide_training_holds_that_of_20_mhz),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
