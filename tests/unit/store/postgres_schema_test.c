/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 */
/* The rows that the statements give, without a server: libpq makes the results. What a database
 * must be: store_postgres_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/postgres_schema.h"

#include <string.h>

enum { COLUMNS = 4 };
static const uint8_t number[9] = { 0x80, 0, 0, 0, 0, 0, 0, 7, 0 };

struct field {
    const void *value;
    size_t len;
};

static PGresult *row_of(const struct field *fields, int count)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc columns[COLUMNS + 1];

    assert_non_null(result);
    memset(columns, 0, sizeof columns);
    for (int i = 0; i < count; i++) {
        static char name[] = "column";

        columns[i].name = name;
        columns[i].format = 1;
    }
    assert_int_equal(PQsetResultAttrs(result, count, columns), 1);
    for (int i = 0; i < count; i++) {
        assert_int_equal(PQsetvalue(result, 0, i, (char *)(uintptr_t)fields[i].value,
                                    fields[i].value == NULL ? -1 : (int)fields[i].len),
                         1);
    }
    return result;
}

static void reads_a_record(void **state)
{
    static const char long_id[QW_STORE_ID_MAX] = "a long one";
    const struct field fields[] = {
        { long_id, sizeof long_id }, { "\0\0\0\0\0\0\1\2", 8 }, { number, 8 }, { "sealed", 6 }
    };
    PGresult *result = row_of(fields, COLUMNS);
    struct qw_store_record record;

    (void)state;
    assert_true(qw_postgres_record(result, 0, &record));
    assert_int_equal(record.id_len, sizeof long_id);
    assert_memory_equal(record.id, long_id, sizeof long_id);
    assert_int_equal(record.version, 0x102);
    assert_int_equal(record.tag, INT64_MIN + 7);
    assert_int_equal(record.len, 6);
    assert_memory_equal(record.blob, "sealed", 6);
    PQclear(result);
}

static void reads_a_record_without_a_blob(void **state)
{
    const struct field fields[] = { { "a", 1 }, { number, 8 }, { number, 8 }, { "", 0 } };
    PGresult *result = row_of(fields, COLUMNS);
    struct qw_store_record record;

    (void)state;
    assert_true(qw_postgres_record(result, 0, &record));
    assert_int_equal(record.len, 0);
    PQclear(result);
}

/* Whatever another hand has put there. */
static void refuses_a_row_that_is_no_record(void **state)
{
    static const char long_id[QW_STORE_ID_MAX + 1];
    static const char long_blob[QW_STORE_BLOB_MAX + 1];
    const struct {
        struct field fields[COLUMNS + 1];
        int count;
    } cases[] = {
        { { { "", 0 }, { number, 8 }, { number, 8 }, { "x", 1 } }, 4 },
        { { { NULL, 0 }, { number, 8 }, { number, 8 }, { "x", 1 } }, 4 },
        { { { long_id, sizeof long_id }, { number, 8 }, { number, 8 }, { "x", 1 } }, 4 },
        { { { "a", 1 }, { number, 7 }, { number, 8 }, { "x", 1 } }, 4 },
        { { { "a", 1 }, { number, 9 }, { number, 8 }, { "x", 1 } }, 4 },
        { { { "a", 1 }, { number, 8 }, { number, 7 }, { "x", 1 } }, 4 },
        { { { "a", 1 }, { number, 8 }, { NULL, 0 }, { "x", 1 } }, 4 },
        { { { "a", 1 }, { number, 8 }, { number, 8 }, { long_blob, sizeof long_blob } }, 4 },
        { { { "a", 1 }, { number, 8 }, { number, 8 }, { "x", 1 }, { "y", 1 } }, 5 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PGresult *result = row_of(cases[i].fields, cases[i].count);
        struct qw_store_record record = { .len = 77 };

        assert_false(qw_postgres_record(result, 0, &record));
        assert_int_equal(record.len, 77);
        PQclear(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_record),
        cmocka_unit_test(reads_a_record_without_a_blob),
        cmocka_unit_test(refuses_a_row_that_is_no_record),
    };

    return cmocka_run_group_tests_name("store.postgres_schema", tests, NULL, NULL);
}
