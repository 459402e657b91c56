/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 C16 */
/* What officers write down about devices, and devices that move to another unit. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/signing_request.h"
#include "centre/certificate/certificate.h"
#include "centre/device/describe.h"
#include "centre/device/search.h"
#include "centre/people/officer.h"
#include "centre/people/unit_quota.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static const struct qw_caller *by(const char *id)
{
    static struct qw_caller caller;

    caller = (struct qw_caller){ .role = QW_ROLE_OPERATOR };
    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    return &caller;
}

static qw_err add(struct scene *scene, const char *id, enum qw_device_kind kind, const char *peers,
                  const char *unit)
{
    struct qw_device_entry entry = {
        .id = id, .kind = kind, .owner = "Li", .peers = peers, .unit = unit
    };

    return qw_centre_device_add(scene->centre, by("alice"), &entry);
}

static int make(void **state)
{
    static const struct {
        const char *id, *unit;
    } people[] = { { "root", "/" }, { "north", "/north" }, { "gas", "/north/gas" } };
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_centre_officer_add(scene->centre, by("alice"), people[i].id,
                                               QW_OFFICER_OPERATOR, people[i].unit),
                         QW_OK);
    }
    assert_int_equal(add(scene, "app-g", QW_DEVICE_APPLICATION, "app-n", "/north/gas"), QW_OK);
    assert_int_equal(add(scene, "app-n", QW_DEVICE_APPLICATION, "app-g", "/north"), QW_OK);
    assert_int_equal(add(scene, "meter", QW_DEVICE_METER, "", "/north/gas"), QW_OK);
    assert_int_equal(add(scene, "kme-b", QW_DEVICE_KME, "", NULL), QW_OK);
    return 0;
}

static struct qw_device found(struct scene *scene, const char *id)
{
    struct qw_device device = { .id = "" };

    assert_int_equal(qw_centre_device_find(scene->centre, by("alice"), id, &device), QW_OK);
    return device;
}

static void writes_down_what_is_said_and_leaves_the_rest(void **state)
{
    struct scene *scene = *state;
    static const uint8_t hash[32] = { 0xab, 0xcd };
    struct qw_device_note note = { .firmware = "2.7.1", .certificate_hash = hash };
    struct qw_device device;

    assert_int_equal(qw_centre_device_describe(scene->centre, by("gas"), "meter", &note), QW_OK);
    note = (struct qw_device_note){ .certificate_serial = "0a1b2c" };
    assert_int_equal(qw_centre_device_describe(scene->centre, by("gas"), "meter", &note), QW_OK);
    scene_restart(scene);
    device = found(scene, "meter");
    assert_string_equal(device.firmware, "2.7.1");
    assert_string_equal(device.certificate_serial, "0a1b2c");
    assert_memory_equal(device.certificate_hash, hash, 32);
    assert_string_equal(device.owner, "Li");
    assert_int_equal(device.last_refill_ms, 0);
    note = (struct qw_device_note){ .firmware = "", .owner = "Wang" };
    assert_int_equal(qw_centre_device_describe(scene->centre, by("gas"), "meter", &note), QW_OK);
    device = found(scene, "meter");
    assert_string_equal(device.firmware, "");
    assert_string_equal(device.owner, "Wang");
    assert_journal_whole(scene);
}

/* The index moves with the owner. */
static void a_new_owner_is_found_and_the_old_one_is_not(void **state)
{
    struct scene *scene = *state;
    struct qw_device_note note = { .owner = "Wang" };
    struct qw_device_filter filter = qw_device_filter_none;
    struct qw_device devices[4];
    struct qw_device_page page = { .devices = devices, .cap = 4 };

    assert_int_equal(qw_centre_device_describe(scene->centre, by("gas"), "meter", &note), QW_OK);
    filter.owner = "Wang";
    assert_int_equal(qw_centre_device_search(scene->centre, by("gas"), &filter, "", &page), QW_OK);
    assert_int_equal(page.count, 1);
    filter.owner = "Li";
    assert_int_equal(qw_centre_device_search(scene->centre, by("gas"), &filter, "", &page), QW_OK);
    assert_int_equal(page.count, 1);
    assert_string_equal(devices[0].id, "app-g");
}

