/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 C10 C16 */
/* Lists of devices [docs/protocol/device-list.md]: all of a list or nothing, whatever is wrong with
 * it and whenever the process dies; and no id that somebody may name is ever given up. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/import_record.h"
#include "unit/centre/import_scene.h"

#include <stdio.h>

static void registers_all_of_a_list(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    struct qw_caller alice = by("alice");
    struct qw_centre_status status;
    struct qw_device device;
    uint64_t devices = 0;
    uint8_t id[16];

    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(add(scene, "alice", id, 2,
                         "app-1,application,\"Li, Hua\",\"app-2,app-3\",/north\r\n"
                         "phone-1,terminal,,app-1,\n",
                         &fault),
                     QW_OK);
    assert_int_equal(
        add(scene, "alice", id, 4, "card-1,sd-card,\"a \"\"b\"\"\",,/north/gas", &fault), QW_OK);
    assert_int_equal(count_of(scene, QW_STORE_DEVICE), 0); /* nobody sees any of it yet */
    assert_int_equal(qw_centre_device_find(scene->centre, &alice, "app-1", &device),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(commit(scene, "alice", id, &devices), QW_OK);
    assert_int_equal(devices, 3);
    assert_int_equal(commit(scene, "alice", id, &devices), QW_OK); /* again is fine */
    assert_int_equal(devices, 3);
    assert_int_equal(qw_centre_device_find(scene->centre, &alice, "app-1", &device), QW_OK);
    assert_int_equal(device.kind, QW_DEVICE_APPLICATION);
    assert_int_equal(device.state, QW_DEVICE_ACTIVE);
    assert_string_equal(device.owner, "Li, Hua");
    assert_string_equal(device.peers, "app-2,app-3");
    assert_string_equal(device.unit, "/north");
    assert_int_equal(qw_centre_device_find(scene->centre, &alice, "card-1", &device), QW_OK);
    assert_string_equal(device.owner, "a \"b\"");
    assert_int_equal(device.state, QW_DEVICE_REGISTERED);
    assert_int_equal(qw_centre_status(scene->centre, &alice, &status), QW_OK);
    assert_int_equal(status.devices, 3);
    assert_int_equal(count_of(scene, QW_STORE_STAGED), 0);
    assert_journal_whole(scene);
}

static void an_officer_imports_into_his_part_of_the_tree_alone(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    struct qw_caller alice = by("alice");
    struct qw_device device;
    uint64_t devices;
    uint8_t id[16];

    assert_int_equal(begin(scene, "north", id), QW_OK);
    assert_int_equal(add(scene, "north", id, 2, "a,meter,,,/south\n", &fault), QW_ERR_FORMAT);
    assert_string_equal(fault.why, "outside his part of the tree");
    /* A peer has to be registered before: one that is in the same list is not there yet. */
    assert_int_equal(begin(scene, "north", id), QW_OK);
    assert_int_equal(add(scene, "north", id, 2, "app-n,application,,,\na,meter,,app-n,\n", &fault),
                     QW_ERR_FORMAT);
    assert_int_equal(fault.line, 3);
    assert_string_equal(fault.why, "its peer is not in his part");
    assert_nothing(scene);
    assert_int_equal(begin(scene, "north", id), QW_OK);
    assert_int_equal(add(scene, "north", id, 2, "app-n,application,,,\n", &fault), QW_OK);
    assert_int_equal(commit(scene, "north", id, &devices), QW_OK);
    assert_int_equal(begin(scene, "north", id), QW_OK);
    assert_int_equal(add(scene, "north", id, 2, "a,meter,,app-n,\n", &fault), QW_OK);
    assert_int_equal(commit(scene, "north", id, &devices), QW_OK);
    assert_int_equal(qw_centre_device_find(scene->centre, &alice, "a", &device), QW_OK);
    assert_string_equal(device.unit, "/north");
    assert_string_equal(device.peers_unit, "/north");
    assert_int_equal(begin(scene, "stranger", id), QW_ERR_REFUSED);
    assert_int_equal(add(scene, "stranger", id, 2, "", &fault), QW_ERR_REFUSED);
    assert_int_equal(commit(scene, "stranger", id, &devices), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_import_drop(scene->centre, &scene->application, id), QW_ERR_REFUSED);
}

