/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
/* Stores of schema 1, whose marks and tombstones of pairs' keys stand under the keys' ids: after
 * the first start of this build they are found where they are looked for, so no key is given twice.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/key/old_rows.h"
#include "centre/pair/key_id.h"
#include "centre/record.h"
#include "unit/centre/old_books.h"
#include "unit/centre/scene.h"

#include <sqlite3.h>
#include <stdio.h>

enum { GONE = 3, TAKEN = 4, LEFT = 5, KEYS = GONE + TAKEN + LEFT };

struct old {                        /* what both ends knew when the earlier build was stopped */
    struct qw_given_key keys[KEYS]; /* destroyed; fetched, their window open; not fetched yet */
};

static qw_err take(struct scene *scene, const char *who, const struct qw_given_key *wanted,
                   struct qw_given_key *key)
{
    char identity[64];
    struct qw_caller caller;

    (void)snprintf(identity, sizeof identity, "urn:qwave:sae:%s", who);
    caller = caller_of(identity);
    return qw_centre_fetch(scene->centre, &caller, "alice", (const uint8_t(*)[16])wanted->id, 1,
                           key);
}

struct row {
    uint8_t place[12], id[16];
    uint8_t sealed[2048];
    size_t len;
    uint64_t version;
    int64_t tag;
};
struct ageing {
    struct scene *scene;
    enum qw_store_kind kind;
    struct row rows[KEYS];
    size_t count;
};

/* The same record under the key's id. */
static int age_row(void *self, const struct qw_store_record *record)
{
    struct ageing *ageing = self;
    struct qw_centre *centre = ageing->scene->centre;
    struct row *row = &ageing->rows[ageing->count];
    struct qw_reader r = qw_reader_on(record->id, record->id_len);
    struct qw_store_op op = {
        .kind = ageing->kind, .id = row->id, .id_len = sizeof row->id, .tag = record->tag
    };
    struct qw_key_spot spot;
    uint8_t plain[1024];

    if (record->id_len != sizeof row->place) { /* of a card */
        return 1;
    }
    assert_true(ageing->count < KEYS && record->len - QW_RECORD_OVERHEAD <= sizeof plain);
    spot.block = qw_read_u64be(&r);
    spot.position = qw_read_u16be(&r);
    spot.bits = qw_read_u16be(&r);
    assert_int_equal(qw_key_id_make(centre, &spot, 1, &row->id), QW_OK);
    assert_int_equal(qw_record_open(centre, ageing->kind, record, record->len, plain), QW_OK);
    assert_int_equal(qw_record_seal(centre, &op, record->version, plain,
                                    record->len - QW_RECORD_OVERHEAD, row->sealed),
                     QW_OK);
    memcpy(row->place, record->id, sizeof row->place);
    row->len = record->len;
    ageing->count++;
    return 1;
}

static void put_row(sqlite3 *connection, const char *table, const struct row *row)
{
    char sql[128];
    sqlite3_stmt *statement = NULL;

    (void)snprintf(sql, sizeof sql, "UPDATE \"%s\" SET id = ?1, blob = ?2 WHERE id = ?3", table);
    assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    (void)sqlite3_bind_blob(statement, 1, row->id, sizeof row->id, SQLITE_STATIC);
    (void)sqlite3_bind_blob(statement, 2, row->sealed, (int)row->len, SQLITE_STATIC);
    (void)sqlite3_bind_blob(statement, 3, row->place, sizeof row->place, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(connection), 1);
    sqlite3_finalize(statement);
}

