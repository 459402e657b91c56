/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"

#include <stdbool.h>
#include <string.h>

static void every_byte_comes_back_in_either_case(void **state)
{
    uint8_t data[256], back[256];
    char text[513];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    qw_hex_encode(data, sizeof data, text);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 506, "fdfeff");
    assert_int_equal(qw_hex_decode(text, back, sizeof back), QW_OK);
    assert_memory_equal(back, data, sizeof data);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
    }
    assert_int_equal(qw_hex_decode(text, back, sizeof back), QW_OK);
    assert_memory_equal(back, data, sizeof data);
}

static void anything_but_exactly_the_digits_is_refused(void **state)
{
    static const char *const bad[] = { "",     "0",    "012",  "01020", "0102030",
                                       "0g02", "0x02", " 102", "010-" };
    uint8_t out[2] = { 0xee, 0xee };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_hex_decode(bad[i], out, 2), QW_ERR_FORMAT);
        assert_int_equal(out[0], 0xee);
        assert_int_equal(out[1], 0xee);
    }
    assert_int_equal(qw_hex_decode("", out, 0), QW_OK);
}

static void only_hex_digits_are_digits(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        char text[3] = { '0', (char)c, '\0' };
        uint8_t out;

        assert_int_equal(qw_hex_decode(text, &out, 1) == QW_OK, is_digit);
    }
}

static const uint8_t id[QW_UUID_LEN] = { 0x55, 0x0e, 0x84, 0x00, 0xe2, 0x9b, 0x41, 0xd4,
                                         0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0x00, 0x00 };

static void an_identifier_has_its_canonical_text(void **state)
{
    char text[QW_UUID_TEXT_CAP];
    uint8_t back[QW_UUID_LEN];

    (void)state;
    qw_uuid_encode(id, text);
    assert_string_equal(text, "550e8400-e29b-41d4-a716-446655440000");
    assert_int_equal(qw_uuid_decode(text, back), QW_OK);
    assert_memory_equal(back, id, sizeof id);
    assert_int_equal(qw_uuid_decode("550E8400-E29B-41D4-A716-446655440000", back), QW_OK);
}

static void a_text_that_is_no_identifier_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "550e8400e29b41d4a716446655440000",
        "550e8400-e29b-41d4-a716-44665544000",
        "550e8400-e29b-41d4-a716-4466554400000",
        "550e8400-e29b-41d4-a716-44665544000g",
        "550e840-0e29b-41d4-a716-446655440000",
        "550e8400_e29b-41d4-a716-446655440000",
        "{50e8400-e29b-41d4-a716-446655440000",
    };
    uint8_t out[QW_UUID_LEN] = { 0xee };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_uuid_decode(bad[i], out), QW_ERR_FORMAT);
        assert_int_equal(out[0], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_comes_back_in_either_case),
        cmocka_unit_test(anything_but_exactly_the_digits_is_refused),
        cmocka_unit_test(only_hex_digits_are_digits),
        cmocka_unit_test(an_identifier_has_its_canonical_text),
        cmocka_unit_test(a_text_that_is_no_identifier_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
