/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C2 C10 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"

/* A link in place of the test double: its account is what the test says. */
static struct qw_key_source_health link_health;

static void health_of_link(void *self, struct qw_key_source_health *health)
{
    (void)self;
    *health = link_health;
}

static int make_link(void **state)
{
    struct scene *scene;
    int failed = scene_make(state);

    scene = *state;
    scene->source.health = health_of_link;
    link_health = (struct qw_key_source_health){ .is_running = true, .error_rate = -1 };
    return failed;
}

static void stop(const char *reason)
{
    link_health.is_running = false;
    strcpy(link_health.reason, reason);
}

static uint64_t records_of(struct scene *scene)
{
    return status_of(scene).audit_records;
}

static void a_link_that_runs_and_has_nothing_now_is_no_failure(void **state)
{
    struct scene *scene = *state;
    uint64_t records = records_of(scene);

    scene->left = 15 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(scene->left, 15 * 32);
    assert_int_equal(records_of(scene), records);
    scene->left = 16 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(scene->left, 0);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], 16);
}

static void a_link_that_stops_is_in_the_journal_once_with_its_reason(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status status;
    uint64_t records;

    scene->left = 0;
    stop("QBER: somebody measures");
    link_health.error_rate = 0.25;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_last_deed(scene, "source", QW_ERR_UNAVAILABLE, "QBER: somebody measures");
    records = records_of(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(records_of(scene), records);
    status = status_of(scene);
    assert_false(status.source_health.is_running);
    assert_string_equal(status.source_health.reason, "QBER: somebody measures");
    assert_true(status.source_health.error_rate == 0.25);
    stop("its process is gone");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_last_deed(scene, "source", QW_ERR_UNAVAILABLE, "its process is gone");
    link_health = (struct qw_key_source_health){ .is_running = true, .error_rate = 0.01 };
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_last_deed(scene, "source", QW_OK, "runs again");
    assert_true(status_of(scene).source_health.is_running);
    assert_int_equal(records_of(scene), records + 2);
}

static void keys_from_before_the_stop_are_taken_and_served(void **state)
{
    struct scene *scene = *state;

    scene->left = 64 * 32;
    stop("its process is gone");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], 64);
}

static void without_a_journal_nothing_is_taken(void **state)
{
    struct scene *scene = *state;

    stop("GAIN");
    scene->left = 64 * 32;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_IO);
    assert_int_equal(scene->left, 64 * 32);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK); /* and said when it can be */
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], 64);
}

static qw_err take_fails(void *self, uint8_t *key, size_t len)
{
    (void)self;
    (void)key;
    (void)len;
    return QW_ERR_TIMEOUT;
}

static void a_take_that_fails_is_left_to_the_account(void **state)
{
    struct scene *scene = *state;
    uint64_t records = records_of(scene);

    scene->left = 64 * 32;
    scene->source.take = take_fails;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(records_of(scene), records);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], 0);
    stop("it does not answer in time");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_last_deed(scene, "source", QW_ERR_UNAVAILABLE, "it does not answer in time");
    assert_int_equal(records_of(scene), records + 1);
    scene->source.take = source_take;
}

static void a_source_without_an_account_is_judged_by_its_last_take(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status status;

    scene->source.health = NULL;
    assert_true(status_of(scene).source_health.is_running);
    scene->left = 0;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    status = status_of(scene);
    assert_false(status.source_health.is_running);
    assert_true(status.source_health.error_rate < 0);
    assert_string_equal(status.source_health.reason, qw_err_text(QW_ERR_EXHAUSTED));
    scene->left = 10000 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_true(status_of(scene).source_health.is_running);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_link, scene_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_link_that_runs_and_has_nothing_now_is_no_failure),
        TEST(a_link_that_stops_is_in_the_journal_once_with_its_reason),
        TEST(keys_from_before_the_stop_are_taken_and_served),
        TEST(without_a_journal_nothing_is_taken),
        TEST(a_take_that_fails_is_left_to_the_account),
        TEST(a_source_without_an_account_is_judged_by_its_last_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
