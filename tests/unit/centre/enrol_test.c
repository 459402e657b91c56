/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C11 A4 */
/* Enrolment at the centre: one key of the card for one certificate, whatever is sent again, and
 * nothing for a key that is not the device's or that somebody may know
 * [docs/protocol/enrolment.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../api/card_root.h"

#include "api/certificate/enrolment.h"
#include "centre/certificate/certificate.h"
#include "unit/centre/scene.h"

#include <stdio.h>

#define TERMINAL "urn:qwave:terminal:terminal-1"

struct message {
    uint8_t bytes[QW_ENROLMENT_MAX];
    size_t len;
};

static int make(void **state)
{
    int status = scene_make(state);
    struct scene *scene = *state;

    assert_int_equal(
        qw_centre_authority_found(scene->centre, &scene->operator_caller, QW_CERTIFICATE_P256),
        QW_OK);
    make_everybody(scene);
    return status;
}

static struct qw_enrolment fields(const struct card *card, size_t key, const char *name)
{
    struct qw_enrolment e = { .epoch = card->epoch, .nonce = { 9 } };
    struct qw_signing_request_made made;

    memcpy(e.serial, card->serial, sizeof e.serial);
    memcpy(e.key_id, card->ids[key], sizeof e.key_id);
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, name, NULL, 0, &made), QW_OK);
    memcpy(e.request, made.request, strlen(made.request) + 1);
    return e;
}

static struct message seal(const struct card *card, const struct qw_enrolment *e,
                           const uint8_t key[static 32])
{
    struct qw_card_keys keys = card_keys(card);
    struct message message;

    assert_int_equal(qw_enrolment_seal(e, root_of(keys.report, key), message.bytes, &message.len),
                     QW_OK);
    return message;
}

/* By the terminal's key number so and so. */
static struct message enrolment(const struct scene *scene, size_t key, const char *name)
{
    struct qw_enrolment e = fields(&scene->terminal, key, name);

    return seal(&scene->terminal, &e, scene->terminal.keys[key]);
}

static qw_err send_to(struct scene *scene, const struct message *message,
                      struct qw_enrolment_answer *answer)
{
    struct qw_card_keys keys = card_keys(&scene->terminal);
    uint8_t out[QW_ENROLMENT_ANSWER_MAX];
    size_t len = 0;
    qw_err err = qw_centre_enrol(scene->centre, message->bytes, message->len, out, &len);

    if (err == QW_OK) {
        assert_int_equal(qw_enrolment_answer_check(out, len, keys.report), QW_OK);
        assert_int_equal(qw_enrolment_answer_read(out, len, answer), QW_OK);
    }
    return err;
}

static size_t certificates(struct scene *scene)
{
    struct qw_certificate_entry entries[8];
    size_t count = 0;

    assert_int_equal(qw_centre_certificate_list(scene->centre, &scene->operator_caller, NULL,
                                                entries, 8, &count),
                     QW_OK);
    return count;
}

