/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C11 */
/* Codes of a card for the console's log-in [docs/protocol/console-login.md]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card_root.h"

#include "api/login_code.h"

#include <string.h>

static const uint8_t report_key[32] = { 1, 2, 3 };
static const uint8_t key[32] = { 4, 5, 6 };

static uint32_t number_of(const uint8_t one_time_key[static 32], const char *officer, uint64_t step)
{
    uint8_t code_key[32];
    uint32_t number = UINT32_MAX;

    assert_int_equal(qw_login_code_key(root_of(report_key, one_time_key), code_key), QW_OK);
    assert_int_equal(qw_login_code_number(code_key, officer, step, &number), QW_OK);
    assert_true(number < 100000000);
    return number;
}

static void twelve_digits_go_there_and_back(void **state)
{
    static const char *const texts[] = { "0012-0000-0034", "001200000034", "0012 0000 0034",
                                         "0012- 0000-0034" };
    char text[QW_LOGIN_CODE_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct qw_login_code code;

        assert_int_equal(qw_login_code_parse(texts[i], &code), QW_OK);
        assert_int_equal(code.locator, 12);
        assert_int_equal(code.number, 34);
        qw_login_code_format(&code, text);
        assert_string_equal(text, "0012-0000-0034");
    }
}

static void what_is_no_code_is_refused_and_nothing_touched(void **state)
{
    static const char *const texts[] = { "",
                                         "00120000003",
                                         "0012000000345",
                                         "-001200000034",
                                         "00-1200000034",
                                         "0012-0000-003x",
                                         "0012-0000-0034\n",
                                         "+0012-0000-003",
                                         "99999999999999999999999999999999" };
    struct qw_login_code code = { .locator = 7, .number = 8 };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(qw_login_code_parse(texts[i], &code), QW_ERR_FORMAT);
    }
    assert_int_equal(code.locator, 7);
    assert_int_equal(code.number, 8);
}

/* Example of the page. */
static void the_documented_example_holds(void **state)
{
    static const uint8_t id[16] = { 0x00, 0x01, 0x02, 0x03 };

    (void)state;
    assert_int_equal(qw_login_code_locator(id), 0x00010203 % 10000);
    assert_int_equal(number_of(key, "alice", 59845666), 6451844);
}

static void another_key_officer_or_time_is_another_number(void **state)
{
    static const uint8_t other[32] = { 4, 5, 7 };
    uint32_t number = number_of(key, "alice", 59845666);

    (void)state;
    assert_int_not_equal(number_of(other, "alice", 59845666), number);
    assert_int_not_equal(number_of(key, "alicf", 59845666), number);
    assert_int_not_equal(number_of(key, "alice", 59845667), number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twelve_digits_go_there_and_back),
        cmocka_unit_test(what_is_no_code_is_refused_and_nothing_touched),
        cmocka_unit_test(the_documented_example_holds),
        cmocka_unit_test(another_key_officer_or_time_is_another_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
