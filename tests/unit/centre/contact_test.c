/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 C11 */
/* Reports: who may contact, and how a copied card is told from a replayed message (J1-J6 of
 * centre/device/contact.c, S3 and S6 of docs/protocol/refill.md). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

static uint8_t session_id[16];
static uint8_t grant[QW_LINK_GRANT_LEN];

static void assert_report_refused(struct scene *scene, const uint8_t *report, const char *cause)
{
    uint8_t before[QW_LINK_GRANT_LEN];

    memcpy(before, grant, sizeof before);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_ERR_REFUSED);
    assert_memory_equal(before, grant, sizeof before);
    assert_last_deed(scene, "contact", QW_ERR_REFUSED, cause);
}

static void a_replayed_report_is_refused_and_harms_nobody(void **state)
{
    struct scene *scene = *state;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    uint8_t next[16];

    make_everybody(scene);
    card_report(&scene->terminal, false, 5, report);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_OK);
    card_use_grant(scene, grant);
    assert_report_refused(scene, report, "replayed report"); /* J1 */
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(contact(scene, false, 5, next), QW_OK);
    assert_report_refused(scene, report, "replayed report");
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
}

static void two_reports_under_one_counter_suspend_the_card(void **state)
{
    struct scene *scene = *state;
    struct card clone;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct qw_contact_report fields;

    make_everybody(scene);
    clone = scene->terminal;
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    fields = card_report_fields(&clone, false, 5);
    fields.nonce[0] = 1; /* J2: made by another card, not recorded */
    card_seal_report(&clone, &fields, report);
    assert_report_refused(scene, report, "cloned or set back");
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_SUSPENDED);
    assert_int_equal(status_of(scene).cards_cloned, 1);
    scene_restart(scene);
    assert_int_equal(status_of(scene).cards_cloned, 1);
    card_report(&scene->terminal, false, 5, report);
    assert_report_refused(scene, report, "suspended");
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_RESUME),
                     QW_OK);
    assert_int_equal(status_of(scene).cards_cloned, 0);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
}

static void refill_once(struct scene *scene, uint32_t wanted)
{
    static uint8_t sealed[65536];
    size_t len = 0;

    assert_int_equal(contact(scene, false, wanted, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
}

static void a_stale_token_suspends_the_card(void **state)
{
    struct scene *scene = *state;
    struct card clone;
    uint8_t report[QW_CONTACT_REPORT_LEN];

    make_everybody(scene);
    clone = scene->terminal;
    refill_once(scene, 5);
    clone.counter = scene->terminal.counter + 7; /* a copy that has been used a lot */
    card_report(&clone, false, 5, report);
    assert_report_refused(scene, report, "stale token"); /* J4 */
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_SUSPENDED);
}

/* However far, within what the centre remembers, and however often the card made contact since: the
 * first report of the old copy gives it away. */
static void a_card_set_back_to_an_old_copy_is_noticed_at_its_next_contact(void **state)
{
    struct scene *scene = *state;
    struct card copy;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct qw_contact_report fields;

    make_everybody(scene);
    copy = scene->terminal;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
        refill_once(scene, 3);
    }
    fields = card_report_fields(&copy, false, 5);
    fields.nonce[3] = 0x80;
    card_seal_report(&copy, &fields, report);
    assert_report_refused(scene, report, "cloned or set back");
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_SUSPENDED);
}

/* Further back than that it is refused, and noticed when its counter comes to what is remembered.
 */
static void a_card_set_back_very_far_is_refused_until_it_is_noticed(void **state)
{
    struct scene *scene = *state;
    struct card copy;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    int tries = 0;

    make_everybody(scene);
    copy = scene->terminal;
    for (int i = 0; i < 70; i++) {
        assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
        refill_once(scene, 1);
    }
    while (state_of(scene, "terminal-1") == QW_DEVICE_ACTIVE) {
        struct qw_contact_report fields = card_report_fields(&copy, false, 5);

        assert_true(tries++ < 10);
        fields.nonce[3] = (uint8_t)(0x80 + tries);
        card_seal_report(&copy, &fields, report);
        assert_int_equal(send_report(scene, report, session_id, grant), QW_ERR_REFUSED);
    }
    assert_in_range(tries, 2, 9);
}

