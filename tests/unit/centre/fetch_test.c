/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C14 */
/* Asking for keys by id [ETSI 014 5.4], in a thread of one's own and beside something else. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include <semaphore.h>

static void wrong_requests_burn_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[2][32];
    uint8_t ids[2][16];

    make_everybody(scene);
    memcpy(ids[0], scene->terminal.ids[0], 16);
    memcpy(ids[1], scene->terminal.ids[0], 16);
    assert_int_equal(
        fetch_ids(scene, &scene->application, "terminal-1", (const uint8_t(*)[16])ids, 2, keys),
        QW_ERR_ARG);
    assert_int_equal(
        fetch_ids(scene, &scene->application, "terminal-1", (const uint8_t(*)[16])ids, 0, keys),
        QW_ERR_ARG);
    assert_int_equal(
        fetch_ids(scene, &scene->application, "ap-1", (const uint8_t(*)[16])ids, 1, keys),
        QW_ERR_NOT_FOUND);
    assert_int_equal(fetch_ids(scene, &scene->application, "", (const uint8_t(*)[16])ids, 1, keys),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    assert_memory_equal(keys[0], scene->terminal.keys[0], 32);
}

struct result {
    sem_t is_there;
    qw_err err;
    int count;
};

static void note(void *self, qw_err err)
{
    struct result *result = self;

    result->err = err;
    result->count++;
    (void)sem_post(&result->is_there);
}

/* While the caller waits for none of them; the second one's keys are another master's. */
static void says_each_result_once(void **state)
{
    struct scene *scene = *state;
    static struct qw_given_key keys[2];
    const char *const masters[] = { "terminal-1", "ap-1" };
    struct result results[2] = { { .err = QW_ERR_IO }, { .err = QW_ERR_IO } };

    make_everybody(scene);
    for (size_t i = 0; i < 2; i++) {
        struct qw_fetch_wish wish = { .master = masters[i],
                                      .key_ids = (const uint8_t(*)[16]) & scene->terminal.ids[i],
                                      .count = 1,
                                      .keys = &keys[i] };

        assert_int_equal(sem_init(&results[i].is_there, 0, 0), 0);
        assert_int_equal(
            qw_centre_fetch_begin(scene->centre, &scene->application, &wish, note, &results[i]),
            QW_OK);
    }
    for (size_t i = 0; i < 2; i++) {
        while (sem_wait(&results[i].is_there) != 0) {
        }
    }
    scene_restart(scene); /* nothing is under way any more */
    assert_int_equal(results[0].err, QW_OK);
    assert_memory_equal(keys[0].bytes, scene->terminal.keys[0], 32);
    assert_int_equal(results[1].err, QW_ERR_NOT_FOUND);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(results[i].count, 1);
        sem_destroy(&results[i].is_there);
    }
}

static void says_nothing_of_what_was_not_begun(void **state)
{
    struct scene *scene = *state;
    static struct qw_given_key keys[QW_FETCH_KEYS_MAX + 1];
    static uint8_t ids[QW_FETCH_KEYS_MAX + 1][16];
    struct qw_fetch_wish wish = { .master = "terminal-1",
                                  .key_ids = (const uint8_t(*)[16])ids,
                                  .count = QW_FETCH_KEYS_MAX + 1,
                                  .keys = keys };
    struct result result = { .count = 0 };

    make_everybody(scene);
    assert_int_equal(sem_init(&result.is_there, 0, 0), 0);
    for (size_t i = 0; i <= QW_FETCH_KEYS_MAX; i++) {
        ids[i][0] = (uint8_t)i;
        ids[i][1] = (uint8_t)(i >> 8);
    }
    assert_int_equal(
        qw_centre_fetch_begin(scene->centre, &scene->application, &wish, note, &result),
        QW_ERR_ARG);
    wish.count = 1;
    assert_int_equal(
        qw_centre_fetch_begin(scene->centre, &scene->access_point, &wish, note, &result),
        QW_ERR_REFUSED);
    scene_restart(scene);
    assert_int_equal(result.count, 0);
    sem_destroy(&result.is_there);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(wrong_requests_burn_nothing),
        IN_SCENE(says_each_result_once),
        IN_SCENE(says_nothing_of_what_was_not_begun),
    };

    return cmocka_run_group_tests_name("centre.fetch", tests, NULL, NULL);
}
