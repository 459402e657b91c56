/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C11 C7 C10 S3 */
/* Authentication at the centre: a certificate and a key of the card, both or nothing, once; locks,
 * clocks, and who may rely on it [docs/protocol/authentication.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../api/card_root.h"

#include "api/certificate/signing_request.h"
#include "centre/authentication/authentication.h"
#include "centre/certificate/certificate.h"
#include "centre/people/officer.h"
#include "unit/centre/scene.h"

#include <openssl/pem.h>
#include <stdio.h>

#define TERMINAL "urn:qwave:terminal:terminal-1"
#define SAE "urn:qwave:sae:app-1"
#define OFFICER "urn:qwave:officer:bob"

struct person { /* certificate and private key */
    char name[QW_CERTIFICATE_URI_CAP];
    EVP_PKEY *key;
    struct qw_certificate_made made;
};
struct message {
    uint8_t bytes[QW_AUTH_PROOF_MAX];
    size_t len;
};

static struct person terminal_holder, sae_holder, officer_holder;

static void certify(struct scene *scene, const char *name, enum qw_certificate_profile profile,
                    struct person *person)
{
    struct qw_signing_request_made made;
    struct qw_certificate_wish wish = { .request = made.request };
    BIO *bio;

    assert_int_equal(qw_signing_request_new(profile, name, NULL, 0, &made), QW_OK);
    wish.request_len = strlen(made.request);
    assert_int_equal(
        qw_centre_certificate_issue(scene->centre, &scene->operator_caller, &wish, &person->made),
        QW_OK);
    bio = BIO_new_mem_buf(made.key, -1);
    person->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(person->key);
    BIO_free(bio);
    strcpy(person->name, name);
}

static int make(void **state)
{
    int status = scene_make(state);
    struct scene *scene = *state;

    assert_int_equal(
        qw_centre_authority_found(scene->centre, &scene->operator_caller, QW_CERTIFICATE_P256),
        QW_OK);
    assert_int_equal(
        qw_centre_authority_found(scene->centre, &scene->operator_caller, QW_CERTIFICATE_SM2),
        QW_OK);
    make_everybody(scene);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-1",
                                               QW_DEVICE_APPLICATION, "Li Hua", ""),
                     QW_OK);
    certify(scene, TERMINAL, QW_CERTIFICATE_P256, &terminal_holder);
    certify(scene, SAE, QW_CERTIFICATE_SM2, &sae_holder);
    certify(scene, OFFICER, QW_CERTIFICATE_P256, &officer_holder);
    return status;
}

static int remove_all(void **state)
{
    EVP_PKEY_free(terminal_holder.key);
    EVP_PKEY_free(sae_holder.key);
    EVP_PKEY_free(officer_holder.key);
    return scene_remove(state);
}

/* P1, P2: by a person's certificate and the terminal card's key number so and so. */
static struct qw_auth_proof fields(struct scene *scene, const struct person *person, size_t key)
{
    struct qw_auth_proof p = {
        .epoch = scene->terminal.epoch, .nonce = { 1 }, .time_ms = scene_now_ms, .context = { 2 }
    };

    memcpy(p.serial, scene->terminal.serial, sizeof p.serial);
    memcpy(p.key_id, scene->terminal.ids[key], sizeof p.key_id);
    memcpy(p.certificate_hash, person->made.hash, sizeof p.certificate_hash);
    strcpy(p.name, person->name);
    assert_int_equal(
        qw_centre_auth_challenge(scene->centre, person->name, p.challenge, &p.challenge_len),
        QW_OK);
    return p;
}

static struct message seal(const struct scene *scene, const struct qw_auth_proof *p, EVP_PKEY *key,
                           const uint8_t one_time_key[static 32])
{
    struct qw_card_keys keys = card_keys(&scene->terminal);
    struct message message;

    assert_int_equal(
        qw_auth_proof_seal(p, key, root_of(keys.report, one_time_key), message.bytes, &message.len),
        QW_OK);
    return message;
}

static struct message proof(struct scene *scene, const struct person *person, size_t key)
{
    struct qw_auth_proof p = fields(scene, person, key);

    return seal(scene, &p, person->key, scene->terminal.keys[key]);
}

/* Right certificate, wrong key. */
static struct message without_key(struct scene *scene, const struct person *person, size_t key)
{
    struct qw_auth_proof p = fields(scene, person, key);

    return seal(scene, &p, person->key, scene->terminal.keys[key + 1]);
}

