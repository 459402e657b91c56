/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 C16 */
/* Pages of the registry: each filter finds exactly what a look at every device would, in order,
 * page by page, whatever has happened to the devices since they were registered. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/search.h"
#include "centre/people/officer.h"
#include "unit/centre/scene.h"

#include <sqlite3.h>
#include <stdio.h>

enum { DEVICES = 160, FOUND_MAX = 256 };

static const char *const units[] = { "/",           "/north", "/north/gas", "/north/gas/1",
                                     "/north-east", "/south" };
static const char *const owners[] = { "", "Li", "Li Hua", "Li Na", "Wang", "\xe7\x8e\x8b" };
static const enum qw_device_kind kinds[] = { QW_DEVICE_TERMINAL, QW_DEVICE_APPLICATION,
                                             QW_DEVICE_METER, QW_DEVICE_SD_CARD };
enum { UNITS = 6, OWNERS = 6, KINDS = 4 };

static struct qw_caller by(const char *id)
{
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR };

    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    return caller;
}

/* Some of each, some suspended, some destroyed; officers of the root, the north and its gas works.
 */
static int make(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    for (unsigned i = 0; i < DEVICES; i++) {
        char id[64];
        struct qw_device_entry entry = { .id = id,
                                         .kind = kinds[i * 5 % KINDS],
                                         .owner = owners[(i * 7 + i / 11) % OWNERS],
                                         .peers = "",
                                         .unit = units[(i * 13 + i / 7) % UNITS] };

        (void)snprintf(id, sizeof id, "%c-%u%s", "abc"[i % 3], i * 37 % DEVICES,
                       i % 10 == 0 ? "-with-a-long-name" : "");
        assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry),
                         QW_OK);
        if (entry.kind == QW_DEVICE_APPLICATION && i % 4 == 1) {
            assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, id,
                                                     QW_DEVICE_SUSPEND),
                             QW_OK);
        }
        if (i % 9 == 4) {
            assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, id,
                                                     QW_DEVICE_DESTROY),
                             QW_OK);
        }
    }
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "north",
                                           QW_OFFICER_OPERATOR, "/north"),
                     QW_OK);
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "gas",
                                           QW_OFFICER_AUDIT, "/north/gas"),
                     QW_OK);
    return 0;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool fits(const struct qw_device *device, const struct qw_device_filter *filter,
                 const char *part)
{
    return begins_with(device->id, filter->id_prefix) &&
           (filter->owner[0] == '\0' || strcmp(filter->owner, device->owner) == 0) &&
           begins_with(device->owner, filter->owner_prefix) &&
           (filter->owner_prefix[0] == '\0' || device->owner[0] != '\0') &&
           (filter->unit[0] == '\0' || qw_unit_contains(filter->unit, device->unit)) &&
           qw_unit_contains(part, device->unit) &&
           (filter->kind == QW_DEVICE_ANY || filter->kind == (int)device->kind) &&
           (filter->state == QW_DEVICE_ANY || filter->state == (int)device->state);
}

static int by_owner_and_id(const void *a, const void *b)
{
    const struct qw_device *x = a;
    const struct qw_device *y = b;
    int order = strcmp(x->owner, y->owner);

    return order != 0 ? order : strcmp(x->id, y->id);
}

/* What is wanted, from the whole list. */
static size_t expected(struct scene *scene, const struct qw_device_filter *filter, const char *part,
                       struct qw_device *found)
{
    static struct qw_device all[FOUND_MAX];
    size_t total = 0;
    size_t count = 0;

    assert_int_equal(
        qw_centre_device_list(scene->centre, &scene->operator_caller, "", all, FOUND_MAX, &total),
        QW_OK);
    assert_int_equal(total, DEVICES);
    for (size_t i = 0; i < total; i++) {
        assert_true(i == 0 || strcmp(all[i - 1].id, all[i].id) < 0);
        if (fits(&all[i], filter, part)) {
            found[count++] = all[i];
        }
    }
    if (filter->owner_prefix[0] != '\0') {
        qsort(found, count, sizeof *found, by_owner_and_id);
    }
    return count;
}