static void refuses_notes_that_are_none(void **state)
{
    struct scene *scene = *state;
    char longest[65];
    const struct qw_device_note notes[] = {
        { .firmware = "a\nb" },
        { .firmware = longest },
        { .owner = longest },
        { .certificate_serial = "XY" },
        { .certificate_serial = "0A1B" },
        { .certificate_serial = longest },
    };
    struct qw_device_note note = { .owner = "x" };

    memset(longest, 'a', 64);
    longest[64] = '\0';
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        assert_int_equal(qw_centre_device_describe(scene->centre, by("gas"), "meter", &notes[i]),
                         QW_ERR_ARG);
    }
    assert_int_equal(
        qw_centre_device_change(scene->centre, by("alice"), "meter", QW_DEVICE_DESTROY), QW_OK);
    assert_int_equal(qw_centre_device_describe(scene->centre, by("gas"), "meter", &note),
                     QW_ERR_STATE);
}

static void moves_where_the_officer_has_both_units(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(qw_centre_device_move(scene->centre, by("gas"), "meter", "/north"),
                     QW_ERR_REFUSED); /* away from above */
    assert_int_equal(qw_centre_device_move(scene->centre, by("gas"), "app-n", "/north/gas"),
                     QW_ERR_NOT_FOUND); /* to himself */
    assert_int_equal(qw_centre_device_move(scene->centre, by("north"), "meter", "/south"),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_device_move(scene->centre, by("north"), "meter", "south"),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "kme-b", "/north"),
                     QW_ERR_STATE);
    assert_string_equal(found(scene, "meter").unit, "/north/gas");
    assert_int_equal(qw_centre_device_move(scene->centre, by("north"), "meter", "/north/water"),
                     QW_OK);
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "meter", "/south/water"),
                     QW_OK);
    assert_string_equal(found(scene, "meter").unit, "/south/water");
    scene_restart(scene);
    assert_string_equal(found(scene, "meter").unit, "/south/water");
    assert_journal_whole(scene);
}

/* With every place in the tree. */
static void is_found_where_it_is_and_no_longer_where_it_was(void **state)
{
    static const struct {
        const char *unit;
        size_t before, after;
    } parts[] = { { "/", 1, 1 }, { "/north", 1, 0 }, { "/north/gas", 1, 0 }, { "/south", 0, 1 } };
    struct scene *scene = *state;
    struct qw_device device;
    struct qw_device_page page = { .devices = &device, .cap = 1 };
    uint64_t keys = 0;
    uint64_t keys_after = 0;

    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "meter", "/north/gas"),
                     QW_OK); /* to where it is */
    for (int moved = 0; moved < 2; moved++) {
        for (size_t i = 0; i < 4; i++) {
            struct qw_device_filter filter = qw_device_filter_none;

            filter.unit = parts[i].unit;
            filter.kind = QW_DEVICE_METER;
            assert_int_equal(qw_centre_device_search(scene->centre, by("root"), &filter, "", &page),
                             QW_OK);
            assert_int_equal(page.count, moved ? parts[i].after : parts[i].before);
        }
        assert_int_equal(scene->store.count(scene->store.self, QW_STORE_SEARCH, QW_STORE_ANY_TAG,
                                            moved ? &keys_after : &keys),
                         QW_OK);
        assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "meter", "/south"),
                         QW_OK);
    }
    assert_int_equal(keys_after, keys - 4); /* a level less: kind, state, owner and all */
}

static qw_err pair(struct scene *scene, const char *master, const char *slave)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    struct qw_given_key key;
    struct qw_key_wish wish = { .slave = slave,
                                .count = 1,
                                .bits = QW_KEY_BITS_STANDARD,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    (void)snprintf(caller.id, sizeof caller.id, "%s", master);
    return qw_centre_deliver(scene->centre, &caller, &wish, &key);
}

/* Peers that an officer of the north named reach no further than the north, wherever they go. */
static void who_moves_away_is_no_peer_of_those_who_stay(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(qw_centre_device_set_peers(scene->centre, by("north"), "app-g", "app-n"),
                     QW_OK);
    assert_int_equal(pair(scene, "app-g", "app-n"), QW_OK);
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "app-n", "/south"), QW_OK);
    assert_int_equal(pair(scene, "app-g", "app-n"), QW_ERR_NOT_FOUND);
    assert_int_equal(pair(scene, "app-n", "app-g"), QW_OK); /* by the word of the root */
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "app-n", "/north"), QW_OK);
    assert_int_equal(pair(scene, "app-g", "app-n"), QW_OK);
}

static uint64_t used_of(struct scene *scene, const char *unit)
{
    static struct qw_unit_quota quotas[QW_UNITS_MAX];
    size_t count = 0;

    assert_int_equal(qw_centre_unit_list(scene->centre, by("alice"), quotas, QW_UNITS_MAX, &count),
                     QW_OK);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quotas[i].unit, unit) == 0) {
            return quotas[i].devices;
        }
    }
    return UINT64_MAX;
}

