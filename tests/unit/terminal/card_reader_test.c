/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 C9 W8 */
/* Both ends of docs/protocol/card-apdu.md: what a chip does. How commands reach it over a wire that
 * breaks: card_reader_ask_test.c. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/destruction.h"
#include "chip_wire.h"
#include "crypto/hash.h"

static void a_chip_gives_each_key_once_and_says_what_is_left(void **state)
{
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    struct qw_card_info info;
    uint8_t id[16], key[32];

    (void)state;
    assert_int_equal(qw_card_reader_open(reader), QW_OK);
    qw_card_reader_info(reader, &info);
    assert_string_equal(info.owner, "terminal-1");
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS);
    for (uint64_t i = 0; i < FIXTURE_KEYS; i++) {
        assert_int_equal(take(reader), FIRST_INDEX + i);
        qw_card_reader_info(reader, &info);
        assert_int_equal(info.remaining_keys, FIXTURE_KEYS - 1 - i);
    }
    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_ERR_EXHAUSTED);
    qw_card_reader_info(reader, &info);
    assert_int_equal(info.used_keys, FIXTURE_KEYS);
    assert_int_equal(info.next_index, FIRST_INDEX + FIXTURE_KEYS);
    assert_int_equal(info.pool_up_left, FIXTURE_POOL);
    qw_card_reader_free(reader);
}

static void a_report_pads_and_packages_are_those_of_a_card(void **state)
{
    struct qw_package refill = fixture_package(QW_PACKAGE_REFILL, 2, FIRST_INDEX + FIXTURE_KEYS, 2,
                                               1000 + FIXTURE_POOL, 512);
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    uint8_t sealed[QW_CONTACT_REPORT_LEN], first[QW_RECEIPT_LEN], again[QW_RECEIPT_LEN];
    uint8_t up[64], down[64];
    struct qw_contact_report report;
    struct qw_card_keys keys;
    struct qw_receipt receipt;
    struct qw_card_info info;
    size_t len;

    (void)state;
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_card_reader_report(reader, false, 7, sealed), QW_OK);
    assert_int_equal(qw_contact_report_open(sealed, sizeof sealed, keys.report, &report), QW_OK);
    assert_true(report.counter == 1 && report.wanted_keys == 7 && !report.wants_fresh);
    assert_int_equal(qw_card_reader_take_auth(reader, 1064, 1000, up, down), QW_OK);
    assert_int_equal(up[0], fixture_pool_byte('u', 1064));
    assert_int_equal(down[63], fixture_pool_byte('d', 1063));
    assert_int_equal(qw_card_reader_take_auth(reader, 1064, 1064, up, down), QW_ERR_ARG);

    len = fixture_seal(&refill);
    assert_true(len > 4 * QW_APDU_DATA_MAX); /* in chunks */
    assert_int_equal(qw_card_reader_take_package(reader, fixture_sealed, len, first, NULL, NULL),
                     QW_OK);
    assert_int_equal(qw_receipt_open(first, sizeof first, keys.receipt, &receipt), QW_OK);
    assert_int_equal(qw_card_reader_take_package(reader, fixture_sealed, len, again, NULL, NULL),
                     QW_OK);
    assert_memory_equal(again, first, sizeof first);
    assert_int_equal(qw_card_reader_receipt(reader, again), QW_OK);
    assert_memory_equal(again, first, sizeof first);
    qw_card_reader_info(reader, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS + 2);
    fixture_sealed[len - 1] ^= 1;
    assert_int_equal(qw_card_reader_take_package(reader, fixture_sealed, len, again, NULL, NULL),
                     QW_ERR_AUTH);
    qw_card_reader_free(reader);
}

static void a_fresh_key_comes_out_and_a_fusion_stays_in(void **state)
{
    struct qw_package fresh =
        fixture_package(QW_PACKAGE_FRESH, 2, FIRST_INDEX + FIXTURE_KEYS, 1, 0, 0);
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    uint8_t receipt[QW_RECEIPT_LEN], id[16], key[32];
    struct qw_package fuse;
    struct qw_card_info info;
    size_t len = fixture_seal(&fresh);

    (void)state;
    assert_int_equal(qw_card_reader_take_package(reader, fixture_sealed, len, receipt, id, key),
                     QW_OK);
    assert_int_equal(key_index_of(key), FIRST_INDEX + FIXTURE_KEYS);
    fuse = fixture_package(QW_PACKAGE_FUSE, 3, FIRST_INDEX + FIXTURE_KEYS + 1, 2, 0, 0);
    memset(fuse.card_key, 0x66, sizeof fuse.card_key);
    len = fixture_seal(&fuse);
    assert_int_equal(qw_card_reader_take_package(reader, fixture_sealed, len, receipt, NULL, NULL),
                     QW_OK);
    qw_card_reader_info(reader, &info);
    assert_int_equal(info.epoch, 2);
    qw_card_reader_free(reader);
}

static void a_destroyed_chip_proves_it_and_books_it(void **state)
{
    struct qw_destroy_order order = { .serial = { 0x5e, 0x71 }, .epoch = 1, .nonce = { 9 } };
    struct qw_order_done word = { .serial = { 0x5e, 0x71 }, .nonce = { 9 }, .done = { 0xd0 } };
    const struct qw_bytes done = { word.done, sizeof word.done };
    uint8_t digest[QW_HASH_LEN_MAX], sealed[QW_ORDER_LEN], message[QW_ORDER_DONE_MESSAGE_LEN];
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    struct qw_tombstone tombstone;
    struct qw_card_keys keys;
    uint8_t id[16], key[32];
    bool does = false;

    (void)state;
    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &done, 1, digest), QW_OK);
    memcpy(order.done_hash, digest, sizeof order.done_hash);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_destroy_order_seal(&order, keys.order, sealed), QW_OK);
    qw_order_done_encode(&word, message);

    assert_int_equal(qw_card_reader_tombstone(reader, &tombstone), QW_ERR_NOT_FOUND);
    sealed[50] ^= 1;
    assert_int_equal(qw_card_reader_destroy(reader, sealed, sizeof sealed), QW_ERR_AUTH);
    sealed[50] ^= 1;
    assert_int_equal(qw_card_reader_destroy(reader, sealed, sizeof sealed), QW_OK);
    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_ERR_STATE);
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_STATE);
    assert_int_equal(qw_card_reader_exists(reader, &does), QW_OK);
    assert_true(does);
    assert_int_equal(qw_card_reader_tombstone(reader, &tombstone), QW_OK);
    assert_false(tombstone.is_booked);
    message[40] ^= 1;
    assert_int_equal(qw_card_reader_book(reader, &tombstone, message, sizeof message), QW_ERR_AUTH);
    message[40] ^= 1;
    assert_int_equal(qw_card_reader_book(reader, &tombstone, message, sizeof message), QW_OK);
    qw_card_reader_free(reader);
    take_out();
    insert();
    reader = reader_with(pin, PIN_LEN);
    assert_int_equal(qw_card_reader_tombstone(reader, &tombstone), QW_OK);
    assert_true(tombstone.is_booked);
    qw_card_reader_free(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chip_gives_each_key_once_and_says_what_is_left),
        TEST(a_report_pads_and_packages_are_those_of_a_card),
        TEST(a_fresh_key_comes_out_and_a_fusion_stays_in),
        TEST(a_destroyed_chip_proves_it_and_books_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
