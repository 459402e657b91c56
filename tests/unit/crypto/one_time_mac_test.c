/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 Q7 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/one_time_mac.h"
#include "crypto/poly_hash.h"

#include "base/prng.h"
#include "support/test_seed.h"

#include <string.h>

static struct qw_prng prng;
static uint8_t key[QW_ONE_TIME_MAC_KEY_LEN];
static uint8_t pad[QW_ONE_TIME_MAC_PAD_LEN];

static int draw_keys(void **state)
{
    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    qw_prng_bytes(&prng, key, sizeof key);
    qw_prng_bytes(&prng, pad, sizeof pad);
    return 0;
}

static void tag_is_the_cut_hash_under_the_pad(void **state)
{
    uint8_t message[100], hashed[QW_POLY_HASH_LEN], tag[QW_ONE_TIME_MAC_LEN];

    (void)state;
    for (size_t len = 0; len <= sizeof message; len++) {
        const struct qw_bytes part = { message, len };
        struct qw_poly_hash hash;

        qw_prng_bytes(&prng, message, len);
        qw_poly_hash_init(&hash, key);
        qw_poly_hash_update(&hash, message, len);
        qw_poly_hash_final(&hash, hashed);
        qw_one_time_mac(key, pad, &part, 1, tag);
        for (size_t i = 0; i < sizeof tag; i++) {
            assert_int_equal(tag[i], hashed[i] ^ pad[i]);
        }
        assert_true(qw_one_time_mac_verify(key, pad, &part, 1, tag));
    }
}

static void parts_are_authenticated_as_one_message(void **state)
{
    uint8_t message[50], whole[QW_ONE_TIME_MAC_LEN];
    const struct qw_bytes part = { message, sizeof message };

    (void)state;
    qw_prng_bytes(&prng, message, sizeof message);
    qw_one_time_mac(key, pad, &part, 1, whole);
    for (size_t cut = 0; cut <= sizeof message; cut++) {
        const struct qw_bytes parts[2] = { { message, cut },
                                           { message + cut, sizeof message - cut } };

        assert_true(qw_one_time_mac_verify(key, pad, parts, 2, whole));
    }
}

static void every_flipped_bit_of_message_tag_key_and_pad_is_refused(void **state)
{
    uint8_t field[4][48];
    static const size_t len[4] = { 48, QW_ONE_TIME_MAC_LEN, QW_ONE_TIME_MAC_KEY_LEN,
                                   QW_ONE_TIME_MAC_PAD_LEN };
    const struct qw_bytes part = { field[0], 48 };

    (void)state;
    qw_prng_bytes(&prng, field[0], 48);
    memcpy(field[2], key, sizeof key);
    memcpy(field[3], pad, sizeof pad);
    qw_one_time_mac(key, pad, &part, 1, field[1]);
    assert_true(qw_one_time_mac_verify(field[2], field[3], &part, 1, field[1]));
    for (size_t f = 0; f < 4; f++) {
        for (size_t bit = 0; bit < 8 * len[f]; bit++) {
            field[f][bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(qw_one_time_mac_verify(field[2], field[3], &part, 1, field[1]));
            field[f][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void every_other_length_is_refused(void **state)
{
    uint8_t message[49] = { 0 }, tag[QW_ONE_TIME_MAC_LEN];
    struct qw_bytes part = { message, 48 };

    (void)state;
    qw_one_time_mac(key, pad, &part, 1, tag);
    for (part.len = 0; part.len <= 49; part.len++) { /* all zeros: only the length tells */
        assert_int_equal(qw_one_time_mac_verify(key, pad, &part, 1, tag), part.len == 48);
    }
}

/* Law: tag(a) ^ tag(b) under one key and one pad is free of the pad. This is why a pad serves once:
 * the difference gives the forger an equation for the key. */
static void one_pad_twice_would_cancel_out(void **state)
{
    uint8_t a[32], b[32], other_pad[QW_ONE_TIME_MAC_PAD_LEN];
    const struct qw_bytes parts[2] = { { a, sizeof a }, { b, sizeof b } };
    uint8_t tag[4][QW_ONE_TIME_MAC_LEN];

    (void)state;
    qw_prng_bytes(&prng, a, sizeof a);
    qw_prng_bytes(&prng, b, sizeof b);
    qw_prng_bytes(&prng, other_pad, sizeof other_pad);
    qw_one_time_mac(key, pad, &parts[0], 1, tag[0]);
    qw_one_time_mac(key, pad, &parts[1], 1, tag[1]);
    qw_one_time_mac(key, other_pad, &parts[0], 1, tag[2]);
    qw_one_time_mac(key, other_pad, &parts[1], 1, tag[3]);
    for (size_t i = 0; i < sizeof tag[0]; i++) {
        assert_int_equal(tag[0][i] ^ tag[1][i], tag[2][i] ^ tag[3][i]);
    }
    assert_memory_not_equal(tag[0], tag[2], sizeof tag[0]);
}

/* The empty message has a length block of zeros, so its hash is zero and its tag the pad itself:
 * one pad, one message, and nothing about the key leaves. */
static void the_empty_message_has_the_pad_as_its_tag(void **state)
{
    uint8_t tag[QW_ONE_TIME_MAC_LEN];

    (void)state;
    qw_one_time_mac(key, pad, NULL, 0, tag);
    assert_memory_equal(tag, pad, sizeof tag);
}

/* Bound: a forger who replaces the message and shifts the tag by any fixed difference succeeds for
 * at most (blocks + 1) * 2^-96 of the keys. 2^16 keys with a difference of zero: none may hit. */
static void a_blind_forgery_fails_for_each_of_many_keys(void **state)
{
    uint8_t a[32] = { 1 }, b[32] = { 2 }, tag[QW_ONE_TIME_MAC_LEN];
    const struct qw_bytes parts[2] = { { a, sizeof a }, { b, sizeof b } };

    (void)state;
    for (int run = 0; run < 1 << 16; run++) {
        uint8_t fresh[QW_ONE_TIME_MAC_KEY_LEN];

        qw_prng_bytes(&prng, fresh, sizeof fresh);
        qw_one_time_mac(fresh, pad, &parts[0], 1, tag);
        assert_false(qw_one_time_mac_verify(fresh, pad, &parts[1], 1, tag));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tag_is_the_cut_hash_under_the_pad),
        cmocka_unit_test(parts_are_authenticated_as_one_message),
        cmocka_unit_test(every_flipped_bit_of_message_tag_key_and_pad_is_refused),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(one_pad_twice_would_cancel_out),
        cmocka_unit_test(the_empty_message_has_the_pad_as_its_tag),
        cmocka_unit_test(a_blind_forgery_fails_for_each_of_many_keys),
    };

    return cmocka_run_group_tests(tests, draw_keys, NULL);
}
