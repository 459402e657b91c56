/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

#include "base/prng.h"
#include "support/test_seed.h"

#include <stdbool.h>
#include <string.h>

static void texts_are_those_of_the_rfc(void **state)
{
    static const struct { /* [RFC 4648 10] */
        const char *data, *text;
    } row[] = { { "", "" },
                { "f", "Zg==" },
                { "fo", "Zm8=" },
                { "foo", "Zm9v" },
                { "foob", "Zm9vYg==" },
                { "fooba", "Zm9vYmE=" },
                { "foobar", "Zm9vYmFy" } };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[QW_BASE64_LEN(6) + 1];
        uint8_t data[6];
        size_t len = 99;

        qw_base64_encode((const uint8_t *)row[i].data, strlen(row[i].data), text);
        assert_string_equal(text, row[i].text);
        assert_int_equal(qw_base64_decode(text, strlen(text), data, sizeof data, &len), QW_OK);
        assert_int_equal(len, strlen(row[i].data));
        assert_memory_equal(data, row[i].data, len);
    }
}

static void every_length_comes_back(void **state)
{
    uint8_t data[200], back[200];
    char text[QW_BASE64_LEN(200) + 1];
    struct qw_prng prng;
    size_t back_len;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (size_t len = 0; len <= sizeof data; len++) {
        qw_prng_bytes(&prng, data, len);
        qw_base64_encode(data, len, text);
        assert_int_equal(strlen(text), QW_BASE64_LEN(len));
        assert_int_equal(qw_base64_decode(text, strlen(text), back, len, &back_len), QW_OK);
        assert_int_equal(back_len, len);
        assert_memory_equal(back, data, len);
    }
}

static void the_whole_alphabet_is_used(void **state)
{
    uint8_t data[48];
    char text[65];
    size_t at = 0;

    (void)state;
    memset(data, 0, sizeof data);
    for (unsigned v = 0; v < 64; v++) {
        for (unsigned b = 6; b > 0; b--, at++) {
            data[at / 8] |= (uint8_t)((v >> (b - 1) & 1) << (7 - at % 8));
        }
    }
    qw_base64_encode(data, sizeof data, text);
    assert_string_equal(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

static void assert_refused(const char *text, size_t text_len)
{
    uint8_t out[8] = { 0xee };
    size_t len = 77;

    assert_int_equal(qw_base64_decode(text, text_len, out, sizeof out, &len), QW_ERR_FORMAT);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(len, 77);
}

static void what_is_not_exactly_right_is_refused(void **state)
{
    static const char *const bad[] = { "Z",        "Zg",   "Zg=",  "Zh==", "Zm9=",
                                       "Zg==\n",   " Zg=", "Z===", "====", "Zg==Zg==",
                                       "Zm9vYg=a", "Zm-v", "Zm_v" };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(bad[i], strlen(bad[i]));
    }
    assert_refused("Zm9\0", 4);
}

static void only_the_alphabet_is_accepted(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                         (c >= '0' && c <= '9') || c == '+' || c == '/';
        char text[4] = { 'A', (char)c, 'A', 'A' };
        uint8_t out[3];
        size_t len;

        assert_int_equal(qw_base64_decode(text, 4, out, 3, &len) == QW_OK, is_letter);
    }
}

/* A flip in a bare decoder is refused or decodes to what encodes to exactly that text. */
static void every_flipped_bit_is_refused_or_means_what_it_says(void **state)
{
    static const uint8_t data[4] = { 1, 2, 3, 4 };
    char text[QW_BASE64_LEN(4) + 1], again[QW_BASE64_LEN(6) + 1];
    uint8_t out[6];
    size_t len;

    (void)state;
    qw_base64_encode(data, sizeof data, text);
    for (size_t bit = 0; bit < 8 * QW_BASE64_LEN(4); bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (qw_base64_decode(text, QW_BASE64_LEN(4), out, sizeof out, &len) == QW_OK) {
            qw_base64_encode(out, len, again);
            assert_memory_equal(again, text, QW_BASE64_LEN(4));
        }
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    uint8_t out[6] = { 0xee };
    size_t len = 77;

    (void)state;
    assert_int_equal(qw_base64_decode("Zm9vYmFy", 8, out, 5, &len), QW_ERR_SPACE);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(len, 77);
    assert_int_equal(qw_base64_decode("Zm9vYmFy", 8, out, 6, &len), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_those_of_the_rfc),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(the_whole_alphabet_is_used),
        cmocka_unit_test(what_is_not_exactly_right_is_refused),
        cmocka_unit_test(only_the_alphabet_is_accepted),
        cmocka_unit_test(every_flipped_bit_is_refused_or_means_what_it_says),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
