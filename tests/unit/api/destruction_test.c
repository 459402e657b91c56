/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/destruction.h"

#include "api/mac_message.h"
#include "base/hex.h"
#include "crypto/hash.h"

#include <string.h>

/* The examples of docs/protocol/card-destroy.md. Keys: 32 bytes of 43 and of 44; done: 32 of 45. */
static const char order_hex[] =
    "51574f01000102030405060708090a0b0c0d0e0f0100000003505152535455565758595a5b5c5d5e"
    "5f6c80f166689b9cbb37686ddf9f0d01f6ae1e618d9c6d833679f983f49a72fcf96d523c9d56f3ae"
    "a53dc18605b33d76bef3dfe21758db9f68f6ed4c7b2b245cdf";
static const char proof_hex[] =
    "51575801000102030405060708090a0b0c0d0e0f00000003505152535455565758595a5b5c5d5e5f"
    "000000000000000700000000000003e800000000000003de0000000a000002006060606060606060"
    "60606060606060600abeda2a4ca78a4ead2bb70b51557b5e81f5f946129bb1465dcefae5918aba86";
static const uint8_t serial[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t nonce[16] = { 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57,
                                   0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f };
static uint8_t order_key[32], proof_key[32], done[32];

static struct qw_destroy_order example_order(void)
{
    struct qw_destroy_order order = { .epoch = 3 };
    struct qw_bytes part = { done, sizeof done };
    uint8_t digest[QW_HASH_LEN_MAX];

    memcpy(order.serial, serial, sizeof serial);
    memcpy(order.nonce, nonce, sizeof nonce);
    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &part, 1, digest), QW_OK);
    memcpy(order.done_hash, digest, sizeof order.done_hash);
    return order;
}

static struct qw_destroy_proof example_proof(void)
{
    struct qw_destroy_proof proof = { .epoch = 3,
                                      .counter = 7,
                                      .next_index = 1000,
                                      .used_keys = 990,
                                      .erased_keys = 10,
                                      .erased_pool = 512 };

    memcpy(proof.serial, serial, sizeof serial);
    memcpy(proof.nonce, nonce, sizeof nonce);
    memset(proof.last_package, 0x60, sizeof proof.last_package);
    return proof;
}

static int make_keys(void **state)
{
    (void)state;
    memset(order_key, 0x43, sizeof order_key);
    memset(proof_key, 0x44, sizeof proof_key);
    memset(done, 0x45, sizeof done);
    return 0;
}

static void the_order_of_the_page(void **state)
{
    struct qw_destroy_order order = example_order(), opened;
    uint8_t expected[QW_ORDER_LEN], sealed[QW_ORDER_LEN];

    (void)state;
    assert_int_equal(qw_hex_decode(order_hex, expected, sizeof expected), QW_OK);
    assert_int_equal(qw_destroy_order_seal(&order, order_key, sealed), QW_OK);
    assert_memory_equal(sealed, expected, sizeof expected);
    assert_int_equal(qw_destroy_order_open(sealed, sizeof sealed, order_key, &opened), QW_OK);
    assert_memory_equal(&opened, &order, sizeof order);
}

static void the_proof_of_the_page(void **state)
{
    struct qw_destroy_proof proof = example_proof(), opened;
    uint8_t expected[QW_DESTROY_PROOF_LEN], sealed[QW_DESTROY_PROOF_LEN], found[16];

    (void)state;
    assert_int_equal(qw_hex_decode(proof_hex, expected, sizeof expected), QW_OK);
    assert_int_equal(qw_destroy_proof_seal(&proof, proof_key, sealed), QW_OK);
    assert_memory_equal(sealed, expected, sizeof expected);
    assert_int_equal(qw_destroy_proof_peek(sealed, sizeof sealed, found), QW_OK);
    assert_memory_equal(found, serial, sizeof serial);
    assert_int_equal(qw_destroy_proof_open(sealed, sizeof sealed, proof_key, &opened), QW_OK);
    assert_int_equal(opened.epoch, 3);
    assert_int_equal(opened.counter, 7);
    assert_int_equal(opened.next_index, 1000);
    assert_int_equal(opened.used_keys, 990);
    assert_int_equal(opened.erased_keys, 10);
    assert_int_equal(opened.erased_pool, 512);
    assert_memory_equal(opened.nonce, nonce, sizeof nonce);
}

