/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C9 A4 */
/* F1 to F5 of docs/protocol/card-fusion.md as the centre sees them, cut at every place. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

static uint8_t session_id[16];
static uint8_t sealed[65536];

static struct qw_device find(struct scene *scene)
{
    struct qw_device device;

    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "terminal-1", &device),
        QW_OK);
    return device;
}

static qw_err fuse(struct scene *scene, const char *id)
{
    return qw_centre_card_fuse(scene->centre, &scene->operator_caller, id);
}

/* Everybody, and a package with a fusion in sealed that the card has not seen. */
static size_t send_fusion(struct scene *scene)
{
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(fuse(scene, "terminal-1"), QW_OK);
    assert_int_equal(find(scene).fusion, QW_FUSION_ASKED);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    assert_last_deed(scene, "package", QW_OK, "fusion, 5 keys");
    assert_int_equal(find(scene).fusion, QW_FUSION_PENDING);
    assert_int_equal(find(scene).epoch, 1);
    return len;
}

/* Both ends have the same key of that epoch: contact, package, receipt and keys work. */
static void assert_common_key(struct scene *scene, uint32_t epoch)
{
    uint8_t keys[1][32];
    size_t len = 0;
    size_t first = scene->terminal.key_count;

    assert_int_equal(contact(scene, false, 2, session_id), QW_OK);
    assert_int_equal(find(scene).epoch, epoch);
    assert_int_equal(find(scene).fusion, QW_FUSION_NONE);
    assert_int_equal(scene->terminal.epoch, epoch);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    for (size_t i = 0; i < scene->terminal.key_count; i += i < first ? 7 : 1) {
        assert_int_equal(fetch(scene, &scene->application, i, 1, keys), QW_OK);
        assert_memory_equal(keys[0], scene->terminal.keys[i], 32);
    }
    assert_journal_whole(scene);
}

static void a_card_key_is_renewed_and_ids_and_keys_go_on(void **state)
{
    struct scene *scene = *state;
    size_t len = send_fusion(scene);
    uint8_t old_key[32];

    memcpy(old_key, scene->terminal.card_key, sizeof old_key);
    card_take_refill(scene, sealed, len);
    assert_memory_not_equal(old_key, scene->terminal.card_key, sizeof old_key);
    assert_int_equal(send_receipt(scene, session_id), QW_OK); /* F5 */
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_last_deed(scene, "receipt", QW_OK, "the receipt again");
    scene_restart(scene);
    assert_common_key(scene, 2);
}

static void a_package_that_is_lost_comes_again(void **state)
{
    struct scene *scene = *state;
    size_t len;

    (void)send_fusion(scene);
    for (int i = 0; i < 2; i++) { /* the card still has the old key */
        scene_restart(scene);
        assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
        assert_int_equal(find(scene).fusion, QW_FUSION_PENDING);
        assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
        assert_last_deed(scene, "package", QW_OK, "the pending package again");
    }
    assert_int_equal(fuse(scene, "terminal-1"), QW_ERR_STATE);
    card_take_refill(scene, sealed, len);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_common_key(scene, 2);
}

static void a_receipt_that_is_lost_is_the_next_report(void **state)
{
    struct scene *scene = *state;
    size_t len = send_fusion(scene);

    card_take_refill(scene, sealed, len);
    scene_restart(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK); /* F4 */
    assert_last_deed(scene, "contact", QW_OK, "receipt of the package");
    assert_common_key(scene, 2);
}

static void every_failing_write_keeps_a_common_key(void **state)
{
    struct scene *scene = *state;
    size_t len = send_fusion(scene);
    qw_err err = QW_ERR_IO;

    card_take_refill(scene, sealed, len);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 9);
        scene->submits = 0;
        scene->fail_at = n;
        err = send_receipt(scene, session_id);
        scene->fail_at = 0;
        assert_int_equal(find(scene).epoch, err == QW_OK ? 2 : 1);
        scene_restart(scene);
    }
    assert_common_key(scene, 2);
}

/* A receipt or report under the new key that is not the card's, and under the old one once it is
 * gone. */
static void what_is_under_another_key_is_refused(void **state)
{
    struct scene *scene = *state;
    struct card old;
    uint8_t report[QW_CONTACT_REPORT_LEN], receipt[QW_RECEIPT_LEN];
    uint8_t grant[QW_LINK_GRANT_LEN];
    size_t len = send_fusion(scene);

    old = scene->terminal;
    card_take_refill(scene, sealed, len);
    memcpy(old.last_package, scene->terminal.last_package, sizeof old.last_package);
    card_receipt(&old, receipt); /* the old key does not confirm */
    assert_int_equal(
        qw_centre_receipt(scene->centre, &scene->access_point, session_id, receipt, sizeof receipt),
        QW_ERR_REFUSED);
    assert_int_equal(find(scene).fusion, QW_FUSION_PENDING);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    card_report(&old, false, 5, report);
    assert_int_equal(send_report(scene, report, session_id, grant), QW_ERR_REFUSED);
    assert_last_deed(scene, "contact", QW_ERR_REFUSED, "forged report");
    assert_common_key(scene, 2);
}

/* Destroyed while the centre does not know which key the card has. */
static void the_order_to_destroy_fits_whichever_key_the_card_has(void **state)
{
    struct scene *scene = *state;
    struct qw_contact_answer answer = { .order_len = 0 };
    struct qw_destroy_order order;
    struct qw_card_keys keys;
    uint8_t report[QW_CONTACT_REPORT_LEN], key[1][32];
    size_t len = send_fusion(scene);

    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    for (int i = 0; i < 2; i++) {
        keys = card_keys(&scene->terminal);
        card_report(&scene->terminal, false, 5, report);
        assert_int_equal(
            qw_centre_contact(scene->centre, &scene->access_point, report, sizeof report, &answer),
            QW_ERR_STATE);
        assert_int_equal(qw_destroy_order_open(answer.order, answer.order_len, keys.order, &order),
                         QW_OK);
        assert_int_equal(order.epoch, i + 1);
        if (i == 0) {
            card_take_refill(scene, sealed, len);
        }
    }
    assert_int_equal(fetch(scene, &scene->application, 1, 1, key), QW_ERR_NOT_FOUND);
}

static void all_keys_of_a_fused_card_are_voided(void **state)
{
    struct scene *scene = *state;
    size_t len = send_fusion(scene);

    card_take_refill(scene, sealed, len);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_VOIDED], 25);
}

static void only_a_terminal_in_service_is_asked(void **state)
{
    struct scene *scene = *state;

    make_everybody(scene);
    assert_int_equal(fuse(scene, "ap-1"), QW_ERR_STATE);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    assert_int_equal(fuse(scene, "terminal-1"), QW_ERR_STATE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(a_card_key_is_renewed_and_ids_and_keys_go_on),
        CASE(a_package_that_is_lost_comes_again),
        CASE(a_receipt_that_is_lost_is_the_next_report),
        CASE(every_failing_write_keeps_a_common_key),
        CASE(what_is_under_another_key_is_refused),
        CASE(the_order_to_destroy_fits_whichever_key_the_card_has),
        CASE(all_keys_of_a_fused_card_are_voided),
        CASE(only_a_terminal_in_service_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
