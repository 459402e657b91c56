/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 C14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include "centre/pair/quota.h"
#include "centre/reload.h"
#include "support/fail_nth.h"

#include <stdio.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static int64_t monotonic_ms = 1000000;
int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return monotonic_ms;
}

static void add(struct scene *scene, const char *id, const char *peers)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

/* greedy and modest may ask keys for sink and drain; 640 keys in stock, in blocks of 64. */
static int make(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    scene_close(scene);
    scene->config.stock_keys = 640;
    scene->config.sae_keys_per_s = 20;
    scene->config.pair_keys_per_s = 10;
    scene->config.misses_per_s = 2;
    scene_open(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    add(scene, "sink", "");
    add(scene, "drain", "");
    add(scene, "greedy", "sink,drain");
    add(scene, "modest", "sink,drain");
    return 0;
}

static qw_err ask(struct scene *scene, const char *who, const char *slave, uint32_t count,
                  uint32_t bits, struct qw_given_key *keys)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    struct qw_key_wish wish = { .slave = slave,
                                .count = count,
                                .bits = bits,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_given_key *unwanted = calloc(count, sizeof *unwanted);
    qw_err err;

    snprintf(caller.id, sizeof caller.id, "%s", who);
    err = qw_centre_deliver(scene->centre, &caller, &wish, keys == NULL ? unwanted : keys);
    free(unwanted);
    assert_books_balance(scene);
    return err;
}

static uint64_t stored_for(struct scene *scene, const char *who, const char *slave)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    struct qw_pair_status status;

    snprintf(caller.id, sizeof caller.id, "%s", who);
    assert_int_equal(qw_centre_pair_status(scene->centre, &caller, slave, &status), QW_OK);
    return status.stored_keys;
}

/* Q1 */
static void a_pair_gets_no_more_keys_than_its_quota(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(scene, "greedy", "sink", 10, 256, NULL), QW_OK);
    }
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, NULL), QW_ERR_LIMIT);
    assert_int_equal(stored_for(scene, "greedy", "sink"), 0);
    assert_int_not_equal(stored_for(scene, "greedy", "drain"), 0);
    assert_int_equal(ask(scene, "greedy", "drain", 1, 256, NULL), QW_OK);
    assert_int_equal(ask(scene, "modest", "sink", 1, 256, NULL), QW_OK);
    monotonic_ms += 500;
    assert_int_not_equal(stored_for(scene, "greedy", "sink"), 0);
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, NULL), QW_OK);
}

static void an_application_gets_no_more_than_its_quota_over_all_its_slaves(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(ask(scene, "greedy", "sink", 100, 256, NULL), QW_OK);
    assert_int_equal(ask(scene, "greedy", "drain", 99, 256, NULL), QW_OK);
    assert_int_equal(ask(scene, "greedy", "drain", 1, 256, NULL), QW_OK);
    monotonic_ms += 10; /* a fifth of a key for it, a tenth for the pair */
    assert_int_equal(ask(scene, "greedy", "drain", 128, 256, NULL), QW_OK); /* into debt */
    monotonic_ms += 6000;
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, NULL), QW_ERR_LIMIT);
    monotonic_ms += 400; /* 128 keys at 20 a second */
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, NULL), QW_OK);
}

static void a_large_key_counts_by_the_places_it_takes(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(ask(scene, "greedy", "sink", 6, 4096, NULL), QW_OK); /* 96 places */
    assert_int_equal(ask(scene, "greedy", "sink", 4, 24, NULL), QW_OK);
    assert_int_equal(ask(scene, "greedy", "sink", 1, 24, NULL), QW_ERR_LIMIT);
}

static void what_fails_costs_nothing(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 50; i++) {
        assert_int_equal(ask(scene, "greedy", "greedy2", 10, 256, NULL), QW_ERR_NOT_FOUND);
    }
    scene->submits = 0;
    scene->fail_at = 1;
    assert_int_equal(ask(scene, "greedy", "sink", 10, 256, NULL), QW_ERR_IO);
    scene->fail_at = 0;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(scene, "greedy", "sink", 10, 256, NULL), QW_OK);
    }
}

