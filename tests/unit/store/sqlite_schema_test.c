/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/sqlite_schema.h"
#include "unit/store/old_schema.h"
#include "unit/store/sqlite_place.h"

#include <sys/stat.h>

static void execute(const char *path, const char *sql)
{
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
}

static void refuses_files_that_are_not_its_own(void **state)
{
    struct place *place = *state;
    static const char text[] =
        "This is a letter to my aunt, and not a key store at all. Dear aunt, "
        "I hope this finds you well and far from any database.";
    struct qw_store other = { 0 };
    FILE *file;

    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    qw_store_close(&place->store);
    execute(place->path, "PRAGMA user_version = 4");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    execute(place->path, "PRAGMA user_version = 0");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    execute(place->path, "PRAGMA user_version = 3; PRAGMA application_id = 5");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    execute(place->path, "PRAGMA application_id = 0x51575354");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_OK);
    assert_record(&other, "a", 1, 1, "x");
    qw_store_close(&other);
    execute(place->path, "DROP TABLE session");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    file = fopen(place->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof text, file), sizeof text);
    fclose(file);
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    assert_null(other.self);
}

static int64_t version_of(const char *path)
{
    sqlite3 *connection = NULL;
    sqlite3_stmt *query = NULL;
    int64_t version = -1;

    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(connection, "PRAGMA user_version", -1, &query, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    version = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(connection);
    return version;
}

static void adds_what_it_has_not(struct place *place, int schema)
{
    struct qw_store_op op = op_of(QW_STORE_INSERT, QW_STORE_SEARCH, "s", 0, 0, "");
    struct qw_store other = { 0 };

    qw_store_close(&place->store);
    assert_int_equal(unlink(place->path), 0);
    execute(place->path, old_schema_sqlite);
    if (schema == 1) { /* the same tables */
        execute(place->path, "PRAGMA user_version = 1");
    }
    assert_int_equal(chmod(place->path, 0600), 0);
    execute(place->path, "INSERT INTO key VALUES(CAST('a' AS BLOB), 7, 5, CAST('x' AS BLOB))");
    assert_int_equal(version_of(place->path), schema);
    assert_int_equal(place->open(place->path, &place->store), QW_OK);
    assert_int_equal(version_of(place->path), 3);
    assert_record(&place->store, "a", 7, 5, "x");
    assert_int_equal(submit(&place->store, &op, 1), QW_OK);
    op.kind = QW_STORE_STAGED;
    assert_int_equal(submit(&place->store, &op, 1), QW_OK);
    assert_int_equal(place->open(place->path, &other), QW_OK); /* once */
    qw_store_close(&other);
    reopen(place);
    assert_record(&place->store, "a", 7, 5, "x");
}

static void adds_to_a_file_of_schema_1_what_it_has_not(void **state)
{
    adds_what_it_has_not(*state, 1);
}

static void adds_to_a_file_of_schema_2_what_it_has_not(void **state)
{
    adds_what_it_has_not(*state, 2);
}

/* A file that says 2 and has a table of 3 already is no work of ours. */
static void refuses_a_file_that_is_between_two_schemas(void **state)
{
    struct place *place = *state;
    struct qw_store other = { 0 };

    qw_store_close(&place->store);
    execute(place->path, "PRAGMA user_version = 2");
    assert_int_not_equal(place->open(place->path, &other), QW_OK);
    assert_null(other.self);
    assert_int_equal(version_of(place->path), 2);
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)
    const struct CMUnitTest tests[] = {
        WITH_PLACE(refuses_files_that_are_not_its_own),
        WITH_PLACE(adds_to_a_file_of_schema_1_what_it_has_not),
        WITH_PLACE(adds_to_a_file_of_schema_2_what_it_has_not),
        WITH_PLACE(refuses_a_file_that_is_between_two_schemas),
    };

    return cmocka_run_group_tests_name("store.sqlite_schema", tests, NULL, NULL);
}