/* Right key, signed by somebody else. */
static struct message without_certificate(struct scene *scene, const struct person *person,
                                          size_t key)
{
    struct qw_auth_proof p = fields(scene, person, key);

    return seal(scene, &p, officer_holder.key, scene->terminal.keys[key]);
}

static qw_err send_to(struct scene *scene, const struct message *message,
                      uint8_t answer[static QW_AUTH_ANSWER_LEN])
{
    return qw_centre_authenticate(scene->centre, NULL, message->bytes, message->len, answer);
}

static qw_err rely(struct scene *scene, const char *name, size_t key,
                   struct qw_auth_statement *statement)
{
    return qw_centre_auth_statement(scene->centre, &scene->application, name,
                                    scene->terminal.ids[key], statement);
}

static void one_key_is_one_statement(void **state)
{
    struct scene *scene = *state;
    struct message message = proof(scene, &terminal_holder, 0);
    struct message other = proof(scene, &terminal_holder, 0);
    struct qw_card_keys keys = card_keys(&scene->terminal);
    uint8_t answer[QW_AUTH_ANSWER_LEN], again[QW_AUTH_ANSWER_LEN], hash[32], key[1][32];
    struct qw_auth_answer opened;
    struct qw_auth_statement s;

    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    assert_last_deed(scene, "authenticate", QW_OK, "key ");
    assert_int_equal(qw_auth_answer_open(answer, sizeof answer,
                                         root_of(keys.report, scene->terminal.keys[0]), &opened),
                     QW_OK);
    assert_int_equal(qw_auth_proof_hash(message.bytes, message.len, hash), QW_OK);
    assert_memory_equal(opened.proof_hash, hash, sizeof hash);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, key), QW_ERR_NOT_FOUND);
    scene_restart(scene);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(send_to(scene, &message, again), QW_OK); /* the answer was lost */
    assert_memory_equal(again, answer, sizeof answer);
    assert_int_equal(send_to(scene, &other, again), QW_ERR_REFUSED); /* another proof, same key */
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_OK);
    assert_string_equal(s.name, TERMINAL);
    assert_int_equal(s.context[0], 2);
    assert_true(s.is_simulated);
    assert_memory_equal(s.certificate_hash, terminal_holder.made.hash, 32);
    assert_int_equal(rely(scene, TERMINAL, 1, &s), QW_ERR_NOT_FOUND);
    scene_now_ms += QW_AUTH_STANDS_MS;
    assert_int_equal(send_to(scene, &message, again), QW_ERR_REFUSED);
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_ERR_NOT_FOUND);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void neither_factor_alone_is_enough(void **state)
{
    struct scene *scene = *state;
    struct message message = without_key(scene, &terminal_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN], key[1][32];

    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "forged: wrong key");
    message = proof(scene, &terminal_holder, 0); /* a wrong MAC uses nothing up */
    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    message = without_certificate(scene, &terminal_holder, 1);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "no certificate in force");
    assert_int_equal(fetch(scene, &scene->application, 1, 1, key), QW_ERR_NOT_FOUND);
    message = proof(scene, &terminal_holder, 1); /* a right one has used the key up */
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_int_equal(fetch(scene, &scene->application, 2, 1, key), QW_OK);
    message = proof(scene, &terminal_holder, 2); /* the peer knows it */
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void a_revoked_certificate_is_none(void **state)
{
    struct scene *scene = *state;
    struct message message = proof(scene, &terminal_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN];

    assert_int_equal(qw_centre_certificate_revoke(scene->centre, &scene->operator_caller,
                                                  terminal_holder.made.serial,
                                                  QW_REVOKED_SUPERSEDED),
                     QW_OK);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "no certificate in force");
}

static void people_and_applications_have_a_card_bound_to_them(void **state)
{
    struct scene *scene = *state;
    struct message message = proof(scene, &sae_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct qw_auth_statement s;

    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "the card of another");
    assert_int_equal(qw_centre_card_bind(scene->centre, &scene->operator_caller, "terminal-1", SAE),
                     QW_OK);
    message = proof(scene, &sae_holder, 1);
    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    assert_int_equal(rely(scene, SAE, 1, &s), QW_OK);
    message = proof(scene, &officer_holder, 2);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_card_unbind(scene->centre, &scene->operator_caller, "terminal-1"),
                     QW_OK);
    assert_int_equal(
        qw_centre_card_bind(scene->centre, &scene->operator_caller, "terminal-1", "bob"), QW_OK);
    message = proof(scene, &officer_holder, 3);
    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    message = proof(scene, &officer_holder, 4);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_journal_whole(scene);
}

