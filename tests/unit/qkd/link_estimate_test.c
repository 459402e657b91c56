/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/link/estimate.h"

#include "link_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Gain 10 %, errors 2 %, intensities 0.5 and 0.15 of shares 0.6 and 0.4. */
static struct qw_qkd_estimate estimate_of(double ratio)
{
    struct qw_qkd_estimate e = { .qber_z = 0.02, .gain = 0.1, .qber_ppm = 20000 };

    e.x = (struct qw_decoy_counts){ { 60000, 40000 * ratio }, { 0 } };
    e.z = (struct qw_decoy_counts){ { 60000, 40000 * ratio }, { 1200, 800 * ratio } };
    return e;
}

static void light_through_a_fibre_is_plausible(void **state)
{
    struct qw_qkd_terms terms = pair_terms();

    (void)state;
    for (double ratio = 0.3; ratio <= 1; ratio += 0.1) {
        struct qw_qkd_estimate e = estimate_of(ratio);

        assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_NONE);
    }
}

static void clicks_that_no_light_makes_are_not(void **state)
{
    static const double ratios[] = { 0, 0.1, 0.28, 1.05, 3 };
    struct qw_qkd_terms terms = pair_terms();

    (void)state;
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        struct qw_qkd_estimate e = estimate_of(ratios[i]);

        assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_DECOY);
    }
}

static void each_limit_has_its_reason(void **state)
{
    struct qw_qkd_terms terms = pair_terms();
    struct qw_qkd_estimate e = estimate_of(0.3);

    (void)state;
    e.qber_z = 0.0801;
    assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_QBER);
    e = estimate_of(0.3);
    e.z = (struct qw_decoy_counts){ { 70, 29 }, { 0 } };
    assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_TOO_FEW);
    e = estimate_of(0.3);
    terms.expected_gain = 100000000000;
    terms.gain_tolerance_ppm = 50000;
    assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_NONE);
    e.gain = 0.1051;
    assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_GAIN);
    e.gain = 0.0949;
    assert_int_equal(qw_qkd_estimate_judge(&e, &terms), QW_QKD_GAIN);
}

static void counts_come_from_both_strings(void **state)
{
    struct qw_qkd_sifted *s = NULL;
    struct qw_qkd_estimate e;
    const uint8_t peer[] = { 0xb0 }; /* against 0xa0: bit 3 differs */

    (void)state;
    assert_int_equal(qw_qkd_sifted_new(8, 8, &s), QW_OK);
    s->x_count = 2;
    s->x_intensity[1] = 1;
    s->z_count = 4;
    s->z_bits[0] = 0xa0;
    s->z_intensity[3] = 1;
    s->clicks = 20;
    s->first_pulse = 1000;
    s->last_pulse = 1199;
    qw_qkd_estimate_of(s, peer, 2, &e);
    assert_true(e.x.clicks[0] == 1 && e.x.clicks[1] == 1);
    assert_true(e.z.clicks[0] == 3 && e.z.clicks[1] == 1);
    assert_true(e.z.errors[0] == 0 && e.z.errors[1] == 1);
    assert_true(e.qber_z == 0.25 && e.gain == 0.1);
    assert_int_equal(e.qber_ppm, 250000);
    qw_qkd_estimate_of(s, s->z_bits, 2, &e);
    assert_int_equal(e.qber_ppm, QW_QKD_QBER_MIN_PPM);
    qw_qkd_sifted_free(s);
}

static void an_account_refuses_counts_that_cannot_be(void **state)
{
    struct qw_qkd_terms terms = pair_terms();
    struct qw_qkd_estimate e = estimate_of(0.3);
    struct qw_finite_key key = { .secret_bits = 7 };
    const uint32_t too_many[QW_DECOY_INTENSITIES_MAX] = { 60001, 0, 0 };
    const uint32_t some[QW_DECOY_INTENSITIES_MAX] = { 1200, 240, 0 };

    (void)state;
    assert_int_equal(qw_qkd_estimate_key(&e, &terms, too_many, 1000, &key), QW_ERR_ARG);
    assert_int_equal(key.secret_bits, 7);
    assert_int_equal(qw_qkd_estimate_key(&e, &terms, some, 12000, &key), QW_OK);
    assert_true(key.verification_bits == 72 && key.leaked_bits == 12000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_through_a_fibre_is_plausible),
        cmocka_unit_test(clicks_that_no_light_makes_are_not),
        cmocka_unit_test(each_limit_has_its_reason),
        cmocka_unit_test(counts_come_from_both_strings),
        cmocka_unit_test(an_account_refuses_counts_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
