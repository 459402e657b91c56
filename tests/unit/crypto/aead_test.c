/* SPDX-License-Identifier: Apache-2.0 */
/* rows: S1 S4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "crypto/aead_backend.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"
#include "support/wycheproof.h"
#include "vectors/aead.h"

#include <gcrypt.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, NULL, (void), ());
FAIL_NTH(int, EVP_CipherInit_ex, 0,
         (EVP_CIPHER_CTX * context, const EVP_CIPHER *cipher, ENGINE *engine,
          const unsigned char *key, const unsigned char *iv, int is_encrypt),
         (context, cipher, engine, key, iv, is_encrypt));
FAIL_NTH(int, EVP_CipherUpdate, 0,
         (EVP_CIPHER_CTX * context, unsigned char *out, int *out_len, const unsigned char *in,
          int len),
         (context, out, out_len, in, len));
FAIL_NTH(int, EVP_CipherFinal_ex, 0, (EVP_CIPHER_CTX * context, unsigned char *out, int *len),
         (context, out, len));
FAIL_NTH(int, EVP_CIPHER_CTX_ctrl, 0, (EVP_CIPHER_CTX * context, int type, int len, void *data),
         (context, type, len, data));
FAIL_NTH(gcry_error_t, gcry_cipher_open, GPG_ERR_CIPHER_ALGO,
         (gcry_cipher_hd_t * handle, int algorithm, int mode, unsigned flags),
         (handle, algorithm, mode, flags));
FAIL_NTH(gcry_error_t, gcry_cipher_setkey, GPG_ERR_INV_KEYLEN,
         (gcry_cipher_hd_t handle, const void *key, size_t len), (handle, key, len));
FAIL_NTH(gcry_error_t, gcry_cipher_setiv, GPG_ERR_INV_LENGTH,
         (gcry_cipher_hd_t handle, const void *iv, size_t len), (handle, iv, len));
FAIL_NTH(gcry_error_t, gcry_cipher_authenticate, GPG_ERR_INV_STATE,
         (gcry_cipher_hd_t handle, const void *data, size_t len), (handle, data, len));
FAIL_NTH(gcry_error_t, gcry_cipher_encrypt, GPG_ERR_INV_STATE,
         (gcry_cipher_hd_t handle, void *out, size_t cap, const void *in, size_t len),
         (handle, out, cap, in, len));
FAIL_NTH(gcry_error_t, gcry_cipher_decrypt, GPG_ERR_INV_STATE,
         (gcry_cipher_hd_t handle, void *out, size_t cap, const void *in, size_t len),
         (handle, out, cap, in, len));
FAIL_NTH(gcry_error_t, gcry_cipher_gettag, GPG_ERR_INV_STATE,
         (gcry_cipher_hd_t handle, void *tag, size_t len), (handle, tag, len));
FAIL_NTH(gcry_error_t, gcry_cipher_checktag, GPG_ERR_CHECKSUM,
         (gcry_cipher_hd_t handle, const void *tag, size_t len), (handle, tag, len));

enum { LARGE_LEN = 5000 };

static const enum qw_aead both[] = { QW_AEAD_AES256_GCM, QW_AEAD_SM4_GCM };
static const uint8_t key[QW_AEAD_KEY_LEN_MAX] = "not a key that anybody would use";
static const struct qw_bytes aad = { "header", 6 };

static void check_one(enum qw_aead aead, const char *fields[6], bool is_valid)
{
    const struct qw_aead_backend *backend = qw_aead_backend(aead);
    uint8_t *bytes[6];
    size_t len[6];
    uint8_t out[1024], tag[QW_AEAD_TAG_LEN];
    struct qw_aead_call call;

    for (size_t i = 0; i < 6; i++) {
        bytes[i] = hex_bytes(fields[i], &len[i]);
    }
    assert_int_equal(len[0], backend->info.key_len);
    assert_int_equal(len[1], QW_AEAD_NONCE_LEN);
    assert_int_equal(len[3], len[4]);
    assert_in_range(len[3], 0, sizeof out);
    assert_int_equal(len[5], QW_AEAD_TAG_LEN);
    call = (struct qw_aead_call){ .key = bytes[0],
                                  .nonce = bytes[1],
                                  .aad = { bytes[2], len[2] },
                                  .in = bytes[3],
                                  .len = len[3],
                                  .out = out };
    if (is_valid) {
        assert_int_equal(backend->encrypt(&call, tag), QW_OK);
        assert_memory_equal(out, bytes[4], len[4]);
        assert_memory_equal(tag, bytes[5], sizeof tag);
    }
    call.in = bytes[4];
    assert_int_equal(backend->decrypt(&call, bytes[5]), is_valid ? QW_OK : QW_ERR_AUTH);
    if (is_valid) {
        assert_memory_equal(out, bytes[3], len[3]);
    }
    for (size_t i = 0; i < 6; i++) {
        free(bytes[i]);
    }
}

static void known_answers_are_those_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(aead_vectors); i++) {
        const struct aead_vector *v = &aead_vectors[i];
        const char *fields[6] = { v->key, v->nonce, v->aad, v->plain, v->cipher, v->tag };

        check_one(v->aead, fields, true);
    }
}

static int checked;

static void check_wycheproof(enum qw_aead aead, const cJSON *group, const cJSON *test)
{
    const char *fields[6] = { wycheproof_text(test, "key"), wycheproof_text(test, "iv"),
                              wycheproof_text(test, "aad"), wycheproof_text(test, "msg"),
                              wycheproof_text(test, "ct"),  wycheproof_text(test, "tag") };

    /* Other sizes of key and nonce have no name in our interface: no caller can ask for them. */
    if (wycheproof_number(group, "ivSize") == 8 * QW_AEAD_NONCE_LEN &&
        wycheproof_number(group, "keySize") == 8 * (int)qw_aead_info(aead)->key_len) {
        check_one(aead, fields, wycheproof_is_valid(test));
        checked++;
    }
}

