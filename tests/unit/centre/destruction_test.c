/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 */
/* The centre's side of docs/protocol/card-destroy.md, C1 to C3: order, proof, done. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/maintenance.h"
#include "crypto/hash.h"
#include "unit/centre/scene.h"

static struct qw_contact_answer answer;

static void destroy(struct scene *scene, const char *id)
{
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, id, QW_DEVICE_DESTROY),
        QW_OK);
}

static enum qw_destruction_state destruction_of(struct scene *scene, const char *id)
{
    struct qw_device device;

    assert_int_equal(qw_centre_device_find(scene->centre, &scene->operator_caller, id, &device),
                     QW_OK);
    return device.destruction;
}

static qw_err say(struct scene *scene, const uint8_t *message, size_t len)
{
    answer.order_len = 0;
    return qw_centre_contact(scene->centre, &scene->access_point, message, len, &answer);
}

/* C2: what the next contact brings. */
static void assert_order(struct scene *scene, struct qw_destroy_order *order)
{
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct qw_card_keys keys = card_keys(&scene->terminal);

    card_report(&scene->terminal, false, 5, report);
    assert_int_equal(say(scene, report, sizeof report), QW_ERR_STATE);
    assert_int_equal(answer.order_len, QW_ORDER_LEN);
    assert_int_equal(qw_destroy_order_open(answer.order, answer.order_len, keys.order, order),
                     QW_OK);
    assert_memory_equal(order->serial, scene->terminal.serial, 16);
    assert_int_equal(order->epoch, scene->terminal.epoch);
}

static struct qw_destroy_proof proof_of(const struct card *card,
                                        const struct qw_destroy_order *order)
{
    struct qw_destroy_proof proof = { .epoch = card->epoch,
                                      .counter = card->counter,
                                      .next_index = card->next_index,
                                      .erased_keys = (uint32_t)card->key_count,
                                      .erased_pool = 7 };

    memcpy(proof.serial, card->serial, sizeof proof.serial);
    memcpy(proof.nonce, order->nonce, sizeof proof.nonce);
    return proof;
}

static void seal_proof(const struct card *card, const struct qw_destroy_proof *proof,
                       uint8_t out[static QW_DESTROY_PROOF_LEN])
{
    struct qw_card_keys keys = card_keys(card);

    assert_int_equal(qw_destroy_proof_seal(proof, keys.proof, out), QW_OK);
}

static void assert_done(const struct card *card, const struct qw_destroy_order *order)
{
    assert_int_equal(answer.order_len, QW_ORDER_DONE_MESSAGE_LEN);
    assert_int_equal(qw_order_done_check(answer.order, answer.order_len, card->serial, order->nonce,
                                         order->done_hash),
                     QW_OK);
}

/* A lost card does not wait until the maintenance is over; others get nothing and pay nothing. */
static void maintenance_holds_up_no_order(void **state)
{
    struct scene *scene = *state;
    uint8_t session_id[16], proof[QW_DESTROY_PROOF_LEN];
    struct qw_destroy_order order;
    struct qw_destroy_proof fields;

    make_everybody(scene);
    assert_int_equal(
        qw_centre_maintenance_set(scene->centre, &scene->operator_caller, true, "disk"), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_ERR_PAUSED);
    destroy(scene, "terminal-1");
    assert_order(scene, &order);
    fields = proof_of(&scene->terminal, &order);
    seal_proof(&scene->terminal, &fields, proof);
    assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_STATE);
    assert_done(&scene->terminal, &order);
    assert_int_equal(destruction_of(scene, "terminal-1"), QW_DESTRUCTION_PROVED);
}

static void a_card_is_ordered_to_go_and_its_proof_is_booked(void **state)
{
    struct scene *scene = *state;
    uint8_t proof[QW_DESTROY_PROOF_LEN];
    uint8_t session_id[16], keys[1][32], report[QW_CONTACT_REPORT_LEN];
    static uint8_t sealed[65536];
    struct qw_destroy_order order, again;
    struct qw_destroy_proof fields;
    size_t len;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    destroy(scene, "terminal-1");
    assert_int_equal(destruction_of(scene, "terminal-1"), QW_DESTRUCTION_ORDERED);
    /* C1: at once, whatever the card does. */
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_NOT_FOUND);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_ERR_REFUSED);
    assert_order(scene, &order);
    assert_last_deed(scene, "contact", QW_ERR_STATE, "the order goes to the card");
    scene_restart(scene);
    assert_order(scene, &again); /* S3 */
    assert_memory_equal(&again, &order, sizeof order);
    fields = proof_of(&scene->terminal, &order);
    seal_proof(&scene->terminal, &fields, proof);
    for (int i = 0; i < 2; i++) { /* S4: DONE may be lost */
        assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_STATE);
        assert_done(&scene->terminal, &order);
        assert_last_deed(scene, "destroy-proof", QW_OK, i == 0 ? "20 keys" : "the proof again");
        assert_int_equal(destruction_of(scene, "terminal-1"), QW_DESTRUCTION_PROVED);
        scene_restart(scene);
    }
    fields.erased_pool++;
    seal_proof(&scene->terminal, &fields, proof);
    assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_REFUSED);
    assert_last_deed(scene, "destroy-proof", QW_ERR_REFUSED, "another proof is booked");
    /* The centre has forgotten the card's key. */
    card_report(&scene->terminal, false, 5, report);
    assert_int_equal(say(scene, report, sizeof report), QW_ERR_REFUSED);
    assert_last_deed(scene, "contact", QW_ERR_REFUSED, "forged report");
    assert_journal_whole(scene);
}

