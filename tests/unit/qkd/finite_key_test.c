/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/finite_key.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A block of a short link: errors 2 % everywhere. */
static struct qw_finite_key_input one_decoy_input(void)
{
    return (struct qw_finite_key_input){
        .source = { 2, { 0.5, 0.15 }, { 0.7, 0.3 } },
        .x = { { 8.0e6, 1.1e6 }, { 1.6e5, 2.2e4 } },
        .z = { { 1.0e5, 1.35e4 }, { 2.0e3, 2.7e2 } },
        .leaked_bits = 1.4e6,
        .epsilon_secrecy = 1e-12,
        .epsilon_correctness = 1e-12,
    };
}

static struct qw_finite_key key_of(const struct qw_finite_key_method *method,
                                   const struct qw_finite_key_input *input)
{
    struct qw_finite_key key;

    assert_int_equal(qw_finite_key_evaluate(method, input, &key), QW_OK);
    return key;
}

static void a_block_gives_a_key_and_its_account(void **state)
{
    struct qw_finite_key_input input = one_decoy_input();
    struct qw_finite_key key = key_of(&qw_finite_key_one_decoy, &input);
    double rest = key.single_x * (1 - qw_binary_entropy(key.phase_error_rate)) - key.leaked_bits -
                  key.verification_bits - key.composition_bits;

    (void)state;
    assert_true(key.secret_bits > 0);
    assert_true(key.secret_bits == (uint64_t)floor(rest));
    assert_true(key.single_x < 9.1e6 && key.single_x > 0);
    assert_true(key.phase_error_rate > 0.02 && key.phase_error_rate < 0.5);
    assert_true(fabs(key.epsilon_term * key.terms / 1e-12 - 1) < 1e-9);
}

static void each_bit_that_leaks_is_a_bit_less(void **state)
{
    struct qw_finite_key_input input = one_decoy_input();
    uint64_t bits = key_of(&qw_finite_key_one_decoy, &input).secret_bits;
    double by_formula = log2(2 / input.epsilon_correctness);

    (void)state;
    input.leaked_bits += 1000;
    assert_int_equal(key_of(&qw_finite_key_one_decoy, &input).secret_bits, bits - 1000);
    input.verification_bits = by_formula + 72;
    assert_int_equal(key_of(&qw_finite_key_one_decoy, &input).secret_bits, bits - 1072);
    input.leaked_bits = 1e9;
    assert_int_equal(key_of(&qw_finite_key_one_decoy, &input).secret_bits, 0);
}

static void a_decoy_as_bright_as_the_signal_gives_no_key(void **state)
{
    struct qw_finite_key_input input = one_decoy_input();

    (void)state;
    input.source.mean_photons[1] = 0.5;
    assert_int_equal(key_of(&qw_finite_key_one_decoy, &input).secret_bits, 0);
    input.source.mean_photons[1] = 0.6;
    assert_int_equal(key_of(&qw_finite_key_one_decoy, &input).secret_bits, 0);
    assert_int_equal(key_of(&qw_finite_key_one_decoy_asymptotic, &input).secret_bits, 0);
}

static void two_decoys_need_their_order(void **state)
{
    static const double orders[][3] = { { 0.5, 0.3, 0.3 }, { 0.5, 0.4, 0.2 }, { 0.1, 0.5, 0 } };
    struct qw_finite_key_input input = {
        .source = { 3, { 0.5, 0.1, 2e-4 }, { 0.7, 0.2, 0.1 } },
        .x = { { 8e6, 5e5, 1e3 }, { 8e4, 5e3, 400 } },
        .z = { { 1e6, 6e4, 150 }, { 1e4, 6e2, 50 } },
        .leaked_bits = 8e5,
        .epsilon_secrecy = 1e-10,
        .epsilon_correctness = 1e-15,
    };

    (void)state;
    assert_true(key_of(&qw_finite_key_lim, &input).secret_bits > 0);
    for (size_t i = 0; i < 3; i++) {
        memcpy(input.source.mean_photons, orders[i], sizeof orders[i]);
        assert_int_equal(key_of(&qw_finite_key_lim, &input).secret_bits, 0);
    }
}