static void check_aes(const cJSON *group, const cJSON *test)
{
    check_wycheproof(QW_AEAD_AES256_GCM, group, test);
}

static void check_sm4(const cJSON *group, const cJSON *test)
{
    check_wycheproof(QW_AEAD_SM4_GCM, group, test);
}

static void agrees_with_a_file(const char *file,
                               void (*check)(const cJSON *group, const cJSON *test), int at_least)
{
    cJSON *root = wycheproof_load(file);

    if (root == NULL) {
        skip();
    }
    checked = 0;
    wycheproof_each(root, check);
    cJSON_Delete(root);
    print_message("%s: %d cases fit our sizes\n", file, checked);
    assert_true(checked >= at_least);
}

static void agrees_with_further_vectors_of_aes_256_gcm(void **state)
{
    (void)state;
    agrees_with_a_file("wycheproof_aes_gcm_test.json", check_aes, 60);
}

static void agrees_with_further_vectors_of_sm4_gcm(void **state)
{
    (void)state;
    agrees_with_a_file("wycheproof_sm4_gcm_test.json", check_sm4, 50);
}

static void what_was_sealed_opens_to_the_same_bytes(void **state)
{
    static const size_t lens[] = { 0,   1,   15,  16,   17,   31,   32,       64,
                                   100, 160, 255, 1023, 1024, 1025, LARGE_LEN };
    uint8_t plain[LARGE_LEN], sealed[LARGE_LEN + QW_AEAD_OVERHEAD], out[LARGE_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i * 31);
    }
    for (size_t a = 0; a < COUNT(both); a++) {
        for (size_t i = 0; i < COUNT(lens); i++) {
            memset(out, 0, sizeof out);
            assert_int_equal(qw_aead_seal(both[a], key, aad, plain, lens[i], sealed), QW_OK);
            assert_int_equal(
                qw_aead_open(both[a], key, aad, sealed, lens[i] + QW_AEAD_OVERHEAD, out), QW_OK);
            assert_memory_equal(out, plain, lens[i]);
        }
    }
}

static void the_callers_scratch_is_wiped(void **state)
{
    static const uint8_t zero[64];
    uint8_t plain[64], sealed[64 + QW_AEAD_OVERHEAD], scratch[64], out[64] = { 0 };

    (void)state;
    memset(plain, 0x3c, sizeof plain);
    for (size_t a = 0; a < COUNT(both); a++) {
        assert_int_equal(qw_aead_seal(both[a], key, aad, plain, sizeof plain, sealed), QW_OK);
        assert_int_equal(
            qw_aead_open_through(both[a], key, aad, sealed, sizeof sealed, scratch, out), QW_OK);
        assert_memory_equal(out, plain, sizeof plain);
        assert_memory_equal(scratch, zero, sizeof scratch);
        sealed[sizeof sealed - 1] ^= 1;
        memset(out, 0, sizeof out);
        assert_int_equal(
            qw_aead_open_through(both[a], key, aad, sealed, sizeof sealed, scratch, out),
            QW_ERR_AUTH);
        assert_memory_equal(out, zero, sizeof out);
        assert_memory_equal(scratch, zero, sizeof scratch);
        assert_int_equal(
            qw_aead_open_through(both[a], key, aad, sealed, QW_AEAD_OVERHEAD - 1, scratch, out),
            QW_ERR_FORMAT);
    }
}

