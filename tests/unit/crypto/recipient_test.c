/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 S3 S4 */
/* A key for who has a private key: both sides find the same, nobody else does. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"
#include "crypto/recipient.h"
#include "support/fail_nth.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { PEM_CAP = 1024 };

FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

struct texts {
    char private_half[PEM_CAP], public_half[PEM_CAP];
};

static void make(const char *curve, struct texts *texts)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    BIO *bio = BIO_new(BIO_s_mem());
    int len;

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    len = BIO_read(bio, texts->private_half, PEM_CAP - 1);
    texts->private_half[len] = '\0';
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    len = BIO_read(bio, texts->public_half, PEM_CAP - 1);
    texts->public_half[len] = '\0';
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static struct qw_recipient *read_text(const char *text)
{
    struct qw_recipient *recipient = NULL;

    assert_int_equal(qw_recipient_read(text, strlen(text), &recipient), QW_OK);
    return recipient;
}

static const char *const curve_names[] = {
    [QW_RECIPIENT_P256] = "P-256", [QW_RECIPIENT_SM2] = "SM2"
};

static void finds(enum qw_recipient_kind kind)
{
    struct texts texts;
    struct qw_recipient *sealer, *reader;
    uint8_t wrapped[QW_RECIPIENT_WRAPPED_MAX], again[QW_RECIPIENT_WRAPPED_MAX];
    size_t len = qw_recipient_wrapped_len(kind);
    uint8_t key[QW_RECIPIENT_KEY_LEN], found[QW_RECIPIENT_KEY_LEN];
    uint8_t hashes[2][QW_RECIPIENT_HASH_LEN];

    make(curve_names[kind], &texts);
    sealer = read_text(texts.public_half);
    reader = read_text(texts.private_half);
    assert_int_equal(qw_recipient_kind(sealer), kind);
    assert_int_equal(qw_recipient_kind(reader), kind);
    assert_false(qw_recipient_can_open(sealer));
    assert_true(qw_recipient_can_open(reader));
    qw_recipient_hash(sealer, hashes[0]);
    qw_recipient_hash(reader, hashes[1]);
    assert_memory_equal(hashes[0], hashes[1], sizeof hashes[0]);
    assert_int_equal(qw_recipient_wrap(sealer, wrapped, key), QW_OK);
    assert_int_equal(qw_recipient_unwrap(reader, wrapped, found), QW_OK);
    assert_memory_equal(key, found, sizeof key);
    assert_int_equal(qw_recipient_wrap(sealer, again, found), QW_OK); /* each time another one */
    assert_memory_not_equal(again, wrapped, len);
    assert_memory_not_equal(found, key, sizeof key);
    qw_recipient_free(sealer);
    qw_recipient_free(reader);
}

static void the_reader_finds_the_sealers_key(void **state)
{
    (void)state;
    assert_int_equal(qw_recipient_wrapped_len(QW_RECIPIENT_P256), QW_RECIPIENT_P256_LEN);
    assert_int_equal(qw_recipient_wrapped_len(QW_RECIPIENT_SM2), QW_RECIPIENT_SM2_LEN);
    finds(QW_RECIPIENT_P256);
    finds(QW_RECIPIENT_SM2);
}

/* A key comes out that is another one, or none. */
static void differs(const struct qw_recipient *reader, const uint8_t *wrapped,
                    const uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    uint8_t found[QW_RECIPIENT_KEY_LEN] = { 0xee };
    qw_err err = qw_recipient_unwrap(reader, wrapped, found);

    assert_true(err == QW_OK || (found[0] == 0xee && found[1] == 0));
    assert_true(err == QW_OK || err == QW_ERR_FORMAT || err == QW_ERR_AUTH);
    assert_true(err != QW_OK || !qw_equal_ct(found, key, sizeof found));
    if (qw_recipient_kind(reader) == QW_RECIPIENT_SM2) {
        assert_int_not_equal(err, QW_OK);
    }
}

static void not_found_by_others(enum qw_recipient_kind kind)
{
    struct texts texts, others;
    struct qw_recipient *sealer, *other, *reader;
    uint8_t wrapped[QW_RECIPIENT_WRAPPED_MAX];
    uint8_t key[QW_RECIPIENT_KEY_LEN], found[QW_RECIPIENT_KEY_LEN];

    make(curve_names[kind], &texts);
    make(curve_names[kind], &others);
    sealer = read_text(texts.public_half);
    reader = read_text(texts.private_half);
    other = read_text(others.private_half);
    assert_int_equal(qw_recipient_wrap(sealer, wrapped, key), QW_OK);
    assert_int_equal(qw_recipient_unwrap(sealer, wrapped, found), QW_ERR_ARG);
    differs(other, wrapped, key);
    for (size_t bit = 0; bit < 8 * qw_recipient_wrapped_len(kind); bit++) {
        wrapped[bit / 8] = (uint8_t)(wrapped[bit / 8] ^ 1 << bit % 8);
        differs(reader, wrapped, key);
        wrapped[bit / 8] = (uint8_t)(wrapped[bit / 8] ^ 1 << bit % 8);
    }
    qw_recipient_free(sealer);
    qw_recipient_free(reader);
    qw_recipient_free(other);
}

static void nobody_else_does(void **state)
{
    (void)state;
    not_found_by_others(QW_RECIPIENT_P256);
    not_found_by_others(QW_RECIPIENT_SM2);
}

static void no_entropy_no_key(void **state)
{
    struct texts texts;
    struct qw_recipient *sealer;
    uint8_t wrapped[QW_RECIPIENT_WRAPPED_MAX] = { 0xee };
    uint8_t key[QW_RECIPIENT_KEY_LEN] = { 0xee };

    (void)state;
    make("SM2", &texts);
    sealer = read_text(texts.public_half);
    fail_nth = 1;
    assert_int_equal(qw_recipient_wrap(sealer, wrapped, key), QW_ERR_IO);
    assert_int_equal(wrapped[0], 0xee);
    assert_int_equal(key[0], 0xee);
    qw_recipient_free(sealer);
}

static void what_is_no_such_key_is_refused(void **state)
{
    struct texts texts;
    struct qw_recipient *recipient = NULL;
    static const char *const bad[] = { "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n" };

    (void)state;
    make("P-384", &texts);
    assert_int_equal(qw_recipient_read(texts.public_half, strlen(texts.public_half), &recipient),
                     QW_ERR_FORMAT);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_recipient_read(bad[i], strlen(bad[i]), &recipient), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_recipient_read("", 0, &recipient), QW_ERR_FORMAT);
    assert_null(recipient);
    qw_recipient_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_finds_the_sealers_key),
        cmocka_unit_test(nobody_else_does),
        cmocka_unit_test(no_entropy_no_key),
        cmocka_unit_test(what_is_no_such_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
