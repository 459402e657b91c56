/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C11 A4 */
/* A card makes a code of its next key, which it has forgotten then. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_body.h"

#include "../api/card_root.h"

#include "card_fixture.h"
#include "terminal/login_code.h"

static void a_code_is_of_the_next_key_and_takes_it(void **state)
{
    struct qw_card *card = NULL;
    struct qw_card_info before, after;
    struct qw_login_code code;
    uint8_t key[32], code_key[32];
    char text[QW_LOGIN_CODE_CAP] = "";
    uint32_t number = 0;

    (void)state;
    assert_int_equal(fixture_open(&card), QW_OK);
    qw_card_info(card, &before);
    assert_int_equal(qw_card_login_code(card, "alice", -1, text), QW_ERR_ARG);
    assert_int_equal(qw_card_login_code(card, "alice", 1795369980000, text), QW_OK);
    qw_card_info(card, &after);
    assert_int_equal(after.remaining_keys + 1, before.remaining_keys);

    fixture_key(100, key); /* the first of its BIRTH package */
    assert_int_equal(qw_login_code_parse(text, &code), QW_OK);
    assert_int_equal(qw_login_code_key(root_of(card->vault->keys.report, key), code_key), QW_OK);
    assert_int_equal(qw_login_code_number(code_key, "alice", 1795369980000 / 30000, &number),
                     QW_OK);
    assert_int_equal(code.number, number);
    qw_card_close(card);
    assert_int_equal(fixture_open(&card), QW_OK); /* it is gone for good */
    qw_card_info(card, &before);
    assert_int_equal(before.remaining_keys, after.remaining_keys);
    qw_card_close(card);
}

static void a_card_without_keys_makes_none(void **state)
{
    struct qw_card *card = NULL;
    char text[QW_LOGIN_CODE_CAP];

    (void)state;
    assert_int_equal(fixture_open(&card), QW_OK);
    for (int i = 0; i < FIXTURE_KEYS; i++) {
        assert_int_equal(qw_card_login_code(card, "alice", 0, text), QW_OK);
    }
    text[0] = 'x';
    assert_int_equal(qw_card_login_code(card, "alice", 0, text), QW_ERR_EXHAUSTED);
    assert_int_equal(text[0], 'x');
    qw_card_close(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_code_is_of_the_next_key_and_takes_it, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_card_without_keys_makes_none, fixture_set_up,
                                        fixture_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
