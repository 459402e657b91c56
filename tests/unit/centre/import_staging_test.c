/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 C16 */
/* Chunks of lists of devices [docs/protocol/device-list.md]: which line is bad, and the places in
 * the quotas of units that the good ones take. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/import_staging.h"
#include "centre/people/unit_quota.h"
#include "unit/centre/import_scene.h"

/* From none to the most, the last one with and without its line feed. */
static void reads_as_many_lines_as_a_chunk_may_have(void **state)
{
    char *lines = list_of(0, QW_IMPORT_LINES_MAX + 1);
    struct qw_import_chunk chunk = { .header = header, .lines = lines, .first_line = 7 };
    struct qw_import_staging staging;

    (void)state;
    assert_int_equal(qw_import_staging_read(&chunk, &staging), QW_ERR_ARG);
    qw_import_staging_wipe(&staging);
    *strstr(lines, "meter-00512") = '\0';
    for (int round = 0; round < 2; round++) {
        assert_int_equal(qw_import_staging_read(&chunk, &staging), QW_OK);
        assert_int_equal(staging.count, QW_IMPORT_LINES_MAX);
        assert_int_equal(staging.first_line, 7);
        assert_null(staging.fault.why);
        assert_string_equal(staging.lines[QW_IMPORT_LINES_MAX - 1].entry.id, "meter-00511");
        qw_import_staging_wipe(&staging);
        assert_null(staging.lines);
        lines[strlen(lines) - 1] = '\0';
    }
    chunk.lines = "";
    assert_int_equal(qw_import_staging_read(&chunk, &staging), QW_OK);
    assert_int_equal(staging.count, 0);
    qw_import_staging_wipe(&staging);
    free(lines);
}

/* Each with the number it has in the list. */
static void says_which_line_is_bad_and_imports_nothing(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *lines; /* from line 2 on; the first two are good */
        uint64_t bad;
        const char *why;
    } cases[] = {
        { "a,meter,,,\nb,meter,,,\nc,teapot,,,\nd,meter,,,\n", 4, "no such kind" },
        { "a,meter,,,\nb,meter,,,\nc d,meter,,,\n", 4, "not an id" },
        { "a,meter,,,\nb,meter,,,\nc*,application,,,\n", 4, "not an id" },
        { "a,meter,,,\nb,meter,,,\n,meter,,,\n", 4, "not an id" },
        { "a,meter,,,\nb,meter,,,\nc,meter,,\n", 4, "fields are missing" },
        { "a,meter,,,\nb,meter,,,\n\nc,meter,,,\n", 4, "fields are missing" },
        { "a,meter,,,\nb,meter,,,\nc,meter,,,,\n", 4, "too many fields" },
        { "a,meter,,,\nb,meter,,,\nc,meter,\"x,,\n", 4, "quotes or control characters" },
        { "a,meter,,,\nb,meter,,,\nc,meter,,,north\n", 4, "not a unit" },
        { "a,meter,,,\nb,meter,,,\nc,application,,c,\n", 4, "not peers of such a device" },
        { "a,meter,,,\nb,meter,,,\nkme-b,kme,,,/north\n", 4, "a partner stands at the root" },
        { "a,meter,,,\nb,meter,,,\na,meter,,,\n", 4, "twice in the list" },
        { "a,meter,,,\nb,meter,,,\nthere,meter,,,\n", 4, "the device exists" },
        { "a,meter,,,\nb,meter,,,\nb,meter,,,\nc,teapot,,,\n", 4, "twice in the list" },
    };
    struct qw_caller alice = by("alice");
    uint64_t devices;

    assert_int_equal(
        qw_centre_device_register(scene->centre, &alice, "there", QW_DEVICE_METER, "", ""), QW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_import_fault fault = { 0 };
        uint8_t id[16];

        assert_int_equal(begin(scene, "alice", id), QW_OK);
        assert_int_equal(add(scene, "alice", id, 2, "z-1,meter,,,\n", &fault), QW_OK);
        assert_int_equal(add(scene, "alice", id, 2, cases[i].lines, &fault), QW_ERR_FORMAT);
        assert_int_equal(fault.line, cases[i].bad);
        assert_string_equal(fault.why, cases[i].why);
        assert_int_equal(count_of(scene, QW_STORE_DEVICE), 1);
        assert_int_equal(count_of(scene, QW_STORE_STAGED), 0);
        assert_int_equal(add(scene, "alice", id, 9, "y,meter,,,\n", &fault), QW_ERR_NOT_FOUND);
        assert_int_equal(commit(scene, "alice", id, &devices), QW_ERR_NOT_FOUND);
    }
    assert_int_equal(count_of(scene, QW_STORE_SEARCH), 2);
    assert_journal_whole(scene);
}

static void refuses_a_header_that_names_no_columns(void **state)
{
    struct scene *scene = *state;
    static const char *const headers[] = { "",           "id",     "kind,owner", "id,kind,colour",
                                           "id,kind,id", "id;kind" };
    struct qw_caller alice = by("alice");

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct qw_import_chunk chunk = { .header = headers[i],
                                         .lines = "a,meter\n",
                                         .first_line = 2 };
        struct qw_import_fault fault = { 0 };
        uint8_t id[16];

        assert_int_equal(begin(scene, "alice", id), QW_OK);
        assert_int_equal(qw_centre_import_add(scene->centre, &alice, id, &chunk, &fault),
                         QW_ERR_FORMAT);
        assert_int_equal(fault.line, 1);
    }
    assert_nothing(scene);
}

