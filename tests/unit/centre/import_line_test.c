/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 */
/* One line of a list of devices, alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/import_line.h"

#include <string.h>

static struct qw_import_columns columns_of(const char *header)
{
    struct qw_import_columns columns;
    const char *why = NULL;

    assert_int_equal(qw_import_columns_read(header, strlen(header), &columns, &why), QW_OK);
    return columns;
}

static void takes_columns_in_any_order(void **state)
{
    static const char text[] = "2.7,meter,/north,,Li,\"a,b\",m-1,0a1b";
    struct qw_import_columns columns =
        columns_of("firmware,kind,unit,certificate_sha256,owner,peer,id,certificate_serial");
    struct qw_import_line line;
    const char *why = NULL;

    (void)state;
    assert_int_equal(qw_import_line_read(&columns, text, strlen(text), &line, &why), QW_OK);
    assert_string_equal(line.entry.id, "m-1");
    assert_int_equal(line.entry.kind, QW_DEVICE_METER);
    assert_string_equal(line.entry.owner, "Li");
    assert_string_equal(line.entry.peers, "a,b");
    assert_string_equal(line.entry.unit, "/north");
    assert_string_equal(line.entry.firmware, "2.7");
    assert_string_equal(line.entry.certificate_serial, "0a1b");
    assert_null(line.entry.certificate_hash);
}

static void what_is_empty_is_not_said(void **state)
{
    struct qw_import_columns columns = columns_of("id,kind,unit,firmware,owner");
    struct qw_import_line line;
    const char *why = NULL;

    (void)state;
    assert_int_equal(qw_import_line_read(&columns, "a,chip,,,", 9, &line, &why), QW_OK);
    assert_null(line.entry.unit);
    assert_null(line.entry.firmware);
    assert_string_equal(line.entry.owner, "");
    assert_string_equal(line.entry.peers, "");
}

static void knows_every_kind_by_its_name(void **state)
{
    struct qw_import_columns columns = columns_of("kind,id");
    const char *why = NULL;

    (void)state;
    for (int kind = 0; kind < QW_DEVICE_KIND_COUNT; kind++) {
        struct qw_import_line line;
        char text[64];

        strcpy(text, qw_device_kind_names[kind]);
        strcat(text, ",x");
        assert_int_equal(qw_import_line_read(&columns, text, strlen(text), &line, &why), QW_OK);
        assert_int_equal(line.entry.kind, kind);
    }
}

/* Every truncation of a good line is another line or none, and never read beyond its end. */
static void reads_no_further_than_it_is_told(void **state)
{
    static const char text[] = "a-1,meter,\"Li, \"\"Hua\"\"\",app-1";
    struct qw_import_columns columns = columns_of("id,kind,owner,peer");
    const char *why = NULL;

    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct qw_import_line line;
        char part[sizeof text];

        memset(part, '"', sizeof part);
        memcpy(part, text, len);
        if (qw_import_line_read(&columns, part, len, &line, &why) == QW_OK) {
            assert_true(strncmp(line.entry.peers, "app-1", strlen(line.entry.peers)) == 0);
            assert_string_equal(line.entry.owner, "Li, \"Hua\"");
        } else {
            assert_non_null(why);
        }
    }
}

static void refuses_lines_that_are_too_long_or_hold_a_nul(void **state)
{
    struct qw_import_columns columns = columns_of("id,kind");
    struct qw_import_line line;
    static char text[QW_IMPORT_LINE_MAX + 1];
    const char *why = NULL;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + QW_IMPORT_LINE_MAX - 6, ",meter", 6);
    assert_int_equal(qw_import_line_read(&columns, text, QW_IMPORT_LINE_MAX, &line, &why),
                     QW_ERR_FORMAT);
    assert_string_equal(why, "too long");
    memcpy(text + QW_IMPORT_LINE_MAX - 7, ",meter", 6);
    assert_int_equal(qw_import_line_read(&columns, text, QW_IMPORT_LINE_MAX - 1, &line, &why),
                     QW_OK);
    assert_int_equal(qw_import_line_read(&columns, "a\0b,meter", 9, &line, &why), QW_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_columns_in_any_order),
        cmocka_unit_test(what_is_empty_is_not_said),
        cmocka_unit_test(knows_every_kind_by_its_name),
        cmocka_unit_test(reads_no_further_than_it_is_told),
        cmocka_unit_test(refuses_lines_that_are_too_long_or_hold_a_nul),
    };

    return cmocka_run_group_tests_name("centre.import_line", tests, NULL, NULL);
}