/* A report that was made before the refill, held back on its way, and sent on afterwards. */
static void a_held_back_report_is_refused_and_harms_nobody(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    uint8_t held[QW_CONTACT_REPORT_LEN];
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    card_report(&scene->terminal, false, 5, held); /* made now, with the token of now */
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(send_receipt(scene, session_id), QW_OK); /* the receipt says counter */
    assert_report_refused(scene, held, "old report");         /* J3 */
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    refill_once(scene, 5);
}

static void lost_reports_leave_gaps_that_are_fine(void **state)
{
    struct scene *scene = *state;
    uint8_t lost[QW_CONTACT_REPORT_LEN];

    make_everybody(scene);
    for (int i = 0; i < 9; i++) {
        card_report(&scene->terminal, false, 5, lost);
    }
    refill_once(scene, 5); /* J6 */
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
}

static void the_pending_token_is_the_receipt(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    struct qw_device device;
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len); /* and the receipt is lost: S3 */
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_ASSIGNED], 5);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK); /* J5 */
    assert_last_deed(scene, "contact", QW_OK, "receipt of the package");
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_ASSIGNED], 0);
    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "terminal-1", &device),
        QW_OK);
    assert_int_equal(device.keys_delivered, 25);
    assert_int_equal(device.counter, scene->terminal.counter);
    assert_int_equal(device.remaining_keys, 25);
    assert_int_equal(device.last_contact_ms, scene_now_ms);
    assert_books_balance(scene);
}

static void every_flipped_bit_and_truncation_is_refused(void **state)
{
    struct scene *scene = *state;
    struct qw_contact_answer answer;
    uint8_t report[QW_CONTACT_REPORT_LEN];

    make_everybody(scene);
    card_report(&scene->terminal, false, 5, report);
    for (size_t bit = 0; bit < sizeof report * 8;
         bit += 3) { /* 3: all bytes, a third of the time */
        report[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(send_report(scene, report, session_id, grant), QW_ERR_REFUSED);
        report[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t cut = 0; cut < sizeof report; cut += 5) {
        assert_int_equal(
            qw_centre_contact(scene->centre, &scene->access_point, report, cut, &answer),
            QW_ERR_REFUSED);
    }
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_OK);
    card_use_grant(scene, grant);
}

static void pool_bytes_are_never_given_twice(void **state)
{
    struct scene *scene = *state;
    uint64_t last_up = 0;

    make_everybody(scene);
    for (int i = 0; i < 8; i++) { /* 512 bytes of pool: eight sessions */
        uint64_t before = scene->terminal.up_position;

        assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
        assert_int_equal(scene->terminal.up_position, before + 64);
        assert_true(i == 0 || before == last_up);
        last_up = scene->terminal.up_position;
        if (i == 3) {
            scene_restart(scene);
        }
    }
    assert_int_equal(contact(scene, false, 5, session_id), QW_ERR_EXHAUSTED);
    assert_last_deed(scene, "contact", QW_ERR_EXHAUSTED, "pool used up");
}

static void the_further_of_both_positions_counts(void **state)
{
    struct scene *scene = *state;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    uint8_t answer[QW_LINK_GRANT_LEN];

    make_everybody(scene);
    scene->terminal.up_position += 100; /* the card has given up some bytes */
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(scene->terminal.up_position, 164);
    assert_int_equal(scene->terminal.down_position, 64);
    card_report(&scene->terminal, false, 5, report); /* the grant is lost: the centre is ahead */
    assert_int_equal(send_report(scene, report, session_id, answer), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(scene->terminal.up_position, 164 + 128);
    assert_int_equal(scene->terminal.down_position, 64 + 128);
}

static void reports_that_contradict_the_books_are_refused(void **state)
{
    struct scene *scene = *state;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct qw_contact_report fields;

    make_everybody(scene);
    fields = card_report_fields(&scene->terminal, false, 5);
    fields.next_index++;
    card_seal_report(&scene->terminal, &fields, report);
    assert_report_refused(scene, report, "index or pools");
    fields.next_index -= 2;
    card_seal_report(&scene->terminal, &fields, report);
    assert_report_refused(scene, report, "index or pools");
    fields.next_index++;
    fields.pool_up_end++;
    card_seal_report(&scene->terminal, &fields, report);
    assert_report_refused(scene, report, "index or pools");
    fields.pool_up_end--;
    fields.pool_down_end = 0;
    card_seal_report(&scene->terminal, &fields, report);
    assert_report_refused(scene, report, "index or pools");
    fields.pool_down_end = scene->terminal.down_end;
    fields.epoch = 2;
    card_seal_report(&scene->terminal, &fields, report);
    assert_report_refused(scene, report, "another epoch");
    fields.epoch = 1;
    fields.pool_up_position = scene->terminal.up_end - 63;
    card_seal_report(&scene->terminal, &fields, report);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_ERR_EXHAUSTED);
    fields.pool_up_position = 0;
    card_seal_report(&scene->terminal, &fields, report);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_OK);
}