static void one_key_is_one_certificate(void **state)
{
    struct scene *scene = *state;
    struct message message = enrolment(scene, 0, TERMINAL);
    struct message other = enrolment(scene, 0, TERMINAL);
    struct qw_enrolment_answer answer, again;
    uint8_t key[1][32];

    assert_int_equal(send_to(scene, &message, &answer), QW_OK);
    assert_int_equal(answer.nonce[0], 9);
    assert_last_deed(scene, "certificate-enrol", QW_OK, "p256, serial ");
    assert_int_equal(fetch(scene, &scene->application, 0, 1, key), QW_ERR_NOT_FOUND);
    assert_int_equal(send_to(scene, &message, &again), QW_OK); /* the answer was lost */
    assert_string_equal(again.certificate, answer.certificate);
    assert_int_equal(certificates(scene), 1);
    assert_int_equal(send_to(scene, &other, &again),
                     QW_ERR_REFUSED); /* another request, same key */
    scene_restart(scene);
    assert_int_equal(send_to(scene, &message, &again), QW_OK);
    assert_string_equal(again.certificate, answer.certificate);
    scene_now_ms += 600001;
    assert_int_equal(send_to(scene, &message, &again), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(send_to(scene, &message, &again), QW_ERR_REFUSED);
    assert_int_equal(certificates(scene), 1);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void a_second_one_needs_the_first_to_be_taken_back(void **state)
{
    struct scene *scene = *state;
    struct message first = enrolment(scene, 0, TERMINAL);
    struct message second = enrolment(scene, 1, TERMINAL);
    struct qw_certificate_entry entry;
    struct qw_enrolment_answer answer;
    size_t count = 0;

    assert_int_equal(send_to(scene, &first, &answer), QW_OK);
    assert_int_equal(send_to(scene, &second, &answer), QW_ERR_CONFLICT);
    assert_int_equal(
        qw_centre_certificate_list(scene->centre, &scene->operator_caller, NULL, &entry, 1, &count),
        QW_OK);
    assert_string_equal(entry.issued_by, "card");
    assert_int_equal(qw_centre_certificate_revoke(scene->centre, &scene->operator_caller,
                                                  entry.made.serial, QW_REVOKED_SUPERSEDED),
                     QW_OK);
    assert_int_equal(send_to(scene, &first, &answer), QW_ERR_REFUSED); /* not even again */
    assert_int_equal(send_to(scene, &second, &answer), QW_OK); /* the refusal left the key */
    assert_journal_whole(scene);
}

static void wrong_keys_and_names_get_none(void **state)
{
    struct scene *scene = *state;
    struct qw_enrolment e = fields(&scene->terminal, 0, TERMINAL);
    struct message message = seal(&scene->terminal, &e, scene->terminal.keys[1]);
    struct qw_enrolment_answer answer;
    uint8_t key[1][32];

    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "certificate-enrol", QW_ERR_REFUSED, "forged: wrong key");
    message = seal(&scene->ap_card, &e, scene->terminal.keys[0]); /* the card's own key is wrong */
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    message = enrolment(scene, 0, "urn:qwave:terminal:terminal-2");
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    message = enrolment(scene, 0, "urn:qwave:ap:terminal-1");
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    message = enrolment(scene, 0, "urn:qwave:officer:alice");
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    message = enrolment(scene, 0, "nobody");
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    memcpy(e.serial, scene->ap_card.serial, sizeof e.serial);
    message = seal(&scene->terminal, &e, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    e = fields(&scene->terminal, 0, TERMINAL);
    e.epoch++;
    message = seal(&scene->terminal, &e, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    message.len--;
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, key), QW_OK); /* nothing was used up */
    message = enrolment(scene, 0, TERMINAL);
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED); /* the peer knows it */
    assert_last_deed(scene, "certificate-enrol", QW_ERR_REFUSED, "a key that was used");
    assert_int_equal(certificates(scene), 0);
    assert_journal_whole(scene);
}

static void who_is_out_of_service_gets_none(void **state)
{
    struct scene *scene = *state;
    struct message message = enrolment(scene, 0, TERMINAL);
    struct qw_enrolment_answer answer;

    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_RESUME),
                     QW_OK);
    assert_int_equal(send_to(scene, &message, &answer), QW_OK);
}

/* Every write and every read fails once: the certificate and the end of the key are one. */
static void a_store_that_fails_uses_nothing_up(void **state)
{
    struct scene *scene = *state;
    struct message message = enrolment(scene, 0, TERMINAL);
    struct qw_enrolment_answer answer;
    qw_err err = QW_ERR_IO;

    scene->fail_at = scene->submits + 1;
    assert_int_equal(send_to(scene, &message, &answer), QW_ERR_IO);
    scene->reads_fail = true;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 30);
        scene->reads = 0;
        scene->fail_read_at = n;
        err = send_to(scene, &message, &answer);
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    scene->reads_fail = false;
    assert_int_equal(certificates(scene), 1);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(one_key_is_one_certificate),
        IN_SCENE(a_second_one_needs_the_first_to_be_taken_back),
        IN_SCENE(wrong_keys_and_names_get_none),
        IN_SCENE(who_is_out_of_service_gets_none),
        IN_SCENE(a_store_that_fails_uses_nothing_up),
    };

    return cmocka_run_group_tests_name("centre.enrol", tests, NULL, NULL);
}