static void an_empty_block_and_one_full_of_errors_give_no_key(void **state)
{
    struct qw_finite_key_input input = one_decoy_input();
    struct qw_finite_key key;

    (void)state;
    memcpy(input.z.errors, input.z.clicks, sizeof input.z.errors);
    key = key_of(&qw_finite_key_one_decoy, &input);
    assert_true(key.secret_bits == 0 && key.phase_error_rate == 0.5);
    memset(&input.z, 0, sizeof input.z);
    key = key_of(&qw_finite_key_one_decoy, &input);
    assert_true(key.secret_bits == 0 && key.single_z == 0);
    memset(&input.x, 0, sizeof input.x);
    key = key_of(&qw_finite_key_one_decoy, &input);
    assert_true(key.secret_bits == 0 && key.single_x == 0 && key.vacuum_x == 0);
}

/* Law: bounds never leave 0..n, whatever the counts. */
static void bounds_stay_within_the_clicks(void **state)
{
    struct qw_finite_key_input input = one_decoy_input();

    (void)state;
    for (double scale = 1e-7; scale < 1e6; scale *= 3) {
        struct qw_finite_key_input scaled = input;
        struct qw_finite_key key;

        for (int k = 0; k < 2; k++) {
            scaled.x.clicks[k] *= scale;
            scaled.x.errors[k] *= scale;
            scaled.z.clicks[k] *= scale;
            scaled.z.errors[k] *= scale;
        }
        key = key_of(&qw_finite_key_one_decoy, &scaled);
        assert_true(key.single_x >= 0 && key.single_x <= qw_decoy_sum(scaled.x.clicks, 2));
        assert_true(key.vacuum_x >= 0 && key.vacuum_x <= qw_decoy_sum(scaled.x.clicks, 2));
        assert_true(key.single_errors_z >= 0);
        assert_true(key.phase_error_rate >= 0 && key.phase_error_rate <= 0.5);
    }
}

static void refuses_what_is_no_count(void **state)
{
    static const double wrong[] = { NAN, INFINITY, -1 };
    struct qw_finite_key key = { .secret_bits = 77 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct qw_finite_key_input input = one_decoy_input();
        double *const fields[] = { &input.source.mean_photons[1],
                                   &input.source.share[0],
                                   &input.x.clicks[0],
                                   &input.x.errors[1],
                                   &input.z.clicks[1],
                                   &input.z.errors[0],
                                   &input.leaked_bits,
                                   &input.verification_bits,
                                   &input.epsilon_secrecy,
                                   &input.epsilon_correctness,
                                   &input.known_single_x,
                                   &input.known_single_error_rate };

        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
            double right = *fields[f];

            *fields[f] = wrong[i];
            assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_one_decoy, &input, &key),
                             QW_ERR_ARG);
            *fields[f] = right;
        }
    }
    assert_int_equal(key.secret_bits, 77);
}

static void refuses_counts_and_sources_that_cannot_be(void **state)
{
    struct qw_finite_key_input input = one_decoy_input();
    struct qw_finite_key key;

    (void)state;
    input.z.errors[1] = input.z.clicks[1] + 1;
    assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_one_decoy, &input, &key), QW_ERR_ARG);
    input = one_decoy_input();
    input.source.share[0] = 0.6;
    assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_one_decoy, &input, &key), QW_ERR_ARG);
    input = one_decoy_input();
    assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_lim, &input, &key), QW_ERR_ARG);
    input.source.count = 4;
    assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_one_decoy, &input, &key), QW_ERR_ARG);
    input = one_decoy_input();
    input.epsilon_secrecy = 1;
    assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_one_decoy, &input, &key), QW_ERR_ARG);
}

static void methods_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(qw_finite_key_find("one-decoy"), &qw_finite_key_one_decoy);
    assert_ptr_equal(qw_finite_key_find("lim"), &qw_finite_key_lim);
    assert_ptr_equal(qw_finite_key_find("asymptotic"), &qw_finite_key_asymptotic);
    assert_null(qw_finite_key_find("rusca"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_gives_a_key_and_its_account),
        cmocka_unit_test(each_bit_that_leaks_is_a_bit_less),
        cmocka_unit_test(a_decoy_as_bright_as_the_signal_gives_no_key),
        cmocka_unit_test(two_decoys_need_their_order),
        cmocka_unit_test(an_empty_block_and_one_full_of_errors_give_no_key),
        cmocka_unit_test(bounds_stay_within_the_clicks),
        cmocka_unit_test(refuses_what_is_no_count),
        cmocka_unit_test(refuses_counts_and_sources_that_cannot_be),
        cmocka_unit_test(methods_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
