/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 C5 */
/* A registry that is older than its index [docs/adr/0089]: the index is whole before the centre
 * serves, also when the process was killed on the way or two processes begin at once, and a process
 * of an earlier build can write no longer. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "centre/device/card_book.h"
#include "centre/device/search.h"
#include "centre/device/search_key.h"
#include "centre/record.h"
#include "postgres_server.h"
#include "store/store_postgres.h"
#include "unit/centre/old_books.h"
#include "unit/centre/scene.h"
#include "unit/store/old_schema.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

enum { DEVICES = 1100 }; /* more than two batches */

static struct postgres_server server; /* of the whole run; not there: its tests are skipped */

static void register_devices(struct scene *scene, unsigned count)
{
    static const char *const units[] = { "/", "/north", "/north/gas" };

    for (unsigned i = 0; i < count; i++) {
        char id[64];
        struct qw_device_entry entry = { .id = id,
                                         .kind = i % 2 == 0 ? QW_DEVICE_METER : QW_DEVICE_CHIP,
                                         .owner = i % 3 == 0 ? "" : "Li",
                                         .peers = "",
                                         .unit = units[i % 3] };

        (void)snprintf(id, sizeof id, "device-%04u", i);
        assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry),
                         QW_OK);
    }
}

static void count_key(void *self, const struct qw_search_key *key)
{
    uint64_t *count = self;

    (void)key;
    (*count)++;
}

/* The index has what follows from the devices, and nothing else. */
static void assert_index_is_whole(struct scene *scene, size_t devices)
{
    static struct qw_device all[DEVICES + 8], found[DEVICES + 8];
    struct qw_device_page page = { .devices = found, .cap = DEVICES + 8 };
    struct qw_device_filter filter = qw_device_filter_none;
    uint64_t wanted = 0;
    uint64_t there = 0;
    size_t count = 0;

    assert_int_equal(
        qw_centre_device_list(scene->centre, &scene->operator_caller, "", all, DEVICES + 8, &count),
        QW_OK);
    assert_int_equal(count, devices);
    for (size_t i = 0; i < count; i++) {
        struct qw_device_terms terms = qw_device_terms_of(&all[i]);

        qw_search_walk(&terms, all[i].id, count_key, &wanted);
    }
    assert_int_equal(
        scene->store.count(scene->store.self, QW_STORE_SEARCH, QW_STORE_ANY_TAG, &there), QW_OK);
    assert_int_equal(there, wanted);
    filter.unit = "/north";
    filter.kind = QW_DEVICE_METER;
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page), QW_OK);
    wanted = 0;
    for (size_t i = 0; i < count; i++) {
        wanted += all[i].kind == QW_DEVICE_METER && strcmp(all[i].unit, "/") != 0;
    }
    assert_int_equal(page.count, wanted);
    assert_true(wanted > 0);
}

/* A device's record as layouts 4 to 7 had it: without what came with the later ones, which stands
 * at the end of what is about the device. */
static size_t old_device(const uint8_t *plain, size_t len, uint8_t version, uint8_t *out)
{
    struct qw_device device = { .id = "" };
    uint8_t encoded[QW_DEVICE_ENCODED_MAX];
    size_t head;
    size_t tail;
    struct qw_card_book *book = calloc(1, sizeof *book);

    assert_non_null(book);
    assert_int_equal(qw_card_book_decode(plain, len, book), QW_OK);
    device = book->device;
    free(book);
    head = qw_device_encode(&device, encoded, sizeof encoded);
    assert_memory_equal(encoded, plain, head);
    tail = 8 + 1 + strlen(device.firmware) + 32 + 1 + strlen(device.certificate_serial);
    tail += version < 7 ? 1 : 0; /* fusion */
    tail += version < 6 ? 1 + strlen(device.user) + 8 + 1 : 0;
    tail += version < 5 ? 1 : 0; /* destruction */
    memcpy(out, plain, head - tail);
    memcpy(out + head - tail, plain + head, len - head);
    out[0] = version;
    return len - tail;
}

