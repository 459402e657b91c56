/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C11 */
/* The prover's side of docs/protocol/authentication.md: a key leaves the card once, what waits is
 * of this card alone, and only the centre that has the key is believed. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_body.h"

#include "../api/card_root.h"

#include "terminal/authenticate.h"

#include "api/certificate/profile.h"
#include "base/file.h"
#include "base/secret.h"
#include "card_fixture.h"

#define NAME "urn:qwave:terminal:terminal-1"
static EVP_PKEY *private_key;
static char pending_path[96];

static int begin(void **state)
{
    struct qw_card *card = NULL;

    strcpy(fixture_folder, "/tmp/qwave-auth-XXXXXX");
    assert_non_null(mkdtemp(fixture_folder));
    (void)snprintf(fixture_path, sizeof fixture_path, "%s/card", fixture_folder);
    (void)snprintf(pending_path, sizeof pending_path, "%s/pending", fixture_folder);
    assert_int_equal(fixture_create(), QW_OK);
    assert_int_equal(fixture_open(&card), QW_OK);
    private_key = qw_certificate_key_new(QW_CERTIFICATE_P256);
    *state = card;
    return 0;
}

static int end(void **state)
{
    qw_card_close(*state);
    EVP_PKEY_free(private_key);
    fixture_clean();
    return rmdir(fixture_folder);
}

static size_t challenge(uint8_t out[static QW_AUTH_CHALLENGE_MAX])
{
    static const uint8_t key[32] = { 1 };
    const struct qw_auth_challenge c = { .time_ms = 5, .centre = "centre-1" };
    size_t len = 0;

    assert_int_equal(qw_auth_challenge_seal(&c, NAME, key, out, &len), QW_OK);
    return len;
}

static qw_err prove(struct qw_card *card, const char *name, struct qw_auth_pending *pending)
{
    const struct qw_auth_wish wish = {
        .name = name, .private_key = private_key, .context = { 7 }, .now_ms = 6
    };
    uint8_t data[QW_AUTH_CHALLENGE_MAX];
    size_t len = challenge(data);

    return qw_auth_prove(card, &wish, data, len, pending);
}

static void a_proof_takes_one_key_and_binds_everything(void **state)
{
    struct qw_card *card = *state;
    struct qw_auth_pending pending;
    struct qw_auth_proof proof;
    struct qw_card_info info;
    uint8_t key[32];

    fixture_key(100, key);
    assert_int_equal(prove(card, NAME, &pending), QW_OK);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS - 1);
    assert_memory_equal(pending.root, root_of(card->vault->keys.report, key), QW_CARD_ROOT_LEN);
    assert_int_equal(qw_auth_proof_read(pending.proof, pending.proof_len, &proof), QW_OK);
    assert_memory_equal(proof.serial, info.serial, sizeof info.serial);
    assert_string_equal(proof.name, NAME);
    assert_int_equal(proof.context[0], 7);
    assert_int_equal(proof.time_ms, 6);
    assert_int_equal(qw_auth_proof_check_signature(pending.proof, pending.proof_len, private_key),
                     QW_OK);
    assert_int_equal(qw_auth_proof_check_key(pending.proof, pending.proof_len,
                                             root_of(card->vault->keys.report, key)),
                     QW_OK);
}

static void without_challenge_or_key_there_is_no_proof(void **state)
{
    struct qw_card *card = *state;
    const struct qw_auth_wish wish = { .name = NAME, .private_key = private_key };
    struct qw_auth_pending pending;
    struct qw_card_info info;
    char name[QW_CERTIFICATE_URI_CAP + 1];

    assert_int_equal(qw_auth_prove(card, &wish, (const uint8_t *)"QWI", 3, &pending),
                     QW_ERR_FORMAT);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(prove(card, name, &pending), QW_ERR_ARG);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS); /* neither cost one */
    for (int i = 0; i < FIXTURE_KEYS; i++) {
        assert_int_equal(prove(card, NAME, &pending), QW_OK);
    }
    assert_int_equal(prove(card, NAME, &pending), QW_ERR_EXHAUSTED);
}

static void only_the_centre_with_the_key_is_believed(void **state)
{
    struct qw_card *card = *state;
    static const uint8_t other[32] = { 9 };
    struct qw_auth_answer a = { .time_ms = 1, .until_ms = 2 }, opened;
    struct qw_auth_pending pending;
    uint8_t data[QW_AUTH_ANSWER_LEN];

    assert_int_equal(prove(card, NAME, &pending), QW_OK);
    assert_int_equal(qw_auth_proof_hash(pending.proof, pending.proof_len, a.proof_hash), QW_OK);
    assert_int_equal(qw_auth_answer_seal(&a, pending.root, data), QW_OK);
    assert_int_equal(qw_auth_conclude(&pending, data, sizeof data, &opened), QW_OK);
    assert_int_equal(opened.until_ms, 2);
    assert_int_equal(qw_auth_answer_seal(&a, other, data), QW_OK);
    assert_int_equal(qw_auth_conclude(&pending, data, sizeof data, &opened), QW_ERR_AUTH);
    a.proof_hash[0] ^= 1; /* to another proof */
    assert_int_equal(qw_auth_answer_seal(&a, pending.root, data), QW_OK);
    assert_int_equal(qw_auth_conclude(&pending, data, sizeof data, &opened), QW_ERR_AUTH);
}

static void what_waits_is_found_again_and_changed_by_nobody(void **state)
{
    struct qw_card *card = *state;
    struct qw_auth_pending pending, back;
    uint8_t *data = NULL;
    size_t len = 0;

    assert_int_equal(qw_auth_pending_load(card, pending_path, &back), QW_ERR_NOT_FOUND);
    assert_int_equal(prove(card, NAME, &pending), QW_OK);
    assert_int_equal(qw_auth_pending_save(card, &pending, pending_path), QW_OK);
    assert_int_equal(qw_auth_pending_load(card, pending_path, &back), QW_OK);
    assert_int_equal(back.proof_len, pending.proof_len);
    assert_memory_equal(back.proof, pending.proof, pending.proof_len);
    assert_memory_equal(back.root, pending.root, sizeof back.root);
    assert_int_equal(qw_file_read(pending_path, 65536, &data, &len), QW_OK);
    for (size_t at = 0; at < len; at++) {
        data[at] ^= 1;
        assert_int_equal(qw_file_replace(pending_path, data, len), QW_OK);
        assert_int_equal(qw_auth_pending_load(card, pending_path, &back), QW_ERR_AUTH);
        data[at] ^= 1;
    }
    for (size_t cut = 0; cut < len; cut += 7) {
        assert_int_equal(qw_file_replace(pending_path, data, cut), QW_OK);
        assert_int_not_equal(qw_auth_pending_load(card, pending_path, &back), QW_OK);
    }
    qw_secret_free(data);
}

#define WITH_CARD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CARD(a_proof_takes_one_key_and_binds_everything),
        WITH_CARD(without_challenge_or_key_there_is_no_proof),
        WITH_CARD(only_the_centre_with_the_key_is_believed),
        WITH_CARD(what_waits_is_found_again_and_changed_by_nobody),
    };

    return cmocka_run_group_tests_name("terminal.authenticate", tests, NULL, NULL);
}