static void assert_refused(enum qw_aead aead, struct qw_bytes header, const uint8_t *sealed,
                           size_t len, qw_err expected)
{
    uint8_t out[2 * LARGE_LEN], untouched[64];

    memset(out, 0xee, sizeof out);
    memset(untouched, 0xee, sizeof untouched);
    assert_int_equal(qw_aead_open(aead, key, header, sealed, len, out), expected);
    assert_memory_equal(out, untouched, sizeof untouched);
}

static void every_flipped_bit_is_refused_and_nothing_is_written(void **state)
{
    uint8_t sealed[40 + QW_AEAD_OVERHEAD], header[6];

    (void)state;
    memcpy(header, aad.data, sizeof header);
    for (size_t a = 0; a < COUNT(both); a++) {
        assert_int_equal(qw_aead_seal(both[a], key, aad, key, 32, sealed), QW_OK);
        for (size_t bit = 0; bit < 8 * (32 + QW_AEAD_OVERHEAD); bit++) {
            sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_refused(both[a], aad, sealed, 32 + QW_AEAD_OVERHEAD, QW_ERR_AUTH);
            sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * sizeof header; bit++) {
            header[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_refused(both[a], (struct qw_bytes){ header, sizeof header }, sealed,
                           32 + QW_AEAD_OVERHEAD, QW_ERR_AUTH);
            header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void a_flip_in_a_large_message_is_refused_as_well(void **state)
{
    static uint8_t sealed[LARGE_LEN + QW_AEAD_OVERHEAD], plain[LARGE_LEN];

    (void)state;
    for (size_t a = 0; a < COUNT(both); a++) {
        assert_int_equal(qw_aead_seal(both[a], key, aad, plain, LARGE_LEN, sealed), QW_OK);
        sealed[LARGE_LEN / 2] ^= 1;
        assert_refused(both[a], aad, sealed, sizeof sealed, QW_ERR_AUTH);
    }
}

static void every_truncation_is_refused_also_a_tag_of_no_bytes(void **state)
{
    uint8_t sealed[32 + QW_AEAD_OVERHEAD + 1] = { 0 };

    (void)state;
    for (size_t a = 0; a < COUNT(both); a++) {
        assert_int_equal(qw_aead_seal(both[a], key, aad, key, 32, sealed), QW_OK);
        for (size_t len = 0; len < 32 + QW_AEAD_OVERHEAD; len++) {
            assert_refused(both[a], aad, sealed, len,
                           len < QW_AEAD_OVERHEAD ? QW_ERR_FORMAT : QW_ERR_AUTH);
        }
        assert_refused(both[a], aad, sealed, 32 + QW_AEAD_OVERHEAD + 1, QW_ERR_AUTH);
    }
}

static void another_key_or_no_header_is_refused(void **state)
{
    uint8_t sealed[32 + QW_AEAD_OVERHEAD], other[QW_AEAD_KEY_LEN_MAX], out[32];

    (void)state;
    memcpy(other, key, sizeof other);
    other[0] ^= 1;
    for (size_t a = 0; a < COUNT(both); a++) {
        assert_int_equal(qw_aead_seal(both[a], key, aad, key, 32, sealed), QW_OK);
        assert_refused(both[a], (struct qw_bytes){ NULL, 0 }, sealed, sizeof sealed, QW_ERR_AUTH);
        assert_int_equal(qw_aead_open(both[a], other, aad, sealed, sizeof sealed, out),
                         QW_ERR_AUTH);
    }
}

static int by_nonce(const void *a, const void *b)
{
    return memcmp(a, b, QW_AEAD_NONCE_LEN);
}

static void no_nonce_comes_twice_under_one_key(void **state)
{
    enum { SEALS = 20000 };
    static uint8_t nonces[SEALS][QW_AEAD_NONCE_LEN];
    uint8_t sealed[QW_AEAD_OVERHEAD];

    (void)state;
    for (size_t i = 0; i < SEALS; i++) {
        assert_int_equal(qw_aead_seal(QW_AEAD_AES256_GCM, key, aad, NULL, 0, sealed), QW_OK);
        memcpy(nonces[i], sealed, QW_AEAD_NONCE_LEN);
    }
    qsort(nonces, SEALS, QW_AEAD_NONCE_LEN, by_nonce);
    for (size_t i = 1; i < SEALS; i++) { /* false alarm: 2e8 pairs / 2^96 */
        assert_memory_not_equal(nonces[i - 1], nonces[i], QW_AEAD_NONCE_LEN);
    }
}

static void each_failing_call_is_an_error_that_gives_nothing_away(void **state)
{
    static uint8_t plain[LARGE_LEN], sealed[LARGE_LEN + QW_AEAD_OVERHEAD], out[LARGE_LEN];
    static const uint8_t untouched[32];

    (void)state;
    memset(plain, 0xaa, sizeof plain);
    for (size_t a = 0; a < COUNT(both); a++) {
        qw_err err = QW_ERR_STATE;
        int n;

        for (n = 1; err != QW_OK; n++) {
            assert_true(n < 20);
            memset(sealed, 0, sizeof sealed);
            fail_nth = n;
            err = qw_aead_seal(both[a], key, aad, plain, LARGE_LEN, sealed);
            assert_true(err == QW_OK || fail_nth == 0);
            if (err != QW_OK) {
                assert_memory_equal(sealed + QW_AEAD_NONCE_LEN, untouched, sizeof untouched);
            }
        }
        assert_true(n > 5);
        err = QW_ERR_STATE;
        for (n = 1; err != QW_OK; n++) {
            assert_true(n < 20);
            memset(out, 0, sizeof out);
            fail_nth = n;
            err = qw_aead_open(both[a], key, aad, sealed, sizeof sealed, out);
            assert_true(err == QW_OK || fail_nth == 0);
            if (err != QW_OK) {
                assert_memory_equal(out, untouched, sizeof untouched);
            }
        }
        assert_true(n > 5);
        fail_nth = 0;
        assert_memory_equal(out, plain, LARGE_LEN);
    }
}

static void a_length_that_the_library_cannot_count_is_refused(void **state)
{
    uint8_t tag[QW_AEAD_TAG_LEN] = { 0 };
    struct qw_aead_call call = { .key = key, .nonce = key, .len = (size_t)INT_MAX + 1 };

    (void)state;
    assert_int_equal(qw_aead_openssl_aes256_gcm.encrypt(&call, tag), QW_ERR_ARG);
    assert_int_equal(qw_aead_openssl_aes256_gcm.decrypt(&call, tag), QW_ERR_ARG);
    call.len = 0;
    call.aad.len = (size_t)INT_MAX + 1;
    assert_int_equal(qw_aead_openssl_aes256_gcm.encrypt(&call, tag), QW_ERR_ARG);
}

static void descriptors_say_what_serves_each_algorithm(void **state)
{
    const struct qw_aead_info *aes = qw_aead_info(QW_AEAD_AES256_GCM);
    const struct qw_aead_info *sm4 = qw_aead_info(QW_AEAD_SM4_GCM);

    (void)state;
    assert_string_equal(aes->name, "AES-256-GCM");
    assert_int_equal(aes->key_len, 32); /* [S1] */
    assert_true(strncmp(aes->library, "OpenSSL 3.", 10) == 0);
    assert_true(aes->is_available);
    assert_string_equal(sm4->name, "SM4-GCM");
    assert_int_equal(sm4->key_len, 16);
    assert_true(strncmp(sm4->library, "libgcrypt ", 10) == 0);
    assert_string_equal(sm4->constant_time, "no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_are_those_of_the_standards),
        cmocka_unit_test(agrees_with_further_vectors_of_aes_256_gcm),
        cmocka_unit_test(agrees_with_further_vectors_of_sm4_gcm),
        cmocka_unit_test(what_was_sealed_opens_to_the_same_bytes),
        cmocka_unit_test(the_callers_scratch_is_wiped),
        cmocka_unit_test(every_flipped_bit_is_refused_and_nothing_is_written),
        cmocka_unit_test(a_flip_in_a_large_message_is_refused_as_well),
        cmocka_unit_test(every_truncation_is_refused_also_a_tag_of_no_bytes),
        cmocka_unit_test(another_key_or_no_header_is_refused),
        cmocka_unit_test(no_nonce_comes_twice_under_one_key),
        cmocka_unit_test(each_failing_call_is_an_error_that_gives_nothing_away),
        cmocka_unit_test(a_length_that_the_library_cannot_count_is_refused),
        cmocka_unit_test(descriptors_say_what_serves_each_algorithm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
