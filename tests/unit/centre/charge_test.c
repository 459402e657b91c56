/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W8 C6 C8 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

static uint8_t sealed[65536];

static void registers_and_lists_devices(void **state)
{
    struct scene *scene = *state;
    struct qw_device devices[3];
    struct qw_device device;
    char long_id[80];
    size_t count = 0;

    for (int i = 0; i < 5; i++) {
        char id[] = "device-0";

        id[7] = (char)('0' + (i * 2) % 5); /* not in order */
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                                   QW_DEVICE_TERMINAL, "\xe6\x9d\x8e", "app-1"),
                         QW_OK);
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                                   QW_DEVICE_TERMINAL, "", ""),
                         QW_ERR_CONFLICT);
    }
    assert_int_equal(
        qw_centre_device_list(scene->centre, &scene->operator_caller, "", devices, 3, &count),
        QW_OK);
    assert_int_equal(count, 3);
    assert_string_equal(devices[0].id, "device-0");
    assert_string_equal(devices[2].id, "device-2");
    assert_int_equal(qw_centre_device_list(scene->centre, &scene->operator_caller, "device-2",
                                           devices, 3, &count),
                     QW_OK);
    assert_int_equal(count, 2);
    assert_string_equal(devices[1].id, "device-4");
    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "device-3", &device), QW_OK);
    assert_string_equal(device.owner, "\xe6\x9d\x8e");
    assert_string_equal(device.peers, "app-1");
    assert_int_equal(device.state, QW_DEVICE_REGISTERED);
    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "device-9", &device),
        QW_ERR_NOT_FOUND);
    assert_int_equal(status_of(scene).devices, 5);
    memset(long_id, 'i', sizeof long_id);
    long_id[64] = '\0';
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, long_id,
                                               QW_DEVICE_TERMINAL, "", ""),
                     QW_ERR_ARG);
    assert_int_equal(
        qw_centre_device_register(scene->centre, &scene->operator_caller, "x", 99, "", ""),
        QW_ERR_ARG);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "a b",
                                               QW_DEVICE_TERMINAL, "", ""),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "x",
                                               QW_DEVICE_TERMINAL, "line\nbreak", ""),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "x",
                                               QW_DEVICE_TERMINAL, "", long_id),
                     QW_ERR_ARG);
}

static void the_first_station_is_made_once(void **state)
{
    struct scene *scene = *state;
    struct qw_package birth = { 0 };
    struct card first;

    make_station(scene); /* on an empty stock: takes what it needs from the source */
    assert_int_equal(scene->station.key_count, 0);
    assert_int_equal(state_of(scene, "station-1"), QW_DEVICE_CHARGED);
    (void)given_index(scene, scene->station.card_key);
    first = scene->station;
    make_station(scene); /* an interrupted initialisation is repeated */
    assert_memory_not_equal(first.serial, scene->station.serial, 16);
    assert_memory_not_equal(first.card_key, scene->station.card_key, 32);
    assert_int_equal(
        qw_centre_station_birth(scene->centre, &scene->operator_caller, "station-2", &birth),
        QW_ERR_STATE);
    make_card(scene, "ap-1", QW_DEVICE_ACCESS_POINT, 0, &scene->ap_card);
    assert_int_equal(state_of(scene, "station-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(
        qw_centre_station_birth(scene->centre, &scene->operator_caller, "station-1", &birth),
        QW_ERR_STATE);
    assert_int_equal(birth.kind, 0);
    assert_books_balance(scene);
}

static void a_second_station_can_charge_when_its_card_is_confirmed(void **state)
{
    struct scene *scene = *state;
    struct card second;
    struct qw_card_keys wrap;
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "station-2",
                                               QW_DEVICE_STATION, "", ""),
                     QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "terminal-2",
                                               QW_DEVICE_TERMINAL, "", "app-1"),
                     QW_OK);
    assert_int_equal(charge(scene, "station-2", 0, sealed, sizeof sealed, &len), QW_OK);
    wrap = card_keys(&scene->station);
    card_open_and_take(&second, sealed, len, wrap.wrap);
    assert_int_equal(qw_centre_charge(scene->centre, &scene->operator_caller, "terminal-2",
                                      "station-2", 3, sealed, sizeof sealed, &len),
                     QW_ERR_STATE);
    assert_int_equal(confirm(scene, &second), QW_OK);
    assert_int_equal(qw_centre_charge(scene->centre, &scene->operator_caller, "terminal-2",
                                      "station-2", 3, sealed, sizeof sealed, &len),
                     QW_OK);
    wrap = card_keys(&second);
    card_open_and_take(&scene->terminal, sealed, len, wrap.wrap);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
}

