/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W5 Q7 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/poly_hash.h"
#include "crypto/poly_hash_blocks.h"

#include "base/bits.h"
#include "base/prng.h"
#include "support/test_seed.h"

#include <openssl/evp.h>
#include <string.h>

enum { MESSAGE_MAX = 300 };

bool __wrap_qw_poly_hash_has_pclmul(void);
bool __real_qw_poly_hash_has_pclmul(void);
bool __wrap_qw_poly_hash_has_vpclmul(void);
bool __real_qw_poly_hash_has_vpclmul(void);
static bool hide_pclmul, hide_vpclmul;

bool __wrap_qw_poly_hash_has_pclmul(void)
{
    return !hide_pclmul && __real_qw_poly_hash_has_pclmul();
}

bool __wrap_qw_poly_hash_has_vpclmul(void)
{
    return !hide_vpclmul && __real_qw_poly_hash_has_vpclmul();
}

/* The product in GF(2)[z]/(z^128 + z^7 + z^2 + z + 1), coefficient by coefficient: bit i of an
 * element is the coefficient of z^i. */
static void multiply_slowly(const uint8_t a[16], const uint8_t b[16], uint8_t out[16])
{
    bool product[255] = { false };

    for (size_t i = 0; i < 128; i++) {
        for (size_t j = 0; j < 128; j++) {
            product[i + j] ^= qw_bit_get(a, i) && qw_bit_get(b, j);
        }
    }
    for (size_t i = 254; i >= 128; i--) {
        product[i - 128] ^= product[i];
        product[i - 127] ^= product[i];
        product[i - 126] ^= product[i];
        product[i - 121] ^= product[i];
    }
    memset(out, 0, 16);
    for (size_t i = 0; i < 128; i++) {
        qw_bit_set(out, i, product[i]);
    }
}

/* The sum in the header, by Horner's rule. */
static void hash_slowly(const uint8_t key[16], const uint8_t *data, size_t len, uint8_t out[16])
{
    uint8_t sum[16] = { 0 };
    uint64_t bits = 8 * (uint64_t)len;

    for (size_t at = 0; at < len; at += 16) {
        for (size_t i = 0; i < 16 && at + i < len; i++) {
            sum[i] ^= data[at + i];
        }
        multiply_slowly(sum, key, sum);
    }
    for (size_t i = 0; i < 8; i++) {
        sum[15 - i] ^= (uint8_t)(bits >> 8 * i);
    }
    multiply_slowly(sum, key, out);
}

static void hash_of(const uint8_t key[16], const uint8_t *data, size_t len, uint8_t out[16])
{
    struct qw_poly_hash hash;

    qw_poly_hash_init(&hash, key);
    qw_poly_hash_update(&hash, data, len);
    qw_poly_hash_final(&hash, out);
}

/* All inner loops that the machine has. */
static void for_each_version(void (*check)(struct qw_prng *prng))
{
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), 0);
    hide_pclmul = hide_vpclmul = true;
    check(&prng);
    hide_pclmul = false;
    if (__real_qw_poly_hash_has_pclmul()) {
        check(&prng);
    }
    hide_vpclmul = false;
    if (__real_qw_poly_hash_has_vpclmul()) {
        check(&prng);
    }
}

static void check_reference(struct qw_prng *prng)
{
    uint8_t key[16], message[MESSAGE_MAX], expected[16], got[16];

    for (size_t len = 0; len <= MESSAGE_MAX; len++) {
        qw_prng_bytes(prng, key, sizeof key);
        qw_prng_bytes(prng, message, len);
        hash_slowly(key, message, len, expected);
        hash_of(key, message, len, got);
        assert_memory_equal(got, expected, sizeof got);
    }
}

static void agrees_with_the_definition_for_every_length(void **state)
{
    (void)state;
    for_each_version(check_reference);
}

static void check_extremes(struct qw_prng *prng)
{
    uint8_t key[16], message[32], expected[16], got[16];

    (void)prng;
    for (size_t bit = 0; bit < 128; bit++) { /* one coefficient at a time, on both sides */
        memset(key, 0, sizeof key);
        memset(message, 0xff, sizeof message);
        qw_bit_set(key, bit, true);
        hash_slowly(key, message, sizeof message, expected);
        hash_of(key, message, sizeof message, got);
        assert_memory_equal(got, expected, sizeof got);
        memset(message, 0, sizeof message);
        qw_bit_set(message, bit, true);
        memset(key, 0xff, sizeof key);
        hash_slowly(key, message, sizeof message, expected);
        hash_of(key, message, sizeof message, got);
        assert_memory_equal(got, expected, sizeof got);
    }
}

