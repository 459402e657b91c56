/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C11 */
/* One authentication from its challenge to its answer, with a centre of the test's: what waits,
 * what is sent again, and what costs a key. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/auth_errand.h"

#include "api/authentication.h"
#include "api/certificate/profile.h"
#include "base/file.h"
#include "card_fixture.h"
#include "unit/api/card_root.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#define NAME "urn:qwave:terminal:terminal-1"
static struct qw_card_keys keys;
static char certificate[96], key_file[96], pending[96];

/* The centre at the other end of the air. */
static struct {
    qw_err ask_err, prove_err; /* what comes back instead */
    bool lies;
    unsigned asked, proved;
    uint8_t proof[QW_AUTH_PROOF_MAX]; /* the last one */
    size_t proof_len;
} centre;

static qw_err answer_proof(const uint8_t *message, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_auth_answer a = { .time_ms = 1, .until_ms = 7 };
    struct qw_auth_proof proof;
    uint8_t key[32], root[32];
    qw_err err;

    centre.proved++;
    memcpy(centre.proof, message, len);
    centre.proof_len = len;
    if (centre.prove_err != QW_OK) {
        return centre.prove_err;
    }
    assert_int_equal(qw_auth_proof_read(message, len, &proof), QW_OK);
    for (uint64_t i = 100;; i++) { /* whichever of the card's keys it is */
        assert_true(i < 100 + FIXTURE_KEYS);
        fixture_key(i, key);
        memcpy(root, root_of(keys.report, key), sizeof root);
        err = qw_auth_proof_check_key(message, len, root);
        if (err == QW_OK) {
            break;
        }
    }
    assert_int_equal(qw_auth_proof_hash(message, len, a.proof_hash), QW_OK);
    a.proof_hash[0] ^= centre.lies;
    *out_len = QW_AUTH_ANSWER_LEN;
    return qw_auth_answer_seal(&a, root, out);
}

static qw_err carry(void *self, const uint8_t *message, size_t len, uint8_t *out, size_t cap,
                    size_t *out_len)
{
    static const uint8_t centre_key[32] = { 1 };
    const struct qw_auth_challenge c = { .time_ms = 5, .centre = "centre-1" };
    char name[QW_CERTIFICATE_URI_CAP];

    (void)self;
    if (qw_auth_ask_read(message, len, name) != QW_OK) {
        assert_true(cap >= QW_AUTH_ANSWER_LEN);
        return answer_proof(message, len, out, out_len);
    }
    centre.asked++;
    assert_true(cap >= QW_AUTH_CHALLENGE_MAX);
    return centre.ask_err != QW_OK ? centre.ask_err
                                   : qw_auth_challenge_seal(&c, name, centre_key, out, out_len);
}

static void make_certificate(const char *path)
{
    EVP_PKEY *key = qw_certificate_key_new(QW_CERTIFICATE_P256);
    X509 *made = X509_new();
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, made), 1);
    fclose(file);
    file = fopen(key_file, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    X509_free(made);
    EVP_PKEY_free(key);
}

static int begin(void **state)
{
    struct qw_card *card = NULL;
    void *unused = NULL;

    fixture_set_up(&unused);
    (void)snprintf(certificate, sizeof certificate, "%s/pem", fixture_folder);
    (void)snprintf(key_file, sizeof key_file, "%s/key", fixture_folder);
    (void)snprintf(pending, sizeof pending, "%s/proof", fixture_folder);
    make_certificate(certificate);
    memset(&centre, 0, sizeof centre);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(fixture_open(&card), QW_OK);
    *state = card;
    return 0;
}

static int end(void **state)
{
    qw_card_close(*state);
    return fixture_tear_down(state);
}

static qw_err run(struct qw_card *card, const char *name, uint8_t context,
                  struct qw_auth_outcome *outcome)
{
    struct qw_auth_errand errand = { .way = { .carry = carry },
                                     .name = name,
                                     .certificate = certificate,
                                     .key = key_file,
                                     .pending = pending,
                                     .context = { context } };
    char why[QW_AUTH_ERRAND_WHY_CAP] = "";
    qw_err err = qw_auth_errand_run(card, &errand, outcome, why);

    assert_int_equal(err != QW_OK, why[0] != '\0');
    return err;
}

static uint32_t left(struct qw_card *card)
{
    struct qw_card_info info;

    qw_card_info(card, &info);
    return info.remaining_keys;
}

static bool waits(void)
{
    return access(pending, F_OK) == 0;
}

static void an_authentication_costs_one_key_and_leaves_nothing_behind(void **state)
{
    struct qw_auth_outcome outcome;
    struct qw_auth_proof proof;

    assert_int_equal(run(*state, NAME, 3, &outcome), QW_OK);
    assert_int_equal(outcome.until_ms, 7);
    assert_int_equal(left(*state), FIXTURE_KEYS - 1);
    assert_false(waits());
    assert_int_equal(qw_auth_proof_read(centre.proof, centre.proof_len, &proof), QW_OK);
    assert_memory_equal(proof.key_id, outcome.id, sizeof outcome.id);
    assert_int_equal(proof.context[0], 3);
    assert_string_equal(proof.name, NAME);
}