static void the_registry_can_say_another_number_and_it_lasts(void **state)
{
    struct scene *scene = *state;
    struct qw_device device;
    const struct qw_caller *boss = &scene->operator_caller;

    assert_int_equal(qw_centre_device_set_quota(scene->centre, boss, "greedy", 1, 7), QW_OK);
    scene_close(scene);
    scene_open(scene);
    assert_int_equal(qw_centre_device_find(scene->centre, boss, "greedy", &device), QW_OK);
    assert_int_equal(device.keys_per_s, 1);
    assert_int_equal(device.weight, 7);
    assert_int_equal(ask(scene, "greedy", "sink", 10, 256, NULL), QW_OK);
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, NULL), QW_ERR_LIMIT);
    assert_int_equal(qw_centre_device_set_quota(scene->centre, boss, "greedy", 0, 1), QW_OK);
    monotonic_ms += 100;
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, NULL), QW_OK); /* 20 a second again */
    assert_last_deed(scene, "device-quota", QW_OK, "0 keys per second, weight 1");
    assert_int_equal(qw_centre_device_set_quota(scene->centre, boss, "greedy", 1, 0), QW_ERR_ARG);
    assert_int_equal(qw_centre_device_set_quota(scene->centre, boss, "greedy", 1, 101), QW_ERR_ARG);
    assert_int_equal(
        qw_centre_device_set_quota(scene->centre, boss, "greedy", QW_QUOTA_KEYS_PER_S_MAX + 1, 1),
        QW_ERR_ARG);
    assert_int_equal(qw_centre_device_set_quota(scene->centre, boss, "nobody", 1, 1),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_device_set_quota(scene->centre, &scene->application, "greedy", 1, 1),
                     QW_ERR_REFUSED);
}

/* Q2: greedy takes all it may, all the time, from two pairs; the source gives one block a second,
 * of which modest wants a quarter and always gets it. */
static void a_greedy_application_does_not_starve_a_modest_one(void **state)
{
    struct scene *scene = *state;
    unsigned given = 0;

    scene_close(scene);
    scene->config.sae_keys_per_s = 0;
    scene->config.pair_keys_per_s = 0;
    scene_open(scene);
    scene->left = 0;
    assert_int_equal(ask(scene, "modest", "sink", 1, 256, NULL), QW_OK);
    for (int second = 0; second < 30; second++) {
        qw_err err;

        monotonic_ms += 1000;
        while (ask(scene, "greedy", second % 2 == 0 ? "sink" : "drain", 64, 256, NULL) == QW_OK) {
            given++;
        }
        assert_int_equal(ask(scene, "modest", "sink", 16, 256, NULL), QW_OK);
        scene->left = 64 * 32;
        err = qw_centre_ingest(scene->centre);
        assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
    }
    /* 39 blocks came, eight went to modest, at most a quarter of the stock is still there. */
    assert_in_range(given, 39 - 9 - 4, 39 - 8);
}

/* Q3 */
static void a_guesser_gets_no_more_tries_than_the_limit(void **state)
{
    struct scene *scene = *state;
    struct qw_caller guesser = { .role = QW_ROLE_SAE, .id = "modest" };
    struct qw_caller honest = { .role = QW_ROLE_SAE, .id = "sink" };
    struct qw_given_key key, got;
    uint8_t id[1][16] = { { 1 } };

    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, &key), QW_OK);
    for (int i = 0; i < 20; i++) {
        id[0][1] = (uint8_t)i;
        assert_int_equal(
            qw_centre_fetch(scene->centre, &guesser, "greedy", (const uint8_t(*)[16])id, 1, &got),
            QW_ERR_NOT_FOUND);
    }
    memcpy(id[0], key.id, 16);
    assert_int_equal(
        qw_centre_fetch(scene->centre, &guesser, "greedy", (const uint8_t(*)[16])id, 1, &got),
        QW_ERR_LIMIT); /* not even this one is looked up */
    assert_int_equal(
        qw_centre_fetch(scene->centre, &honest, "greedy", (const uint8_t(*)[16])id, 1, &got),
        QW_OK);
    monotonic_ms += 400;
    assert_int_equal(
        qw_centre_fetch(scene->centre, &guesser, "greedy", (const uint8_t(*)[16])id, 1, &got),
        QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_fetch(scene->centre, &guesser, "greedy", (const uint8_t(*)[16])id, 1, &got),
        QW_ERR_LIMIT);
}