static void charging_an_unconfirmed_card_again_voids_the_old_one(void **state)
{
    struct scene *scene = *state;
    struct qw_card_keys wrap;
    struct card old;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    uint8_t session_id[16];
    uint8_t grant[QW_LINK_GRANT_LEN];
    size_t len = 0;

    make_everybody(scene);
    wrap = card_keys(&scene->station);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "terminal-2",
                                               QW_DEVICE_TERMINAL, "", "app-1"),
                     QW_OK);
    assert_int_equal(charge(scene, "terminal-2", 7, sealed, sizeof sealed, &len), QW_OK);
    card_open_and_take(&old, sealed, len, wrap.wrap);
    assert_int_equal(state_of(scene, "terminal-2"), QW_DEVICE_CHARGED);
    assert_int_equal(charge(scene, "terminal-2", 7, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_VOIDED], 7);
    assert_int_equal(confirm(scene, &old), QW_ERR_REFUSED);
    card_report(&old, false, 1, report);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_ERR_REFUSED);
    assert_last_deed(scene, "contact", QW_ERR_REFUSED, "unknown card");
    card_open_and_take(&scene->terminal, sealed, len, wrap.wrap);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK); /* the answer was lost */
    assert_last_deed(scene, "charge-confirm", QW_OK, "again");
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

/* The card exists, but the station's confirmation never arrived. */
static void the_first_contact_confirms_a_card(void **state)
{
    struct scene *scene = *state;
    struct qw_card_keys wrap;
    uint8_t session_id[16];
    size_t len = 0;

    make_everybody(scene);
    wrap = card_keys(&scene->station);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "terminal-2",
                                               QW_DEVICE_TERMINAL, "", "app-1"),
                     QW_OK);
    assert_int_equal(charge(scene, "terminal-2", 7, sealed, sizeof sealed, &len), QW_OK);
    card_open_and_take(&scene->terminal, sealed, len, wrap.wrap);
    assert_int_equal(contact(scene, false, 2, session_id), QW_OK);
    assert_int_equal(state_of(scene, "terminal-2"), QW_DEVICE_ACTIVE);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK); /* late, and harmless */
}

static void tops_up_a_card_off_line_with_one_package_until_it_is_confirmed(void **state)
{
    struct scene *scene = *state;
    struct qw_card_keys keys;
    uint8_t session_id[16];
    uint8_t first[4096];
    size_t first_len = 0;
    size_t len = 0;

    make_everybody(scene);
    keys = card_keys(&scene->terminal);
    assert_int_equal(contact(scene, false, 2, session_id), QW_OK); /* spends 64 + 64 of the pool */
    assert_int_equal(charge(scene, "terminal-1", 9, first, sizeof first, &first_len), QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 9, sealed, first_len - 1, &len), QW_ERR_SPACE);
    assert_int_equal(charge(scene, "terminal-1", 30, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(len, first_len); /* the card may have the first one: the same again */
    assert_memory_equal(sealed, first, len);
    assert_last_deed(scene, "charge", QW_OK, "pending");
    card_open_and_take(&scene->terminal, sealed, len, keys.wrap);
    assert_int_equal(scene->terminal.up_end, 512 + 64);
    assert_int_equal(scene->terminal.key_count, 29);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 1, sealed, sizeof sealed, &len), QW_OK);
    assert_memory_not_equal(sealed, first, len);
}