static void clocks_and_challenges_have_a_window(void **state)
{
    struct scene *scene = *state;
    struct qw_auth_proof p = fields(scene, &terminal_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct message message;

    p.time_ms = scene_now_ms - 30001;
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "clock outside the window");
    p.time_ms = scene_now_ms + 30001;
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    p.time_ms = scene_now_ms + 30000;
    scene_now_ms += 30001; /* the challenge has aged, the proof's own time is good */
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "the challenge is too old");
    scene_now_ms--;
    assert_int_equal(send_to(scene, &message, answer), QW_OK); /* nothing was used up */
    p = fields(scene, &terminal_holder, 1);
    p.challenge[20] ^= 1;
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[1]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "no challenge of this centre");
}

static void five_halves_lock(void **state)
{
    struct scene *scene = *state;
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct qw_auth_counts counts;
    struct message message;

    for (size_t i = 0; i < QW_AUTH_FAILURES_MAX; i++) {
        message = i % 2 == 0 ? without_key(scene, &terminal_holder, i)
                             : without_certificate(scene, &terminal_holder, i);
        assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    }
    message = proof(scene, &terminal_holder, 6);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "locked");
    qw_centre_auth_counts(scene->centre, &counts);
    assert_int_equal(counts.locked, 1);
    assert_int_equal(counts.refused, 6);
    scene_restart(scene); /* it is durable */
    scene_now_ms += QW_AUTH_LOCK_MS - 1;
    message = proof(scene, &terminal_holder, 6);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    scene_now_ms++;
    message = without_key(scene, &terminal_holder, 6); /* the next lasts twice as long */
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    scene_now_ms += 2 * QW_AUTH_LOCK_MS - 1;
    message = proof(scene, &terminal_holder, 6);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_auth_unlock(scene->centre, &scene->application, TERMINAL),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_auth_unlock(scene->centre, &scene->operator_caller, TERMINAL),
                     QW_OK);
    assert_int_equal(qw_centre_auth_unlock(scene->centre, &scene->operator_caller, TERMINAL),
                     QW_ERR_STATE);
    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    message = without_key(scene, &terminal_holder, 7); /* counted from nothing again */
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    message = proof(scene, &terminal_holder, 7);
    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    assert_journal_whole(scene);
}

static void a_stranger_locks_nobody(void **state)
{
    struct scene *scene = *state;
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct message message;

    for (size_t i = 0; i < 2 * QW_AUTH_FAILURES_MAX; i++) { /* neither factor */
        struct qw_auth_proof p = fields(scene, &terminal_holder, 0);

        message = seal(scene, &p, officer_holder.key, scene->terminal.keys[1]);
        assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    }
    for (size_t i = 0; i < 2 * QW_AUTH_FAILURES_MAX; i++) { /* another's own certificate */
        message = without_key(scene, &officer_holder, 0);
        assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    }
    assert_last_deed(scene, "authenticate", QW_ERR_REFUSED, "locked"); /* himself, that is */
    message = proof(scene, &terminal_holder, 0);
    assert_int_equal(send_to(scene, &message, answer), QW_OK);
}

static void only_applications_in_service_rely(void **state)
{
    struct scene *scene = *state;
    struct message message = proof(scene, &terminal_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct qw_auth_statement s;

    assert_int_equal(send_to(scene, &message, answer), QW_OK);
    assert_int_equal(qw_centre_auth_statement(scene->centre, &scene->access_point, TERMINAL,
                                              scene->terminal.ids[0], &s),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_auth_statement(scene->centre, &scene->stranger, TERMINAL,
                                              scene->terminal.ids[0], &s),
                     QW_ERR_REFUSED);
    assert_int_equal(rely(scene, "nobody", 0, &s), QW_ERR_NOT_FOUND);
    assert_int_equal(rely(scene, SAE, 0, &s), QW_ERR_NOT_FOUND);
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_OK);
}

/* Only the last eight of a name stand. */
static void the_oldest_gives_way(void **state)
{
    struct scene *scene = *state;
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct qw_auth_statement s;

    for (size_t i = 0; i < 9; i++) {
        struct message message = proof(scene, &terminal_holder, i);

        assert_int_equal(send_to(scene, &message, answer), QW_OK);
    }
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_ERR_NOT_FOUND);
    for (size_t i = 1; i < 9; i++) {
        assert_int_equal(rely(scene, TERMINAL, i, &s), QW_OK);
    }
}