static void assert_finds(struct scene *scene, const struct qw_device_filter *filter,
                         const char *officer, const char *part, size_t page_cap)
{
    static struct qw_device wanted[FOUND_MAX], got[FOUND_MAX];
    size_t count = expected(scene, filter, part, wanted);
    struct qw_caller caller = officer[0] == '\0' ? scene->operator_caller : by(officer);
    struct qw_device_page page = { .devices = got, .cap = page_cap };
    char after[QW_DEVICE_CURSOR_CAP] = "";
    size_t seen = 0;

    do {
        assert_int_equal(qw_centre_device_search(scene->centre, &caller, filter, after, &page),
                         QW_OK);
        assert_true(page.count == page_cap || page.next[0] == '\0');
        assert_true(seen + page.count <= count);
        for (size_t i = 0; i < page.count; i++) {
            assert_string_equal(got[i].id, wanted[seen + i].id);
            assert_memory_equal(&got[i].unit, &wanted[seen + i].unit, sizeof got[i].unit);
        }
        seen += page.count;
        strcpy(after, page.next);
    } while (page.next[0] != '\0');
    assert_int_equal(seen, count);
}

/* Every combination of conditions there is, in pages of several sizes. */
static void finds_what_a_look_at_every_device_would(void **state)
{
    struct scene *scene = *state;
    static const char *const prefixes[] = { "", "a", "b-1", "c-3", "a-0-with-a-long-name", "zz" };
    static const char *const owner_prefixes[] = { "", "Li", "Li Hua", "W", "\xe7", "Q" };
    size_t turn = 0;

    for (size_t p = 0; p < 6; p++) {
        for (int kind = QW_DEVICE_ANY; kind < KINDS; kind++) {
            for (int s = QW_DEVICE_ANY; s < QW_DEVICE_STATE_COUNT; s++) {
                for (size_t o = 0; o < 12; o++) {
                    struct qw_device_filter filter = qw_device_filter_none;

                    filter.id_prefix = prefixes[p];
                    filter.kind = kind == QW_DEVICE_ANY ? kind : (int)kinds[kind];
                    filter.state = s;
                    filter.owner = o < OWNERS ? owners[o] : "";
                    filter.owner_prefix = o < OWNERS ? "" : owner_prefixes[o - OWNERS];
                    filter.unit = turn % 5 == 0 ? "" : units[turn % UNITS];
                    assert_finds(scene, &filter, "", "/", 1 + turn % 3 * 20);
                    turn++;
                }
            }
        }
    }
}

static void an_officer_finds_his_part_of_the_tree_alone(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *officer, *part;
    } people[] = { { "", "/" }, { "north", "/north" }, { "gas", "/north/gas" } };

    for (size_t who = 0; who < 3; who++) {
        for (size_t u = 0; u <= UNITS; u++) {
            for (size_t o = 0; o < OWNERS; o++) {
                struct qw_device_filter filter = qw_device_filter_none;

                filter.unit = u < UNITS ? units[u] : "";
                filter.owner = owners[o];
                assert_finds(scene, &filter, people[who].officer, people[who].part, 7);
                filter.owner = "";
                filter.owner_prefix = owners[o];
                filter.kind = o % 2 == 0 ? QW_DEVICE_ANY : QW_DEVICE_METER;
                assert_finds(scene, &filter, people[who].officer, people[who].part, 7);
            }
        }
    }
}

static void assert_refuses(struct scene *scene, struct qw_device_filter filter, const char *after)
{
    struct qw_device device;
    struct qw_device_page page = { .devices = &device, .cap = 1 };

    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, after, &page),
        QW_ERR_ARG);
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->application, &filter, after, &page),
        QW_ERR_REFUSED);
}

static void refuses_what_makes_no_sense(void **state)
{
    struct scene *scene = *state;
    struct qw_device_filter filter = qw_device_filter_none;
    char longest[80];

    filter.kind = QW_DEVICE_KIND_COUNT;
    assert_refuses(scene, filter, "");
    filter = qw_device_filter_none;
    filter.state = -2;
    assert_refuses(scene, filter, "");
    filter = qw_device_filter_none;
    filter.unit = "north";
    assert_refuses(scene, filter, "");
    filter = qw_device_filter_none;
    filter.id_prefix = "a b";
    assert_refuses(scene, filter, "");
    filter = qw_device_filter_none;
    filter.owner = "Li";
    filter.owner_prefix = "Li";
    assert_refuses(scene, filter, "");
    filter.owner = "";
    assert_refuses(scene, filter, "a-1"); /* whose? */
    assert_refuses(scene, filter, " Li");
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    assert_refuses(scene, qw_device_filter_none, longest);
    filter.owner_prefix = longest;
    assert_refuses(scene, filter, "");
    filter = qw_device_filter_none;
    filter.owner = longest;
    assert_refuses(scene, filter, "");
}

