/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C11 S3 */
/* Challenge, proof and answer of an authentication: every truncation and every flipped bit, and
 * each factor alone [docs/protocol/authentication.md]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card_root.h"

#include "api/authentication.h"
#include "api/certificate/profile.h"

#include <string.h>

static const uint8_t report_key[32] = { 1 };
static const uint8_t one_time_key[32] = { 2 };
static const uint8_t other_key[32] = { 3 };
#define NAME "urn:qwave:terminal:meter-7"

static void flip(uint8_t *data, size_t bit)
{
    data[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static size_t challenge(uint8_t out[static QW_AUTH_CHALLENGE_MAX])
{
    struct qw_auth_challenge c = { .time_ms = 1795370000000, .nonce = { 4 }, .centre = "centre-1" };
    size_t len = 0;

    assert_int_equal(qw_auth_challenge_seal(&c, NAME, other_key, out, &len), QW_OK);
    return len;
}

static void a_challenge_is_for_one_name_and_unchanged(void **state)
{
    uint8_t data[QW_AUTH_CHALLENGE_MAX + 1] = { 0 };
    size_t len = challenge(data);
    struct qw_auth_challenge c;

    (void)state;
    assert_int_equal(len, 69);
    assert_memory_equal(data, "QWI\x01", 4);
    assert_int_equal(qw_auth_challenge_open(data, len, NAME, other_key, &c), QW_OK);
    assert_int_equal(c.time_ms, 1795370000000);
    assert_string_equal(c.centre, "centre-1");
    assert_int_equal(qw_auth_challenge_open(data, len, NAME "7", other_key, &c), QW_ERR_AUTH);
    assert_int_equal(qw_auth_challenge_open(data, len, NAME, report_key, &c), QW_ERR_AUTH);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_auth_challenge_read(data, cut, &c), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_auth_challenge_read(data, len + 1, &c), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < len * 8; bit++) {
        flip(data, bit);
        assert_int_not_equal(qw_auth_challenge_open(data, len, NAME, other_key, &c), QW_OK);
        flip(data, bit);
    }
}

static size_t proof(EVP_PKEY *key, uint8_t out[static QW_AUTH_PROOF_MAX])
{
    struct qw_auth_proof p = { .serial = { 5 },
                               .epoch = 6,
                               .key_id = { 7 },
                               .nonce = { 8 },
                               .time_ms = 1795370000001,
                               .certificate_hash = { 9 },
                               .context = { 10 },
                               .name = NAME };
    size_t len = 0;

    p.challenge_len = challenge(p.challenge);
    assert_int_equal(qw_auth_proof_seal(&p, key, root_of(report_key, one_time_key), out, &len),
                     QW_OK);
    return len;
}

static void each_kind_of_key_proves(void **state)
{
    (void)state;
    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        EVP_PKEY *key = qw_certificate_key_new((enum qw_certificate_profile)i);
        EVP_PKEY *other = qw_certificate_key_new((enum qw_certificate_profile)i);
        uint8_t data[QW_AUTH_PROOF_MAX];
        size_t len = proof(key, data);
        struct qw_auth_proof p;

        assert_int_equal(qw_auth_proof_read(data, len, &p), QW_OK);
        assert_string_equal(p.name, NAME);
        assert_int_equal(p.epoch, 6);
        assert_int_equal(p.time_ms, 1795370000001);
        assert_int_equal(p.context[0], 10);
        assert_int_equal(qw_auth_proof_check_signature(data, len, key), QW_OK);
        assert_int_equal(qw_auth_proof_check_signature(data, len, other), QW_ERR_AUTH);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

static void neither_factor_is_the_other(void **state)
{
    EVP_PKEY *key = qw_certificate_key_new(QW_CERTIFICATE_ED25519);
    uint8_t data[QW_AUTH_PROOF_MAX];
    size_t len = proof(key, data);

    (void)state;
    assert_int_equal(qw_auth_proof_check_key(data, len, root_of(report_key, one_time_key)), QW_OK);
    assert_int_equal(qw_auth_proof_check_key(data, len, root_of(report_key, other_key)),
                     QW_ERR_AUTH);
    assert_int_equal(qw_auth_proof_check_key(data, len, root_of(other_key, one_time_key)),
                     QW_ERR_AUTH);
    assert_int_equal(qw_auth_proof_check_key(data, len, root_of(one_time_key, report_key)),
                     QW_ERR_AUTH);
    EVP_PKEY_free(key);
}

/* The MAC covers all, the signature all before itself. */
static void every_truncation_and_flipped_bit_of_a_proof_is_found(void **state)
{
    EVP_PKEY *key = qw_certificate_key_new(QW_CERTIFICATE_ED25519);
    uint8_t data[QW_AUTH_PROOF_MAX + 1] = { 0 };
    size_t len = proof(key, data);
    size_t signed_len = len - 32 - 64 - 1;
    struct qw_auth_proof p;

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_auth_proof_read(data, cut, &p), QW_ERR_FORMAT);
        assert_int_equal(qw_auth_proof_check_signature(data, cut, key), QW_ERR_FORMAT);
        assert_int_equal(qw_auth_proof_check_key(data, cut, root_of(report_key, one_time_key)),
                         QW_ERR_FORMAT);
    }
    assert_int_equal(qw_auth_proof_read(data, len + 1, &p), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < len * 8; bit++) {
        flip(data, bit);
        assert_int_not_equal(qw_auth_proof_check_key(data, len, root_of(report_key, one_time_key)),
                             QW_OK);
        if (bit < signed_len * 8) {
            assert_int_not_equal(qw_auth_proof_check_signature(data, len, key), QW_OK);
        }
        flip(data, bit);
    }
    EVP_PKEY_free(key);
}

