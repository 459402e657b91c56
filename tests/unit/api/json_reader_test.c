/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_reader.h"
#include "api/json_scan.h"
#include "api/json_writer.h"
#include "base/prng.h"
#include "support/test_seed.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail_nth; /* 0: none */

/* The parser lives in a shared library, where --wrap does not reach; its own hooks do. */
static void *failing_malloc(size_t size)
{
    return fail_nth > 0 && --fail_nth == 0 ? NULL : malloc(size);
}

/* A copy of just that size, so that a sanitizer sees a read behind it. */
static qw_err open_copy(const char *text, size_t len, struct qw_json_reader *r)
{
    char *copy = calloc(1, len > 0 ? len : 1);
    qw_err err;

    memcpy(copy, text, len);
    err = qw_json_open(copy, len, r);
    free(copy);
    return err;
}

static bool is_json(const char *text)
{
    struct qw_json_reader r = { .root = NULL };
    qw_err err = open_copy(text, strlen(text), &r);

    assert_true(err == QW_OK || err == QW_ERR_FORMAT);
    if (err == QW_OK) {
        qw_json_close(&r);
    } else {
        assert_null(r.root);
    }
    return err == QW_OK;
}

static void takes_what_the_grammar_allows(void **state)
{
    static const char *const good[] = {
        "{}",
        " \t\r\n[ ]\n",
        "0",
        "-0",
        "-0.5e+10",
        "1E9",
        "\"\"",
        "true",
        "false",
        "null",
        "[1,2,[3,{\"a\":null}]]",
        "{\"a\":1,\"b\":{\"a\":1}}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uD834\\udd1e\"",
        "\"\xC3\xA9\xE5\xAD\x97\xF0\x9D\x84\x9E\x7F\"",
        "[[[[[[[[]]]]]]]]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!is_json(good[i])) {
            fail_msg("refused: %s", good[i]);
        }
    }
}

static void refuses_what_parsers_often_let_pass(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{} {}",
        "{}x",
        "{},",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "[}",
        "{]",
        "[",
        "]",
        "{\"a\":1",
        "\"a",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u123",
        "\"\\u0000\"",
        "\"\\ud834\"",
        "\"\\ud834\\n\"",
        "\"\\ud834\\u0041\"",
        "\"\\udd1e\"",
        "\"tab\there\"",
        "\"line\nhere\"",
        "\"\xC3\"",
        "\"\xC0\x80\"",
        "\"\xED\xA0\x80\"",
        "\"\xF4\x90\x80\x80\"",
        "\"\xFF\"",
        "\xEF\xBB\xBF{}",
        "\v{}",
        "+1",
        "01",
        "-",
        "1.",
        ".5",
        "-.5",
        "1e",
        "1e+",
        "0x10",
        "1-2",
        "NaN",
        "Infinity",
        "True",
        "nul",
        "nulll",
        "//\n1",
        "/**/1",
        "[[[[[[[[[]]]]]]]]]",
        "{\"a\":1,\"a\":1}",
        "[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]",
        "{\"\\u0061\":1,\"a\":1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_json(bad[i])) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_false(qw_json_scan("{\0}", 3));
    assert_false(qw_json_scan("{}\0", 3));
    assert_false(qw_json_scan("\"a\0b\"", 5));
}

static char *repeated(const char *begin, const char *item, size_t count, const char *end)
{
    char *text = calloc(1, strlen(begin) + count * (strlen(item) + 16) + strlen(end) + 1);
    size_t at = (size_t)sprintf(text, "%s", begin);

    for (size_t i = 0; i < count; i++) {
        at += (size_t)sprintf(text + at, "%s", i > 0 ? "," : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        at += (size_t)sprintf(text + at, item, i);
#pragma GCC diagnostic pop
    }
    sprintf(text + at, "%s", end);
    return text;
}

static void bounds_members_items_and_digits(void **state)
{
    static const struct {
        const char *begin, *item;
        size_t count;
        const char *end;
        bool ok;
    } rows[] = {
        { "{", "\"a%zu\":0", QW_JSON_MEMBERS_MAX, "}", true },
        { "{", "\"a%zu\":0", QW_JSON_MEMBERS_MAX + 1, "}", false },
        { "[", "%zu", QW_JSON_ITEMS_MAX, "]", true },
        { "[", "%zu", QW_JSON_ITEMS_MAX + 1, "]", false },
    };
    char digits[128];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = repeated(rows[i].begin, rows[i].item, rows[i].count, rows[i].end);

        assert_int_equal(is_json(text), rows[i].ok);
        free(text);
    }
    memset(digits, '1', sizeof digits);
    digits[60] = '\0';
    assert_true(is_json(digits));
    digits[60] = '1';
    digits[61] = '\0';
    assert_false(is_json(digits));
    digits[61] = '1';
    digits[100] = '\0';
    assert_false(is_json(digits));
}

