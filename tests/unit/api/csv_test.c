/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/csv.h"

#include <stdio.h>
#include <string.h>

static void splits_fields_with_and_without_quotes(void **state)
{
    static const struct {
        const char *line;
        size_t count;
        const char *fields[4];
    } cases[] = {
        { "", 1, { "" } },
        { "a", 1, { "a" } },
        { "a,b c,", 3, { "a", "b c", "" } },
        { ",,", 3, { "", "", "" } },
        { "\"a,b\",c", 2, { "a,b", "c" } },
        { "\"\",\"a\"\"b\"", 2, { "", "a\"b" } },
        { "\"\"\"\"", 1, { "\"" } },
        { "a,b\r", 2, { "a", "b" } },
        { "\xe7\x8e\x8b,\"\xe7\x8e\x8b\"", 2, { "\xe7\x8e\x8b", "\xe7\x8e\x8b" } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_csv_fields fields;
        char line[64];

        strcpy(line, cases[i].line);
        assert_int_equal(qw_csv_split(line, &fields), QW_OK);
        assert_int_equal(fields.count, cases[i].count);
        for (size_t f = 0; f < fields.count; f++) {
            assert_string_equal(fields.text[f], cases[i].fields[f]);
        }
    }
}

static void refuses_what_is_no_line_of_a_list(void **state)
{
    static const char *const bad[] = { "\"",   "\"a",    "a\"b",   "\"a\"b", "\"a\" ,b",
                                       "a\tb", "\"a\tb", "a\x7f,", "a\rb",   "\"a\"\"" };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct qw_csv_fields fields = { .count = 77 };
        char line[64];

        strcpy(line, bad[i]);
        assert_int_equal(qw_csv_split(line, &fields), QW_ERR_FORMAT);
        assert_int_equal(fields.count, 77);
    }
}

static void counts_fields_up_to_its_limit(void **state)
{
    struct qw_csv_fields fields;
    char line[64];

    (void)state;
    for (size_t commas = QW_CSV_FIELDS_MAX - 2; commas <= QW_CSV_FIELDS_MAX; commas++) {
        memset(line, ',', sizeof line);
        line[commas] = '\0';
        assert_int_equal(qw_csv_split(line, &fields),
                         commas < QW_CSV_FIELDS_MAX ? QW_OK : QW_ERR_SPACE);
    }
    assert_int_equal(fields.count, QW_CSV_FIELDS_MAX);
}

/* Law: whatever text a field has, what is written is read back as that text. */
static void reads_back_what_it_writes(void **state)
{
    static const char *const texts[] = { "",     "a",    "a,b", "\"",     "\"\"\"",      ",",
                                         " a b", "=1+1", "-",   "a\"b,c", "\xe7\x8e\x8b" };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct qw_csv_fields fields;
        char field[32];
        char line[96];

        assert_int_equal(qw_csv_field(texts[i], field, sizeof field), QW_OK);
        snprintf(line, sizeof line, "x,%s,%s", field, field);
        assert_int_equal(qw_csv_split(line, &fields), QW_OK);
        assert_int_equal(fields.count, 3);
        assert_string_equal(fields.text[1], texts[i]);
        assert_string_equal(fields.text[2], texts[i]);
        for (size_t cap = 0; cap <= strlen(field); cap++) {
            char small[32] = "untouched";

            assert_int_equal(qw_csv_field(texts[i], small, cap), QW_ERR_SPACE);
            assert_string_equal(small, "untouched");
        }
        assert_int_equal(qw_csv_field(texts[i], line, strlen(field) + 1), QW_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_fields_with_and_without_quotes),
        cmocka_unit_test(refuses_what_is_no_line_of_a_list),
        cmocka_unit_test(counts_fields_up_to_its_limit),
        cmocka_unit_test(reads_back_what_it_writes),
    };

    return cmocka_run_group_tests_name("api.csv", tests, NULL, NULL);
}
