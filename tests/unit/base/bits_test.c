/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"

#include "base/error.h"
#include "base/prng.h"
#include "support/test_seed.h"

#include <string.h>

static void the_first_bit_is_the_top_bit_of_the_first_byte(void **state)
{
    uint8_t bits[2] = { 0x80, 0x01 };

    (void)state;
    assert_true(qw_bit_get(bits, 0));
    assert_false(qw_bit_get(bits, 1));
    assert_true(qw_bit_get(bits, 15));
    qw_bit_set(bits, 0, false);
    qw_bit_set(bits, 9, true);
    assert_int_equal(bits[0], 0);
    assert_int_equal(bits[1], 0x41);
}

static void appended_values_read_back_most_significant_bit_first(void **state)
{
    uint8_t bits[32] = { 0 };
    size_t at = 0;

    (void)state;
    qw_bits_append(bits, &at, 5, 3);
    qw_bits_append(bits, &at, 0, 0);
    qw_bits_append(bits, &at, 0xffffffffffffff01u, 8); /* only the low bits count */
    assert_int_equal(at, 11);
    assert_int_equal(bits[0], 0xa0); /* 101 00000 */
    assert_int_equal(bits[1], 0x20); /* 001 */
    qw_bits_append(bits, &at, 0x8000000000000001u, 64);
    assert_int_equal(at, 75);
    assert_true(qw_bit_get(bits, 11));
    assert_true(qw_bit_get(bits, 74));
    for (size_t i = 12; i < 74; i++) {
        assert_false(qw_bit_get(bits, i));
    }
}

static void distance_counts_the_first_n_bits_only(void **state)
{
    uint8_t a[20], b[20];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    qw_prng_bytes(&prng, a, sizeof a);
    qw_prng_bytes(&prng, b, sizeof b);
    for (size_t n = 0, slow = 0; n <= 160; n++) {
        assert_int_equal(qw_bits_distance(a, b, n), slow);
        assert_int_equal(qw_bits_distance(b, a, n), slow);
        assert_int_equal(qw_bits_distance(a, a, n), 0);
        slow += n < 160 && qw_bit_get(a, n) != qw_bit_get(b, n);
    }
}

static void the_tail_is_what_follows_the_last_bit_in_its_byte(void **state)
{
    uint8_t bits[2] = { 0xff, 0xff };

    (void)state;
    for (size_t n = 1; n <= 16; n++) {
        assert_int_equal(qw_bits_tail_clear(bits, n), n % 8 == 0);
    }
    for (size_t n = 1; n < 8; n++) {
        bits[0] = (uint8_t)(0xffu << (8 - n));
        assert_true(qw_bits_tail_clear(bits, n));
        bits[0] |= 1;
        assert_false(qw_bits_tail_clear(bits, n));
    }
    assert_true(qw_bits_tail_clear(bits, 0));
}

static void bytes_for_bits_round_up(void **state)
{
    (void)state;
    assert_int_equal(QW_BITS_TO_BYTES(0), 0);
    assert_int_equal(QW_BITS_TO_BYTES(1), 1);
    assert_int_equal(QW_BITS_TO_BYTES(8), 1);
    assert_int_equal(QW_BITS_TO_BYTES(9), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_bit_is_the_top_bit_of_the_first_byte),
        cmocka_unit_test(appended_values_read_back_most_significant_bit_first),
        cmocka_unit_test(distance_counts_the_first_n_bits_only),
        cmocka_unit_test(the_tail_is_what_follows_the_last_bit_in_its_byte),
        cmocka_unit_test(bytes_for_bits_round_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
