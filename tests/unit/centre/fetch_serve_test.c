/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C14 */
/* Who gets which keys by id, how long, and the end of keys [ETSI 014 5.4]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

static void sweep(struct scene *scene)
{
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
}

static void a_repeat_inside_the_window_gets_the_same_bytes(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[3][32];
    uint8_t again[3][32];

    make_everybody(scene);
    assert_int_equal(fetch(scene, &scene->application, 0, 3, keys), QW_OK);
    assert_last_deed(scene, "fetch", QW_OK, "3 keys of terminal-1");
    scene_now_ms += 29999;
    sweep(scene);
    scene_restart(scene);
    assert_int_equal(fetch(scene, &scene->application, 0, 3, again), QW_OK);
    assert_memory_equal(keys, again, sizeof keys);
    assert_last_deed(scene, "fetch-repeat", QW_OK, "3 keys");
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DELIVERED], 20);
}

static void after_the_window_a_key_is_gone_for_good(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[3][32] = { { 0 } };
    uint8_t untouched[3][32] = { { 0 } };
    uint64_t destroyed;

    make_everybody(scene);
    destroyed = status_of(scene).keys_in_state[QW_KEY_DESTROYED];
    assert_int_equal(fetch(scene, &scene->application, 0, 3, keys), QW_OK);
    scene_now_ms += 30000;
    for (int round = 0; round < 2; round++) { /* before the sweep and after it */
        assert_int_equal(fetch(scene, &scene->application, 0, 3, untouched), QW_ERR_NOT_FOUND);
        assert_int_equal(untouched[0][0] | untouched[2][31], 0);
        sweep(scene);
    }
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], destroyed + 3);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DELIVERED], 17);
    scene_now_ms -= 30000; /* a clock that is set back revives nothing */
    assert_int_equal(fetch(scene, &scene->application, 0, 3, untouched), QW_ERR_NOT_FOUND);
    scene_now_ms += 30000;
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void a_clock_that_goes_back_closes_the_window(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[1][32];

    make_everybody(scene);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    scene_now_ms -= 1;
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_NOT_FOUND);
    sweep(scene);
    scene_now_ms += 1;
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_NOT_FOUND);
}

static void a_stranger_is_refused_before_anything_else(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[2][32];
    uint8_t ids[2][16];

    make_everybody(scene);
    memcpy(ids[0], scene->terminal.ids[0], 16);
    memset(ids[1], 0x11, 16); /* of no key */
    for (int order = 0; order < 2; order++) {
        assert_int_equal(
            fetch_ids(scene, &scene->stranger, "terminal-1", (const uint8_t(*)[16])ids, 2, keys),
            QW_ERR_REFUSED);
        assert_int_equal(
            fetch_ids(scene, &scene->stranger, "no-device", (const uint8_t(*)[16])ids, 2, keys),
            QW_ERR_REFUSED);
        memcpy(ids[1], ids[0], 16);
        memset(ids[0], 0x11, 16);
    }
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    scene_now_ms += 30000;
    sweep(scene); /* now only a tombstone knows the parties */
    assert_int_equal(fetch(scene, &scene->stranger, 0, 1, keys), QW_ERR_REFUSED);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_NOT_FOUND);
    assert_last_deed(scene, "fetch", QW_ERR_NOT_FOUND, "used");
}

static void all_or_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[2][32] = { { 0 } };
    uint8_t ids[2][16];

    make_everybody(scene);
    memcpy(ids[0], scene->terminal.ids[4], 16);
    memset(ids[1], 0x11, 16);
    assert_int_equal(
        fetch_ids(scene, &scene->application, "terminal-1", (const uint8_t(*)[16])ids, 2, keys),
        QW_ERR_NOT_FOUND);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    scene_now_ms += 30000;
    memcpy(ids[1], scene->terminal.ids[0], 16); /* used up */
    memset(keys, 0, sizeof keys);
    assert_int_equal(
        fetch_ids(scene, &scene->application, "terminal-1", (const uint8_t(*)[16])ids, 2, keys),
        QW_ERR_NOT_FOUND);
    assert_int_equal(keys[0][0] | keys[1][31], 0);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DELIVERED], 20); /* 4 is not touched */
    assert_int_equal(fetch(scene, &scene->application, 4, 1, keys), QW_OK);
}

static void keys_of_a_package_under_way_can_be_fetched(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    uint8_t session_id[16];
    uint8_t keys[1][32];
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len); /* the receipt is still on its way */
    assert_int_equal(fetch(scene, &scene->application, 22, 1, keys), QW_OK);
    assert_memory_equal(keys[0], scene->terminal.keys[22], 32);
    scene_now_ms += 30000;
    sweep(scene); /* destroyed while its package is pending */
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 22, 1, keys), QW_ERR_NOT_FOUND);
    assert_int_equal(fetch(scene, &scene->application, 23, 1, keys), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK); /* pools are still in step */
    assert_books_balance(scene);
}