static void the_longest_texts_have_their_place_in_the_index(void **state)
{
    struct scene *scene = *state;
    char id[64];
    char owner[64];
    char unit[QW_UNIT_CAP];
    struct qw_device_entry entry = {
        .id = id, .kind = QW_DEVICE_METER, .owner = owner, .peers = "", .unit = unit
    };
    struct qw_device_filter filter = qw_device_filter_none;
    struct qw_device device;
    struct qw_device_page page = { .devices = &device, .cap = 1 };

    memset(id, 'i', sizeof id);
    memset(owner, 'o', sizeof owner);
    for (size_t i = 0; i < sizeof unit; i++) {
        unit[i] = i % 2 == 0 ? '/' : 'u';
    }
    id[63] = owner[63] = '\0';
    unit[62] = '\0'; /* 31 names */
    assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry), QW_OK);
    filter.owner = owner;
    filter.unit = unit;
    filter.kind = QW_DEVICE_METER;
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page), QW_OK);
    assert_int_equal(page.count, 1);
    assert_string_equal(device.id, id);
    filter.owner = "";
    filter.owner_prefix = owner;
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page), QW_OK);
    assert_int_equal(page.count, 1);
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, page.next, &page),
        QW_OK);
    assert_int_equal(page.count, 0);
}

/* Many more steps than are taken under one lock lead to the one device, and behind it. */
static void finds_the_one_where_two_conditions_seldom_meet(void **state)
{
    struct scene *scene = *state;
    struct qw_device_filter filter = qw_device_filter_none;
    struct qw_device devices[2];
    struct qw_device_page page = { .devices = devices, .cap = 2 };

    for (unsigned i = 0; i < 700; i++) {
        char id[64];
        bool is_even = i % 2 == 0;
        struct qw_device_entry entry = { .id = id,
                                         .kind = is_even ? QW_DEVICE_USB_KEY : QW_DEVICE_CHIP,
                                         .owner = is_even || i == 501 ? "Zhao" : "Qian",
                                         .peers = "" };

        (void)snprintf(id, sizeof id, "z-%03u", i);
        assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry),
                         QW_OK);
    }
    filter.kind = QW_DEVICE_CHIP;
    filter.owner = "Zhao";
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page), QW_OK);
    assert_int_equal(page.count, 1);
    assert_string_equal(devices[0].id, "z-501");
    assert_string_equal(page.next, "");
}

/* An index record that somebody has written into the database leads to an error, never to a device
 * that is not what was asked for. */
static void believes_no_index_record_that_is_not_true(void **state)
{
    struct scene *scene = *state;
    static const char *const forged[] = {
        "INSERT INTO search VALUES(CAST(X'02' || X'00' || X'09' || 'a-0-with-a-long-name' AS "
        "BLOB), 1, "
        "0, X'')",
        "INSERT INTO search VALUES(CAST(X'02' || X'00' || X'09' || 'none' AS BLOB), 1, 0, X'')"
    };
    struct qw_device_filter filter = qw_device_filter_none;
    struct qw_device device;
    struct qw_device_page page = { .devices = &device, .cap = 1 };

    filter.kind = QW_DEVICE_CHIP; /* 9: there is none */
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page), QW_OK);
    assert_int_equal(page.count, 0);
    for (size_t i = 0; i < 2; i++) {
        sqlite3 *connection = NULL;

        assert_int_equal(sqlite3_open(scene->path, &connection), SQLITE_OK);
        assert_int_equal(sqlite3_exec(connection, forged[i], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(
            qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page),
            QW_ERR_IO);
        assert_int_equal(sqlite3_exec(connection,
                                      "DELETE FROM search WHERE id >= X'020009' AND "
                                      "id < X'02000A'",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(connection);
    }
}

static void a_read_that_fails_fails_the_page(void **state)
{
    struct scene *scene = *state;
    struct qw_device_filter filter = qw_device_filter_none;
    struct qw_device devices[8];
    struct qw_device_page page = { .devices = devices, .cap = 8 };
    qw_err err = QW_ERR_IO;

    filter.owner = "Li";
    filter.kind = QW_DEVICE_TERMINAL;
    scene->reads_fail = true;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 1000);
        scene->reads = 0;
        scene->fail_read_at = n;
        err = qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page);
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    scene->reads_fail = false;
    assert_true(page.count > 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(finds_what_a_look_at_every_device_would),
        CASE(an_officer_finds_his_part_of_the_tree_alone),
        CASE(refuses_what_makes_no_sense),
        CASE(the_longest_texts_have_their_place_in_the_index),
        CASE(finds_the_one_where_two_conditions_seldom_meet),
        CASE(believes_no_index_record_that_is_not_true),
        CASE(a_read_that_fails_fails_the_page),
    };

    return cmocka_run_group_tests_name("centre.search", tests, NULL, NULL);
}
