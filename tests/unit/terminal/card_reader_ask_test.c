/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 W8 */
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

enum { TRIES_MAX = 100 };

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
            assert_true(err == QW_OK ? key_index_of(key) < next
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_pin_is_tried_once_and_counted),
        TEST(a_pin_that_can_only_be_wrong_costs_no_try),
        TEST(lost_answers_do_not_lock_the_card),
        TEST(an_empty_card_in_its_place_is_another_one),
        TEST(taken_out_and_put_back_it_goes_on_another_one_does_not),
        TEST(a_wire_that_breaks_gives_no_key_twice),
        TEST(a_package_that_breaks_on_the_way_is_taken_by_the_same_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