static void keys_of_an_unconfirmed_card_are_not_live(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    struct qw_card_keys station;
    uint8_t keys[1][32];
    size_t len = 0;

    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    make_station(scene);
    station = card_keys(&scene->station);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "terminal-1",
                                               QW_DEVICE_TERMINAL, "", "app-1"),
                     QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 4, sealed, sizeof sealed, &len), QW_OK);
    card_open_and_take(&scene->terminal, sealed, len, station.wrap);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_NOT_FOUND);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
}

static void a_suspended_device_lends_no_keys(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[1][32];

    make_everybody(scene);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_REFUSED);
    assert_last_deed(scene, "fetch", QW_ERR_REFUSED, "not in service");
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_RESUME),
                     QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
}

static void a_destroyed_device_takes_its_keys_along(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    uint8_t session_id[16];
    uint8_t keys[1][32];
    size_t len = 0;
    struct qw_centre_status status;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(fetch(scene, &scene->application, 1, 1, keys), QW_OK);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_VOIDED], 25); /* at once */
    for (size_t i = 0; i < 25; i += 6) { /* delivered, fetched and pending ones alike */
        assert_int_equal(fetch(scene, &scene->application, i, 1, keys), QW_ERR_NOT_FOUND);
    }
    assert_int_equal(send_receipt(scene, session_id), QW_ERR_REFUSED);
    assert_int_equal(contact(scene, false, 5, session_id), QW_ERR_STATE);
    sweep(scene);
    status = status_of(scene);
    assert_int_equal(status.keys_in_state[QW_KEY_VOIDED], 0);
    assert_int_equal(status.keys_in_state[QW_KEY_ASSIGNED], 0);
    assert_int_equal(status.keys_in_state[QW_KEY_DELIVERED], 0);
    assert_books_balance(scene);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_RESUME),
                     QW_ERR_STATE);
}

static void blocks_and_packages_go_when_all_their_keys_are_gone(void **state)
{
    struct scene *scene = *state;
    static uint8_t keys[100][32];
    uint64_t blocks = 0;
    uint64_t packages = 0;
    uint64_t stones = 0;

    scene->config.block_keys = 16;
    scene_restart(scene);
    make_everybody(scene);
    make_card(scene, "terminal-2", QW_DEVICE_TERMINAL, 100, &scene->terminal);
    assert_int_equal(fetch_ids(scene, &scene->application, "terminal-2",
                               (const uint8_t(*)[16])scene->terminal.ids, 100, keys),
                     QW_OK);
    assert_memory_equal(keys, scene->terminal.keys, sizeof keys);
    assert_int_equal(
        scene->store.count(scene->store.self, QW_STORE_BLOCK, QW_STORE_ANY_TAG, &blocks), QW_OK);
    scene_now_ms += 30000;
    sweep(scene);
    assert_int_equal(
        scene->store.count(scene->store.self, QW_STORE_PACKAGE, QW_STORE_ANY_TAG, &packages),
        QW_OK);
    assert_int_equal(packages, 1); /* of terminal-1 */
    assert_int_equal(
        scene->store.count(scene->store.self, QW_STORE_TOMBSTONE, QW_STORE_ANY_TAG, &stones),
        QW_OK);
    assert_int_equal(stones, 100);
    {
        uint64_t left = 0;

        assert_int_equal(
            scene->store.count(scene->store.self, QW_STORE_BLOCK, QW_STORE_ANY_TAG, &left), QW_OK);
        assert_true(blocks - left >= 5);
    }
    assert_books_balance(scene);
}

static void more_than_one_batch_is_swept_at_once(void **state)
{
    struct scene *scene = *state;

    scene->config.stock_keys = 1000;
    scene_restart(scene);
    make_everybody(scene);
    make_card(scene, "terminal-2", QW_DEVICE_TERMINAL, 500, &scene->terminal);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-2",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_VOIDED], 500);
    sweep(scene);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_VOIDED], 0);
    assert_books_balance(scene);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_repeat_inside_the_window_gets_the_same_bytes),
        IN_SCENE(after_the_window_a_key_is_gone_for_good),
        IN_SCENE(a_clock_that_goes_back_closes_the_window),
        IN_SCENE(a_stranger_is_refused_before_anything_else),
        IN_SCENE(all_or_nothing),
        IN_SCENE(keys_of_a_package_under_way_can_be_fetched),
        IN_SCENE(keys_of_an_unconfirmed_card_are_not_live),
        IN_SCENE(a_suspended_device_lends_no_keys),
        IN_SCENE(a_destroyed_device_takes_its_keys_along),
        IN_SCENE(blocks_and_packages_go_when_all_their_keys_are_gone),
        IN_SCENE(more_than_one_batch_is_swept_at_once),
    };

    return cmocka_run_group_tests_name("centre.fetch_serve", tests, NULL, NULL);
}
