/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C8 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_token_record.h"

#include "support/softhsm_token.h"

enum { BODY_LEN = 40, RECORD_LEN = BODY_LEN + QW_CARD_RECORD_OVERHEAD };

static struct qw_pkcs11 *token;
static const struct qw_card_record record = { .generation = 7, .key_id = { 1, 2, 3 } };
static const uint8_t body[BODY_LEN] = "the state of a card";

static int set_up(void **state)
{
    (void)state;
    softhsm_begin();
    softhsm_empty();
    softhsm_token("card");
    assert_int_equal(qw_pkcs11_open(PKCS11_SHIM, "card", (const uint8_t *)SOFTHSM_PIN, 6, &token),
                     QW_PKCS11_FINE);
    assert_int_equal(qw_pkcs11_key_make(token, "phone-1", record.key_id), QW_PKCS11_FINE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    qw_pkcs11_close(token);
    softhsm_end();
    return 0;
}

static void what_is_sealed_opens(void **state)
{
    uint8_t sealed[RECORD_LEN], again[RECORD_LEN], back[BODY_LEN];
    struct qw_card_record head;

    (void)state;
    assert_int_equal(qw_card_record_seal(token, &record, body, BODY_LEN, sealed), QW_OK);
    assert_int_equal(qw_card_record_seal(token, &record, body, BODY_LEN, again), QW_OK);
    assert_memory_equal(sealed, "QWT\1\0\0\0\0\0\0\0\7\1\2\3", 15);
    assert_null(memmem(sealed, sizeof sealed, body, 8));
    assert_memory_not_equal(sealed + QW_CARD_RECORD_KEY_AT, again + QW_CARD_RECORD_KEY_AT,
                            RECORD_LEN - QW_CARD_RECORD_KEY_AT); /* a key of its own */
    assert_int_equal(qw_card_record_peek(sealed, sizeof sealed, &head), QW_OK);
    assert_int_equal(head.generation, 7);
    assert_memory_equal(head.key_id, record.key_id, sizeof head.key_id);
    assert_int_equal(qw_card_record_open(token, sealed, sizeof sealed, back), QW_OK);
    assert_memory_equal(back, body, BODY_LEN);
}

static void every_flipped_bit_and_every_other_length_is_refused(void **state)
{
    uint8_t sealed[RECORD_LEN + 1] = { 0 }, back[BODY_LEN + 1] = { 0 };
    struct qw_card_record head;

    (void)state;
    assert_int_equal(qw_card_record_seal(token, &record, body, BODY_LEN, sealed), QW_OK);
    for (size_t bit = 0; bit < 8 * (size_t)RECORD_LEN; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(qw_card_record_open(token, sealed, RECORD_LEN, back), QW_ERR_FORMAT);
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t len = 0; len <= RECORD_LEN + 1; len++) {
        if (len != RECORD_LEN) {
            assert_int_equal(qw_card_record_open(token, sealed, len, back), QW_ERR_FORMAT);
        }
    }
    assert_int_equal(qw_card_record_peek(sealed, QW_CARD_RECORD_OVERHEAD, &head), QW_ERR_FORMAT);
    assert_int_equal(qw_card_record_open(token, sealed, RECORD_LEN, back), QW_OK);
}

static void a_token_that_fails_is_no_altered_record(void **state)
{
    uint8_t sealed[RECORD_LEN], back[BODY_LEN];

    (void)state;
    assert_int_equal(qw_card_record_seal(token, &record, body, BODY_LEN, sealed), QW_OK);
    *shim_is_away = 1;
    assert_int_equal(qw_card_record_open(token, sealed, RECORD_LEN, back), QW_ERR_IO);
    assert_int_equal(qw_card_record_seal(token, &record, body, BODY_LEN, sealed), QW_ERR_IO);
    *shim_is_away = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens),
        cmocka_unit_test(every_flipped_bit_and_every_other_length_is_refused),
        cmocka_unit_test(a_token_that_fails_is_no_altered_record),
    };

    if (!softhsm_is_there()) {
        print_message("skipped: softhsm2 is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