static void put_books(struct scene *scene, sqlite3 *connection)
{
    struct qw_store_op books = { .kind = QW_STORE_META, .id = "books", .id_len = 5 };
    uint8_t plain[256];
    uint8_t sealed[256 + QW_RECORD_OVERHEAD];
    size_t len = old_books(&scene->centre->books, plain, sizeof plain);
    sqlite3_stmt *statement = NULL;

    assert_int_equal(
        qw_record_seal(scene->centre, &books, scene->centre->books_version, plain, len, sealed),
        QW_OK);
    assert_int_equal(
        sqlite3_prepare_v2(connection, "UPDATE meta SET blob = ?1 WHERE id = CAST('books' AS BLOB)",
                           -1, &statement, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_blob(statement, 1, sealed, (int)(len + QW_RECORD_OVERHEAD), SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(connection), 1);
    sqlite3_finalize(statement);
}

/* Leaves the store as an earlier build would have. */
static void make_old(struct scene *scene)
{
    static const char *const tables[] = {
        [QW_STORE_KEY] = "key", [QW_STORE_TOMBSTONE] = "tombstone"
    };
    static const enum qw_store_kind kinds[] = { QW_STORE_KEY, QW_STORE_TOMBSTONE };
    static const size_t counts[] = { TAKEN, GONE };
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(scene->path, &connection), SQLITE_OK);
    for (size_t i = 0; i < 2; i++) {
        static struct ageing ageing;

        ageing = (struct ageing){ .scene = scene, .kind = kinds[i] };
        assert_int_equal(scene->store.scan(scene->store.self, kinds[i], QW_STORE_ANY_TAG, NULL, 0,
                                           SIZE_MAX, age_row, &ageing),
                         QW_OK);
        assert_int_equal(ageing.count, counts[i]);
        for (size_t k = 0; k < ageing.count; k++) {
            put_row(connection, tables[kinds[i]], &ageing.rows[k]);
        }
    }
    put_books(scene, connection);
    scene_close(scene);
    assert_int_equal(sqlite3_exec(connection,
                                  "DROP TABLE search; DROP TABLE staged; PRAGMA user_version = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(connection);
}

static struct old old; /* of the test that runs */

static void add(struct scene *scene, const char *id, const char *peers)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

static int make(void **state)
{
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .count = KEYS,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_given_key key;
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    make_everybody(scene); /* keys of cards stand under their ids, then as now */
    add(scene, "alice", "bob");
    add(scene, "bob", "");
    add(scene, "carol", "");
    assert_int_equal(qw_centre_deliver(scene->centre, &alice, &wish, old.keys), QW_OK);
    for (size_t i = 0; i < GONE; i++) {
        assert_int_equal(take(scene, "bob", &old.keys[i], &key), QW_OK);
    }
    scene_now_ms += 31000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    for (size_t i = GONE; i < GONE + TAKEN; i++) {
        assert_int_equal(take(scene, "bob", &old.keys[i], &key), QW_OK);
    }
    make_old(scene);
    return 0;
}

static void assert_nothing_is_given_twice(struct scene *scene)
{
    uint8_t keys[1][32];
    struct qw_given_key key;

    for (size_t i = 0; i < GONE; i++) {
        assert_int_equal(take(scene, "bob", &old.keys[i], &key), QW_ERR_NOT_FOUND);
        assert_int_equal(take(scene, "carol", &old.keys[i], &key), QW_ERR_REFUSED);
    }
    for (size_t i = GONE; i < GONE + TAKEN; i++) {
        assert_int_equal(take(scene, "bob", &old.keys[i], &key), QW_OK); /* a repeat, by its mark */
        assert_last_deed(scene, "fetch-repeat", QW_OK, "1 keys of alice");
        assert_memory_equal(key.bytes, old.keys[i].bytes, 32);
        assert_int_equal(take(scene, "carol", &old.keys[i], &key), QW_ERR_REFUSED);
    }
    for (size_t i = GONE + TAKEN; i < KEYS; i++) {
        assert_int_equal(take(scene, "bob", &old.keys[i], &key), QW_OK);
        assert_last_deed(scene, "fetch", QW_OK, "1 keys of alice");
        assert_memory_equal(key.bytes, old.keys[i].bytes, 32);
    }
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    assert_books_balance(scene);
    scene_now_ms += 31000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(take(scene, "bob", &old.keys[i], &key), QW_ERR_NOT_FOUND);
    }
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void marks_and_tombstones_are_found(void **state)
{
    struct scene *scene = *state;

    scene_open(scene);
    assert_true(scene->centre->books.is_indexed);
    assert_nothing_is_given_twice(scene);
    scene_restart(scene);
}

static qw_err dead_from(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;

    scene->submits++;
    return scene->submits >= scene->fail_at ? QW_ERR_IO
                                            : scene->store.submit(scene->store.self, ops, count);
}

/* With each write of the first start. */
static void goes_on_when_it_was_killed_on_the_way(void **state)
{
    struct scene *scene = *state;
    qw_err (*submit)(void *, const struct qw_store_op *, size_t) = scene->failing.submit;
    qw_err err = QW_ERR_IO;
    int deaths = 0;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        scene->failing.submit = dead_from;
        scene->submits = 0;
        scene->fail_at = n;
        assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
        err = qw_centre_new(&scene->config, &scene->centre);
        if (err != QW_OK) {
            assert_int_equal(err, QW_ERR_IO);
            qw_store_close(&scene->store);
            deaths++;
        }
    }
    assert_true(deaths >= 4); /* the start, marks, tombstones, the index */
    scene->failing.submit = submit;
    scene->fail_at = 0;
    assert_nothing_is_given_twice(scene);
}

/* Somebody has written into the database: nothing is served from it. */
static void a_row_that_does_not_open_stops_the_start(void **state)
{
    struct scene *scene = *state;
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(scene->path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection,
                                  "UPDATE tombstone SET blob = zeroblob(length(blob)) WHERE id ="
                                  " (SELECT min(id) FROM tombstone WHERE length(id) = 16)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_changes(connection), 1);
    sqlite3_close(connection);
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_ERR_IO);
    assert_null(scene->centre);
    qw_store_close(&scene->store);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(marks_and_tombstones_are_found),
        CASE(goes_on_when_it_was_killed_on_the_way),
        CASE(a_row_that_does_not_open_stops_the_start),
    };

    return cmocka_run_group_tests_name("centre.old_rows", tests, NULL, NULL);
}
