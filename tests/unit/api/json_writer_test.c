/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_scan.h"
#include "api/json_writer.h"

#include <math.h>
#include <string.h>

static void write_everything(struct qw_json_writer *w)
{
    static const uint8_t bytes[] = { 0xFB, 0xEF, 0xBE, 0x00 };

    qw_json_object_begin(w);
    qw_json_name(w, "text");
    qw_json_text(w, "a\"\\/\b\f\n\r\t\x01\x1F\x7F\xC3\xA9");
    qw_json_name(w, "numbers");
    qw_json_array_begin(w);
    qw_json_int(w, INT64_MIN);
    qw_json_uint(w, UINT64_MAX);
    qw_json_real(w, 0.25);
    qw_json_real(w, 1e300);
    qw_json_real(w, NAN);
    qw_json_real(w, -INFINITY);
    qw_json_array_end(w);
    qw_json_name(w, "flags");
    qw_json_array_begin(w);
    qw_json_bool(w, true);
    qw_json_bool(w, false);
    qw_json_null(w);
    qw_json_array_end(w);
    qw_json_name(w, "blob");
    qw_json_base64(w, bytes, sizeof bytes);
    qw_json_name(w, "nothing");
    qw_json_base64(w, bytes, 0);
    qw_json_name(w, "hex");
    qw_json_hex(w, (const uint8_t *)"\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    qw_json_name(w, "empty");
    qw_json_object_begin(w);
    qw_json_object_end(w);
    qw_json_object_end(w);
}

static const char everything[] =
    "{\"text\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\xC3\xA9\","
    "\"numbers\":[-9223372036854775808,18446744073709551615,0.25,1e+300,null,null],"
    "\"flags\":[true,false,null],\"blob\":\"++++AA==\",\"nothing\":\"\",\"hex\":"
    "\"0123456789abcdef\",\"empty\":{}}";

static void writes_every_kind_of_value(void **state)
{
    char out[512];
    struct qw_json_writer w = qw_json_writer_on(out, sizeof out);

    (void)state;
    write_everything(&w);
    assert_true(qw_json_done(&w));
    assert_int_equal(w.len, strlen(out));
    assert_true(qw_json_scan(out, w.len));
    assert_string_equal(out, everything);
}

/* The limits of the buffer: exactly enough, one byte too few, down to one. */
static void fails_for_good_when_the_buffer_is_full(void **state)
{
    char out[512];
    size_t need = strlen(everything) + 1;

    (void)state;
    for (size_t cap = 1; cap <= need; cap++) {
        struct qw_json_writer w;

        memset(out, '#', sizeof out);
        w = qw_json_writer_on(out, cap);
        write_everything(&w);
        assert_int_equal(qw_json_done(&w), cap == need);
        assert_true(w.len < cap);
        assert_int_equal(out[w.len], '\0');
        for (size_t i = cap; i < sizeof out; i++) {
            assert_int_equal(out[i], '#');
        }
    }
}

static void refuses_a_text_that_is_no_json(void **state)
{
    (void)state;
    for (int i = 0; i < 14; i++) {
        char out[256];
        struct qw_json_writer w = qw_json_writer_on(out, sizeof out);

        switch (i) {
        case 0:
            break; /* nothing at all */
        case 1:
            qw_json_object_begin(&w);
            break;
        case 2:
            qw_json_object_end(&w);
            break;
        case 3:
            qw_json_object_begin(&w);
            qw_json_array_end(&w);
            break;
        case 4:
            qw_json_object_begin(&w);
            qw_json_int(&w, 1);
            qw_json_object_end(&w);
            break;
        case 5:
            qw_json_object_begin(&w);
            qw_json_name(&w, "a");
            qw_json_object_end(&w);
            break;
        case 6:
            qw_json_object_begin(&w);
            qw_json_name(&w, "a");
            qw_json_name(&w, "b");
            qw_json_object_end(&w);
            break;
        case 7:
            qw_json_array_begin(&w);
            qw_json_name(&w, "a");
            qw_json_array_end(&w);
            break;
        case 8:
            qw_json_name(&w, "a");
            break;
        case 9:
            qw_json_int(&w, 1);
            qw_json_int(&w, 2);
            break;
        case 10:
            qw_json_text(&w, "\xC3");
            break;
        case 11:
            qw_json_object_begin(&w);
            qw_json_name(&w, "\xFF");
            qw_json_null(&w);
            qw_json_object_end(&w);
            break;
        case 12:
            for (int depth = 0; depth <= QW_JSON_DEPTH_MAX; depth++) {
                qw_json_array_begin(&w);
            }
            for (int depth = 0; depth <= QW_JSON_DEPTH_MAX; depth++) {
                qw_json_array_end(&w);
            }
            break;
        default:
            qw_json_array_begin(&w);
            qw_json_array_end(&w);
            qw_json_array_begin(&w);
            qw_json_array_end(&w);
            break;
        }
        assert_false(qw_json_done(&w));
    }
}

static void nests_to_the_limit(void **state)
{
    char out[64];
    struct qw_json_writer w = qw_json_writer_on(out, sizeof out);

    (void)state;
    for (int depth = 0; depth < QW_JSON_DEPTH_MAX; depth++) {
        qw_json_array_begin(&w);
    }
    for (int depth = 0; depth < QW_JSON_DEPTH_MAX; depth++) {
        qw_json_array_end(&w);
    }
    assert_true(qw_json_done(&w));
    assert_true(qw_json_scan(out, w.len));
}

/* Every character from 1 to 127 in a string is read back as itself. */
static void escapes_every_character_that_needs_it(void **state)
{
    (void)state;
    for (int c = 1; c < 128; c++) {
        char out[64];
        char text[2] = { (char)c, '\0' };
        struct qw_json_writer w = qw_json_writer_on(out, sizeof out);

        qw_json_text(&w, text);
        assert_true(qw_json_done(&w));
        assert_true(qw_json_scan(out, w.len));
        assert_int_equal(w.len == 3, c >= 0x20 && c != '"' && c != '\\');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_kind_of_value),
        cmocka_unit_test(fails_for_good_when_the_buffer_is_full),
        cmocka_unit_test(refuses_a_text_that_is_no_json),
        cmocka_unit_test(nests_to_the_limit),
        cmocka_unit_test(escapes_every_character_that_needs_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