static void agrees_with_the_definition_for_single_coefficients(void **state)
{
    (void)state;
    for_each_version(check_extremes);
}

/* With no additional data, the tag of GCM is GHASH(H, C) ^ E(K, J0), H = E(K, 0)
 * [SP 800-38D 7.1]. */
static void ghash_of_gcm(const uint8_t key[16], const uint8_t *plain, size_t len, uint8_t h[16],
                         uint8_t *cipher, uint8_t ghash[16])
{
    static const uint8_t nonce[12] = "nonce number";
    uint8_t counter[16] = { 0 }, mask[16];
    EVP_CIPHER_CTX *block = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    int n = 0;

    assert_int_equal(EVP_EncryptInit_ex(block, EVP_aes_128_ecb(), NULL, key, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(block, h, &n, counter, 16), 1);
    memcpy(counter, nonce, 12);
    counter[15] = 1;
    assert_int_equal(EVP_EncryptUpdate(block, mask, &n, counter, 16), 1);
    assert_int_equal(EVP_EncryptInit_ex(gcm, EVP_aes_128_gcm(), NULL, key, nonce), 1);
    if (len > 0) {
        assert_int_equal(EVP_EncryptUpdate(gcm, cipher, &n, plain, (int)len), 1);
    }
    assert_int_equal(EVP_EncryptFinal_ex(gcm, ghash, &n), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, 16, ghash), 1);
    for (size_t i = 0; i < 16; i++) {
        ghash[i] ^= mask[i];
    }
    EVP_CIPHER_CTX_free(block);
    EVP_CIPHER_CTX_free(gcm);
}

static void check_ghash(struct qw_prng *prng)
{
    enum { LONG = 5000 };
    static uint8_t plain[LONG], cipher[LONG];
    uint8_t key[16], h[16], expected[16], got[16];

    for (size_t len = 0; len <= LONG; len = len < 200 ? len + 1 : len + 1200) {
        qw_prng_bytes(prng, key, sizeof key);
        qw_prng_bytes(prng, plain, len);
        ghash_of_gcm(key, plain, len, h, cipher, expected);
        hash_of(h, cipher, len, got);
        assert_memory_equal(got, expected, sizeof got);
    }
}

static void agrees_with_the_ghash_inside_another_library(void **state)
{
    (void)state;
    for_each_version(check_ghash);
}

static void check_splits(struct qw_prng *prng)
{
    uint8_t key[16], message[70], whole[16], got[16];
    struct qw_poly_hash hash;

    qw_prng_bytes(prng, key, sizeof key);
    qw_prng_bytes(prng, message, sizeof message);
    hash_of(key, message, sizeof message, whole);
    for (size_t a = 0; a <= sizeof message; a++) {
        for (size_t b = a; b <= sizeof message; b++) {
            qw_poly_hash_init(&hash, key);
            qw_poly_hash_update(&hash, message, a);
            qw_poly_hash_update(&hash, message + a, b - a);
            qw_poly_hash_update(&hash, message + b, sizeof message - b);
            qw_poly_hash_final(&hash, got);
            assert_memory_equal(got, whole, sizeof got);
        }
    }
}

static void a_message_in_parts_has_the_hash_of_the_whole(void **state)
{
    (void)state;
    for_each_version(check_splits);
}

/* Law: for messages of one length, hash(a ^ b ^ c) = hash(a) ^ hash(b) ^ hash(c), because the
 * length block is the same in all of them. */
static void check_linear(struct qw_prng *prng)
{
    uint8_t key[16], part[3][MESSAGE_MAX], sum[MESSAGE_MAX], hash[3][16], got[16];

    for (size_t len = 1; len <= MESSAGE_MAX; len += 7) {
        qw_prng_bytes(prng, key, sizeof key);
        memset(sum, 0, sizeof sum);
        for (size_t m = 0; m < 3; m++) {
            qw_prng_bytes(prng, part[m], len);
            hash_of(key, part[m], len, hash[m]);
            for (size_t i = 0; i < len; i++) {
                sum[i] ^= part[m][i];
            }
        }
        hash_of(key, sum, len, got);
        for (size_t i = 0; i < 16; i++) {
            assert_int_equal(got[i], hash[0][i] ^ hash[1][i] ^ hash[2][i]);
        }
    }
}

