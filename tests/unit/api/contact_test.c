/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 A4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/contact.h"

#include "base/hex.h"

#include <string.h>

/* The examples of docs/protocol/charging.md, made with Python's hmac and struct. Keys: 32 bytes of
 * 41 and of 42. */
static const char report_hex[] =
    "51574301000102030405060708090a0b0c0d0e0f0100000003000000000000000720212223242526"
    "2728292a2b2c2d2e2f00000000000003e8000000050000003b000000000000008000000000000000"
    "c000000000000008000000000000000840404142434445464748494a4b4c4d4e4f6e3d4daef754ee"
    "a7eee7a59b9d15cf55e76149bef21a7f67af829abd9e276515";
static const char receipt_hex[] =
    "51575201000102030405060708090a0b0c0d0e0f606162636465666768696a6b6c6d6e6f00000000"
    "0000000767a0322047d9c8c3d518c3248d8043b36aff7e3b40bd5c206039dab41e12c40b";

static const struct qw_contact_report example_report = {
    .serial = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    .wants_fresh = true,
    .epoch = 3,
    .counter = 7,
    .token = { 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d,
               0x2e, 0x2f },
    .next_index = 1000,
    .remaining_keys = 5,
    .wanted_keys = 59,
    .pool_up_position = 128,
    .pool_down_position = 192,
    .pool_up_end = 2048,
    .pool_down_end = 2112,
    .nonce = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d,
               0x4e, 0x4f },
};
static const struct qw_receipt example_receipt = {
    .serial = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    .package_id = { 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c,
                    0x6d, 0x6e, 0x6f },
    .counter = 7,
};

static uint8_t report_key[32], receipt_key[32];

static int make_keys(void **state)
{
    (void)state;
    memset(report_key, 0x41, sizeof report_key);
    memset(receipt_key, 0x42, sizeof receipt_key);
    return 0;
}

static void seals_the_report_of_the_page(void **state)
{
    uint8_t expected[QW_CONTACT_REPORT_LEN], sealed[QW_CONTACT_REPORT_LEN];

    (void)state;
    assert_int_equal(qw_hex_decode(report_hex, expected, sizeof expected), QW_OK);
    assert_int_equal(qw_contact_report_seal(&example_report, report_key, sealed), QW_OK);
    assert_memory_equal(sealed, expected, sizeof expected);
}

static void opens_the_report_of_the_page(void **state)
{
    uint8_t sealed[QW_CONTACT_REPORT_LEN], again[QW_CONTACT_REPORT_LEN], serial[16];
    struct qw_contact_report report;

    (void)state;
    assert_int_equal(qw_hex_decode(report_hex, sealed, sizeof sealed), QW_OK);
    assert_int_equal(qw_contact_report_peek(sealed, sizeof sealed, serial), QW_OK);
    assert_memory_equal(serial, example_report.serial, 16);
    assert_int_equal(qw_contact_report_open(sealed, sizeof sealed, report_key, &report), QW_OK);
    assert_true(report.wants_fresh);
    assert_int_equal(report.epoch, 3);
    assert_int_equal(report.counter, 7);
    assert_memory_equal(report.token, example_report.token, QW_CARD_TOKEN_LEN);
    assert_int_equal(report.next_index, 1000);
    assert_int_equal(report.remaining_keys, 5);
    assert_int_equal(report.wanted_keys, 59);
    assert_int_equal(report.pool_down_position, 192);
    assert_int_equal(report.pool_up_end, 2048);
    assert_int_equal(qw_contact_report_seal(&report, report_key, again), QW_OK);
    assert_memory_equal(again, sealed, sizeof sealed);
}

static void refuses_a_report_of_any_other_length_and_leaves_the_output_alone(void **state)
{
    uint8_t data[QW_CONTACT_REPORT_LEN + 1] = { 0 };
    struct qw_contact_report report = { .counter = 99 };
    uint8_t serial[16] = { 0x77 };

    (void)state;
    assert_int_equal(qw_contact_report_seal(&example_report, report_key, data), QW_OK);
    for (size_t len = 0; len <= sizeof data; len++) {
        if (len != QW_CONTACT_REPORT_LEN) {
            assert_int_equal(qw_contact_report_open(data, len, report_key, &report), QW_ERR_FORMAT);
            assert_int_equal(qw_contact_report_peek(data, len, serial), QW_ERR_FORMAT);
        }
    }
    assert_int_equal(report.counter, 99);
    assert_int_equal(serial[0], 0x77);
}

