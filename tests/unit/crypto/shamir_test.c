/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 S1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/share/shamir.h"

#include "support/fail_nth.h"

#include <stdlib.h>
#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

enum { LEN = QW_SHAMIR_SECRET_MAX, MOST = QW_SHAMIR_SHARES_MAX };
static const uint8_t secret[LEN] = "thirty-two bytes of a master key";

/* 0x2a + 0x57 x + 0x02 x^2, worked out by hand: 0x57 * 2 = 0xae, 0x57 * 3 = 0xf9,
 * 0x02 * (2 * 2) = 0x08, 0x02 * (3 * 3) = 0x0a. */
static void shares_are_the_values_of_the_polynomial(void **state)
{
    const uint8_t at_zero[1] = { 0x2a };
    const uint8_t coefficients[2] = { 0x57, 0x02 };
    const uint8_t expected[3] = { 0x2a ^ 0x57 ^ 0x02, 0x2a ^ 0xae ^ 0x08, 0x2a ^ 0xf9 ^ 0x0a };
    const uint8_t x[3] = { 1, 2, 3 };
    uint8_t share[3], back[1];

    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        qw_shamir_evaluate(at_zero, coefficients, 1, 3, x[i], &share[i]);
    }
    assert_memory_equal(share, expected, 3);
    assert_int_equal(qw_shamir_combine(x, share, 3, 1, back), QW_OK);
    assert_int_equal(back[0], 0x2a);
}

/* The shares whose bit is set in mask, in an order of their own. */
static unsigned choose(unsigned mask, const uint8_t *all, uint8_t *x, uint8_t *shares)
{
    unsigned count = 0;

    for (unsigned i = MOST; i-- > 0;) {
        if ((mask >> i & 1) != 0) {
            x[count] = (uint8_t)(i + 1);
            memcpy(shares + count * LEN, all + i * LEN, LEN);
            count++;
        }
    }
    return count;
}

static void any_quorum_gives_the_secret_and_fewer_do_not(void **state)
{
    (void)state;
    for (unsigned officers = 2; officers <= 6; officers++) {
        for (unsigned threshold = 2; threshold <= officers; threshold++) {
            uint8_t all[MOST * LEN], x[MOST], chosen[MOST * LEN], back[LEN];

            assert_int_equal(qw_shamir_split(secret, LEN, threshold, officers, all), QW_OK);
            for (unsigned mask = 1; mask < 1u << officers; mask++) {
                unsigned count = choose(mask, all, x, chosen);

                if (count < 2) {
                    continue;
                }
                assert_int_equal(qw_shamir_combine(x, chosen, count, LEN, back), QW_OK);
                assert_int_equal(memcmp(back, secret, LEN) == 0, count >= threshold);
            }
        }
    }
}

static void the_largest_ceremony_works(void **state)
{
    uint8_t all[MOST * LEN], x[MOST], chosen[MOST * LEN], back[LEN];

    (void)state;
    assert_int_equal(qw_shamir_split(secret, LEN, MOST, MOST, all), QW_OK);
    assert_int_equal(choose(0xffff, all, x, chosen), MOST);
    assert_int_equal(qw_shamir_combine(x, chosen, MOST, LEN, back), QW_OK);
    assert_memory_equal(back, secret, LEN);
}

/* S1: one share of two, over all polynomials: each value comes once, whatever the secret is. */
static void one_share_of_two_fits_every_secret(void **state)
{
    (void)state;
    for (unsigned s = 0; s < 256; s++) {
        const uint8_t at_zero = (uint8_t)s;
        uint8_t times[256] = { 0 };

        for (unsigned c = 0; c < 256; c++) {
            const uint8_t coefficient = (uint8_t)c;
            uint8_t share;

            qw_shamir_evaluate(&at_zero, &coefficient, 1, 2, 5, &share);
            assert_int_equal(++times[share], 1);
        }
    }
}

