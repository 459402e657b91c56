/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 C9 W8 */
/* Both ends of docs/protocol/card-apdu.md, over a wire that breaks on demand. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/destruction.h"
#include "base/file.h"
#include "chip_wire.h"
#include "crypto/hash.h"

enum { TRIES_MAX = 100 };

static uint64_t index_of(const uint8_t key[static 32])
{
    uint64_t index;
    uint8_t expected[32];

    memcpy(&index, key, sizeof index);
    fixture_key(index, expected);
    assert_memory_equal(key, expected, sizeof expected);
    return index;
}

static uint64_t take(struct qw_card_reader *reader)
{
    uint8_t id[16], key[32];

    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_OK);
    return index_of(key);
}

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

static void a_wrong_pin_is_tried_once_and_counted(void **state)
{
    struct qw_card_reader *reader = reader_with((const uint8_t *)"90817264", PIN_LEN);
    uint8_t id[16], key[32];

    (void)state;
    slot.verified = 0;
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_AUTH);
    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_ERR_AUTH);
    assert_int_equal(slot.verified, 1);
    qw_card_reader_free(reader);
    take_out(); /* cutting the power does not give it back */
    insert();
    reader = reader_with((const uint8_t *)"9081", 4);
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_AUTH);
    qw_card_reader_free(reader);
    reader = reader_with(pin, PIN_LEN); /* the right one gives all of them back */
    assert_int_equal(take(reader), FIRST_INDEX);
    qw_card_reader_free(reader);
    for (int i = 0; i < QW_CARD_CHIP_TRIES; i++) {
        reader = reader_with((const uint8_t *)"90817264", PIN_LEN);
        assert_int_equal(qw_card_reader_open(reader),
                         i == QW_CARD_CHIP_TRIES - 1 ? QW_ERR_REFUSED : QW_ERR_AUTH);
        qw_card_reader_free(reader);
    }
    reader = reader_with(pin, PIN_LEN);
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_REFUSED);
    qw_card_reader_free(reader);
}

static void a_pin_that_can_only_be_wrong_costs_no_try(void **state)
{
    struct qw_card_reader *reader = NULL;

    (void)state;
    for (size_t len = 0; len < QW_APDU_PIN_MIN; len++) {
        assert_int_equal(wire_reader(pin, len, &reader), QW_ERR_ARG);
    }
    assert_int_equal(wire_reader(fixture_passphrase, QW_APDU_PIN_MAX + 1, &reader), QW_ERR_ARG);
    assert_null(reader);
}

/* D1: a wrong PIN whose answer is lost may be said again, but the last try is left to its owner. */
static void lost_answers_do_not_lock_the_card(void **state)
{
    struct qw_card_reader *reader = reader_with((const uint8_t *)"90817264", PIN_LEN);

    (void)state;
    slot.fault = AFTER;
    slot.fail_nth = 2; /* SELECT, VERIFY */
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_IO);
    slot.fail_nth = 3; /* SELECT, INFO, VERIFY */
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_IO);
    slot.fail_nth = 0;
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_AUTH); /* not said a third time */
    qw_card_reader_free(reader);
    reader = reader_with(pin, PIN_LEN);
    assert_int_equal(qw_card_reader_open(reader), QW_OK);
    qw_card_reader_free(reader);
}

/* D6: neither an empty card nor the tombstone of another is taken for the one that was there. */
static void an_empty_card_in_its_place_is_another_one(void **state)
{
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    uint8_t id[16], key[32], report[QW_CONTACT_REPORT_LEN];

    (void)state;
    assert_int_equal(take(reader), FIRST_INDEX);
    take_out();
    assert_int_equal(unlink(chip_path), 0);
    insert();
    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_ERR_CONFLICT);
    take_out();
    {
        struct qw_destroy_proof proof = { .serial = { 0x99 } };
        struct qw_tombstone tombstone = { .is_booked = true };
        uint8_t bytes[QW_TOMBSTONE_LEN];

        assert_int_equal(qw_destroy_proof_seal(&proof, fixture_card_key, tombstone.proof), QW_OK);
        qw_tombstone_encode(&tombstone, bytes);
        assert_int_equal(qw_file_replace(chip_path, bytes, sizeof bytes), QW_OK);
    }
    insert();
    assert_int_equal(qw_card_reader_report(reader, false, 1, report), QW_ERR_CONFLICT);
    qw_card_reader_free(reader);
    reader = reader_with(pin, PIN_LEN); /* who has just come knows no other */
    assert_int_equal(qw_card_reader_open(reader), QW_ERR_STATE);
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
    assert_int_equal(index_of(key), FIRST_INDEX + FIXTURE_KEYS);
    fuse = fixture_package(QW_PACKAGE_FUSE, 3, FIRST_INDEX + FIXTURE_KEYS + 1, 2, 0, 0);
    memset(fuse.card_key, 0x66, sizeof fuse.card_key);
    len = fixture_seal(&fuse);
    assert_int_equal(qw_card_reader_take_package(reader, fixture_sealed, len, receipt, NULL, NULL),
                     QW_OK);
    qw_card_reader_info(reader, &info);
    assert_int_equal(info.epoch, 2);
    qw_card_reader_free(reader);
}