static void what_is_no_proof_is_refused(void **state)
{
    struct scene *scene = *state;
    struct message message = proof(scene, &terminal_holder, 0);
    struct qw_auth_proof p = fields(scene, &terminal_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN], challenge[QW_AUTH_CHALLENGE_MAX];
    char name[QW_CERTIFICATE_URI_CAP + 1];
    size_t len = 0;

    message.len--;
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    strcpy(p.name, "nobody");
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    p = fields(scene, &terminal_holder, 0);
    p.epoch++;
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    p.serial[0] ^= 1;
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_auth_challenge(scene->centre, "", challenge, &len), QW_ERR_FORMAT);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(qw_centre_auth_challenge(scene->centre, name, challenge, &len), QW_ERR_FORMAT);
    assert_journal_whole(scene);
}

/* Over the air: the contact of an access point in service, and every cause is one refusal. */
static void an_access_point_carries_it(void **state)
{
    struct scene *scene = *state;
    struct qw_auth_proof p = fields(scene, &terminal_holder, 0);
    struct qw_contact_answer answer = { .order_len = 0 };
    struct qw_auth_statement s;
    struct message message;
    uint8_t ask[QW_AUTH_ASK_MAX];
    size_t len = 0;

    assert_int_equal(qw_auth_ask_encode(TERMINAL, ask, &len), QW_OK);
    assert_int_equal(qw_centre_contact(scene->centre, &scene->access_point, ask, len, &answer),
                     QW_ERR_STATE);
    memcpy(p.challenge, answer.order, answer.order_len);
    p.challenge_len = answer.order_len;
    message = seal(scene, &p, terminal_holder.key, scene->terminal.keys[0]);
    assert_int_equal(
        qw_centre_contact(scene->centre, &scene->application, message.bytes, message.len, &answer),
        QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_contact(scene->centre, &scene->access_point, message.bytes, message.len, &answer),
        QW_ERR_STATE);
    assert_int_equal(answer.order_len, QW_AUTH_ANSWER_LEN);
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_OK);
    message = without_certificate(scene, &terminal_holder, 1);
    assert_int_equal(
        qw_centre_contact(scene->centre, &scene->access_point, message.bytes, message.len, &answer),
        QW_ERR_REFUSED);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    message = proof(scene, &terminal_holder, 2);
    answer.order_len = 0;
    assert_int_equal(
        qw_centre_contact(scene->centre, &scene->access_point, message.bytes, message.len, &answer),
        QW_ERR_REFUSED);
    assert_int_equal(answer.order_len, 0);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "ap-1", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(qw_centre_contact(scene->centre, &scene->access_point, ask, len, &answer),
                     QW_ERR_REFUSED);
    assert_journal_whole(scene);
}

/* Every write and every read fails once: the statement and the end of the key are one. */
static void a_store_that_fails_uses_nothing_up(void **state)
{
    struct scene *scene = *state;
    struct message message = proof(scene, &terminal_holder, 0);
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    struct qw_auth_statement s;
    qw_err err = QW_ERR_IO;

    scene->fail_at = scene->submits + 1;
    assert_int_equal(send_to(scene, &message, answer), QW_ERR_IO);
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_ERR_NOT_FOUND);
    scene->reads_fail = true;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 40);
        scene->reads = 0;
        scene->fail_read_at = n;
        err = send_to(scene, &message, answer);
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    scene->reads_fail = false;
    assert_int_equal(rely(scene, TERMINAL, 0, &s), QW_OK);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, make, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(one_key_is_one_statement),
        IN_SCENE(neither_factor_alone_is_enough),
        IN_SCENE(a_revoked_certificate_is_none),
        IN_SCENE(people_and_applications_have_a_card_bound_to_them),
        IN_SCENE(clocks_and_challenges_have_a_window),
        IN_SCENE(five_halves_lock),
        IN_SCENE(a_stranger_locks_nobody),
        IN_SCENE(only_applications_in_service_rely),
        IN_SCENE(the_oldest_gives_way),
        IN_SCENE(what_is_no_proof_is_refused),
        IN_SCENE(an_access_point_carries_it),
        IN_SCENE(a_store_that_fails_uses_nothing_up),
    };

    return cmocka_run_group_tests_name("centre.authentication", tests, NULL, NULL);
}