static void takes_no_more_lines_at_once_than_it_says(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    char *lines = list_of(0, QW_IMPORT_LINES_MAX + 1);
    uint64_t devices;
    uint8_t id[16];

    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(add(scene, "alice", id, 2, lines, &fault), QW_ERR_ARG);
    assert_int_equal(add(scene, "alice", id, 2, "", &fault), QW_OK);
    assert_int_equal(commit(scene, "alice", id, &devices), QW_OK); /* an empty list is one too */
    assert_int_equal(devices, 0);
    assert_nothing(scene);
    free(lines);
}

static qw_err set_quota(struct scene *scene, const char *unit, uint64_t devices)
{
    struct qw_caller alice = by("alice");

    return scene_set_quota(scene->centre, &alice, unit, devices, 0);
}

/* That the unit and all beneath it use of their quota. */
static uint64_t used_of(struct scene *scene, const char *unit)
{
    struct qw_caller alice = by("alice");
    static struct qw_unit_quota quotas[QW_UNITS_MAX];
    size_t count = 0;

    assert_int_equal(qw_centre_unit_list(scene->centre, &alice, quotas, QW_UNITS_MAX, &count),
                     QW_OK);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quotas[i].unit, unit) == 0) {
            return quotas[i].devices;
        }
    }
    return UINT64_MAX;
}

/* By any of the units above, in a chunk that is not the first. */
static void a_list_that_exceeds_a_quota_is_refused_as_a_whole(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    uint64_t devices;
    uint8_t id[16];

    assert_int_equal(set_quota(scene, "/north", 5), QW_OK);
    assert_int_equal(set_quota(scene, "/north/gas", 3), QW_OK);
    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(
        add(scene, "alice", id, 2, "a,meter,,,/north\nb,meter,,,/north/gas/x\n", &fault), QW_OK);
    assert_int_equal(used_of(scene, "/north"), 2);
    assert_int_equal(used_of(scene, "/north/gas"), 1);
    assert_int_equal(add(scene, "alice", id, 4,
                         "c,meter,,,/south\nd,meter,,,/north/gas\n"
                         "e,meter,,,/north/gas\nf,meter,,,/north/gas\n",
                         &fault),
                     QW_ERR_LIMIT);
    assert_int_equal(fault.line, 7);
    assert_string_equal(fault.why, "the quota of its unit is used up");
    assert_nothing(scene);
    assert_int_equal(used_of(scene, "/north"), 0);
    assert_int_equal(used_of(scene, "/north/gas"), 0);
    assert_int_equal(commit(scene, "alice", id, &devices), QW_ERR_NOT_FOUND);
    /* As many as there may be. */
    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(add(scene, "alice", id, 2,
                         "a,meter,,,/north/gas\nb,meter,,,/north/gas\nc,meter,,,/north/gas\n"
                         "d,meter,,,/north\ne,meter,,,/north\nf,meter,,,/northern\n",
                         &fault),
                     QW_OK);
    assert_int_equal(commit(scene, "alice", id, &devices), QW_OK);
    assert_int_equal(used_of(scene, "/north"), 5);
    scene_restart(scene);
    assert_int_equal(used_of(scene, "/north"), 5);
    assert_int_equal(used_of(scene, "/north/gas"), 3);
    assert_journal_whole(scene);
}

/* Nobody registers into it meanwhile, and a first quota sees what is staged. */
static void what_is_staged_has_its_place_in_the_quotas(void **state)
{
    struct scene *scene = *state;
    struct qw_import_fault fault = { 0 };
    struct qw_caller alice = by("alice");
    struct qw_device_entry meter = {
        .id = "meter-n", .kind = QW_DEVICE_METER, .owner = "", .peers = "", .unit = "/north"
    };
    uint64_t devices;
    uint8_t id[16];

    assert_int_equal(set_quota(scene, "/north", 2), QW_OK);
    assert_int_equal(begin(scene, "alice", id), QW_OK);
    assert_int_equal(add(scene, "alice", id, 2, "a,meter,,,/north\nb,meter,,,/north/gas\n", &fault),
                     QW_OK);
    assert_int_equal(set_quota(scene, "/north/gas", 1), QW_OK);
    assert_int_equal(used_of(scene, "/north/gas"), 1);
    assert_int_equal(qw_centre_device_add(scene->centre, &alice, &meter), QW_ERR_LIMIT);
    assert_int_equal(set_quota(scene, "/north", 1), QW_OK); /* lowered: what is staged stays */
    assert_int_equal(commit(scene, "alice", id, &devices), QW_OK);
    assert_int_equal(used_of(scene, "/north"), 2);
    assert_int_equal(qw_centre_device_change(scene->centre, &alice, "a", QW_DEVICE_DESTROY), QW_OK);
    assert_int_equal(used_of(scene, "/north"), 1);
    /* Taken back by its officer, and by nobody. */
    assert_int_equal(set_quota(scene, "/north", 4), QW_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(begin(scene, "alice", id), QW_OK);
        assert_int_equal(add(scene, "alice", id, 2, "y,meter,,,/north\nz,meter,,,/north\n", &fault),
                         QW_OK);
        assert_int_equal(used_of(scene, "/north"), 3);
        if (i == 0) {
            assert_int_equal(qw_centre_import_drop(scene->centre, &alice, id), QW_OK);
        } else {
            scene_now_ms += QW_IMPORT_IDLE_MS + 1000;
            assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
        }
        assert_int_equal(used_of(scene, "/north"), 1);
    }
    assert_journal_whole(scene);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_many_lines_as_a_chunk_may_have),
        CASE(says_which_line_is_bad_and_imports_nothing),
        CASE(refuses_a_header_that_names_no_columns),
        CASE(takes_no_more_lines_at_once_than_it_says),
        CASE(a_list_that_exceeds_a_quota_is_refused_as_a_whole),
        CASE(what_is_staged_has_its_place_in_the_quotas),
    };

    return cmocka_run_group_tests_name("centre.import_staging", tests, NULL, NULL);
}