/* An id that is staged is nobody's name: nothing of it may be taken for a device, and when the
 * import is dropped nothing that was there goes. */
static void a_dropped_import_gives_up_no_id_that_somebody_names(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    struct qw_caller alice = by("alice");
    struct qw_caller north = by("north");
    struct qw_device_entry meter = {
        .id = "meter-n", .kind = QW_DEVICE_METER, .owner = "", .peers = "app-x"
    };
    struct qw_device_entry south = {
        .id = "app-x", .kind = QW_DEVICE_APPLICATION, .owner = "", .peers = "", .unit = "/south"
    };
    struct qw_device device;
    uint8_t id[16];

    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(add(scene, "alice", id, 2, "app-x,application,,,/north\n", &fault), QW_OK);
    /* The north cannot name it while it is staged: it might come back as somebody of the south. */
    assert_int_equal(qw_centre_device_add(scene->centre, &north, &meter), QW_ERR_REFUSED);
    /* Nor can anybody else have the id meanwhile. */
    assert_int_equal(qw_centre_device_add(scene->centre, &alice, &south), QW_ERR_CONFLICT);
    assert_int_equal(qw_centre_import_drop(scene->centre, &alice, id), QW_OK);
    assert_nothing(scene);
    assert_int_equal(qw_centre_device_add(scene->centre, &alice, &south), QW_OK);
    assert_int_equal(qw_centre_device_add(scene->centre, &north, &meter), QW_ERR_REFUSED);
    /* A bad list that has the id of a device takes nothing of that device away. */
    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(add(scene, "alice", id, 2, "b,meter,,,\napp-x,application,,,\n", &fault),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_centre_device_find(scene->centre, &alice, "app-x", &device), QW_OK);
    assert_string_equal(device.unit, "/south");
}

static void there_is_one_import_at_a_time(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    struct qw_caller alice = by("alice");
    uint8_t first[16];
    uint8_t second[16];
    uint64_t devices;

    assert_int_equal(begin(scene, "alice", first), QW_OK);
    assert_int_equal(add(scene, "alice", first, 2, "a,meter,,,\n", &fault), QW_OK);
    assert_int_equal(begin(scene, "second", second), QW_ERR_CONFLICT);
    assert_int_equal(add(scene, "second", first, 3, "b,meter,,,\n", &fault), QW_ERR_NOT_FOUND);
    assert_int_equal(commit(scene, "second", first, &devices), QW_ERR_NOT_FOUND);
    /* The same officer begins anew: his client was interrupted. */
    assert_int_equal(begin(scene, "alice", second), QW_OK);
    assert_int_equal(count_of(scene, QW_STORE_STAGED), 0);
    assert_int_equal(add(scene, "alice", first, 2, "a,meter,,,\n", &fault), QW_ERR_NOT_FOUND);
    assert_int_equal(add(scene, "alice", second, 2, "a,meter,,,\n", &fault), QW_OK);
    /* What nobody goes on with goes by itself. */
    scene_now_ms += QW_IMPORT_IDLE_MS + 1000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_nothing(scene);
    assert_int_equal(commit(scene, "alice", second, &devices), QW_ERR_NOT_FOUND);
    assert_int_equal(begin(scene, "second", second), QW_OK);
    assert_int_equal(qw_centre_import_drop(scene->centre, &alice, second), QW_ERR_NOT_FOUND);
    assert_journal_whole(scene);
}

static qw_err dead_from(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;

    scene->submits++;
    return scene->submits >= scene->fail_at ? QW_ERR_IO
                                            : scene->store.submit(scene->store.self, ops, count);
}

/* Dies with each of its writes: before it was decided nothing is there after the restart and a new
 * import is free to come, afterwards everything is. */
