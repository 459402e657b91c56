/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C6 */
/* A store out of a backup [docs/protocol/backup.md B4, S1 to S4]: what it held is given to nobody,
 * its devices wait for an officer, new keys have new ids; whatever is killed or fails in between.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/books.h"
#include "centre/device/import.h"
#include "centre/restore/restore.h"
#include "store/sqlite_copy.h"
#include "unit/centre/scene.h"

#include <fcntl.h>
#include <stdio.h>

enum { GIVEN = 24, STARTS_MAX = 60 };

static void add(struct scene *scene, const char *id, const char *peer)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peer),
                     QW_OK);
}

static qw_err give(struct scene *scene, uint32_t count, struct qw_given_key *keys)
{
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .count = count,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(scene->centre, &alice, &wish, keys);
}

static qw_err take(struct scene *scene, const struct qw_given_key *wanted)
{
    struct qw_caller bob = caller_of("urn:qwave:sae:bob");
    struct qw_given_key key;

    return qw_centre_fetch(scene->centre, &bob, "alice", (const uint8_t(*)[16])wanted->id, 1, &key);
}

/* The store as it is now, to the folder's "copy.db". */
static void copy(struct scene *scene, char path[static 128])
{
    int fd;

    (void)snprintf(path, 128, "%s/copy.db", scene->folder);
    fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(qw_store_sqlite_copy(scene->path, path), QW_OK);
}

/* The copy takes the store's place, marked; with the lists of revocations that stood last. */
static void put_back_with(struct scene *scene, const char *path, const void *lists, size_t len)
{
    static struct qw_restored_marks marks;
    struct qw_store store;

    assert_int_equal(qw_restored_marks_make(&marks, lists, len), QW_OK);

    scene_close(scene);
    assert_int_equal(rename(path, scene->path), 0);
    assert_int_equal(qw_store_sqlite_open(scene->path, &store), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_ERR_CONFLICT);
    qw_store_close(&store);
}

static void put_back(struct scene *scene, const char *path)
{
    put_back_with(scene, path, NULL, 0);
}

static void resume(struct scene *scene, const char *id)
{
    assert_int_equal(state_of(scene, id), QW_DEVICE_SUSPENDED);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, id, QW_DEVICE_RESUME),
        QW_OK);
}

static bool is_among(const struct qw_given_key *key, const struct qw_given_key *keys)
{
    for (size_t i = 0; i < GIVEN; i++) {
        if (memcmp(key->id, keys[i].id, 16) == 0 || memcmp(key->bytes, keys[i].bytes, 32) == 0) {
            return true;
        }
    }
    return false;
}

