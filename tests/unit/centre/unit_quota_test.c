/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 C10 */
/* Quotas of units [docs/design/people.md Q1 to Q6]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/people/officer.h"
#include "centre/people/unit_quota.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static struct qw_caller by(const char *id)
{
    char identity[128];

    (void)snprintf(identity, sizeof identity, "urn:qwave:officer:%s", id);
    return caller_of(identity);
}

static void add_officer(struct scene *scene, const char *id, enum qw_officer_role role,
                        const char *unit)
{
    struct qw_caller alice = by("alice");

    assert_int_equal(qw_centre_officer_add(scene->centre, &alice, id, role, unit), QW_OK);
}

static int make(void **state)
{
    struct scene *scene;

    scene_make(state);
    scene = *state;
    add_officer(scene, "sys", QW_OFFICER_SYSTEM, "/");
    add_officer(scene, "sys-n", QW_OFFICER_SYSTEM, "/north");
    add_officer(scene, "ope", QW_OFFICER_OPERATOR, "/");
    return 0;
}

static qw_err set_by(struct scene *scene, const char *who, const char *unit, uint64_t devices,
                     uint64_t keys)
{
    struct qw_caller caller = by(who);

    return scene_set_quota(scene->centre, &caller, unit, devices, keys);
}

static qw_err add_device(struct scene *scene, const char *id, enum qw_device_kind kind,
                         const char *unit, const char *peers)
{
    struct qw_caller caller = by("ope");
    struct qw_device_entry entry = {
        .id = id, .kind = kind, .owner = "test", .peers = peers, .unit = unit
    };

    return qw_centre_device_add(scene->centre, &caller, &entry);
}

static struct qw_unit_quota look(struct scene *scene, const char *unit)
{
    struct qw_caller caller = by("sys");
    struct qw_unit_quota quotas[QW_UNITS_MAX];
    size_t count = 0;

    assert_int_equal(qw_centre_unit_list(scene->centre, &caller, quotas, QW_UNITS_MAX, &count),
                     QW_OK);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quotas[i].unit, unit) == 0) {
            return quotas[i];
        }
    }
    return (struct qw_unit_quota){ .unit = "" };
}

static const char *last_detail(struct scene *scene)
{
    static struct last_record last;
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    return last.record.event.detail;
}

static void quotas_beneath_add_up_to_no_more(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set_by(scene, "sys", "/north", 10, 1000), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas", 6, 600), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/water", 5, 400), QW_ERR_CONFLICT);
    assert_string_equal(last_detail(scene), "more than there is above it");
    assert_int_equal(set_by(scene, "sys", "/north/water", 4, 401), QW_ERR_CONFLICT);
    assert_int_equal(set_by(scene, "sys", "/north/water", 4, 400), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north", 9, 1000), QW_ERR_CONFLICT);
    assert_int_equal(set_by(scene, "sys", "/north", 11, 1000), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north", 10, 1000), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/northern", 1000, 0), QW_OK); /* stands beside it */
    /* Beneath gas, which counts alone towards the north; without gas they count themselves. */
    assert_int_equal(set_by(scene, "sys", "/north/gas/a", 3, 0), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas/b", 4, 0), QW_ERR_CONFLICT);
    assert_int_equal(set_by(scene, "sys", "/north/gas/b", 3, 0), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas", 0, 0), QW_OK);
    assert_string_equal(look(scene, "/north/gas").unit, "");
    assert_int_equal(set_by(scene, "sys", "/north/gas/b", 4, 0), QW_ERR_CONFLICT);
    assert_int_equal(set_by(scene, "sys", "/north/water", 3, 400), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas/b", 4, 0), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas", 6, 0), QW_ERR_CONFLICT); /* 3 + 4 */
    assert_int_equal(set_by(scene, "sys", "/north/gas", 7, 0), QW_OK);
    assert_journal_whole(scene);
}