static void put_blob(sqlite3 *connection, const char *sql, const struct qw_store_op *record,
                     const uint8_t *blob, size_t len)
{
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_blob(statement, 1, blob, (int)len, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(
        sqlite3_bind_blob(statement, 2, record->id, (int)record->id_len, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(connection), 1);
    sqlite3_finalize(statement);
}

struct ageing {
    struct scene *scene;
    sqlite3 *old;
};

static int age_device(void *self, const struct qw_store_record *record)
{
    struct ageing *ageing = self;
    struct qw_centre *centre = ageing->scene->centre;
    struct qw_store_op op = {
        .kind = QW_STORE_DEVICE, .id = record->id, .id_len = record->id_len, .tag = record->tag
    };
    static uint8_t plain[16384], old[16384], sealed[16384];
    size_t len = record->len - QW_RECORD_OVERHEAD;

    assert_true(len <= sizeof plain);
    assert_int_equal(qw_record_open(centre, QW_STORE_DEVICE, record, record->len, plain), QW_OK);
    len = old_device(plain, len, (uint8_t)(4 + record->id[record->id_len - 1] % 4), old);
    assert_int_equal(qw_record_seal(centre, &op, record->version, old, len, sealed), QW_OK);
    put_blob(ageing->old, "UPDATE device SET blob = ?1 WHERE id = ?2", &op, sealed,
             len + QW_RECORD_OVERHEAD);
    return 1;
}

/* Puts in the place of the scene's file one as an earlier build would have left it: tables of
 * schema 2, records of that time. */
static void make_old(struct scene *scene)
{
    static const char *const tables[] = { "meta",    "device",  "block",     "key",
                                          "package", "session", "tombstone", "audit" };
    struct ageing ageing = { .scene = scene };
    struct qw_store_op books = { .kind = QW_STORE_META, .id = "books", .id_len = 5 };
    uint8_t plain[256];
    uint8_t sealed[256 + QW_RECORD_OVERHEAD];
    char path[128];
    char sql[256];
    size_t len = old_books(&scene->centre->books, plain, sizeof plain);

    (void)snprintf(path, sizeof path, "%s/old.db", scene->folder);
    assert_int_equal(sqlite3_open(path, &ageing.old), SQLITE_OK);
    assert_int_equal(sqlite3_exec(ageing.old, old_schema_sqlite, NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS today", scene->path);
    assert_int_equal(sqlite3_exec(ageing.old, sql, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO main.%s SELECT * FROM today.%s", tables[i],
                       tables[i]);
        assert_int_equal(sqlite3_exec(ageing.old, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    assert_int_equal(sqlite3_exec(ageing.old, "DETACH today; BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(scene->store.scan(scene->store.self, QW_STORE_DEVICE, QW_STORE_ANY_TAG, NULL,
                                       0, SIZE_MAX, age_device, &ageing),
                     QW_OK);
    assert_int_equal(
        qw_record_seal(scene->centre, &books, scene->centre->books_version, plain, len, sealed),
        QW_OK);
    put_blob(ageing.old, "UPDATE meta SET blob = ?1 WHERE id = ?2", &books, sealed,
             len + QW_RECORD_OVERHEAD);
    assert_int_equal(sqlite3_exec(ageing.old, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(ageing.old);
    scene_close(scene);
    assert_int_equal(rename(path, scene->path), 0);
    assert_int_equal(chmod(scene->path, 0600), 0);
    (void)snprintf(path, sizeof path, "%s-wal", scene->path);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s-shm", scene->path);
    (void)unlink(path);
}

static int make(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    make_everybody(scene);
    register_devices(scene, DEVICES);
    assert_index_is_whole(scene, DEVICES + 4);
    make_old(scene);
    return 0;
}

static void an_older_registry_is_indexed_before_it_serves(void **state)
{
    struct scene *scene = *state;
    struct qw_device device;

    scene_open(scene);
    assert_index_is_whole(scene, DEVICES + 4);
    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "terminal-1", &device),
        QW_OK);
    assert_int_equal(device.last_refill_ms, 0); /* nobody wrote it down then */
    assert_string_equal(device.firmware, "");
    assert_int_equal(device.state, QW_DEVICE_ACTIVE);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "device-0001",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_index_is_whole(scene, DEVICES + 4);
    scene_restart(scene);
    assert_index_is_whole(scene, DEVICES + 4);
    assert_journal_whole(scene);
}

static qw_err dead_from(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;

    scene->submits++;
    if (scene->submits >= scene->fail_at) {
        return QW_ERR_IO;
    }
    return scene->store.submit(scene->store.self, ops, count);
}

/* Whatever was written when it was killed. */
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
    assert_true(deaths >= 3);
    scene->failing.submit = submit;
    scene->fail_at = 0;
    assert_index_is_whole(scene, DEVICES + 4);
    assert_journal_whole(scene);
}

/* With the first group of this build: an earlier one cannot read its books. */
static void no_earlier_build_goes_on_beside_it(void **state)
{
    struct scene *scene = *state;
    uint64_t version;
    size_t len;

    scene->failing.submit = dead_from;
    scene->submits = 0;
    scene->fail_at = 2; /* killed right after the start was counted */
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_ERR_IO);
    scene->fail_at = 1000;
    qw_store_close(&scene->store);
    scene_open(scene);
    assert_int_equal(qw_record_load(scene->centre, QW_STORE_META, "books", 5, &version, &len),
                     QW_OK);
    assert_int_equal(scene->centre->scratch[0], 5);
    assert_index_is_whole(scene, DEVICES + 4);
}

static void *open_one(void *self)
{
    struct scene *scene = self;

    return qw_centre_new(&scene->config, &scene->centre) == QW_OK ? scene : NULL;
}

/* Two processes on one PostgreSQL, whose tables and index are still to be made. */
static void two_processes_at_once_build_it_together(void **state)
{
    struct scene *scenes[2];
    pthread_t threads[2];

    (void)state;
    if (server.pid == 0) {
        skip();
    }
    for (size_t i = 0; i < 2; i++) {
        void *scene = NULL;

        assert_int_equal(scene_make(&scene), 0);
        scenes[i] = scene;
        scene_close(scenes[i]);
        qw_prng_init(&scenes[i]->prng, 2026, i);
        scenes[i]->config.store = &scenes[i]->store;
        if (i == 0) {
            assert_int_equal(qw_store_postgres_open(server.uri, NULL, &scenes[0]->store), QW_OK);
            assert_int_equal(qw_centre_new(&scenes[0]->config, &scenes[0]->centre), QW_OK);
            register_devices(scenes[0], DEVICES);
            scenes[0]->centre->books.is_indexed = false; /* written with the next group */
            scenes[0]->centre->books.registry++;
            assert_int_equal(qw_centre_device_change(scenes[0]->centre, &scenes[0]->operator_caller,
                                                     "device-0001", QW_DEVICE_DESTROY),
                             QW_OK);
            scene_close(scenes[0]);
        }
    }
    postgres_server_execute(&server, "DROP TABLE qwave.search, qwave.staged");
    postgres_server_execute(&server, "UPDATE qwave.schema_version SET version = 2");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(qw_store_postgres_open(server.uri, NULL, &scenes[i]->store), QW_OK);
        assert_false(scenes[i]->centre != NULL);
        assert_int_equal(pthread_create(&threads[i], NULL, open_one, scenes[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        void *opened = NULL;

        assert_int_equal(pthread_join(threads[i], &opened), 0);
        assert_non_null(opened);
    }
    for (size_t i = 0; i < 2; i++) {
        void *scene = scenes[i];

        assert_index_is_whole(scenes[i], DEVICES);
        scene_remove(&scene);
    }
}

static int start_server(void **state)
{
    (void)state;
    if (postgres_server_is_installed()) {
        postgres_server_make(&server);
    }
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    if (server.pid != 0) {
        postgres_server_remove(&server);
    }
    return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(an_older_registry_is_indexed_before_it_serves),
        CASE(goes_on_when_it_was_killed_on_the_way),
        CASE(no_earlier_build_goes_on_beside_it),
        cmocka_unit_test(two_processes_at_once_build_it_together),
    };

    return cmocka_run_group_tests_name("centre.search_build", tests, start_server, stop_server);
}