static void a_proof_of_something_else_is_refused(void **state)
{
    struct scene *scene = *state;
    struct qw_destroy_order order = { .epoch = 1 };
    struct qw_destroy_proof fields;
    uint8_t proof[QW_DESTROY_PROOF_LEN];
    struct card copy;

    make_everybody(scene);
    fields = proof_of(&scene->terminal, &order);
    seal_proof(&scene->terminal, &fields, proof);
    assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_REFUSED); /* S6: beforehand */
    assert_last_deed(scene, "destroy-proof", QW_ERR_REFUSED, "no order was given");
    copy = scene->terminal;
    destroy(scene, "terminal-1");
    assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_REFUSED);
    assert_last_deed(scene, "destroy-proof", QW_ERR_REFUSED, "for another order");
    assert_order(scene, &order);
    copy.next_index--;
    copy.key_count--;
    copy.counter = scene->terminal.counter;
    fields = proof_of(&copy, &order); /* S7 */
    seal_proof(&copy, &fields, proof);
    assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_REFUSED);
    assert_last_deed(scene, "destroy-proof", QW_ERR_REFUSED, "an older copy");
    fields = proof_of(&scene->terminal, &order);
    seal_proof(&scene->terminal, &fields, proof);
    for (size_t bit = 32; bit < 8 * sizeof proof; bit += 7) {
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_REFUSED);
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof proof; len += 5) {
        assert_int_equal(say(scene, proof, len), QW_ERR_REFUSED);
    }
    assert_int_equal(destruction_of(scene, "terminal-1"), QW_DESTRUCTION_ORDERED);
    assert_int_equal(say(scene, proof, sizeof proof), QW_ERR_STATE);
    assert_done(&scene->terminal, &order);
}

/* An access point's card never makes a report of its own: the station carries both. */
static void a_station_carries_order_and_proof(void **state)
{
    struct scene *scene = *state;
    const struct qw_caller *officer = &scene->operator_caller;
    uint8_t order_bytes[QW_ORDER_LEN], proof[QW_DESTROY_PROOF_LEN];
    uint8_t done[QW_ORDER_DONE_MESSAGE_LEN];
    struct qw_destroy_order order;
    struct qw_destroy_proof fields;
    struct qw_card_keys keys;

    make_everybody(scene);
    keys = card_keys(&scene->ap_card);
    assert_int_equal(qw_centre_device_order(scene->centre, officer, "ap-1", order_bytes),
                     QW_ERR_STATE);
    destroy(scene, "ap-1");
    assert_int_equal(qw_centre_device_order(scene->centre, officer, "ap-1", order_bytes), QW_OK);
    assert_int_equal(qw_destroy_order_open(order_bytes, sizeof order_bytes, keys.order, &order),
                     QW_OK);
    fields = proof_of(&scene->ap_card, &order);
    seal_proof(&scene->ap_card, &fields, proof);
    assert_int_equal(
        qw_centre_device_proof(scene->centre, officer, "ap-2", proof, sizeof proof, done),
        QW_ERR_REFUSED); /* another device */
    assert_int_equal(
        qw_centre_device_proof(scene->centre, officer, "ap-1", proof, sizeof proof, done), QW_OK);
    assert_int_equal(
        qw_order_done_check(done, sizeof done, scene->ap_card.serial, order.nonce, order.done_hash),
        QW_OK);
    assert_int_equal(qw_centre_device_order(scene->centre, officer, "ap-1", order_bytes),
                     QW_ERR_STATE);
}

static void a_device_without_a_card_gets_no_order(void **state)
{
    struct scene *scene = *state;
    uint8_t order[QW_ORDER_LEN];

    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-7",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    destroy(scene, "app-7");
    assert_int_equal(destruction_of(scene, "app-7"), QW_DESTRUCTION_NONE);
    assert_int_equal(qw_centre_device_order(scene->centre, &scene->operator_caller, "app-7", order),
                     QW_ERR_STATE);
}

/* S3: whatever write fails, destroyed or not, booked or not, and once more is fine. */
static void every_failing_write_leaves_both_or_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_destroy_order order;
    struct qw_destroy_proof fields;
    uint8_t proof[QW_DESTROY_PROOF_LEN];
    qw_err err = QW_ERR_IO;

    make_everybody(scene);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 9);
        scene->submits = 0;
        scene->fail_at = n;
        err = qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                      QW_DEVICE_DESTROY);
        scene->fail_at = 0;
        assert_int_equal(destruction_of(scene, "terminal-1"),
                         err == QW_OK ? QW_DESTRUCTION_ORDERED : QW_DESTRUCTION_NONE);
    }
    assert_order(scene, &order);
    fields = proof_of(&scene->terminal, &order);
    seal_proof(&scene->terminal, &fields, proof);
    for (int n = 1; err != QW_ERR_STATE; n++) {
        assert_true(n < 9);
        scene->submits = 0;
        scene->fail_at = n;
        err = say(scene, proof, sizeof proof);
        scene->fail_at = 0;
        assert_int_equal(destruction_of(scene, "terminal-1"),
                         err == QW_ERR_STATE ? QW_DESTRUCTION_PROVED : QW_DESTRUCTION_ORDERED);
    }
    assert_done(&scene->terminal, &order);
    assert_journal_whole(scene);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(maintenance_holds_up_no_order),
        CASE(a_card_is_ordered_to_go_and_its_proof_is_booked),
        CASE(a_proof_of_something_else_is_refused),
        CASE(a_station_carries_order_and_proof),
        CASE(a_device_without_a_card_gets_no_order),
        CASE(every_failing_write_leaves_both_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
