/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C16 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/maintenance.h"
#include "centre/ready.h"
#include "unit/centre/scene.h"

#include <string.h>

static struct qw_caller sae(const char *id)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };

    strcpy(caller.id, id);
    return caller;
}

static int make(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-b",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-a",
                                               QW_DEVICE_APPLICATION, "", "app-b"),
                     QW_OK);
    return 0;
}

static qw_err deliver(struct scene *scene, struct qw_given_key *key)
{
    struct qw_caller caller = sae("app-a");
    struct qw_key_wish wish = { .slave = "app-b",
                                .count = 1,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(scene->centre, &caller, &wish, key);
}

static qw_err turn(struct scene *scene, bool is_on, const char *reason)
{
    return qw_centre_maintenance_set(scene->centre, &scene->operator_caller, is_on, reason);
}

static struct qw_maintenance look(struct scene *scene)
{
    struct qw_maintenance maintenance;

    assert_int_equal(
        qw_centre_maintenance_look(scene->centre, &scene->operator_caller, &maintenance), QW_OK);
    return maintenance;
}

/* Each verb that gives keys, with arguments that it would otherwise look at. */
static void every_verb_that_gives_keys_is_paused(void **state)
{
    static const char *const members[] = { "app-b" };
    struct scene *scene = *state;
    const struct qw_key_group_change change = { .add = members, .add_count = 1 };
    struct qw_caller caller = sae("app-a");
    struct qw_given_key key;
    uint8_t bytes[4096] = { 0 }, id[16] = { 0 };
    size_t len = 0;

    assert_int_equal(turn(scene, true, "disk is changed"), QW_OK);
    assert_int_equal(deliver(scene, &key), QW_ERR_PAUSED);
    assert_int_equal(qw_centre_key_group_create(scene->centre, &caller, "g", &change),
                     QW_ERR_PAUSED);
    assert_int_equal(qw_centre_key_group_change(scene->centre, &caller, "g", &change),
                     QW_ERR_PAUSED);
    assert_int_equal(
        qw_centre_package(scene->centre, &scene->access_point, id, 1000, bytes, sizeof bytes, &len),
        QW_ERR_PAUSED);
    assert_int_equal(qw_centre_charge(scene->centre, &scene->operator_caller, "app-a", "s", 1,
                                      bytes, sizeof bytes, &len),
                     QW_ERR_PAUSED);
    assert_true(qw_centre_is_paused(scene->centre));
    assert_string_equal(qw_centre_obstacle(scene->centre), "not ready: in maintenance");
    assert_int_equal(turn(scene, false, ""), QW_OK);
    assert_int_equal(deliver(scene, &key), QW_OK);
    assert_string_equal(qw_centre_obstacle(scene->centre), "");
    assert_journal_whole(scene);
}

static void what_was_given_is_fetched_and_everything_is_managed(void **state)
{
    struct scene *scene = *state;
    struct qw_caller slave = sae("app-b");
    struct qw_given_key key, got;
    struct qw_centre_status status;

    assert_int_equal(deliver(scene, &key), QW_OK);
    assert_int_equal(turn(scene, true, ""), QW_OK);
    assert_int_equal(
        qw_centre_fetch(scene->centre, &slave, "app-a", (const uint8_t(*)[16]) & key.id, 1, &got),
        QW_OK);
    assert_memory_equal(got.bytes, key.bytes, 32);
    assert_int_equal(
        qw_centre_acknowledge(scene->centre, &slave, (const uint8_t(*)[16]) & key.id, 1), QW_OK);
    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "app-a", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_journal_whole(scene);
}

static void it_lasts_over_a_restart(void **state)
{
    struct scene *scene = *state;
    struct qw_maintenance before, after;
    struct qw_given_key key;
    char reason[QW_MAINTENANCE_REASON_CAP];

    assert_false(look(scene).is_on);
    assert_int_equal(turn(scene, true, "disk is changed"), QW_OK);
    before = look(scene);
    assert_true(before.is_on);
    assert_string_equal(before.reason, "disk is changed");
    assert_string_equal(before.by, scene->operator_caller.id);
    scene_restart(scene);
    after = look(scene);
    assert_true(after.is_on && after.since_ms == before.since_ms);
    assert_string_equal(after.reason, before.reason);
    assert_string_equal(after.by, before.by);
    qw_centre_pause_reason(scene->centre, reason);
    assert_string_equal(reason, "disk is changed");
    assert_int_equal(deliver(scene, &key), QW_ERR_PAUSED);
    assert_int_equal(turn(scene, false, ""), QW_OK);
    scene_restart(scene);
    assert_false(look(scene).is_on);
    assert_string_equal(look(scene).reason, "");
    assert_int_equal(deliver(scene, &key), QW_OK);
}

static void what_is_none_is_refused_and_in_the_journal(void **state)
{
    struct scene *scene = *state;
    struct qw_caller stranger = sae("app-a");
    char long_reason[QW_MAINTENANCE_REASON_CAP + 1];

    memset(long_reason, 'x', sizeof long_reason);
    long_reason[sizeof long_reason - 1] = '\0';
    assert_int_equal(turn(scene, true, long_reason), QW_ERR_ARG);
    assert_int_equal(turn(scene, true, "two\nlines"), QW_ERR_ARG);
    assert_int_equal(turn(scene, true, "\x80"), QW_ERR_ARG);
    assert_int_equal(turn(scene, false, ""), QW_ERR_STATE);
    long_reason[sizeof long_reason - 2] = '\0';
    assert_int_equal(turn(scene, true, long_reason), QW_OK);
    assert_last_deed(scene, "maintenance-on", QW_OK, "xxx");
    assert_int_equal(turn(scene, true, ""), QW_ERR_STATE);
    assert_last_deed(scene, "maintenance-on", QW_ERR_STATE, "on already");
    assert_int_equal(qw_centre_maintenance_set(scene->centre, &stranger, false, ""),
                     QW_ERR_REFUSED);
    assert_true(look(scene).is_on);
    assert_journal_whole(scene);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_verb_that_gives_keys_is_paused),
        CASE(what_was_given_is_fetched_and_everything_is_managed),
        CASE(it_lasts_over_a_restart),
        CASE(what_is_none_is_refused_and_in_the_journal),
    };

    return cmocka_run_group_tests_name("centre.maintenance", tests, NULL, NULL);
}
