/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 W6 W7 W8 C7 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

static void delivers_keys_from_source_to_card_and_to_the_peer(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    uint8_t session_id[16];
    uint8_t keys[30][32];
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(state_of(scene, "station-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(scene->terminal.key_count, 20);
    assert_int_equal(scene->terminal.up_end, 512);
    assert_int_equal(contact(scene, false, 40, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(scene->terminal.up_end, 512 + 64);
    assert_int_equal(scene->terminal.key_count, 20 + 40);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(qw_centre_session_end(scene->centre, &scene->access_point, session_id, 0),
                     QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 10, 30, keys), QW_OK);
    assert_memory_equal(keys, scene->terminal.keys[10], sizeof keys);
    for (size_t i = 0; i < 30; i++) {
        (void)given_index(scene, keys[i]);
    }
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(delivers_keys_from_source_to_card_and_to_the_peer),
    };

    return cmocka_run_group_tests_name("centre.refill", tests, NULL, NULL);
}