static void without_a_challenge_no_key_is_used(void **state)
{
    static const qw_err errs[] = { QW_ERR_REFUSED, QW_ERR_TIMEOUT, QW_ERR_IO };
    struct qw_auth_outcome outcome;

    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        centre.ask_err = errs[i];
        assert_int_equal(run(*state, NAME, 3, &outcome), errs[i]);
        assert_int_equal(left(*state), FIXTURE_KEYS);
        assert_false(waits());
    }
    assert_int_equal(unlink(key_file), 0);
    centre.ask_err = QW_OK;
    assert_int_equal(run(*state, NAME, 3, &outcome), QW_ERR_NOT_FOUND);
    assert_int_equal(unlink(certificate), 0);
    assert_int_not_equal(run(*state, NAME, 3, &outcome), QW_OK);
    assert_int_equal(left(*state), FIXTURE_KEYS);
}

static void a_proof_without_an_answer_is_sent_again_as_it_was(void **state)
{
    uint8_t first[QW_AUTH_PROOF_MAX];
    struct qw_auth_outcome outcome;
    struct qw_card *card = *state;

    centre.prove_err = QW_ERR_TIMEOUT;
    assert_int_equal(run(card, NAME, 3, &outcome), QW_ERR_TIMEOUT);
    assert_true(waits());
    memcpy(first, centre.proof, centre.proof_len);
    qw_card_close(card); /* a program that was killed */
    assert_int_equal(fixture_open(&card), QW_OK);
    *state = card;
    centre.prove_err = QW_OK;
    centre.lies = true;
    assert_int_equal(run(card, NAME, 3, &outcome), QW_ERR_AUTH);
    assert_true(waits()); /* somebody in between: the centre has not answered */
    centre.lies = false;
    assert_int_equal(run(card, NAME, 3, &outcome), QW_OK);
    assert_memory_equal(first, centre.proof, centre.proof_len);
    assert_int_equal(centre.asked, 1);
    assert_int_equal(left(card), FIXTURE_KEYS - 1);
    assert_false(waits());
}

static void a_refusal_is_final(void **state)
{
    struct qw_auth_outcome outcome;

    centre.prove_err = QW_ERR_REFUSED;
    assert_int_equal(run(*state, NAME, 3, &outcome), QW_ERR_REFUSED);
    assert_false(waits());
    centre.prove_err = QW_OK;
    assert_int_equal(run(*state, NAME, 3, &outcome), QW_OK);
    assert_int_equal(left(*state), FIXTURE_KEYS - 2);
}

static void what_waits_for_somebody_else_is_given_up(void **state)
{
    struct qw_auth_outcome outcome;
    struct qw_auth_proof proof;

    centre.prove_err = QW_ERR_TIMEOUT;
    assert_int_equal(run(*state, NAME, 3, &outcome), QW_ERR_TIMEOUT);
    assert_int_equal(run(*state, NAME, 4, &outcome), QW_ERR_TIMEOUT); /* another context */
    assert_int_equal(left(*state), FIXTURE_KEYS - 2);
    assert_int_equal(run(*state, "urn:qwave:terminal:other", 4, &outcome), QW_ERR_TIMEOUT);
    assert_int_equal(left(*state), FIXTURE_KEYS - 3);
    centre.prove_err = QW_OK;
    make_certificate(certificate); /* another certificate */
    assert_int_equal(run(*state, "urn:qwave:terminal:other", 4, &outcome), QW_OK);
    assert_int_equal(left(*state), FIXTURE_KEYS - 4);
    assert_int_equal(qw_auth_proof_read(centre.proof, centre.proof_len, &proof), QW_OK);
    assert_int_equal(proof.context[0], 4);
}

static void what_cannot_be_opened_any_more_is_given_up(void **state)
{
    struct qw_auth_outcome outcome;

    assert_int_equal(qw_file_replace(pending, (const uint8_t *)"nonsense", 8), QW_OK);
    assert_int_equal(run(*state, NAME, 3, &outcome), QW_OK);
    assert_int_equal(left(*state), FIXTURE_KEYS - 1);
}

static void without_a_key_or_a_place_to_wait_nothing_is_sent(void **state)
{
    struct qw_auth_outcome outcome;
    struct qw_card_taken_root taken;

    (void)snprintf(pending, sizeof pending, "%s/no/such", fixture_folder);
    assert_int_not_equal(run(*state, NAME, 3, &outcome), QW_OK);
    assert_int_equal(centre.proved, 0);
    (void)snprintf(pending, sizeof pending, "%s/proof", fixture_folder);
    while (qw_card_take_root(*state, &taken) == QW_OK) {
    }
    assert_int_equal(run(*state, NAME, 3, &outcome), QW_ERR_EXHAUSTED);
    assert_int_equal(centre.proved, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_authentication_costs_one_key_and_leaves_nothing_behind),
        TEST(without_a_challenge_no_key_is_used),
        TEST(a_proof_without_an_answer_is_sent_again_as_it_was),
        TEST(a_refusal_is_final),
        TEST(what_waits_for_somebody_else_is_given_up),
        TEST(what_cannot_be_opened_any_more_is_given_up),
        TEST(without_a_key_or_a_place_to_wait_nothing_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