static void cards_and_access_points_out_of_service_are_refused(void **state)
{
    struct scene *scene = *state;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct qw_caller nobody = caller_of("urn:qwave:ap:ap-9");
    struct qw_caller in_disguise = caller_of("urn:qwave:ap:terminal-1");
    struct qw_contact_answer answer;
    struct card forged;

    make_everybody(scene);
    card_report(&scene->ap_card, false, 5, report);
    assert_report_refused(scene, report, "not a card with keys");
    forged = scene->terminal;
    forged.serial[0] ^= 1;
    card_report(&forged, false, 5, report);
    assert_report_refused(scene, report, "unknown card");
    card_report(&scene->terminal, false, 5, report);
    assert_int_equal(qw_centre_contact(scene->centre, &nobody, report, sizeof report, &answer),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_contact(scene->centre, &in_disguise, report, sizeof report, &answer),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_access_point_serves(scene->centre, &scene->access_point), QW_OK);
    assert_int_equal(qw_centre_access_point_serves(scene->centre, &nobody), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_access_point_serves(scene->centre, &in_disguise), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_access_point_serves(scene->centre, &scene->operator_caller),
                     QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "ap-1", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(qw_centre_access_point_serves(scene->centre, &scene->access_point),
                     QW_ERR_REFUSED);
    assert_report_refused(scene, report, "access point is not in service");
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "ap-1", QW_DEVICE_RESUME),
        QW_OK);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_OK);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_replayed_report_is_refused_and_harms_nobody),
        IN_SCENE(two_reports_under_one_counter_suspend_the_card),
        IN_SCENE(a_stale_token_suspends_the_card),
        IN_SCENE(a_card_set_back_to_an_old_copy_is_noticed_at_its_next_contact),
        IN_SCENE(a_card_set_back_very_far_is_refused_until_it_is_noticed),
        IN_SCENE(a_held_back_report_is_refused_and_harms_nobody),
        IN_SCENE(lost_reports_leave_gaps_that_are_fine),
        IN_SCENE(the_pending_token_is_the_receipt),
        IN_SCENE(every_flipped_bit_and_truncation_is_refused),
        IN_SCENE(pool_bytes_are_never_given_twice),
        IN_SCENE(the_further_of_both_positions_counts),
        IN_SCENE(reports_that_contradict_the_books_are_refused),
        IN_SCENE(cards_and_access_points_out_of_service_are_refused),
    };

    return cmocka_run_group_tests_name("centre.contact", tests, NULL, NULL);
}
