/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/utf8.h"

#include <stdint.h>
#include <string.h>

/* Encoder written from the table of [RFC 3629 3], for every code point there is. */
static size_t encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

static void takes_every_code_point_and_no_surrogate(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x200000; point++) {
        char text[4];
        size_t len = encode(point, text);
        bool is_good = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);

        assert_int_equal(qw_utf8_is_valid(text, len), is_good);
        if (len > 1) {
            assert_false(qw_utf8_is_valid(text, len - 1));
            assert_false(qw_utf8_is_valid(text + 1, len - 1));
        }
    }
}

/* Of all two-byte texts just the 128 x 128 of ASCII and the 1920 of two-byte code points. */
static void takes_no_other_pair_of_bytes(void **state)
{
    unsigned good = 0;

    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        char text[2] = { (char)(pair >> 8), (char)(pair & 0xFF) };

        good += qw_utf8_is_valid(text, 2);
    }
    assert_int_equal(good, 128 * 128 + 1920);
}

static void takes_no_other_triple_of_bytes(void **state)
{
    unsigned good = 0;

    (void)state;
    for (unsigned triple = 0; triple < 1u << 24; triple++) {
        char text[3] = { (char)(triple >> 16), (char)(triple >> 8 & 0xFF), (char)(triple & 0xFF) };

        good += qw_utf8_is_valid(text, 3);
    }
    assert_int_equal(good, 128 * 128 * 128 + 2 * 128 * 1920 + (0x10000 - 0x800 - 0x800));
}

static void takes_an_empty_text(void **state)
{
    (void)state;
    assert_true(qw_utf8_is_valid("", 0));
    assert_true(qw_utf8_is_valid("\0", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_code_point_and_no_surrogate),
        cmocka_unit_test(takes_no_other_pair_of_bytes),
        cmocka_unit_test(takes_no_other_triple_of_bytes),
        cmocka_unit_test(takes_an_empty_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