static void refuses_a_report_with_any_bit_flipped(void **state)
{
    uint8_t data[QW_CONTACT_REPORT_LEN];
    struct qw_contact_report report = { .counter = 99 };

    (void)state;
    assert_int_equal(qw_contact_report_seal(&example_report, report_key, data), QW_OK);
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(qw_contact_report_open(data, sizeof data, report_key, &report),
                         bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(report.counter, 99);
}

static void refuses_an_authentic_report_whose_pool_ends_before_it_begins(void **state)
{
    uint8_t data[QW_CONTACT_REPORT_LEN];
    struct qw_contact_report report = example_report;

    (void)state;
    report.pool_up_end = report.pool_up_position - 1;
    assert_int_equal(qw_contact_report_seal(&report, report_key, data), QW_OK);
    assert_int_equal(qw_contact_report_open(data, sizeof data, report_key, &report), QW_ERR_FORMAT);
    report = example_report;
    report.pool_down_end = report.pool_down_position - 1;
    assert_int_equal(qw_contact_report_seal(&report, report_key, data), QW_OK);
    assert_int_equal(qw_contact_report_open(data, sizeof data, report_key, &report), QW_ERR_FORMAT);
}

static void refuses_a_report_under_another_cards_key(void **state)
{
    uint8_t data[QW_CONTACT_REPORT_LEN];
    struct qw_contact_report report;

    (void)state;
    assert_int_equal(qw_contact_report_seal(&example_report, report_key, data), QW_OK);
    assert_int_equal(qw_contact_report_open(data, sizeof data, receipt_key, &report), QW_ERR_AUTH);
}

static void seals_and_opens_the_receipt_of_the_page(void **state)
{
    uint8_t expected[QW_RECEIPT_LEN], sealed[QW_RECEIPT_LEN];
    struct qw_receipt receipt;

    (void)state;
    assert_int_equal(qw_hex_decode(receipt_hex, expected, sizeof expected), QW_OK);
    assert_int_equal(qw_receipt_seal(&example_receipt, receipt_key, sealed), QW_OK);
    assert_memory_equal(sealed, expected, sizeof expected);
    assert_int_equal(qw_receipt_open(sealed, sizeof sealed, receipt_key, &receipt), QW_OK);
    assert_memory_equal(receipt.serial, example_receipt.serial, 16);
    assert_memory_equal(receipt.package_id, example_receipt.package_id, 16);
    assert_int_equal(receipt.counter, 7);
}

static void refuses_a_receipt_that_was_cut_or_altered(void **state)
{
    uint8_t data[QW_RECEIPT_LEN + 1] = { 0 };
    struct qw_receipt receipt = { .counter = 99 };

    (void)state;
    assert_int_equal(qw_receipt_seal(&example_receipt, receipt_key, data), QW_OK);
    for (size_t len = 0; len <= sizeof data; len++) {
        if (len != QW_RECEIPT_LEN) {
            assert_int_equal(qw_receipt_open(data, len, receipt_key, &receipt), QW_ERR_FORMAT);
        }
    }
    for (size_t bit = 0; bit < 8 * QW_RECEIPT_LEN; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(qw_receipt_open(data, QW_RECEIPT_LEN, receipt_key, &receipt),
                         bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(receipt.counter, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seals_the_report_of_the_page),
        cmocka_unit_test(opens_the_report_of_the_page),
        cmocka_unit_test(refuses_a_report_of_any_other_length_and_leaves_the_output_alone),
        cmocka_unit_test(refuses_a_report_with_any_bit_flipped),
        cmocka_unit_test(refuses_an_authentic_report_whose_pool_ends_before_it_begins),
        cmocka_unit_test(refuses_a_report_under_another_cards_key),
        cmocka_unit_test(seals_and_opens_the_receipt_of_the_page),
        cmocka_unit_test(refuses_a_receipt_that_was_cut_or_altered),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
