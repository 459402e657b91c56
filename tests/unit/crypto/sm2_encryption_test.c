/* SPDX-License-Identifier: Apache-2.0 */
/* rows: S4 C7 */
/* SM2 encryption: the standard's example opens; what is made is recomputed here by the formulas of
 * the standard, with the private key; whatever was altered does not open. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/sm2_encryption.h"
#include "support/fail_nth.h"
#include "vectors/sm2.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

enum { WORD = 32, SEALED_CAP = QW_SM2_OVERHEAD + QW_SM2_TEXT_MAX };

FAIL_NTH(EVP_PKEY_CTX *, EVP_PKEY_CTX_new, NULL, (EVP_PKEY * key, ENGINE *engine), (key, engine));
FAIL_NTH(int, EVP_PKEY_encrypt_init, 0, (EVP_PKEY_CTX * context), (context));
FAIL_NTH(int, EVP_PKEY_encrypt, 0,
         (EVP_PKEY_CTX * context, unsigned char *out, size_t *len, const unsigned char *in,
          size_t in_len),
         (context, out, len, in, in_len));
FAIL_NTH(int, EVP_PKEY_decrypt_init, 0, (EVP_PKEY_CTX * context), (context));

static size_t bytes_of(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;

    assert_int_equal(qw_hex_decode(hex, out, len), QW_OK);
    return len;
}

/* private_key may be NULL. */
static EVP_PKEY *key_of(const uint8_t point[static QW_SM2_POINT_LEN], const uint8_t *private_key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *d = private_key == NULL ? NULL : BN_bin2bn(private_key, WORD, NULL);
    OSSL_PARAM *parameters;
    EVP_PKEY *key = NULL;

    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, QW_SM2_POINT_LEN);
    if (d != NULL) {
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d);
    }
    parameters = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    BN_free(d);
    EVP_PKEY_CTX_free(context);
    return key;
}

struct example {
    uint8_t d[WORD], point[QW_SM2_POINT_LEN];
    uint8_t sealed[SEALED_CAP];
    size_t len, text_len;
    const char *text;
    EVP_PKEY *pair, *public_half;
};

static void make(const struct sm2_encryption_vector *vector, struct example *example)
{
    memset(example, 0, sizeof *example);
    bytes_of(vector->private_key, example->d);
    example->point[0] = 4;
    bytes_of(vector->x, example->point + 1);
    bytes_of(vector->y, example->point + 1 + WORD);
    example->sealed[0] = 4;
    bytes_of(vector->c1, example->sealed + 1);
    bytes_of(vector->c3, example->sealed + QW_SM2_POINT_LEN);
    example->text = vector->message;
    example->text_len = bytes_of(vector->c2, example->sealed + QW_SM2_OVERHEAD);
    example->len = QW_SM2_OVERHEAD + example->text_len;
    assert_int_equal(example->text_len, strlen(vector->message));
    example->pair = key_of(example->point, example->d);
    example->public_half = key_of(example->point, NULL);
}

static void unmake(struct example *example)
{
    EVP_PKEY_free(example->pair);
    EVP_PKEY_free(example->public_half);
}

/* [GB/T 32918.4 7.1] from B1 on: the text out of x2, y2 = [d]C1, by this file's own arithmetic. */
static void open_by_the_book(const struct example *example, const uint8_t *sealed, size_t text_len,
                             uint8_t *text)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    EC_POINT *c1 = EC_POINT_new(group);
    BIGNUM *d = BN_bin2bn(example->d, WORD, NULL);
    uint8_t shared[QW_SM2_POINT_LEN], mask[WORD], hash[WORD];

    assert_int_equal(EC_POINT_oct2point(group, c1, sealed, QW_SM2_POINT_LEN, NULL), 1);
    assert_int_equal(EC_POINT_mul(group, c1, NULL, c1, d, NULL), 1);
    assert_int_equal(
        EC_POINT_point2oct(group, c1, POINT_CONVERSION_UNCOMPRESSED, shared, sizeof shared, NULL),
        sizeof shared);
    for (size_t at = 0; at < text_len; at++) {
        if (at % WORD == 0) { /* KDF: SM3 of x2, y2 and a counter from 1 on */
            uint8_t counter[4] = { 0, 0, 0, (uint8_t)(at / WORD + 1) };
            struct qw_bytes parts[2] = { { shared + 1, 2 * WORD }, { counter, sizeof counter } };

            assert_int_equal(qw_hash_of(QW_HASH_SM3, parts, 2, mask), QW_OK);
        }
        text[at] = (uint8_t)(sealed[QW_SM2_OVERHEAD + at] ^ mask[at % WORD]);
    }
    {
        struct qw_bytes parts[3] = { { shared + 1, WORD },
                                     { text, text_len },
                                     { shared + 1 + WORD, WORD } };

        assert_int_equal(qw_hash_of(QW_HASH_SM3, parts, 3, hash), QW_OK);
    }
    assert_memory_equal(hash, sealed + QW_SM2_POINT_LEN, WORD);
    BN_free(d);
    EC_POINT_free(c1);
    EC_GROUP_free(group);
}