static const char message[] =
    "{\"text\":\"h\xC3\xA9\\n\",\"number\":4503599627370497,\"real\":-0.25,\"yes\":true,"
    "\"blob\":\"AQID\",\"hex\":\"00ffAB\",\"id\":\"00112233-4455-8677-8899-AABBCCDDEEFF\","
    "\"list\":[{\"n\":1},{\"n\":2}],\"none\":null}";

static void gives_typed_members(void **state)
{
    struct qw_json_reader r;
    const struct qw_json_node *object, *list;
    char text[8] = "";
    uint64_t number = 0;
    double real = 0;
    bool yes = false;
    uint8_t blob[3] = { 0 }, hex[3] = { 0 }, id[16] = { 0 };
    size_t len = 0, count = 0;

    (void)state;
    assert_int_equal(open_copy(message, strlen(message), &r), QW_OK);
    object = qw_json_root_object(&r);
    qw_json_get_text(&r, object, "text", text, 1, sizeof text);
    qw_json_get_uint(&r, object, "number", 0, QW_JSON_UINT_MAX, &number);
    qw_json_get_real(&r, object, "real", &real);
    qw_json_get_bool(&r, object, "yes", &yes);
    qw_json_get_base64(&r, object, "blob", blob, 3, sizeof blob, &len);
    qw_json_get_hex(&r, object, "hex", hex, sizeof hex);
    qw_json_get_uuid(&r, object, "id", id);
    list = qw_json_get_array(&r, object, "list", 1, 2, &count);
    assert_true(qw_json_ok(&r));
    assert_string_equal(text, "h\xC3\xA9\n");
    assert_true(number == 4503599627370497u);
    assert_true(real > -0.26 && real < -0.24);
    assert_true(yes);
    assert_int_equal(len, 3);
    assert_memory_equal(blob, "\1\2\3", 3);
    assert_memory_equal(hex, "\x00\xFF\xAB", 3);
    assert_int_equal(id[15], 0xFF);
    assert_int_equal(count, 2);
    qw_json_get_uint(&r, qw_json_item(list, 1), "n", 2, 2, &number);
    assert_true(qw_json_ok(&r));
    assert_null(qw_json_item(list, 2));
    assert_null(qw_json_item(NULL, 0));
    assert_null(qw_json_find(object, "Text"));
    assert_null(qw_json_find(list, "n"));
    assert_non_null(qw_json_find(object, "none"));
    qw_json_close(&r);
}

/* One failing question each; outputs stay as they were and the reader stays failed. */
static void fails_on_a_wrong_type_range_or_length(void **state)
{
    (void)state;
    for (int i = 0; i < 26; i++) {
        struct qw_json_reader r;
        const struct qw_json_node *object;
        char text[8] = "keep";
        uint64_t number = 77;
        double real = 77;
        bool yes = false;
        uint8_t bytes[16] = { 77 };
        size_t len = 77;

        assert_int_equal(open_copy(message, strlen(message), &r), QW_OK);
        object = qw_json_root_object(&r);
        switch (i) {
        case 0:
            qw_json_get_text(&r, object, "absent", text, 0, sizeof text);
            break;
        case 1:
            qw_json_get_text(&r, object, "number", text, 0, sizeof text);
            break;
        case 2:
            qw_json_get_text(&r, object, "text", text, 5, sizeof text);
            break;
        case 3:
            qw_json_get_text(&r, object, "text", text, 0, 4);
            break;
        case 4:
            qw_json_get_uint(&r, object, "number", 0, 10, &number);
            break;
        case 5:
            qw_json_get_uint(&r, object, "number", QW_JSON_UINT_MAX, QW_JSON_UINT_MAX, &number);
            break;
        case 6:
            qw_json_get_uint(&r, object, "real", 0, 10, &number);
            break;
        case 7:
            qw_json_get_uint(&r, object, "text", 0, 10, &number);
            break;
        case 8:
            qw_json_get_uint(&r, object, "absent", 0, 10, &number);
            break;
        case 9:
            qw_json_get_uint(&r, object, "yes", 0, 10, &number);
            break;
        case 10:
            qw_json_get_real(&r, object, "yes", &real);
            break;
        case 11:
            qw_json_get_bool(&r, object, "number", &yes);
            break;
        case 12:
            qw_json_get_base64(&r, object, "blob", bytes, 4, sizeof bytes, &len);
            break;
        case 13:
            qw_json_get_base64(&r, object, "blob", bytes, 0, 2, &len);
            break;
        case 14:
            qw_json_get_base64(&r, object, "text", bytes, 0, sizeof bytes, &len);
            break;
        case 15:
            qw_json_get_base64(&r, object, "list", bytes, 0, sizeof bytes, &len);
            break;
        case 16:
            qw_json_get_hex(&r, object, "hex", bytes, 2);
            break;
        case 17:
            qw_json_get_hex(&r, object, "hex", bytes, 4);
            break;
        case 18:
            qw_json_get_hex(&r, object, "yes", bytes, 3);
            break;
        case 19:
            qw_json_get_uuid(&r, object, "hex", bytes);
            break;
        case 20:
            qw_json_get_uuid(&r, object, "none", bytes);
            break;
        case 21:
            assert_null(qw_json_get_array(&r, object, "list", 3, 9, &len));
            break;
        case 22:
            assert_null(qw_json_get_array(&r, object, "list", 0, 1, &len));
            break;
        case 23:
            assert_null(qw_json_get_array(&r, object, "text", 0, 9, &len));
            break;
        case 24:
            qw_json_get_text(&r, NULL, "text", text, 0, sizeof text);
            break;
        default:
            qw_json_get_uint(&r, qw_json_find(object, "list"), "n", 0, 9, &number);
            break;
        }
        assert_false(qw_json_ok(&r));
        assert_string_equal(text, "keep");
        assert_true(number == 77 && len == 77 && bytes[0] == 77 && !yes && real > 76);
        qw_json_close(&r);
    }
}

