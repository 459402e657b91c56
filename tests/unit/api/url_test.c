/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/url.h"
#include "base/prng.h"
#include "support/test_seed.h"

#include <stdio.h>
#include <string.h>

static void splits_a_path_before_anything_is_decoded(void **state)
{
    struct qw_url_path path;

    (void)state;
    assert_int_equal(qw_url_path_split("/a%2Fb/c", &path), QW_OK);
    assert_int_equal(path.count, 2);
    assert_int_equal(path.segment[0].len, 5);
    assert_memory_equal(path.segment[0].text, "a%2Fb", 5);
    assert_memory_equal(path.segment[1].text, "c", 1);
    assert_int_equal(qw_url_path_split("/a/b/", &path), QW_OK);
    assert_int_equal(path.count, 2);
    assert_int_equal(qw_url_path_split("/", &path), QW_OK);
    assert_int_equal(path.count, 0);
    assert_int_equal(qw_url_path_split("/1/2/3/4/5/6/7/8", &path), QW_OK);
    assert_int_equal(path.count, QW_URL_SEGMENTS_MAX);
}

static void refuses_a_path_of_another_shape(void **state)
{
    static const struct {
        const char *path;
        qw_err err;
    } rows[] = {
        { "", QW_ERR_FORMAT },
        { "a", QW_ERR_FORMAT },
        { "//", QW_ERR_FORMAT },
        { "/a//b", QW_ERR_FORMAT },
        { "/a//", QW_ERR_FORMAT },
        { "*", QW_ERR_FORMAT },
        { "/a b", QW_ERR_FORMAT },
        { "/a\x01", QW_ERR_FORMAT },
        { "/a\xC3\xA9", QW_ERR_FORMAT },
        { "/a?b", QW_ERR_FORMAT },
        { "/a#b", QW_ERR_FORMAT },
        { "/a\\b", QW_ERR_FORMAT },
        { "/1/2/3/4/5/6/7/8/9", QW_ERR_SPACE },
    };
    struct qw_url_path path = { .count = 77 };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(qw_url_path_split(rows[i].path, &path), rows[i].err);
        assert_int_equal(path.count, 77);
    }
}

static qw_err decode(const char *text, char *out, size_t cap)
{
    return qw_url_decode(text, strlen(text), out, cap);
}

static void decodes_once(void **state)
{
    char out[16];

    (void)state;
    assert_int_equal(decode("a%2Fb%20c%C3%a9", out, sizeof out), QW_OK);
    assert_string_equal(out, "a/b c\xC3\xA9");
    assert_int_equal(decode("%2541", out, sizeof out), QW_OK);
    assert_string_equal(out, "%41");
    assert_int_equal(decode("", out, sizeof out), QW_OK);
    assert_string_equal(out, "");
    assert_int_equal(decode("a+b", out, sizeof out), QW_OK);
    assert_string_equal(out, "a+b");
    assert_int_equal(decode("%41%41%41", out, 4), QW_OK);
}

static void refuses_bad_codes_controls_and_invalid_utf8(void **state)
{
    static const char *const bad[] = { "%",    "%4",        "a%",    "%4g", "%g4",
                                       "%%41", "%00",       "a%0Ab", "%7F", "%1f",
                                       "%C3",  "%C0%80",    "\x01",  "%FF", "\xC3",
                                       "%c3(", "%ED%A0%80", "% 41",  "%-1" };
    char out[16] = "keep";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(decode(bad[i], out, sizeof out), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_url_decode("a\0b", 3, out, sizeof out), QW_ERR_FORMAT);
    assert_int_equal(decode("%41%41%41", out, 3), QW_ERR_SPACE);
    assert_int_equal(decode("abc", out, 3), QW_ERR_SPACE);
    assert_int_equal(decode("", out, 0), QW_ERR_SPACE);
    assert_string_equal(out, "keep");
}

