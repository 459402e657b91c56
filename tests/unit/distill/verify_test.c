/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 */
#include "distill/verify.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "base/prng.h"
#include "unit/distill/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { N = 777, LEN = QW_BITS_TO_BYTES(N) };

static void draw(struct qw_prng *prng, uint8_t key[QW_POLY_HASH_LEN], uint8_t bits[LEN])
{
    qw_prng_bytes(prng, key, QW_POLY_HASH_LEN);
    qw_prng_bytes(prng, bits, LEN);
    bits[LEN - 1] &= (uint8_t)(0xffu << (8 * LEN - N));
}

static void sees_every_single_bit(void **state)
{
    struct qw_prng prng;
    uint8_t key[QW_POLY_HASH_LEN];
    uint8_t bits[LEN];
    uint8_t tag[QW_VERIFY_TAG_LEN];
    uint8_t other[QW_VERIFY_TAG_LEN];

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    draw(&prng, key, bits);
    qw_verify_tag(key, bits, N, tag);
    for (size_t i = 0; i < N; i++) {
        qw_bit_set(bits, i, !qw_bit_get(bits, i));
        qw_verify_tag(key, bits, N, other);
        assert_memory_not_equal(tag, other, sizeof tag);
        qw_bit_set(bits, i, !qw_bit_get(bits, i));
    }
    qw_verify_tag(key, bits, N, other);
    assert_memory_equal(tag, other, sizeof tag);
}

static void every_bit_of_the_key_counts(void **state)
{
    struct qw_prng prng;
    uint8_t key[QW_POLY_HASH_LEN];
    uint8_t bits[LEN];
    uint8_t tag[QW_VERIFY_TAG_LEN];
    uint8_t other[QW_VERIFY_TAG_LEN];

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    draw(&prng, key, bits);
    qw_verify_tag(key, bits, N, tag);
    for (size_t i = 0; i < 8 * sizeof key; i++) {
        key[i / 8] ^= (uint8_t)(1u << i % 8);
        qw_verify_tag(key, bits, N, other);
        assert_memory_not_equal(tag, other, sizeof tag);
        key[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void strings_that_differ_in_length_only_differ_in_tag(void **state)
{
    const uint8_t bits[2] = { 0 };
    struct qw_prng prng;
    uint8_t key[QW_POLY_HASH_LEN];
    uint8_t tags[17][QW_VERIFY_TAG_LEN];

    (void)state;
    qw_prng_init(&prng, test_seed(), 4);
    qw_prng_bytes(&prng, key, sizeof key);
    for (size_t n = 0; n <= 16; n++) {
        qw_verify_tag(key, bits, n, tags[n]);
        for (size_t before = 0; before < n; before++) {
            assert_memory_not_equal(tags[n], tags[before], QW_VERIFY_TAG_LEN);
        }
    }
}

static void is_the_front_of_the_polynomial_hash_of_bits_and_count(void **state)
{
    struct qw_prng prng;
    struct qw_poly_hash hash;
    uint8_t key[QW_POLY_HASH_LEN];
    uint8_t bits[LEN];
    uint8_t count[8];
    uint8_t full[QW_POLY_HASH_LEN];
    uint8_t tag[QW_VERIFY_TAG_LEN + 1] = { 0 };

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    draw(&prng, key, bits);
    qw_store_u64be(count, N);
    qw_poly_hash_init(&hash, key);
    qw_poly_hash_update(&hash, bits, LEN);
    qw_poly_hash_update(&hash, count, sizeof count);
    qw_poly_hash_final(&hash, full);
    tag[QW_VERIFY_TAG_LEN] = 0x5c;
    qw_verify_tag(key, bits, N, tag);
    assert_memory_equal(tag, full, QW_VERIFY_TAG_LEN);
    assert_int_equal(tag[QW_VERIFY_TAG_LEN], 0x5c); /* 9 bytes and no more */
    assert_int_equal(8 * QW_VERIFY_TAG_LEN, QW_VERIFY_TAG_BITS);
}

static void epsilon_counts_the_blocks(void **state)
{
    (void)state;
    assert_true(fabs(qw_verify_epsilon_log2(128) - (log2(3.0) - 72.0)) < 1e-9);
    assert_true(fabs(qw_verify_epsilon_log2(129) - (log2(4.0) - 72.0)) < 1e-9);
    assert_true(fabs(qw_verify_epsilon_log2(0) - (1.0 - 72.0)) < 1e-9);
    assert_true(qw_verify_epsilon_log2(1 << 20) < -58.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_every_single_bit),
        cmocka_unit_test(every_bit_of_the_key_counts),
        cmocka_unit_test(strings_that_differ_in_length_only_differ_in_tag),
        cmocka_unit_test(is_the_front_of_the_polynomial_hash_of_bits_and_count),
        cmocka_unit_test(epsilon_counts_the_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