static void all_or_nothing_is_there_when_it_dies_at_any_write(void **state)
{
    struct scene *scene = *state;
    qw_err (*submit)(void *, const struct qw_store_op *, size_t) = scene->failing.submit;
    enum { CHUNK = 300, CHUNKS = 4 };
    struct qw_caller alice = by("alice");
    unsigned next = 0;
    uint64_t there = 0;
    unsigned all = 0;
    unsigned none = 0;
    qw_err err = QW_ERR_IO;

    for (int n = 1; err != QW_OK; n++) {
        struct qw_import_fault fault = { 0 };
        uint8_t id[16] = { 0 };
        uint64_t devices = 0;

        assert_true(n < 60);
        assert_int_equal(begin(scene, "alice", id), QW_OK); /* what the last death left goes */
        assert_int_equal(qw_centre_import_drop(scene->centre, &alice, id), QW_OK);
        scene->failing.submit = dead_from;
        scene->submits = 0;
        scene->fail_at = n;
        err = begin(scene, "alice", id);
        for (unsigned c = 0; c < CHUNKS && err == QW_OK; c++) {
            char *lines = list_of(next + c * CHUNK, CHUNK);

            err = add(scene, "alice", id, 2 + c * CHUNK, lines, &fault);
            free(lines);
        }
        if (err == QW_OK) {
            err = commit(scene, "alice", id, &devices);
        }
        scene->failing.submit = submit;
        scene->fail_at = 0;
        scene_restart(scene);
        assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
        if (count_of(scene, QW_STORE_DEVICE) == there) {
            none++;
        } else {
            there += CHUNK * CHUNKS;
            next += CHUNK * CHUNKS;
            all++;
            assert_int_equal(count_of(scene, QW_STORE_DEVICE), there);
            assert_int_equal(count_of(scene, QW_STORE_STAGED), 0);
            assert_int_equal(count_of(scene, QW_STORE_SEARCH), there * 7);
        }
        assert_journal_whole(scene);
    }
    assert_int_equal(none, 1 + CHUNKS + 1); /* begun, each chunk, decided */
    assert_int_equal(all, 3 + 1);           /* three groups of devices, and none of them fails */
}

/* Also a list that is longer than what one call does. */
static void goes_on_by_itself_once_it_is_decided(void **state)
{
    struct scene *scene = *state;
    enum { LINES = 512, CHUNKS = 20 };
    struct qw_import_progress progress;
    struct qw_import_fault fault = { 0 };
    struct qw_caller alice = by("alice");
    uint8_t id[16];
    int sweeps = 0;

    assert_int_equal(begin(scene, "alice", id), QW_OK);
    for (unsigned c = 0; c < CHUNKS; c++) {
        char *lines = list_of(c * LINES, LINES);

        assert_int_equal(add(scene, "alice", id, 2 + c * LINES, lines, &fault), QW_OK);
        free(lines);
    }
    assert_int_equal(qw_centre_import_commit(scene->centre, &alice, id, &progress), QW_OK);
    assert_int_equal(progress.devices, LINES * CHUNKS);
    assert_true(progress.left > 0);
    assert_int_equal(begin(scene, "second", id), QW_ERR_CONFLICT);
    while (count_of(scene, QW_STORE_DEVICE) < LINES * CHUNKS) { /* its officer has gone home */
        assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
        assert_true(++sweeps < 10);
    }
    assert_int_equal(count_of(scene, QW_STORE_STAGED), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(registers_all_of_a_list),
        CASE(an_officer_imports_into_his_part_of_the_tree_alone),
        CASE(a_dropped_import_gives_up_no_id_that_somebody_names),
        CASE(there_is_one_import_at_a_time),
        CASE(all_or_nothing_is_there_when_it_dies_at_any_write),
        CASE(goes_on_by_itself_once_it_is_decided),
    };

    return cmocka_run_group_tests_name("centre.import", tests, NULL, NULL);
}