static void finds_the_one_parameter(void **state)
{
    char value[16] = "keep";

    (void)state;
    assert_int_equal(qw_url_query_find("a=1&b=%32&c", "b", value, sizeof value), QW_OK);
    assert_string_equal(value, "2");
    assert_int_equal(qw_url_query_find("%62=x", "b", value, sizeof value), QW_OK);
    assert_string_equal(value, "x");
    assert_int_equal(qw_url_query_find("a&b=y=z", "b", value, sizeof value), QW_OK);
    assert_string_equal(value, "y=z");
    assert_int_equal(qw_url_query_find("c", "c", value, sizeof value), QW_OK);
    assert_string_equal(value, "");
    assert_int_equal(qw_url_query_find("&&a=1&", "a", value, sizeof value), QW_OK);
    assert_string_equal(value, "1");
    strcpy(value, "keep");
    assert_int_equal(qw_url_query_find("", "a", value, sizeof value), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_url_query_find("A=1&ab=2&%=3", "a", value, sizeof value), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_url_query_find("a=1&a=1", "a", value, sizeof value), QW_ERR_FORMAT);
    assert_int_equal(qw_url_query_find("a=1&%61=2", "a", value, sizeof value), QW_ERR_FORMAT);
    assert_int_equal(qw_url_query_find("a=%zz", "a", value, sizeof value), QW_ERR_FORMAT);
    assert_int_equal(qw_url_query_find("a=0123456789abcdef", "a", value, sizeof value),
                     QW_ERR_SPACE);
    assert_string_equal(value, "keep");
}

/* Law: decoding undoes encoding, and an encoded element is one element. */
static void finds_every_value_of_a_name(void **state)
{
    static const char query[] = "id=a&x=b&id=%2C&i%64=&id=%zz&id=late";
    static const char *const values[] = { "a", ",", "" };
    char value[8] = "same";
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_url_query_next(query, "id", &at, value, sizeof value), QW_OK);
        assert_string_equal(value, values[i]);
    }
    assert_int_equal(qw_url_query_next(query, "id", &at, value, sizeof value), QW_ERR_FORMAT);
    at = sizeof query - 1;
    assert_int_equal(qw_url_query_next(query, "id", &at, value, sizeof value), QW_ERR_NOT_FOUND);
    at = 0;
    assert_int_equal(qw_url_query_next(query, "y", &at, value, sizeof value), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_url_query_next("id=12345678", "id", &at, value, sizeof value),
                     QW_ERR_SPACE);
    assert_int_equal(at, 0);
}

static void decoding_undoes_encoding(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int i = 0; i < 2000; i++) {
        char text[32], encoded[128], path[160], back[32];
        size_t len = 1 + qw_prng_below(&prng, sizeof text - 1);
        struct qw_url_path split;

        for (size_t k = 0; k < len; k++) {
            text[k] = (char)(' ' + qw_prng_below(&prng, 95));
        }
        text[len - 1] = '\0';
        assert_int_equal(qw_url_encode(text, encoded, sizeof encoded), QW_OK);
        assert_int_equal(decode(encoded, back, sizeof back), QW_OK);
        assert_string_equal(back, text);
        snprintf(path, sizeof path, "/x/%s/y", encoded);
        assert_int_equal(qw_url_path_split(path, &split), len > 1 ? QW_OK : QW_ERR_FORMAT);
        assert_true(len <= 1 || split.count == 3);
    }
}

static void encodes_within_its_limit(void **state)
{
    char out[8] = "keep";

    (void)state;
    assert_int_equal(qw_url_encode("a/b", out, 6), QW_OK);
    assert_string_equal(out, "a%2Fb");
    strcpy(out, "keep");
    assert_int_equal(qw_url_encode("a/b", out, 5), QW_ERR_SPACE);
    assert_string_equal(out, "keep");
    assert_int_equal(qw_url_encode("", out, 1), QW_OK);
    assert_string_equal(out, "");
    assert_int_equal(qw_url_encode("\xC3\xA9", out, 7), QW_OK);
    assert_string_equal(out, "%C3%A9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_a_path_before_anything_is_decoded),
        cmocka_unit_test(refuses_a_path_of_another_shape),
        cmocka_unit_test(decodes_once),
        cmocka_unit_test(refuses_bad_codes_controls_and_invalid_utf8),
        cmocka_unit_test(finds_the_one_parameter),
        cmocka_unit_test(finds_every_value_of_a_name),
        cmocka_unit_test(decoding_undoes_encoding),
        cmocka_unit_test(encodes_within_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