static void keeps_whole_numbers_exact(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } rows[] = {
        { "{\"n\":0}", true, 0 },
        { "{\"n\":-0}", true, 0 },
        { "{\"n\":1e3}", true, 1000 },
        { "{\"n\":9007199254740992}", true, 9007199254740992u },
        { "{\"n\":9007199254740994}", false, 0 },
        { "{\"n\":-1}", false, 0 },
        { "{\"n\":1.5}", false, 0 },
        { "{\"n\":1e400}", false, 0 },
        { "{\"n\":18446744073709551616}", false, 0 },
        { "{\"n\":\"1\"}", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_json_reader r;
        uint64_t value = 0;
        double real = 0;

        assert_int_equal(open_copy(rows[i].text, strlen(rows[i].text), &r), QW_OK);
        qw_json_get_uint(&r, qw_json_root_object(&r), "n", 0, UINT64_MAX, &value);
        assert_int_equal(qw_json_ok(&r), rows[i].ok);
        assert_true(value == rows[i].value);
        if (i == 7) {
            qw_json_get_real(&r, r.root, "n", &real);
            assert_true(real < 1);
        }
        qw_json_close(&r);
    }
}

static void wants_an_object_where_it_is_asked_for_one(void **state)
{
    static const char *const others[] = { "[]", "1", "\"{}\"", "null" };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct qw_json_reader r;

        assert_int_equal(open_copy(others[i], strlen(others[i]), &r), QW_OK);
        assert_null(qw_json_root_object(&r));
        assert_false(qw_json_ok(&r));
        qw_json_close(&r);
    }
}

static void closes_and_says_whether_all_was_as_asked(void **state)
{
    static const char text[] = "{\"a\":1}";
    struct qw_json_reader r;
    uint64_t value = 0;

    (void)state;
    assert_int_equal(qw_json_open(text, sizeof text - 1, &r), QW_OK);
    qw_json_get_uint(&r, qw_json_root_object(&r), "a", 0, 9, &value);
    assert_int_equal(qw_json_end(&r), QW_OK);
    assert_null(r.root);
    assert_int_equal(value, 1);
    assert_int_equal(qw_json_open(text, sizeof text - 1, &r), QW_OK);
    qw_json_get_uint(&r, qw_json_root_object(&r), "b", 0, 9, &value);
    assert_int_equal(qw_json_end(&r), QW_ERR_FORMAT);
    assert_null(r.root);
}

