/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_UNIT_SCENE_H
#define QW_TEST_UNIT_SCENE_H

#include "centre/people/unit_record.h"
#include "unit/centre/scene.h"

/* For tests of what units have stored: applications of several units, and the keys they take and
 * fetch. Blocks hold 64 keys here. */

enum { BLOCK = 64, HOUR_MS = 3600000 };

static struct qw_given_key given[QW_DELIVERY_KEYS_MAX];

static void add(struct scene *scene, const char *id, const char *unit, const char *peers)
{
    struct qw_device_entry entry = {
        .id = id, .kind = QW_DEVICE_APPLICATION, .owner = "", .peers = peers, .unit = unit
    };

    assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry), QW_OK);
}

static void add_applications(struct scene *scene, const char *peers_of_a)
{
    add(scene, "app-a", "/north/gas", peers_of_a);
    add(scene, "app-c", "/north", "app-b");
    add(scene, "app-s", "/south", "app-b");
    add(scene, "app-b", "/", "");
}

static qw_err set(struct scene *scene, const char *unit, uint64_t stored)
{
    struct qw_unit_quota wanted = { .stored_max = stored };

    strcpy(wanted.unit, unit);
    return qw_centre_unit_set(scene->centre, &scene->operator_caller, &wanted);
}

static struct qw_unit_quota quota_of(struct scene *scene, const char *unit)
{
    struct qw_unit_quota quotas[QW_UNITS_MAX];
    size_t count = 0;

    assert_int_equal(
        qw_centre_unit_list(scene->centre, &scene->operator_caller, quotas, QW_UNITS_MAX, &count),
        QW_OK);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quotas[i].unit, unit) == 0) {
            return quotas[i];
        }
    }
    return (struct qw_unit_quota){ .stored = UINT64_MAX };
}

static uint64_t stored(struct scene *scene, const char *unit)
{
    return quota_of(scene, unit).stored;
}

/* Stock first, then the keys. */
static qw_err take(struct scene *scene, const char *master, uint32_t count)
{
    struct qw_caller caller = caller_of(master);
    struct qw_key_wish wish = { .slave = "app-b",
                                .count = count,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    return qw_centre_deliver(scene->centre, &caller, &wish, given);
}

/* Those from first on, of the last that were taken. */
static void fetch_given(struct scene *scene, const char *master, size_t first, size_t count)
{
    struct qw_caller app = caller_of("app-b");
    struct qw_given_key key;

    for (size_t i = first; i < first + count; i++) {
        assert_int_equal(qw_centre_fetch(scene->centre, &app, master,
                                         (const uint8_t(*)[16])given[i].id, 1, &key),
                         QW_OK);
    }
}

static void sweep_after(struct scene *scene, int64_t ms)
{
    scene_now_ms += ms;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

static void sweep_hours(struct scene *scene, int hours)
{
    for (int i = 0; i < hours; i++) {
        sweep_after(scene, HOUR_MS);
    }
}

#endif