static void is_linear_in_messages_of_one_length(void **state)
{
    (void)state;
    for_each_version(check_linear);
}

/* Every number of blocks around the sizes at which loops change, from a state that is not zero. */
static void inner_loops_give_identical_states(void **state)
{
    enum { BLOCKS_MAX = 200 };
    static uint8_t blocks[16 * BLOCKS_MAX];
    uint8_t key[16], start[16], expected[16], got[16];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (size_t count = 0; count <= BLOCKS_MAX; count++) {
        qw_prng_bytes(&prng, key, sizeof key);
        qw_prng_bytes(&prng, start, sizeof start);
        qw_prng_bytes(&prng, blocks, sizeof blocks);
        memcpy(expected, start, sizeof expected);
        qw_poly_hash_blocks_portable(expected, key, blocks, count);
        if (__real_qw_poly_hash_has_pclmul()) {
            memcpy(got, start, sizeof got);
            qw_poly_hash_blocks_pclmul(got, key, blocks, count);
            assert_memory_equal(got, expected, sizeof got);
        }
        if (__real_qw_poly_hash_has_vpclmul()) {
            memcpy(got, start, sizeof got);
            qw_poly_hash_blocks_vpclmul(got, key, blocks, count);
            assert_memory_equal(got, expected, sizeof got);
        }
    }
}

static void zeros_at_the_end_change_the_hash(void **state)
{
    static const uint8_t zero[40];
    static const uint8_t key[16] = { 7 };
    uint8_t seen[41][16];

    (void)state;
    for (size_t len = 0; len <= 40; len++) {
        hash_of(key, zero, len, seen[len]);
        for (size_t before = 0; before < len; before++) {
            assert_memory_not_equal(seen[len], seen[before], 16);
        }
    }
}

static void final_leaves_nothing_of_the_key_behind(void **state)
{
    static const uint8_t zero[sizeof(struct qw_poly_hash)];
    static const uint8_t key[16] = "sixteen byte key";
    struct qw_poly_hash hash;
    uint8_t out[16];

    (void)state;
    qw_poly_hash_init(&hash, key);
    qw_poly_hash_update(&hash, key, 10);
    qw_poly_hash_final(&hash, out);
    assert_memory_equal(&hash, zero, sizeof hash);
}

/* Two messages of L blocks collide for at most L of the 2^128 keys. A field of that size cannot be
 * walked; the zeros of the difference can be planted: for the message (z^i + k0) with k0 the key,
 * its difference to the zero message has the root k0 and, for random other keys, no second one. */
static void a_collision_needs_the_right_key(void **state)
{
    uint8_t key[16], other[16], message[32] = { 0 }, zero[32] = { 0 }, a[16], b[16];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int run = 0; run < 200; run++) {
        qw_prng_bytes(&prng, key, sizeof key);
        /* message = (1, key): its part of the hash is 1 * key^3 + key * key^2 = 0. */
        memset(message, 0, sizeof message);
        message[0] = 0x80;
        memcpy(message + 16, key, 16);
        hash_of(key, message, sizeof message, a);
        hash_of(key, zero, sizeof zero, b);
        assert_memory_equal(a, b, sizeof a);
        qw_prng_bytes(&prng, other, sizeof other);
        hash_of(other, message, sizeof message, a);
        hash_of(other, zero, sizeof zero, b);
        assert_memory_not_equal(a, b, sizeof a); /* false alarm: 3 * 2^-128 */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definition_for_every_length),
        cmocka_unit_test(agrees_with_the_definition_for_single_coefficients),
        cmocka_unit_test(agrees_with_the_ghash_inside_another_library),
        cmocka_unit_test(a_message_in_parts_has_the_hash_of_the_whole),
        cmocka_unit_test(is_linear_in_messages_of_one_length),
        cmocka_unit_test(inner_loops_give_identical_states),
        cmocka_unit_test(zeros_at_the_end_change_the_hash),
        cmocka_unit_test(final_leaves_nothing_of_the_key_behind),
        cmocka_unit_test(a_collision_needs_the_right_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