static void a_proof_without_name_or_challenge_is_not_made(void **state)
{
    EVP_PKEY *key = qw_certificate_key_new(QW_CERTIFICATE_ED25519);
    EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    struct qw_auth_proof p = { .challenge_len = 1 };
    uint8_t data[QW_AUTH_PROOF_MAX];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_auth_proof_seal(&p, key, root_of(report_key, one_time_key), data, &len),
                     QW_ERR_ARG);
    memcpy(p.name, NAME, sizeof NAME);
    assert_int_equal(qw_auth_proof_seal(&p, weak, root_of(report_key, one_time_key), data, &len),
                     QW_ERR_ARG);
    p.challenge_len = 0;
    assert_int_equal(qw_auth_proof_seal(&p, key, root_of(report_key, one_time_key), data, &len),
                     QW_ERR_ARG);
    p.challenge_len = sizeof p.challenge; /* all as long as can be */
    memset(p.name, 'x', sizeof p.name - 1);
    assert_int_equal(qw_auth_proof_seal(&p, key, root_of(report_key, one_time_key), data, &len),
                     QW_OK);
    assert_int_equal(qw_auth_proof_read(data, len, &p), QW_OK);
    EVP_PKEY_free(key);
    EVP_PKEY_free(weak);
}

static void an_answer_is_of_who_has_both_keys(void **state)
{
    struct qw_auth_answer a = { .time_ms = 11, .until_ms = 12, .proof_hash = { 13 } };
    struct qw_auth_answer back;
    uint8_t data[QW_AUTH_ANSWER_LEN + 1] = { 0 };

    (void)state;
    assert_int_equal(qw_auth_answer_seal(&a, root_of(report_key, one_time_key), data), QW_OK);
    assert_int_equal(
        qw_auth_answer_open(data, QW_AUTH_ANSWER_LEN, root_of(report_key, one_time_key), &back),
        QW_OK);
    assert_int_equal(back.until_ms, 12);
    assert_int_equal(back.proof_hash[0], 13);
    assert_int_equal(
        qw_auth_answer_open(data, QW_AUTH_ANSWER_LEN, root_of(report_key, other_key), &back),
        QW_ERR_AUTH);
    assert_int_equal(
        qw_auth_answer_open(data, QW_AUTH_ANSWER_LEN, root_of(other_key, one_time_key), &back),
        QW_ERR_AUTH);
    for (size_t cut = 0; cut < QW_AUTH_ANSWER_LEN; cut++) {
        assert_int_equal(qw_auth_answer_open(data, cut, root_of(report_key, one_time_key), &back),
                         QW_ERR_FORMAT);
    }
    assert_int_equal(
        qw_auth_answer_open(data, QW_AUTH_ANSWER_LEN + 1, root_of(report_key, one_time_key), &back),
        QW_ERR_FORMAT);
    for (size_t bit = 0; bit < QW_AUTH_ANSWER_LEN * 8; bit++) {
        flip(data, bit);
        assert_int_not_equal(
            qw_auth_answer_open(data, QW_AUTH_ANSWER_LEN, root_of(report_key, one_time_key), &back),
            QW_OK);
        flip(data, bit);
    }
}

static void an_ask_has_a_name(void **state)
{
    uint8_t data[QW_AUTH_ASK_MAX + 1] = { 0 };
    char name[QW_CERTIFICATE_URI_CAP], long_name[QW_CERTIFICATE_URI_CAP + 1];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_auth_ask_encode(NAME, data, &len), QW_OK);
    assert_memory_equal(data, "QWQ\x01\x1a" NAME, len);
    assert_int_equal(qw_auth_ask_read(data, len, name), QW_OK);
    assert_string_equal(name, NAME);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_auth_ask_read(data, cut, name), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_auth_ask_read(data, len + 1, name), QW_ERR_FORMAT);
    assert_int_equal(qw_auth_ask_read((const uint8_t *)"QWQ\x01", 5, name), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < 5 * 8; bit++) {
        flip(data, bit);
        assert_int_equal(qw_auth_ask_read(data, len, name), QW_ERR_FORMAT);
        flip(data, bit);
    }
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(qw_auth_ask_encode(long_name, data, &len), QW_ERR_ARG);
    assert_int_equal(qw_auth_ask_encode("", data, &len), QW_ERR_ARG);
    long_name[sizeof long_name - 2] = '\0';
    assert_int_equal(qw_auth_ask_encode(long_name, data, &len), QW_OK);
    assert_int_equal(len, QW_AUTH_ASK_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_is_for_one_name_and_unchanged),
        cmocka_unit_test(each_kind_of_key_proves),
        cmocka_unit_test(neither_factor_is_the_other),
        cmocka_unit_test(every_truncation_and_flipped_bit_of_a_proof_is_found),
        cmocka_unit_test(a_proof_without_name_or_challenge_is_not_made),
        cmocka_unit_test(an_answer_is_of_who_has_both_keys),
        cmocka_unit_test(an_ask_has_a_name),
    };

    return cmocka_run_group_tests_name("api.authentication", tests, NULL, NULL);
}