static void assert_nothing_of_before(struct scene *scene, const struct qw_given_key *before,
                                     const struct qw_given_key *after)
{
    static struct qw_given_key now[GIVEN];
    uint8_t keys[1][32];

    resume(scene, "alice");
    resume(scene, "bob");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    for (int round = 0; round < 6; round++) {
        assert_int_equal(give(scene, GIVEN, now), QW_OK);
        for (size_t i = 0; i < GIVEN; i++) {
            assert_false(is_among(&now[i], before));
            assert_false(is_among(&now[i], after));
        }
    }
    assert_int_equal(take(scene, &now[0]), QW_OK);
    for (size_t i = 0; i < GIVEN; i++) {
        assert_int_equal(take(scene, &before[i]), QW_ERR_NOT_FOUND);
        assert_int_equal(take(scene, &after[i]), QW_ERR_NOT_FOUND);
    }
    assert_int_not_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    for (int i = 0; i < 70; i++) { /* what was in blocks of pairs goes as well */
        scene_now_ms += 1000;
        assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    }
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

/* Keys before the copy, fetched and not, and keys after it. */
static void make_history(struct scene *scene, struct qw_given_key *before,
                         struct qw_given_key *after, char path[static 128])
{
    make_everybody(scene);
    add(scene, "alice", "bob");
    add(scene, "bob", "");
    assert_int_equal(give(scene, GIVEN, before), QW_OK);
    assert_int_equal(take(scene, &before[0]), QW_OK);
    copy(scene, path);
    for (int i = 0; i < 4; i++) { /* through the block and into others */
        assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
        assert_int_equal(give(scene, GIVEN, after), QW_OK);
    }
    assert_int_equal(take(scene, &after[0]), QW_OK);
}

static void what_was_used_since_is_given_to_nobody(void **state)
{
    static struct qw_given_key before[GIVEN], after[GIVEN];
    struct scene *scene = *state;
    char path[128];

    make_history(scene, before, after, path);
    put_back(scene, path);
    scene_open(scene);
    assert_last_deed(scene, "restore", QW_OK, "no key of it is given any more");
    assert_int_equal(give(scene, 1, after + GIVEN - 1), QW_ERR_REFUSED);
    assert_int_equal(scene->centre->books.stored, 0);
    assert_int_equal(scene->centre->books.leased, 0);
    assert_books_balance(scene);
    scene_restart(scene); /* and that was it */
    resume(scene, "terminal-1");
    scene_restart(scene);
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_nothing_of_before(scene, before, after);
}

static qw_err import_chunk(struct scene *scene, const char *lines, uint8_t id[static 16])
{
    struct qw_import_chunk chunk = { .header = "id,kind", .lines = lines, .first_line = 2 };
    struct qw_import_fault fault = { 0 };
    qw_err err = qw_centre_import_begin(scene->centre, &scene->operator_caller, id);

    return err != QW_OK
               ? err
               : qw_centre_import_add(scene->centre, &scene->operator_caller, id, &chunk, &fault);
}

static uint64_t staged(struct scene *scene)
{
    uint64_t count = 0;

    assert_int_equal(
        scene->store.count(scene->store.self, QW_STORE_STAGED, QW_STORE_ANY_TAG, &count), QW_OK);
    return count;
}

/* device-list.md I6: an application of a list would be in service without anybody's word. */
static void an_import_of_a_backup_is_settled(void **state)
{
    struct scene *scene = *state;
    struct qw_import_progress progress = { .devices = 0 };
    struct qw_device device;
    uint8_t id[16];
    char path[128];

    make_everybody(scene);
    assert_int_equal(import_chunk(scene, "meter-1,meter\napp-7,application\n", id), QW_OK);
    copy(scene, path);
    put_back(scene, path);
    scene_open(scene); /* not decided: it is gone */
    assert_int_equal(staged(scene), 0);
    assert_int_equal(qw_centre_import_commit(scene->centre, &scene->operator_caller, id, &progress),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "app-7", &device),
        QW_ERR_NOT_FOUND);
    assert_int_equal(import_chunk(scene, "meter-1,meter\napp-7,application\n", id), QW_OK);
    scene->fail_at = scene->submits + 2; /* decided, and no device made */
    assert_int_equal(qw_centre_import_commit(scene->centre, &scene->operator_caller, id, &progress),
                     QW_ERR_IO);
    assert_int_equal(staged(scene), 2);
    copy(scene, path);
    put_back(scene, path);
    scene_open(scene);
    assert_int_equal(staged(scene), 0);
    assert_int_equal(state_of(scene, "app-7"), QW_DEVICE_SUSPENDED);
    assert_int_equal(state_of(scene, "meter-1"), QW_DEVICE_REGISTERED); /* has no keys yet */
    assert_journal_whole(scene);
}

/* S3: the first start dies at its n-th write, for every n. */
static void a_first_start_that_is_killed_goes_on(void **state)
{
    static struct qw_given_key before[GIVEN], after[GIVEN];
    struct scene *scene = *state;
    char path[128];
    qw_err err = QW_ERR_IO;

    make_history(scene, before, after, path);
    put_back(scene, path);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < STARTS_MAX);
        assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
        scene->submits = 0;
        scene->fail_at = n % 8 + 1; /* some get further than others */
        scene->fail_at += n / 8;
        err = qw_centre_new(&scene->config, &scene->centre);
        scene->fail_at = 0;
        if (err != QW_OK) {
            assert_int_equal(err, QW_ERR_IO);
            qw_store_close(&scene->store);
        }
    }
    assert_nothing_of_before(scene, before, after);
}

static void a_store_without_a_centre_is_not_marked(void **state)
{
    struct scene *scene = *state;
    static struct qw_restored_marks marks;
    struct qw_store store;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/empty.db", scene->folder);
    assert_int_equal(qw_store_sqlite_open(path, &store), QW_OK);
    assert_int_equal(qw_restored_marks_make(&marks, NULL, 0), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_ERR_FORMAT);
    qw_store_close(&store);
    assert_int_equal(unlink(path), 0);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_was_used_since_is_given_to_nobody),
        IN_SCENE(an_import_of_a_backup_is_settled),
        IN_SCENE(a_first_start_that_is_killed_goes_on),
        IN_SCENE(a_store_without_a_centre_is_not_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
