/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 A4 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_file.h"

#include "card_fixture.h"

enum { BODY_LEN = 40, SEALED_LEN = BODY_LEN + QW_CARD_FILE_OVERHEAD };

static uint8_t body[BODY_LEN], sealed[SEALED_LEN + 1];

static int make_file(void **state)
{
    struct qw_card_file_key key;

    (void)state;
    for (size_t i = 0; i < BODY_LEN; i++) {
        body[i] = (uint8_t)i;
    }
    assert_int_equal(
        qw_card_file_new(fixture_cost, fixture_passphrase, FIXTURE_PASSPHRASE_LEN, &key), QW_OK);
    assert_int_equal(qw_card_file_seal(&key, body, BODY_LEN, sealed), QW_OK);
    return 0;
}

static qw_err unlock_and_open(size_t len, uint8_t *out)
{
    struct qw_card_file_key key;
    qw_err err = qw_card_file_unlock(sealed, len, fixture_passphrase, FIXTURE_PASSPHRASE_LEN, &key);

    return err == QW_OK ? qw_card_file_open(&key, sealed, len, out) : err;
}

static void what_was_sealed_opens_with_the_passphrase_alone(void **state)
{
    uint8_t out[BODY_LEN];

    (void)state;
    assert_int_equal(unlock_and_open(SEALED_LEN, out), QW_OK);
    assert_memory_equal(out, body, BODY_LEN);
    assert_memory_equal(sealed, "QWK\x01", 4);
}

static void another_passphrase_is_refused(void **state)
{
    struct qw_card_file_key key;

    (void)state;
    assert_int_equal(qw_card_file_unlock(sealed, SEALED_LEN, fixture_passphrase,
                                         FIXTURE_PASSPHRASE_LEN - 1, &key),
                     QW_ERR_AUTH);
}

static void a_cut_or_prolonged_file_is_refused(void **state)
{
    uint8_t out[BODY_LEN + 1] = { 0x77 };

    (void)state;
    for (size_t len = 0; len < SEALED_LEN; len++) {
        assert_int_equal(unlock_and_open(len, out),
                         len < QW_CARD_FILE_OVERHEAD ? QW_ERR_FORMAT : QW_ERR_AUTH);
    }
    assert_int_equal(unlock_and_open(SEALED_LEN + 1, out), QW_ERR_AUTH);
    assert_int_equal(out[0], 0x77);
}

/* S2 of card-file.md. The cost bytes are set back to small values where a flip would make a try
 * last seconds: what counts is that they are under the tag. */
static void every_flipped_bit_is_refused(void **state)
{
    uint8_t out[BODY_LEN] = { 0x77 };

    (void)state;
    for (size_t bit = 0; bit < 8 * SEALED_LEN; bit++) {
        qw_err err;

        if (bit == 8 * 4 + 4 || bit / 8 == 5 || bit / 8 == 6) {
            continue; /* N = 2^26 is out of range; r and p: see the next test */
        }
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        err = unlock_and_open(SEALED_LEN, out);
        assert_true(err == QW_ERR_FORMAT || err == QW_ERR_AUTH);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(out[0], 0x77);
}

static void costs_outside_the_range_are_refused_before_any_work(void **state)
{
    static const uint8_t bad[][3] = { { 9, 1, 1 },   { 21, 1, 1 },    { 255, 1, 1 }, { 10, 0, 1 },
                                      { 10, 33, 1 }, { 10, 1, 0 },    { 10, 1, 17 }, { 26, 8, 1 },
                                      { 0, 0, 0 },   { 10, 255, 255 } };
    static const uint8_t other[][3] = { { 11, 1, 1 }, { 10, 2, 1 }, { 10, 1, 2 } };
    uint8_t out[BODY_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(sealed + 4, bad[i], 3);
        assert_int_equal(unlock_and_open(SEALED_LEN, out), QW_ERR_FORMAT);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        memcpy(sealed + 4, other[i], 3);
        assert_int_equal(unlock_and_open(SEALED_LEN, out), QW_ERR_AUTH);
    }
}

static void a_cost_outside_the_range_makes_no_file(void **state)
{
    struct qw_card_file_key key;

    (void)state;
    assert_int_not_equal(qw_card_file_new((struct qw_password_cost){ 9, 8, 1 }, fixture_passphrase,
                                          FIXTURE_PASSPHRASE_LEN, &key),
                         QW_OK);
}

static void two_seals_of_one_body_share_nothing_but_the_head(void **state)
{
    struct qw_card_file_key key;
    uint8_t other[SEALED_LEN];

    (void)state;
    assert_int_equal(
        qw_card_file_unlock(sealed, SEALED_LEN, fixture_passphrase, FIXTURE_PASSPHRASE_LEN, &key),
        QW_OK);
    assert_int_equal(qw_card_file_seal(&key, body, BODY_LEN, other), QW_OK);
    assert_memory_equal(sealed, other, QW_CARD_FILE_HEAD_LEN);
    assert_memory_not_equal(sealed + QW_CARD_FILE_HEAD_LEN, other + QW_CARD_FILE_HEAD_LEN, 12);
    assert_memory_not_equal(sealed + SEALED_LEN - 16, other + SEALED_LEN - 16, 16);
}

/* A card whose file was tampered with on the disk. */
static void a_card_does_not_open_after_any_byte_of_its_file_was_changed(void **state)
{
    uint8_t data[4096];
    struct qw_card *card = NULL;
    FILE *file;
    size_t len;

    fixture_set_up(state);
    file = fopen(fixture_path, "rb");
    assert_non_null(file);
    len = fread(data, 1, sizeof data, file);
    fclose(file);
    for (size_t i = 23; i < len; i += 7) { /* the head's fields are tried above */
        data[i] ^= 0x10;
        file = fopen(fixture_path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, len, file), len);
        fclose(file);
        assert_int_equal(fixture_open(&card), QW_ERR_AUTH);
        data[i] ^= 0x10;
    }
    assert_null(card);
    fixture_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_sealed_opens_with_the_passphrase_alone, make_file),
        cmocka_unit_test_setup(another_passphrase_is_refused, make_file),
        cmocka_unit_test_setup(a_cut_or_prolonged_file_is_refused, make_file),
        cmocka_unit_test_setup(every_flipped_bit_is_refused, make_file),
        cmocka_unit_test_setup(costs_outside_the_range_are_refused_before_any_work, make_file),
        cmocka_unit_test_setup(a_cost_outside_the_range_makes_no_file, make_file),
        cmocka_unit_test_setup(two_seals_of_one_body_share_nothing_but_the_head, make_file),
        cmocka_unit_test(a_card_does_not_open_after_any_byte_of_its_file_was_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
