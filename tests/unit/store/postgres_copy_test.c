/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
/* A store on PostgreSQL as a stream and back: one moment of it, with every version, or nothing. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postgres_server.h"
#include "store/postgres_copy.h"
#include "store/store_postgres.h"
#include "unit/store/store_place.h"

#include <stdlib.h>

enum { RECORDS = 200 };               /* several pages and batches */
static struct postgres_server server; /* of the whole run */

static void drop(void)
{
    postgres_server_execute(&server, "DROP SCHEMA IF EXISTS qwave CASCADE");
}

/* The store's stream, after which nothing of it is there. */
static char *copy_and_drop(size_t *len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len);

    assert_int_equal(qw_store_postgres_copy(server.uri, to), QW_OK);
    fclose(to);
    drop();
    return text;
}

static qw_err fill(const char *text, size_t len, const struct qw_store_op *ops, size_t count)
{
    FILE *from = fmemopen((void *)(uintptr_t)text, len, "r");
    qw_err err = qw_store_postgres_fill(server.uri, from, ops, count);

    fclose(from);
    return err;
}

static void make(void)
{
    struct qw_store store = { 0 };
    struct qw_store_op update =
        op_of(QW_STORE_UPDATE, QW_STORE_KEY, "key-007", 1, 42, "another blob");
    struct qw_store_op meta = op_of(QW_STORE_INSERT, QW_STORE_META, "kek", 0, -7, "");

    drop();
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_OK);
    for (int i = 0; i < RECORDS; i++) {
        char id[16];

        snprintf(id, sizeof id, "key-%03d", i);
        assert_int_equal(insert(&store, id, i % 3, "a blob"), QW_OK);
    }
    assert_int_equal(submit(&store, &update, 1), QW_OK);
    assert_int_equal(submit(&store, &meta, 1), QW_OK);
    qw_store_close(&store);
}

static void what_was_there_is_there_again(void **state)
{
    struct qw_store_op mark = op_of(QW_STORE_INSERT, QW_STORE_META, "restored", 0, 0, "x");
    struct qw_store store = { 0 };
    struct qw_store_record record = { 0 };
    size_t len;
    char *text;

    (void)state;
    make();
    text = copy_and_drop(&len);
    assert_int_equal(fill(text, len, &mark, 1), QW_OK);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_OK);
    assert_int_equal(count_of(&store, QW_STORE_ANY_TAG), RECORDS);
    assert_record(&store, "key-000", 1, 0, "a blob");
    assert_record(&store, "key-007", 2, 42, "another blob");
    assert_record(&store, "key-199", 1, 199 % 3, "a blob");
    assert_int_equal(store.get(store.self, QW_STORE_META, "restored", 8, &record), QW_OK);
    qw_store_record_free(&record);
    assert_int_equal(store.get(store.self, QW_STORE_META, "kek", 3, &record), QW_OK);
    assert_int_equal(record.tag, -7);
    assert_int_equal(record.len, 0);
    qw_store_record_free(&record);
    assert_int_equal(insert(&store, "key-new", 1, "goes on"), QW_OK);
    qw_store_close(&store);
    assert_int_equal(fill(text, len, &mark, 1), QW_ERR_CONFLICT); /* there is one */
    free(text);
}

/* B2: whatever fails leaves nothing. */
static void half_a_stream_leaves_nothing(void **state)
{
    struct qw_store_op twice = op_of(QW_STORE_INSERT, QW_STORE_KEY, "key-000", 0, 0, "x");
    struct qw_store store = { 0 };
    size_t len;
    char *text;

    (void)state;
    make();
    text = copy_and_drop(&len);
    assert_int_equal(fill(text, len - 1, NULL, 0), QW_ERR_FORMAT);
    assert_int_equal(fill(text, len / 2, NULL, 0), QW_ERR_FORMAT);
    assert_int_equal(fill(text, 3, NULL, 0), QW_ERR_FORMAT);
    assert_int_equal(fill(text, len, &twice, 1), QW_ERR_CONFLICT);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_OK);
    assert_int_equal(count_of(&store, QW_STORE_ANY_TAG), 0);
    qw_store_close(&store);
    assert_int_equal(fill(text, len, NULL, 0), QW_OK); /* an empty one is filled */
    free(text);
}

static void where_no_store_is_none_is_copied_or_made(void **state)
{
    struct qw_store store = { 0 };
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    drop();
    assert_int_equal(qw_store_postgres_copy(server.uri, to), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_store_postgres_copy(server.uri, to), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_store_postgres_copy("postgresql:///q?host=/nowhere", to), QW_ERR_IO);
    assert_int_equal(qw_store_postgres_copy("postgresql://far/q", to), QW_ERR_REFUSED);
    assert_int_equal(qw_store_postgres_copy("postgresql://[", to), QW_ERR_FORMAT);
    fclose(to);
    assert_int_equal(len, 0);
    free(text);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_OK);
    qw_store_close(&store);
    assert_int_equal(qw_store_postgres_copy(server.uri, full), QW_ERR_IO);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_there_is_there_again),
        cmocka_unit_test(half_a_stream_leaves_nothing),
        cmocka_unit_test(where_no_store_is_none_is_copied_or_made),
    };
    int failed;

    if (!postgres_server_is_installed()) {
        fputs("skipped: the server of PostgreSQL 15 is not installed\n", stderr);
        return 77;
    }
    postgres_server_make(&server);
    failed = cmocka_run_group_tests_name("store.postgres_copy", tests, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