static void every_truncation_and_bit_flip_of_an_order_is_refused(void **state)
{
    struct qw_destroy_order order = example_order(), out = { .epoch = 99 };
    uint8_t data[QW_ORDER_LEN + 1] = { 0 };

    (void)state;
    assert_int_equal(qw_destroy_order_seal(&order, order_key, data), QW_OK);
    for (size_t len = 0; len <= sizeof data; len++) {
        if (len != QW_ORDER_LEN) {
            assert_int_equal(qw_destroy_order_open(data, len, order_key, &out), QW_ERR_FORMAT);
        }
    }
    for (size_t bit = 0; bit < 8 * QW_ORDER_LEN; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(qw_destroy_order_open(data, QW_ORDER_LEN, order_key, &out),
                         bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(qw_destroy_order_open(data, QW_ORDER_LEN, proof_key, &out), QW_ERR_AUTH);
    assert_int_equal(out.epoch, 99);
}

static void every_truncation_and_bit_flip_of_a_proof_is_refused(void **state)
{
    struct qw_destroy_proof proof = example_proof(), out = { .epoch = 99 };
    uint8_t data[QW_DESTROY_PROOF_LEN + 1] = { 0 };
    uint8_t found[16];

    (void)state;
    assert_int_equal(qw_destroy_proof_seal(&proof, proof_key, data), QW_OK);
    for (size_t len = 0; len <= sizeof data; len++) {
        if (len != QW_DESTROY_PROOF_LEN) {
            assert_int_equal(qw_destroy_proof_open(data, len, proof_key, &out), QW_ERR_FORMAT);
            assert_int_equal(qw_destroy_proof_peek(data, len, found), QW_ERR_FORMAT);
        }
    }
    for (size_t bit = 0; bit < 8 * QW_DESTROY_PROOF_LEN; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(qw_destroy_proof_open(data, QW_DESTROY_PROOF_LEN, proof_key, &out),
                         bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(out.epoch, 99);
}

/* Whoever has the key is not trusted to make sense either. */
static void an_authentic_message_without_sense_is_refused(void **state)
{
    struct qw_destroy_order order = example_order(), order_out;
    struct qw_destroy_proof proof = example_proof(), proof_out;
    uint8_t data[QW_DESTROY_PROOF_LEN], again[QW_ORDER_LEN];

    (void)state;
    proof.used_keys = 991; /* more left and erased than were ever there */
    assert_int_equal(qw_destroy_proof_seal(&proof, proof_key, data), QW_OK);
    assert_int_equal(qw_destroy_proof_open(data, sizeof data, proof_key, &proof_out),
                     QW_ERR_FORMAT);
    proof = example_proof();
    proof.epoch = 0;
    assert_int_equal(qw_destroy_proof_seal(&proof, proof_key, data), QW_OK);
    assert_int_equal(qw_destroy_proof_open(data, sizeof data, proof_key, &proof_out),
                     QW_ERR_FORMAT);
    order.epoch = 0;
    assert_int_equal(qw_destroy_order_seal(&order, order_key, data), QW_OK);
    assert_int_equal(qw_destroy_order_open(data, QW_ORDER_LEN, order_key, &order_out),
                     QW_ERR_FORMAT);
    order = example_order();
    assert_int_equal(qw_destroy_order_seal(&order, order_key, data), QW_OK);
    data[20] = 2; /* another kind of order */
    assert_int_equal(
        qw_mac_message_seal(order_key, data, QW_ORDER_LEN - QW_MAC_MESSAGE_TAG_LEN, again), QW_OK);
    assert_int_equal(qw_destroy_order_open(again, sizeof again, order_key, &order_out),
                     QW_ERR_FORMAT);
}

static void done_fits_its_order_alone(void **state)
{
    struct qw_destroy_order order = example_order();
    struct qw_order_done word;
    uint8_t data[QW_ORDER_DONE_MESSAGE_LEN + 1] = { 0 };

    (void)state;
    memcpy(word.serial, serial, sizeof serial);
    memcpy(word.nonce, nonce, sizeof nonce);
    memcpy(word.done, done, sizeof done);
    qw_order_done_encode(&word, data);
    assert_int_equal(
        qw_order_done_check(data, QW_ORDER_DONE_MESSAGE_LEN, serial, nonce, order.done_hash),
        QW_OK);
    for (size_t len = 0; len <= sizeof data; len++) {
        if (len != QW_ORDER_DONE_MESSAGE_LEN) {
            assert_int_equal(qw_order_done_check(data, len, serial, nonce, order.done_hash),
                             QW_ERR_FORMAT);
        }
    }
    for (size_t bit = 0; bit < 8 * QW_ORDER_DONE_MESSAGE_LEN; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(
            qw_order_done_check(data, QW_ORDER_DONE_MESSAGE_LEN, serial, nonce, order.done_hash),
            bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_the_page),
        cmocka_unit_test(the_proof_of_the_page),
        cmocka_unit_test(every_truncation_and_bit_flip_of_an_order_is_refused),
        cmocka_unit_test(every_truncation_and_bit_flip_of_a_proof_is_refused),
        cmocka_unit_test(an_authentic_message_without_sense_is_refused),
        cmocka_unit_test(done_fits_its_order_alone),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