static void another_quota_holds_at_once_and_after_what_was_taken(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_limits limits = { .stock_keys = 640,
                                       .approval_s = 900,
                                       .journal_sign_records = 1000,
                                       .journal_sign_ms = 10000,
                                       .configuration_hash = { 7 } };
    struct qw_given_key keys[100];

    assert_int_equal(qw_centre_reload(scene->centre, &scene->operator_caller, &limits, "all"),
                     QW_OK);
    for (int i = 0; i < 3; i++) { /* far beyond ten seconds of the old one */
        assert_int_equal(ask(scene, "greedy", "sink", 100, 256, keys), QW_OK);
    }
    limits.pair_keys_per_s = 1;
    assert_int_equal(qw_centre_reload(scene->centre, NULL, &limits, "pair_keys_per_s"), QW_OK);
    assert_int_equal(ask(scene, "greedy", "sink", 100, 256, keys), QW_OK); /* and is in debt */
    assert_int_equal(ask(scene, "greedy", "sink", 1, 256, keys), QW_ERR_LIMIT);
    assert_int_equal(ask(scene, "modest", "sink", 1, 256, keys), QW_OK);
    assert_journal_whole(scene);
}

static void a_reload_that_cannot_be_journalled_changes_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_limits limits = { .stock_keys = 640, .pair_keys_per_s = 1 };
    struct qw_caller stranger = { .role = QW_ROLE_SAE, .id = "greedy" };
    struct qw_given_key keys[30];

    assert_int_equal(qw_centre_reload(scene->centre, &stranger, &limits, ""), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_note_bad_reload(scene->centre, NULL, "qwaved.yaml:3: no"),
                     QW_ERR_FORMAT);
    assert_last_deed(scene, "reload", QW_ERR_FORMAT, "qwaved.yaml:3: no");
    assert_int_equal(ask(scene, "greedy", "sink", 30, 256, keys), QW_OK);
    monotonic_ms += 1000; /* the debt of 20 at 1 a second would last longer */
    assert_int_equal(ask(scene, "greedy", "drain", 1, 256, keys), QW_OK);
    assert_journal_whole(scene);
}

static void says_when_there_is_no_memory(void **state)
{
    struct qw_centre_config config = { .sae_keys_per_s = 1 };
    struct qw_quota *quota = NULL;
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_quota_new(&config, &quota);
        fail_nth = 0;
        assert_true(err == QW_OK || quota == NULL);
    }
    assert_int_equal(n, 6);
    qw_quota_free(quota);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_pair_gets_no_more_keys_than_its_quota),
        CASE(an_application_gets_no_more_than_its_quota_over_all_its_slaves),
        CASE(a_large_key_counts_by_the_places_it_takes),
        CASE(what_fails_costs_nothing),
        CASE(the_registry_can_say_another_number_and_it_lasts),
        CASE(a_greedy_application_does_not_starve_a_modest_one),
        CASE(a_guesser_gets_no_more_tries_than_the_limit),
        CASE(another_quota_holds_at_once_and_after_what_was_taken),
        CASE(a_reload_that_cannot_be_journalled_changes_nothing),
        cmocka_unit_test(says_when_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