/* A unit above both neither frees nor needs a place. */
static void quotas_are_kept_on_the_way(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *unit;
        uint64_t max;
    } quotas[] = { { "/north", 3 }, { "/north/gas", 2 }, { "/north/water", 1 }, { "/south", 1 } };

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            scene_set_quota(scene->centre, by("alice"), quotas[i].unit, quotas[i].max, 0), QW_OK);
    }
    assert_int_equal(used_of(scene, "/north"), 3); /* two in gas, one in itself */
    assert_int_equal(qw_centre_device_move(scene->centre, by("north"), "meter", "/north/water"),
                     QW_OK);
    assert_int_equal(used_of(scene, "/north"), 3);
    assert_int_equal(used_of(scene, "/north/gas"), 1);
    assert_int_equal(used_of(scene, "/north/water"), 1);
    assert_int_equal(qw_centre_device_move(scene->centre, by("north"), "app-n", "/north/water"),
                     QW_ERR_LIMIT);
    assert_last_deed(scene, "device-move", QW_ERR_LIMIT, "the quota of that unit is used up");
    assert_string_equal(found(scene, "app-n").unit, "/north");
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "app-n", "/south"), QW_OK);
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "app-g", "/south/gas"),
                     QW_ERR_LIMIT); /* by a unit above */
    assert_int_equal(used_of(scene, "/north"), 2);
    assert_int_equal(used_of(scene, "/north/gas"), 1);
    assert_int_equal(used_of(scene, "/south"), 1);
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "app-n", "/"), QW_OK);
    assert_int_equal(used_of(scene, "/south"), 0);
    scene_restart(scene);
    assert_int_equal(used_of(scene, "/north"), 2);
    assert_journal_whole(scene);
}

/* Those who look at certificates see it where its device is. */
static void its_certificates_move_with_it(void **state)
{
    struct scene *scene = *state;
    struct qw_signing_request_made request;
    struct qw_certificate_wish wish = { .request = request.request };
    struct qw_certificate_made made;
    struct qw_certificate_entry entry;

    assert_int_equal(add(scene, "meter-n", QW_DEVICE_METER, "", "/north"), QW_OK);
    assert_int_equal(qw_centre_authority_found(scene->centre, by("alice"), QW_CERTIFICATE_P256),
                     QW_OK);
    for (int i = 0; i < 2; i++) {
        const char *id = i == 0 ? "app-n" : "meter-n"; /* which is named as a terminal is */

        assert_int_equal(
            qw_signing_request_new(QW_CERTIFICATE_P256,
                                   i == 0 ? "urn:qwave:sae:app-n" : "urn:qwave:terminal:meter-n",
                                   NULL, 0, &request),
            QW_OK);
        wish.request_len = strlen(request.request);
        assert_int_equal(qw_centre_certificate_issue(scene->centre, by("north"), &wish, &made),
                         QW_OK);
        assert_int_equal(qw_centre_certificate_find(scene->centre, by("gas"), made.serial, &entry),
                         QW_ERR_NOT_FOUND);
        assert_int_equal(qw_centre_device_move(scene->centre, by("north"), id, "/north/gas"),
                         QW_OK);
        assert_int_equal(qw_centre_certificate_find(scene->centre, by("gas"), made.serial, &entry),
                         QW_OK);
        assert_string_equal(entry.unit, "/north/gas");
        assert_false(entry.is_revoked);
        assert_int_equal(qw_centre_device_move(scene->centre, by("root"), id, "/south"), QW_OK);
        assert_int_equal(
            qw_centre_certificate_find(scene->centre, by("north"), made.serial, &entry),
            QW_ERR_NOT_FOUND);
    }
}

static void a_write_that_fails_leaves_it_where_it_was(void **state)
{
    struct scene *scene = *state;

    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "meter", "/south"),
                     QW_ERR_IO);
    assert_string_equal(found(scene, "meter").unit, "/north/gas");
    assert_int_equal(qw_centre_device_move(scene->centre, by("root"), "meter", "/south"), QW_OK);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(writes_down_what_is_said_and_leaves_the_rest),
        CASE(a_new_owner_is_found_and_the_old_one_is_not),
        CASE(refuses_notes_that_are_none),
        CASE(moves_where_the_officer_has_both_units),
        CASE(is_found_where_it_is_and_no_longer_where_it_was),
        CASE(who_moves_away_is_no_peer_of_those_who_stay),
        CASE(quotas_are_kept_on_the_way),
        CASE(its_certificates_move_with_it),
        CASE(a_write_that_fails_leaves_it_where_it_was),
    };

    return cmocka_run_group_tests_name("centre.describe", tests, NULL, NULL);
}