static void walks_members_and_items(void **state)
{
    static const char text[] = "{\"a\":[\"x\",7],\"b\":{}}";
    struct qw_json_reader r;
    const struct qw_json_node *array;
    const char *name = NULL;
    char value[4] = "";

    (void)state;
    assert_int_equal(qw_json_open(text, sizeof text - 1, &r), QW_OK);
    array = qw_json_member(r.root, 0, &name);
    assert_string_equal(name, "a");
    assert_true(qw_json_is_object(qw_json_member(r.root, 1, &name)));
    assert_string_equal(name, "b");
    assert_null(qw_json_member(r.root, 2, &name));
    assert_null(qw_json_member(array, 0, &name)); /* no object */
    assert_null(qw_json_member(NULL, 0, &name));
    assert_false(qw_json_is_object(array));
    assert_false(qw_json_is_object(NULL));
    qw_json_take_text(&r, qw_json_item(array, 0), value, 1, sizeof value);
    assert_string_equal(value, "x");
    assert_true(qw_json_ok(&r));
    qw_json_take_text(&r, qw_json_item(array, 1), value, 1, sizeof value);
    assert_false(qw_json_ok(&r));
    assert_string_equal(value, "x");
    qw_json_close(&r);
}

static void refuses_every_truncation_and_one_byte_too_many(void **state)
{
    struct qw_json_reader r;
    char longer[sizeof message];

    (void)state;
    for (size_t len = 0; len < strlen(message); len++) {
        assert_int_equal(open_copy(message, len, &r), QW_ERR_FORMAT);
    }
    memcpy(longer, message, strlen(message));
    for (int c = 0; c < 256; c++) {
        longer[strlen(message)] = (char)c;
        assert_int_equal(open_copy(longer, strlen(message) + 1, &r),
                         c == ' ' || c == '\t' || c == '\n' || c == '\r' ? QW_OK : QW_ERR_FORMAT);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            qw_json_close(&r);
        }
    }
}

/* A flip is refused, or leaves a text that the parser behind the scan takes as well: QW_ERR_NOMEM
 * would show that the two disagree. */
static void survives_every_bit_flip(void **state)
{
    char flipped[sizeof message];
    size_t len = strlen(message);

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct qw_json_reader r;
        qw_err err;

        memcpy(flipped, message, len);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ (1 << (bit % 8)));
        err = open_copy(flipped, len, &r);
        assert_true(err == QW_OK || err == QW_ERR_FORMAT);
        if (err == QW_OK) {
            qw_json_close(&r);
        }
    }
}

/* Texts of JSON's own characters reach deeper than random bytes would. */
static void survives_random_texts(void **state)
{
    static const char alphabet[] = "{}[]\",:\\u0123456789eE+-.truefalsn \xC3\xA9";
    struct qw_prng prng;
    unsigned taken = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int i = 0; i < 200000; i++) {
        char text[12];
        size_t len = qw_prng_below(&prng, sizeof text);
        struct qw_json_reader r;
        qw_err err;

        for (size_t k = 0; k < len; k++) {
            text[k] = alphabet[qw_prng_below(&prng, sizeof alphabet - 1)];
        }
        err = open_copy(text, len, &r);
        assert_true(err == QW_OK || err == QW_ERR_FORMAT);
        if (err == QW_OK) {
            taken++;
            qw_json_close(&r);
        }
    }
    assert_true(taken > 100);
}

static void gives_up_cleanly_without_memory(void **state)
{
    cJSON_Hooks hooks = { failing_malloc, free };
    qw_err err = QW_ERR_NOMEM;
    int failures = 0;

    (void)state;
    cJSON_InitHooks(&hooks);
    for (int n = 1; err == QW_ERR_NOMEM; n++) {
        struct qw_json_reader r = { .root = NULL };

        fail_nth = n;
        err = qw_json_open(message, strlen(message), &r);
        fail_nth = 0;
        if (err == QW_OK) {
            qw_json_close(&r);
        } else {
            assert_null(r.root);
            failures++;
        }
        assert_true(n < 1000);
    }
    cJSON_InitHooks(NULL);
    assert_int_equal(err, QW_OK);
    assert_true(failures > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_grammar_allows),
        cmocka_unit_test(refuses_what_parsers_often_let_pass),
        cmocka_unit_test(bounds_members_items_and_digits),
        cmocka_unit_test(gives_typed_members),
        cmocka_unit_test(fails_on_a_wrong_type_range_or_length),
        cmocka_unit_test(keeps_whole_numbers_exact),
        cmocka_unit_test(wants_an_object_where_it_is_asked_for_one),
        cmocka_unit_test(closes_and_says_whether_all_was_as_asked),
        cmocka_unit_test(walks_members_and_items),
        cmocka_unit_test(refuses_every_truncation_and_one_byte_too_many),
        cmocka_unit_test(survives_every_bit_flip),
        cmocka_unit_test(survives_random_texts),
        cmocka_unit_test(gives_up_cleanly_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
