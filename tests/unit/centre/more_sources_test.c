/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 C2 C12 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"

/* A link beside the scene's source, whose keys are all 0x11, and a generator behind it, 0x22. */
static struct qw_key_source_health link_health;
static size_t link_left, generator_left;
static qw_err generator_err;

static void health_of_link(void *self, struct qw_key_source_health *health)
{
    (void)self;
    *health = link_health;
}

static size_t available(void *self)
{
    return 8 * *(size_t *)self;
}

static qw_err give(size_t *left, uint8_t byte, uint8_t *key, size_t len)
{
    if (len > *left) {
        return QW_ERR_EXHAUSTED;
    }
    *left -= len;
    memset(key, byte, len);
    return QW_OK;
}

static qw_err take_link(void *self, uint8_t *key, size_t len)
{
    return give(self, 0x11, key, len);
}

static qw_err take_generator(void *self, uint8_t *key, size_t len)
{
    return generator_err == QW_OK ? give(self, 0x22, key, len) : generator_err;
}

static struct qw_key_source qkd = { .name = "qkd:north",
                                    .is_simulated = true,
                                    .self = &link_left,
                                    .available_bits = available,
                                    .take = take_link,
                                    .health = health_of_link };
static struct qw_key_source generator = {
    .name = "kernel", .self = &generator_left, .available_bits = available, .take = take_generator
};
static struct qw_key_source *const more[] = { &qkd, &generator };

static int make_three(void **state)
{
    struct scene *scene;
    int failed = scene_make(state);

    scene = *state;
    link_health = (struct qw_key_source_health){ .is_running = true, .error_rate = -1 };
    link_left = generator_left = 0;
    generator_err = QW_OK;
    scene_close(scene);
    scene->config.more_sources = more;
    scene->config.more_count = 2;
    scene->config.stock_keys = 3 * 64;
    scene_open(scene);
    return failed;
}

static uint64_t stored(struct scene *scene)
{
    return status_of(scene).keys_in_state[QW_KEY_STORED];
}

/* One key of that source; its first byte, or -1. */
static int key_from(struct scene *scene, const char *source)
{
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .count = 1,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_given_key key;

    strcpy(wish.mandatory.source, source);
    return qw_centre_deliver(scene->centre, &alice, &wish, &key) == QW_OK ? key.bytes[0] : -1;
}

static void add_pair(struct scene *scene)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "alice",
                                               QW_DEVICE_APPLICATION, "", "bob"),
                     QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "bob",
                                               QW_DEVICE_APPLICATION, "", "alice"),
                     QW_OK);
}

static void a_caller_gets_keys_of_the_source_that_he_demands(void **state)
{
    struct scene *scene = *state;

    add_pair(scene);
    scene->left = 64 * 32;
    link_left = 64 * 32;
    generator_left = 64 * 32;
    (void)!qw_centre_ingest(scene->centre);
    assert_int_equal(key_from(scene, "qkd"), 0x11);
    assert_int_equal(key_from(scene, "qkd:north"), 0x11);
    assert_int_equal(key_from(scene, "qkd:south"), -1);
    scene->left = 0;
    assert_int_equal(key_from(scene, "test-double"), scene->given[0][0]);
    assert_int_equal(key_from(scene, "kernel"), -1); /* the two before it filled its share */
}

/* Of three, the first fills it all, the second up to two thirds, the third up to one. */
static void a_source_that_is_named_later_leaves_room_for_those_before_it(void **state)
{
    struct scene *scene = *state;

    scene->left = 0;
    generator_left = SIZE_MAX / 16;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    assert_int_equal(stored(scene), 64);
    link_left = 1000 * 32;
    (void)!qw_centre_ingest(scene->centre);
    assert_int_equal(stored(scene), 128);
    scene->left = 1000 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(stored(scene), 192);
    assert_int_equal(link_left, (1000 - 64) * 32);
}

static void one_that_is_down_does_not_keep_the_others_from_giving(void **state)
{
    struct scene *scene = *state;

    scene->left = 0; /* the first fails */
    link_health.is_running = false;
    strcpy(link_health.reason, "its process is gone");
    generator_left = 64 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    assert_int_equal(stored(scene), 64);
    generator_err = QW_ERR_IO; /* as the store's own error is called: the last fails */
    scene->left = 64 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    assert_int_equal(stored(scene), 128);
}

static void each_has_its_own_account_in_status_and_journal(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status status;

    scene->left = 1000 * 32;
    generator_err = QW_ERR_TIMEOUT;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    link_health.is_running = false;
    strcpy(link_health.reason, "QBER");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_last_deed(scene, "source", QW_ERR_UNAVAILABLE, "QBER");
    status = status_of(scene);
    assert_string_equal(status.source, "test-double");
    assert_true(status.source_health.is_running);
    assert_int_equal(status.more_count, 2);
    assert_string_equal(status.more_source[0].name, "qkd:north");
    assert_true(status.more_source[0].is_simulated);
    assert_false(status.more_source[0].health.is_running);
    assert_string_equal(status.more_source[0].health.reason, "QBER");
    assert_string_equal(status.more_source[1].name, "kernel");
    assert_true(status.more_source[1].health.is_running); /* it was not asked: the stock is full */
}

static uint64_t free_keys_of(struct scene *scene, const char *source)
{
    struct qw_centre_status status = status_of(scene);

    for (size_t i = 0; i < status.stock_count; i++) {
        if (strcmp(status.stock[i].source, source) == 0) {
            assert_true(status.stock[i].is_simulated == (strcmp(source, "kernel") != 0));
            return status.stock[i].keys;
        }
    }
    return 0;
}

static void the_stock_is_divided_by_source(void **state)
{
    struct scene *scene = *state;

    add_pair(scene);
    scene->left = 64 * 32;
    link_left = 64 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    assert_int_equal(free_keys_of(scene, "test-double"), 64);
    assert_int_equal(free_keys_of(scene, "qkd:north"), 64);
    assert_int_equal(free_keys_of(scene, "kernel"), 0);
    assert_int_equal(key_from(scene, "qkd"), 0x11); /* its block becomes the pair's */
    assert_int_equal(free_keys_of(scene, "qkd:north"), 0);
    assert_int_equal(free_keys_of(scene, "test-double"), 64);
    assert_books_balance(scene);
    scene_restart(scene);
    assert_int_equal(free_keys_of(scene, "test-double"), 64);
    assert_books_balance(scene);
}

static void without_a_store_no_source_is_asked(void **state)
{
    struct scene *scene = *state;

    scene->left = 64 * 32;
    link_left = 64 * 32;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_IO);
    assert_int_equal(scene->left, 0); /* this block is lost, and no other */
    assert_int_equal(link_left, 64 * 32);
}

static void more_than_there_is_room_for_is_refused(void **state)
{
    struct scene *scene = *state;
    struct qw_centre *centre = NULL;

    scene_close(scene);
    scene->config.more_count = QW_SOURCES_MAX;
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &centre), QW_ERR_ARG);
    assert_null(centre);
    qw_store_close(&scene->store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_three, scene_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_caller_gets_keys_of_the_source_that_he_demands),
        TEST(a_source_that_is_named_later_leaves_room_for_those_before_it),
        TEST(one_that_is_down_does_not_keep_the_others_from_giving),
        TEST(each_has_its_own_account_in_status_and_journal),
        TEST(the_stock_is_divided_by_source),
        TEST(without_a_store_no_source_is_asked),
        TEST(more_than_there_is_room_for_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