/* A charge package that never reached the card travels over the air instead. */
static void a_pending_charge_goes_over_the_air_as_well(void **state)
{
    struct scene *scene = *state;
    uint8_t session_id[16];
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(charge(scene, "terminal-1", 9, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(contact(scene, false, 30, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 100, sealed, &len), QW_ERR_EXHAUSTED);
    assert_int_equal(get_package(scene, session_id, 4000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(scene->terminal.key_count, 29);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
}

static void a_refill_on_its_way_stops_charging(void **state)
{
    struct scene *scene = *state;
    uint8_t session_id[16];
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 30, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 4000, sealed, &len), QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 9, sealed, sizeof sealed, &len), QW_ERR_CONFLICT);
}

static void wrong_charges_change_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status before;
    struct qw_centre_status after;
    uint8_t receipt[QW_RECEIPT_LEN];
    size_t len = 77;

    make_everybody(scene);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "terminal-2",
                                               QW_DEVICE_TERMINAL, "", "app-1"),
                     QW_OK);
    before = status_of(scene);
    assert_int_equal(charge(scene, "nobody", 1, sealed, sizeof sealed, &len), QW_ERR_NOT_FOUND);
    assert_int_equal(
        charge(scene, "terminal-2", QW_PACKAGE_KEYS_MAX + 1, sealed, sizeof sealed, &len),
        QW_ERR_ARG);
    assert_int_equal(charge(scene, "terminal-2", 400, sealed, sizeof sealed, &len),
                     QW_ERR_EXHAUSTED);
    assert_int_equal(charge(scene, "terminal-2", 10, sealed, 1000, &len), QW_ERR_SPACE);
    assert_int_equal(qw_centre_charge(scene->centre, &scene->operator_caller, "terminal-2", "ap-1",
                                      1, sealed, sizeof sealed, &len),
                     QW_ERR_STATE);
    assert_int_equal(qw_centre_charge(scene->centre, &scene->operator_caller, "terminal-2",
                                      "nobody", 1, sealed, sizeof sealed, &len),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(len, 77);
    card_receipt(&scene->terminal, receipt);
    assert_int_equal(qw_centre_charge_confirm(scene->centre, &scene->operator_caller, "terminal-2",
                                              receipt, sizeof receipt),
                     QW_ERR_STATE);
    for (size_t bit = 0; bit < sizeof receipt * 8; bit += 7) {
        receipt[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(qw_centre_charge_confirm(scene->centre, &scene->operator_caller,
                                                  "terminal-1", receipt, sizeof receipt),
                         QW_ERR_REFUSED);
        receipt[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_int_equal(qw_centre_charge_confirm(scene->centre, &scene->operator_caller, "terminal-1",
                                              receipt, sizeof receipt - 1),
                     QW_ERR_REFUSED);
    after = status_of(scene);
    assert_memory_equal(before.keys_in_state, after.keys_in_state, sizeof before.keys_in_state);
    assert_int_equal(state_of(scene, "terminal-2"), QW_DEVICE_REGISTERED);
}

static void states_decide_what_may_be_charged(void **state)
{
    struct scene *scene = *state;
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_RESUME),
                     QW_ERR_STATE);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_CONFIRM),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "nobody",
                                             QW_DEVICE_SUSPEND),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 1, sealed, sizeof sealed, &len), QW_ERR_STATE);
    assert_int_equal(confirm(scene, &scene->terminal), QW_ERR_STATE);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 1, sealed, sizeof sealed, &len), QW_ERR_STATE);
}

static void takes_small_blocks_from_a_slow_source_and_stops_at_the_mark(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status status;

    scene->left = 40 * 32; /* less than a block of 64, more than the smallest */
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], 40);
    scene->left = 15 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_ERR_EXHAUSTED);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], 40);
    scene->left = 10000 * 32;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    status = status_of(scene);
    assert_in_range(status.keys_in_state[QW_KEY_STORED], 300, 300 + 63);
    assert_int_equal(status.keys_ingested, scene->given_count);
    assert_string_equal(status.source, "test-double");
    assert_true(status.source_is_simulated);
    assert_false(status.source_is_quantum);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(registers_and_lists_devices),
        IN_SCENE(the_first_station_is_made_once),
        IN_SCENE(a_second_station_can_charge_when_its_card_is_confirmed),
        IN_SCENE(charging_an_unconfirmed_card_again_voids_the_old_one),
        IN_SCENE(the_first_contact_confirms_a_card),
        IN_SCENE(tops_up_a_card_off_line_with_one_package_until_it_is_confirmed),
        IN_SCENE(a_pending_charge_goes_over_the_air_as_well),
        IN_SCENE(a_refill_on_its_way_stops_charging),
        IN_SCENE(wrong_charges_change_nothing),
        IN_SCENE(states_decide_what_may_be_charged),
        IN_SCENE(takes_small_blocks_from_a_slow_source_and_stops_at_the_mark),
    };

    return cmocka_run_group_tests_name("centre.charge", tests, NULL, NULL);
}