static void taken_out_and_put_back_it_goes_on_another_one_does_not(void **state)
{
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    uint8_t id[16], key[32];

    (void)state;
    assert_int_equal(take(reader), FIRST_INDEX);
    take_out();
    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_ERR_NOT_FOUND);
    insert();
    assert_int_equal(take(reader), FIRST_INDEX + 1);
    take_out();
    assert_int_equal(unlink(chip_path), 0);
    insert();
    {
        struct qw_package package =
            fixture_package(QW_PACKAGE_BIRTH, 9, FIRST_INDEX, FIXTURE_KEYS, 1000, 0);
        struct qw_card_reader *other = reader_with(pin, PIN_LEN);

        package.serial[5] = 0x99;
        assert_int_equal(qw_card_reader_create(other, &package), QW_OK);
        qw_card_reader_free(other);
        slot.is_reset = true;
    }
    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_ERR_CONFLICT);
    qw_card_reader_free(reader);
}

static void a_wire_that_breaks_gives_no_key_twice(void **state)
{
    for (int fault = BEFORE; fault <= RESET; fault++) {
        bool was_reached = true;

        for (int n = 1; was_reached; n++) {
            struct qw_card_reader *reader;
            uint8_t id[16], key[32] = { 0 };
            uint64_t next;
            qw_err err;

            assert_true(n < TRIES_MAX);
            start_again(state);
            reader = reader_with(pin, PIN_LEN);
            slot.fault = (enum fault)fault;
            slot.fail_nth = n;
            err = qw_card_reader_take_key(reader, id, key);
            was_reached = slot.fail_nth == 0;
            slot.fail_nth = 0;
            assert_true(err == QW_OK || err == QW_ERR_IO);
            next = take(reader);
            assert_true(err == QW_OK ? index_of(key) < next
                                     : next == FIRST_INDEX || next == FIRST_INDEX + 1);
            assert_true(fault == AFTER || err != QW_OK || next == FIRST_INDEX + 1);
            qw_card_reader_free(reader);
        }
    }
}

static void a_package_that_breaks_on_the_way_is_taken_by_the_same_again(void **state)
{
    bool was_reached = true;

    for (int n = 1; was_reached; n++) {
        struct qw_package refill = fixture_package(QW_PACKAGE_REFILL, 2, FIRST_INDEX + FIXTURE_KEYS,
                                                   8, 1000 + FIXTURE_POOL, 64);
        struct qw_card_reader *reader;
        uint8_t receipt[QW_RECEIPT_LEN];
        struct qw_card_info info;
        size_t len;
        qw_err err;

        assert_true(n < TRIES_MAX);
        start_again(state);
        len = fixture_seal(&refill);
        reader = reader_with(pin, PIN_LEN);
        slot.fault = n % 2 == 0 ? AFTER : RESET;
        slot.fail_nth = n;
        err = qw_card_reader_take_package(reader, fixture_sealed, len, receipt, NULL, NULL);
        was_reached = slot.fail_nth == 0;
        slot.fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_IO);
        assert_int_equal(
            qw_card_reader_take_package(reader, fixture_sealed, len, receipt, NULL, NULL), QW_OK);
        qw_card_reader_info(reader, &info);
        assert_int_equal(info.remaining_keys, FIXTURE_KEYS + 8);
        qw_card_reader_free(reader);
    }
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
        TEST(a_wrong_pin_is_tried_once_and_counted),
        TEST(a_pin_that_can_only_be_wrong_costs_no_try),
        TEST(lost_answers_do_not_lock_the_card),
        TEST(an_empty_card_in_its_place_is_another_one),
        TEST(a_report_pads_and_packages_are_those_of_a_card),
        TEST(a_fresh_key_comes_out_and_a_fusion_stays_in),
        TEST(taken_out_and_put_back_it_goes_on_another_one_does_not),
        TEST(a_wire_that_breaks_gives_no_key_twice),
        TEST(a_package_that_breaks_on_the_way_is_taken_by_the_same_again),
        TEST(a_destroyed_chip_proves_it_and_books_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
