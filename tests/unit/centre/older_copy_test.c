/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 C8 */
/* An older copy of the store that is put back [docs/adr/0056]: noticed when keys have left since,
 * and only then. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include <stdio.h>

static bool raise_fails;
qw_err __real_qw_high_mark_raise(struct qw_high_mark *mark, uint64_t value);
qw_err __wrap_qw_high_mark_raise(struct qw_high_mark *mark, uint64_t value);
qw_err __wrap_qw_high_mark_raise(struct qw_high_mark *mark, uint64_t value)
{
    return raise_fails ? QW_ERR_IO : __real_qw_high_mark_raise(mark, value);
}

struct world {
    struct scene *scene;
    struct qw_high_mark *mark;
    char mark_path[128];
};

static void open_all(struct world *world)
{
    assert_int_equal(qw_high_mark_open(world->mark_path, &world->mark), QW_OK);
    world->scene->config.mark = world->mark;
    scene_open(world->scene);
}

static void close_all(struct world *world)
{
    scene_close(world->scene);
    qw_high_mark_close(world->mark);
}

static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    void *scene = NULL;

    assert_non_null(world);
    assert_int_equal(scene_make(&scene), 0);
    world->scene = scene;
    scene_close(world->scene);
    snprintf(world->mark_path, sizeof world->mark_path, "%s/mark", world->scene->folder);
    open_all(world);
    assert_int_equal(qw_centre_ingest(world->scene->centre), QW_OK);
    assert_int_equal(qw_centre_device_register(world->scene->centre, &world->scene->operator_caller,
                                               "alice", QW_DEVICE_APPLICATION, "", "bob"),
                     QW_OK);
    assert_int_equal(qw_centre_device_register(world->scene->centre, &world->scene->operator_caller,
                                               "bob", QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    *state = world;
    return 0;
}

static int remove_world(void **state)
{
    struct world *world = *state;
    void *scene = world->scene;
    char copy[160];

    qw_high_mark_close(world->mark);
    unlink(world->mark_path);
    snprintf(copy, sizeof copy, "%s.copy", world->scene->path);
    unlink(copy);
    assert_int_equal(scene_remove(&scene), 0);
    free(world);
    return 0;
}

static qw_err ask(struct world *world, struct qw_given_key *key)
{
    struct qw_caller alice = caller_of("alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .count = 1,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(world->scene->centre, &alice, &wish, key);
}

/* The file as it is; all of it is in there, because the store was closed. */
static void copy_file(const char *from, const char *to)
{
    char command[400];

    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void save(struct world *world)
{
    char copy[160];

    close_all(world);
    snprintf(copy, sizeof copy, "%s.copy", world->scene->path);
    copy_file(world->scene->path, copy);
    open_all(world);
}

/* What the start says; the copy stays. */
static qw_err restore(struct world *world)
{
    struct scene *scene = world->scene;
    char copy[160];
    qw_err err;

    close_all(world);
    snprintf(copy, sizeof copy, "%s.copy", scene->path);
    copy_file(copy, scene->path);
    assert_int_equal(qw_high_mark_open(world->mark_path, &world->mark), QW_OK);
    scene->config.mark = world->mark;
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    err = qw_centre_new(&scene->config, &scene->centre);
    if (err != QW_OK) {
        scene->centre = NULL;
        qw_store_close(&scene->store);
    }
    return err;
}

static void test_a_copy_from_before_keys_left_is_refused_however_often(void **state)
{
    struct world *world = *state;
    struct qw_given_key key;

    save(world);
    assert_int_equal(ask(world, &key), QW_OK);
    for (int i = 0; i < 40; i++) { /* and no number of starts lengthens its journal to the mark */
        assert_int_equal(restore(world), QW_ERR_STATE);
    }
}

static void test_a_copy_from_which_nothing_has_left_since_is_served(void **state)
{
    struct world *world = *state;
    struct qw_given_key key;

    assert_int_equal(ask(world, &key), QW_OK);
    save(world);
    assert_int_equal(ask(world, &key), QW_OK); /* out of a new block: restarted */
    save(world);
    assert_int_equal(restore(world), QW_OK);
    assert_int_equal(ask(world, &key), QW_OK);
}

/* The keys of that block are lost, and the books go on. */
static void test_a_mark_that_cannot_be_raised_gives_no_key(void **state)
{
    struct world *world = *state;
    struct qw_given_key key;

    raise_fails = true;
    assert_int_equal(ask(world, &key), QW_ERR_IO);
    raise_fails = false;
    assert_int_equal(ask(world, &key), QW_OK);
    save(world);
    assert_int_equal(restore(world), QW_OK);
    assert_books_balance(world->scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_copy_from_before_keys_left_is_refused_however_often,
                                        make_world, remove_world),
        cmocka_unit_test_setup_teardown(test_a_copy_from_which_nothing_has_left_since_is_served,
                                        make_world, remove_world),
        cmocka_unit_test_setup_teardown(test_a_mark_that_cannot_be_raised_gives_no_key, make_world,
                                        remove_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