/* S1: two shares of three likewise: each pair of values comes once. */
static void two_shares_of_three_fit_every_secret(void **state)
{
    static const uint8_t secrets[] = { 0, 1, 0x53, 0xff };
    static uint8_t times[256][256];

    (void)state;
    for (size_t s = 0; s < sizeof secrets; s++) {
        memset(times, 0, sizeof times);
        for (unsigned c = 0; c < 65536; c++) {
            const uint8_t coefficients[2] = { (uint8_t)(c >> 8), (uint8_t)c };
            uint8_t one, other;

            qw_shamir_evaluate(&secrets[s], coefficients, 1, 3, 1, &one);
            qw_shamir_evaluate(&secrets[s], coefficients, 1, 3, 4, &other);
            if (++times[one][other] != 1) {
                fail_msg("secret %u: a pair of shares comes twice", secrets[s]);
            }
        }
    }
}

static void the_same_secret_is_never_split_the_same_way(void **state)
{
    uint8_t a[2 * LEN], b[2 * LEN];

    (void)state;
    assert_int_equal(qw_shamir_split(secret, LEN, 2, 2, a), QW_OK);
    assert_int_equal(qw_shamir_split(secret, LEN, 2, 2, b), QW_OK);
    assert_memory_not_equal(a, b, LEN);
    assert_memory_not_equal(a + LEN, b + LEN, LEN);
}

static void numbers_out_of_range_are_refused(void **state)
{
    uint8_t all[(MOST + 1) * LEN] = { 0 }, back[LEN] = { 7 };
    uint8_t x[MOST + 1];

    (void)state;
    for (unsigned i = 0; i <= MOST; i++) {
        x[i] = (uint8_t)(i + 1);
    }
    assert_int_equal(qw_shamir_split(secret, LEN, 1, 3, all), QW_ERR_ARG);
    assert_int_equal(qw_shamir_split(secret, LEN, 0, 3, all), QW_ERR_ARG);
    assert_int_equal(qw_shamir_split(secret, LEN, 4, 3, all), QW_ERR_ARG);
    assert_int_equal(qw_shamir_split(secret, LEN, 2, MOST + 1, all), QW_ERR_ARG);
    assert_int_equal(qw_shamir_split(secret, 0, 2, 3, all), QW_ERR_ARG);
    assert_int_equal(qw_shamir_split(secret, LEN + 1, 2, 3, all), QW_ERR_ARG);
    assert_int_equal(qw_shamir_combine(x, all, 1, LEN, back), QW_ERR_ARG);
    assert_int_equal(qw_shamir_combine(x, all, MOST + 1, LEN, back), QW_ERR_ARG);
    assert_int_equal(qw_shamir_combine(x, all, 2, 0, back), QW_ERR_ARG);
    assert_int_equal(qw_shamir_combine(x, all, 2, LEN + 1, back), QW_ERR_ARG);
    x[1] = x[0];
    assert_int_equal(qw_shamir_combine(x, all, 2, LEN, back), QW_ERR_ARG);
    x[1] = 0;
    assert_int_equal(qw_shamir_combine(x, all, 2, LEN, back), QW_ERR_ARG);
    assert_int_equal(back[0], 7);
}

static void each_failing_step_is_an_error(void **state)
{
    uint8_t all[3 * LEN];

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_shamir_split(secret, LEN, 2, 3, all), QW_ERR_NOMEM);
    fail_nth = 2;
    assert_int_equal(qw_shamir_split(secret, LEN, 2, 3, all), QW_ERR_IO);
    fail_nth = 3;
    assert_int_equal(qw_shamir_split(secret, LEN, 2, 3, all), QW_OK);
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_the_values_of_the_polynomial),
        cmocka_unit_test(any_quorum_gives_the_secret_and_fewer_do_not),
        cmocka_unit_test(the_largest_ceremony_works),
        cmocka_unit_test(one_share_of_two_fits_every_secret),
        cmocka_unit_test(two_shares_of_three_fit_every_secret),
        cmocka_unit_test(the_same_secret_is_never_split_the_same_way),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(each_failing_step_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