static void nobody_raises_his_own(void **state)
{
    struct scene *scene = *state;
    struct qw_caller caller = by("sys-n");
    struct qw_unit_quota quotas[QW_UNITS_MAX];
    size_t count = 0;

    assert_int_equal(set_by(scene, "sys", "/north", 10, 1000), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/south", 10, 1000), QW_OK);
    assert_int_equal(set_by(scene, "sys-n", "/north", 11, 1000), QW_ERR_REFUSED);
    assert_string_equal(last_detail(scene), "not beneath his own unit");
    assert_int_equal(set_by(scene, "sys-n", "/north", 0, 0), QW_ERR_REFUSED);
    assert_int_equal(set_by(scene, "sys-n", "/south", 1, 1), QW_ERR_REFUSED);
    assert_int_equal(set_by(scene, "ope", "/north", 11, 1000), QW_ERR_REFUSED);
    assert_int_equal(set_by(scene, "sys-n", "/north/gas", 11, 0), QW_ERR_CONFLICT);
    assert_int_equal(set_by(scene, "sys-n", "/north/gas", 10, 0), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/", 10, 0), QW_ERR_ARG);
    assert_int_equal(set_by(scene, "sys", "north", 10, 0), QW_ERR_ARG);
    assert_int_equal(set_by(scene, "sys", "/north", QW_UNIT_LIMIT_MAX + 1, 0), QW_ERR_ARG);
    assert_int_equal(look(scene, "/north").devices_max, 10);
    assert_int_equal(qw_centre_unit_list(scene->centre, &caller, quotas, QW_UNITS_MAX, &count),
                     QW_OK);
    assert_int_equal(count, 2);
    assert_string_equal(quotas[0].unit, "/north");
    assert_string_equal(quotas[1].unit, "/north/gas");
}

static void devices_count_for_every_unit_above(void **state)
{
    struct scene *scene = *state;
    struct qw_caller alice = by("alice");

    assert_int_equal(add_device(scene, "t-1", QW_DEVICE_TERMINAL, "/north/gas", ""), QW_OK);
    assert_int_equal(add_device(scene, "t-s", QW_DEVICE_TERMINAL, "/south", ""), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north", 3, 0), QW_OK);
    assert_int_equal(look(scene, "/north").devices, 1); /* it was there before */
    assert_int_equal(set_by(scene, "sys", "/north/gas", 2, 0), QW_OK);
    assert_int_equal(add_device(scene, "t-2", QW_DEVICE_TERMINAL, "/north/gas", ""), QW_OK);
    assert_int_equal(add_device(scene, "t-3", QW_DEVICE_TERMINAL, "/north/gas", ""), QW_ERR_LIMIT);
    assert_string_equal(last_detail(scene), "the quota of its unit is used up");
    assert_int_equal(look(scene, "/north").devices, 2); /* refused by one: counted by none */
    assert_int_equal(add_device(scene, "t-4", QW_DEVICE_TERMINAL, "/north", ""), QW_OK);
    assert_int_equal(add_device(scene, "t-5", QW_DEVICE_TERMINAL, "/north/water", ""),
                     QW_ERR_LIMIT);
    assert_int_equal(add_device(scene, "t-6", QW_DEVICE_TERMINAL, "/northern", ""), QW_OK);
    assert_int_equal(add_device(scene, "t-7", QW_DEVICE_TERMINAL, "/", ""), QW_OK);
    assert_int_equal(add_device(scene, "t-4", QW_DEVICE_TERMINAL, "/north", ""), QW_ERR_CONFLICT);
    scene_restart(scene);
    assert_int_equal(add_device(scene, "t-5", QW_DEVICE_TERMINAL, "/north/water", ""),
                     QW_ERR_LIMIT);
    assert_int_equal(qw_centre_device_change(scene->centre, &alice, "t-1", QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(look(scene, "/north").devices, 2);
    assert_int_equal(look(scene, "/north/gas").devices, 1);
    assert_int_equal(add_device(scene, "t-5", QW_DEVICE_TERMINAL, "/north/water", ""), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas", 0, 0), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north", 0, 0), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north", 5, 0), QW_OK); /* counted anew */
    assert_int_equal(look(scene, "/north").devices,
                     3); /* not t-1, which is gone, nor "/northern" */
    assert_journal_whole(scene);
}

static qw_err take_keys(struct scene *scene, const char *master, uint32_t count)
{
    static struct qw_given_key keys[QW_DELIVERY_KEYS_MAX];
    char identity[64];
    struct qw_caller caller;
    struct qw_key_wish wish = { .slave = "app-b",
                                .count = count,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    (void)snprintf(identity, sizeof identity, "urn:qwave:sae:%s", master);
    caller = caller_of(identity);
    return qw_centre_deliver(scene->centre, &caller, &wish, keys);
}

static void make_applications(struct scene *scene)
{
    assert_int_equal(add_device(scene, "app-a", QW_DEVICE_APPLICATION, "/north/gas", "app-b"),
                     QW_OK);
    assert_int_equal(add_device(scene, "app-c", QW_DEVICE_APPLICATION, "/north", "app-b"), QW_OK);
    assert_int_equal(add_device(scene, "app-s", QW_DEVICE_APPLICATION, "/south", "app-b"), QW_OK);
    assert_int_equal(add_device(scene, "app-b", QW_DEVICE_APPLICATION, "/", ""), QW_OK);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
}

/* Blocks hold 64 keys here. */
static void keys_of_a_day_end_where_the_quota_says(void **state)
{
    struct scene *scene = *state;
    struct qw_caller app = caller_of("urn:qwave:sae:app-a");
    struct qw_pair_status status;

    make_applications(scene);
    assert_int_equal(set_by(scene, "sys", "/north", 0, 200), QW_OK);
    assert_int_equal(set_by(scene, "sys", "/north/gas", 0, 130), QW_OK);
    assert_int_equal(take_keys(scene, "app-a", 1), QW_OK);
    assert_int_equal(look(scene, "/north").keys_today, 64); /* by blocks */
    assert_int_equal(take_keys(scene, "app-a", 63), QW_OK);
    assert_int_equal(look(scene, "/north").keys_today, 64); /* nothing for a key of an open one */
    assert_int_equal(take_keys(scene, "app-a", 64), QW_OK);
    assert_int_equal(look(scene, "/north/gas").keys_today, 128);
    assert_int_equal(take_keys(scene, "app-a", 1), QW_ERR_LIMIT);
    assert_string_equal(last_detail(scene), "the quota of its unit is used up");
    assert_int_equal(qw_centre_pair_status(scene->centre, &app, "app-b", &status), QW_OK);
    assert_int_equal(status.stored_keys, 2);
    assert_int_equal(take_keys(scene, "app-c", 1), QW_OK); /* the north has 72 left */
    assert_int_equal(look(scene, "/north").keys_today, 192);
    assert_int_equal(look(scene, "/north/gas").keys_today, 128);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(take_keys(scene, "app-c", 64), QW_ERR_LIMIT);
    assert_int_equal(take_keys(scene, "app-s", 64), QW_OK); /* nobody else's matter */
    scene_restart(scene);                                   /* a crash gives nobody his day again */
    assert_int_equal(take_keys(scene, "app-a", 1), QW_ERR_LIMIT);
    scene_now_ms += 86400000;
    assert_int_equal(look(scene, "/north").keys_today, 0);
    assert_int_equal(take_keys(scene, "app-a", 1), QW_OK);
    assert_int_equal(look(scene, "/north").keys_today, 64);
    scene_now_ms -= 86400000; /* nor does a clock that goes back */
    assert_int_equal(look(scene, "/north").keys_today, 64);
    assert_journal_whole(scene);
    scene_now_ms += 86400000;
}

static void without_quotas_nothing_is_written(void **state)
{
    struct scene *scene = *state;
    int submits;

    make_applications(scene);
    submits = scene->submits;
    assert_int_equal(take_keys(scene, "app-a", 1), QW_OK);
    assert_int_equal(take_keys(scene, "app-a", 63), QW_OK);
    assert_int_equal(scene->submits, submits + 1); /* the lease, as ever */
    assert_int_equal(set_by(scene, "sys", "/north", 0, 1000), QW_OK);
    submits = scene->submits;
    assert_int_equal(take_keys(scene, "app-a", 64), QW_OK);
    assert_int_equal(scene->submits, submits + 1); /* in the same group */
}

static void a_write_that_fails_counts_nothing(void **state)
{
    struct scene *scene = *state;

    make_applications(scene);
    assert_int_equal(set_by(scene, "sys", "/north", 5, 200), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(take_keys(scene, "app-a", 1), QW_ERR_IO);
    assert_int_equal(look(scene, "/north").keys_today, 0);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(add_device(scene, "t-1", QW_DEVICE_TERMINAL, "/north", ""), QW_ERR_IO);
    assert_int_equal(look(scene, "/north").devices, 2);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(set_by(scene, "sys", "/north", 6, 200), QW_ERR_IO);
    assert_int_equal(look(scene, "/north").devices_max, 5);
    assert_int_equal(take_keys(scene, "app-a", 1), QW_OK);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quotas_beneath_add_up_to_no_more),   TEST(nobody_raises_his_own),
        TEST(devices_count_for_every_unit_above), TEST(keys_of_a_day_end_where_the_quota_says),
        TEST(without_quotas_nothing_is_written),  TEST(a_write_that_fails_counts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