static void the_standards_example_opens(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sm2_encryption_vectors / sizeof sm2_encryption_vectors[0]; i++) {
        struct example example;
        uint8_t text[QW_SM2_TEXT_MAX];

        make(&sm2_encryption_vectors[i], &example);
        assert_int_equal(qw_sm2_decrypt(example.pair, example.sealed, example.len, text), QW_OK);
        assert_memory_equal(text, example.text, example.text_len);
        open_by_the_book(&example, example.sealed, example.text_len, text); /* so is this file */
        assert_memory_equal(text, example.text, example.text_len);
        unmake(&example);
    }
}

/* Often enough for coordinates that begin with zeros, or with a one where a sign would be. */
static void what_is_made_is_what_the_standard_says(void **state)
{
    struct example example;
    uint8_t text[QW_SM2_TEXT_MAX], found[QW_SM2_TEXT_MAX], sealed[SEALED_CAP];

    (void)state;
    make(&sm2_encryption_vectors[0], &example);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(7 * i + 1);
    }
    for (size_t round = 0; round < 600; round++) {
        size_t len = round % QW_SM2_TEXT_MAX + 1;

        assert_int_equal(qw_sm2_encrypt(example.public_half, text, len, sealed), QW_OK);
        assert_int_equal(qw_sm2_decrypt(example.pair, sealed, len + QW_SM2_OVERHEAD, found), QW_OK);
        assert_memory_equal(found, text, len);
        open_by_the_book(&example, sealed, len, found);
        assert_memory_equal(found, text, len);
    }
    unmake(&example);
}

static void nothing_altered_and_nothing_cut_opens(void **state)
{
    struct example example, other;
    struct sm2_encryption_vector stranger = sm2_encryption_vectors[0];
    uint8_t text[QW_SM2_TEXT_MAX] = { 0xee };

    (void)state;
    make(&sm2_encryption_vectors[0], &example);
    for (size_t bit = 0; bit < 8 * example.len; bit++) {
        qw_err err;

        example.sealed[bit / 8] = (uint8_t)(example.sealed[bit / 8] ^ 1 << bit % 8);
        err = qw_sm2_decrypt(example.pair, example.sealed, example.len, text);
        assert_int_equal(err, bit < 8 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        example.sealed[bit / 8] = (uint8_t)(example.sealed[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t len = 0; len < example.len; len++) {
        assert_int_equal(qw_sm2_decrypt(example.pair, example.sealed, len, text),
                         len <= QW_SM2_OVERHEAD ? QW_ERR_FORMAT : QW_ERR_AUTH);
    }
    assert_int_equal(qw_sm2_decrypt(example.pair, example.sealed, SEALED_CAP + 1, text),
                     QW_ERR_FORMAT);
    memset(example.sealed + 1, 0, (size_t)2 * WORD); /* no point */
    assert_int_equal(qw_sm2_decrypt(example.pair, example.sealed, example.len, text), QW_ERR_AUTH);
    stranger.private_key = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b9";
    make(&stranger, &other);
    assert_int_equal(qw_sm2_decrypt(other.pair, other.sealed, other.len, text), QW_ERR_AUTH);
    assert_int_equal(text[0], 0xee);
    unmake(&example);
    unmake(&other);
}

static void a_failing_library_call_is_an_error(void **state)
{
    struct example example;
    uint8_t sealed[SEALED_CAP] = { 0xee }, text[QW_SM2_TEXT_MAX] = { 0xee };
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    make(&sm2_encryption_vectors[0], &example);
    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_sm2_encrypt(example.public_half, (const uint8_t *)"text", 4, sealed);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && sealed[0] == 0xee));
    }
    assert_int_equal(n, 5);
    for (n = 1, err = QW_ERR_STATE; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_sm2_decrypt(example.pair, example.sealed, example.len, text);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && text[0] == 0xee));
    }
    fail_nth = 0;
    assert_int_equal(n, 4);
    unmake(&example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_example_opens),
        cmocka_unit_test(what_is_made_is_what_the_standard_says),
        cmocka_unit_test(nothing_altered_and_nothing_cut_opens),
        cmocka_unit_test(a_failing_library_call_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
