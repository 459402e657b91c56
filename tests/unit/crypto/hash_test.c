/* SPDX-License-Identifier: Apache-2.0 */
/* rows: S2 S4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"
#include "support/wycheproof.h"
#include "vectors/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

FAIL_NTH(EVP_MD_CTX *, EVP_MD_CTX_new, NULL, (void), ());
FAIL_NTH(int, EVP_DigestInit_ex, 0, (EVP_MD_CTX * context, const EVP_MD *type, ENGINE *engine),
         (context, type, engine));
FAIL_NTH(int, EVP_DigestUpdate, 0, (EVP_MD_CTX * context, const void *data, size_t len),
         (context, data, len));
FAIL_NTH(int, EVP_DigestFinal_ex, 0, (EVP_MD_CTX * context, unsigned char *out, unsigned *len),
         (context, out, len));
FAIL_NTH(EVP_MAC *, EVP_MAC_fetch, NULL,
         (OSSL_LIB_CTX * library, const char *name, const char *properties),
         (library, name, properties));
FAIL_NTH(EVP_MAC_CTX *, EVP_MAC_CTX_new, NULL, (EVP_MAC * mac), (mac));
FAIL_NTH(int, EVP_MAC_init, 0,
         (EVP_MAC_CTX * context, const unsigned char *key, size_t len,
          const OSSL_PARAM *parameters),
         (context, key, len, parameters));
FAIL_NTH(int, EVP_MAC_update, 0, (EVP_MAC_CTX * context, const unsigned char *data, size_t len),
         (context, data, len));
FAIL_NTH(int, EVP_MAC_final, 0,
         (EVP_MAC_CTX * context, unsigned char *out, size_t *len, size_t cap),
         (context, out, len, cap));

static void assert_hex(const uint8_t *got, const char *expected_hex)
{
    size_t len;
    uint8_t *expected = hex_bytes(expected_hex, &len);

    assert_memory_equal(got, expected, len);
    free(expected);
}

static void digests_are_those_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hash_vectors); i++) {
        const struct hash_vector *v = &hash_vectors[i];
        const struct qw_bytes part = { v->message, strlen(v->message) };
        uint8_t digest[QW_HASH_LEN_MAX];

        assert_int_equal(strlen(v->digest), 2 * qw_hash_len(v->hash));
        assert_int_equal(qw_hash_of(v->hash, &part, 1, digest), QW_OK);
        assert_hex(digest, v->digest);
    }
}

static void a_message_in_parts_has_the_digest_of_the_whole(void **state)
{
    static const enum qw_hash hashes[] = { QW_HASH_SHA256, QW_HASH_SHA512, QW_HASH_SM3 };
    uint8_t message[150];

    (void)state;
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)i;
    }
    for (size_t h = 0; h < COUNT(hashes); h++) {
        for (size_t cut = 0; cut <= sizeof message; cut++) {
            const struct qw_bytes whole = { message, sizeof message };
            const struct qw_bytes parts[2] = { { message, cut },
                                               { message + cut, sizeof message - cut } };
            uint8_t a[QW_HASH_LEN_MAX], b[QW_HASH_LEN_MAX];

            assert_int_equal(qw_hash_of(hashes[h], &whole, 1, a), QW_OK);
            assert_int_equal(qw_hash_of(hashes[h], parts, 2, b), QW_OK);
            assert_memory_equal(a, b, qw_hash_len(hashes[h]));
        }
    }
}

static void no_parts_at_all_are_the_empty_message(void **state)
{
    uint8_t digest[QW_HASH_LEN_MAX];

    (void)state;
    assert_int_equal(qw_hash_of(QW_HASH_SHA256, NULL, 0, digest), QW_OK);
    assert_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void only_the_written_length_changes(void **state)
{
    const struct qw_bytes part = { "abc", 3 };
    uint8_t out[QW_HASH_LEN_MAX];

    (void)state;
    memset(out, 0xee, sizeof out);
    assert_int_equal(qw_hash_of(QW_HASH_SM3, &part, 1, out), QW_OK);
    assert_int_equal(out[32], 0xee);
    assert_int_equal(qw_hmac(QW_HASH_SM3, out, 16, &part, 1, out), QW_OK);
    assert_int_equal(out[32], 0xee);
}

static void names_say_which_hash_it_is(void **state)
{
    (void)state;
    assert_string_equal(qw_hash_name(QW_HASH_SHA256), "SHA-256");
    assert_string_equal(qw_hash_name(QW_HASH_SHA512), "SHA-512");
    assert_string_equal(qw_hash_name(QW_HASH_SM3), "SM3");
}

static void hmac_tags_are_those_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hmac_vectors); i++) {
        const struct hmac_vector *v = &hmac_vectors[i];
        size_t key_len, message_len;
        uint8_t *key = hex_bytes(v->key, &key_len);
        uint8_t *message = hex_bytes(v->message, &message_len);
        const struct qw_bytes part = { message, message_len };
        uint8_t tag[QW_HASH_LEN_MAX];

        assert_int_equal(qw_hmac(v->hash, key, key_len, &part, 1, tag), QW_OK);
        assert_hex(tag, v->tag);
        free(key);
        free(message);
    }
}

/* H((key ^ opad) | H((key ^ ipad) | message)) [RFC 2104 2], for keys up to one block of 64 bytes.
 */
static void hmac_reference(enum qw_hash hash, const uint8_t *key, size_t key_len,
                           struct qw_bytes message, uint8_t *out)
{
    uint8_t inner[64], outer[64], digest[QW_HASH_LEN_MAX];
    const struct qw_bytes inner_parts[2] = { { inner, sizeof inner }, message };
    const struct qw_bytes outer_parts[2] = { { outer, sizeof outer },
                                             { digest, qw_hash_len(hash) } };

    for (size_t i = 0; i < sizeof inner; i++) {
        uint8_t k = i < key_len ? key[i] : 0;

        inner[i] = k ^ 0x36;
        outer[i] = k ^ 0x5c;
    }
    assert_int_equal(qw_hash_of(hash, inner_parts, 2, digest), QW_OK);
    assert_int_equal(qw_hash_of(hash, outer_parts, 2, out), QW_OK);
}

static void hmac_follows_its_formula_for_every_key_length(void **state)
{
    static const enum qw_hash hashes[] = { QW_HASH_SHA256, QW_HASH_SM3 };
    uint8_t key[64], expected[QW_HASH_LEN_MAX], tag[QW_HASH_LEN_MAX];
    const struct qw_bytes message = { "where keys come from", 20 };

    (void)state;
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(3 * i + 1);
    }
    for (size_t h = 0; h < COUNT(hashes); h++) {
        for (size_t len = 0; len <= sizeof key; len++) { /* 0: the empty key is a key as well */
            hmac_reference(hashes[h], key, len, message, expected);
            assert_int_equal(qw_hmac(hashes[h], key, len, &message, 1, tag), QW_OK);
            assert_memory_equal(tag, expected, qw_hash_len(hashes[h]));
        }
    }
}

static void hkdf_gives_the_keys_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hkdf_vectors); i++) {
        const struct hkdf_vector *v = &hkdf_vectors[i];
        struct qw_bytes key, salt, info;
        size_t len = strlen(v->out) / 2;
        uint8_t out[128];

        key.data = hex_bytes(v->key, &key.len);
        salt.data = hex_bytes(v->salt, &salt.len);
        info.data = hex_bytes(v->info, &info.len);
        assert_int_equal(qw_hkdf(QW_HASH_SHA256, salt, key, info, out, len), QW_OK);
        assert_hex(out, v->out);
        free((void *)(uintptr_t)key.data);
        free((void *)(uintptr_t)salt.data);
        free((void *)(uintptr_t)info.data);
    }
}

static void a_longer_hkdf_output_begins_with_the_shorter(void **state)
{
    const struct qw_bytes key = { "quantum", 7 }, none = { NULL, 0 };
    uint8_t longest[255 * 32], shorter[100];

    (void)state;
    assert_int_equal(qw_hkdf(QW_HASH_SM3, none, key, none, longest, sizeof longest), QW_OK);
    for (size_t len = 1; len <= sizeof shorter; len++) {
        assert_int_equal(qw_hkdf(QW_HASH_SM3, none, key, none, shorter, len), QW_OK);
        assert_memory_equal(shorter, longest, len);
    }
}

static void hkdf_refuses_a_length_out_of_range(void **state)
{
    const struct qw_bytes key = { "quantum", 7 }, none = { NULL, 0 };
    uint8_t out[1] = { 0xee };

    (void)state;
    assert_int_equal(qw_hkdf(QW_HASH_SHA256, none, key, none, out, 0), QW_ERR_ARG);
    assert_int_equal(qw_hkdf(QW_HASH_SHA256, none, key, none, out, 255 * 32 + 1), QW_ERR_ARG);
    assert_int_equal(qw_hkdf(QW_HASH_SHA512, none, key, none, out, 255 * 64 + 1), QW_ERR_ARG);
    assert_int_equal(out[0], 0xee);
}

static void a_failing_library_call_is_an_error_and_leaves_the_output_alone(void **state)
{
    const struct qw_bytes part = { "abc", 3 };
    uint8_t untouched[32];
    int n;

    (void)state;
    memset(untouched, 0xee, sizeof untouched);
    for (int operation = 0; operation < 3; operation++) {
        uint8_t out[32];
        qw_err err = QW_ERR_STATE;

        for (n = 1; err != QW_OK; n++) {
            assert_true(n < 50);
            memset(out, 0xee, sizeof out);
            fail_nth = n;
            err = operation == 0   ? qw_hash_of(QW_HASH_SHA256, &part, 1, out)
                  : operation == 1 ? qw_hmac(QW_HASH_SHA256, out, 3, &part, 1, out)
                                   : qw_hkdf(QW_HASH_SHA256, part, part, part, out, sizeof out);
            if (fail_nth == 0) {
                assert_int_not_equal(err, QW_OK);
                assert_memory_equal(out, untouched, sizeof out);
            }
        }
        fail_nth = 0;
        assert_true(n > 4); /* several calls did fail */
    }
}

static void check_hmac_sm3(const cJSON *group, const cJSON *test)
{
    size_t key_len, message_len, tag_len;
    uint8_t *key = hex_bytes(wycheproof_text(test, "key"), &key_len);
    uint8_t *message = hex_bytes(wycheproof_text(test, "msg"), &message_len);
    uint8_t *tag = hex_bytes(wycheproof_text(test, "tag"), &tag_len);
    const struct qw_bytes part = { message, message_len };
    uint8_t got[QW_HASH_LEN_MAX];

    (void)group;
    assert_int_equal(qw_hmac(QW_HASH_SM3, key, key_len, &part, 1, got), QW_OK);
    assert_int_equal(memcmp(got, tag, tag_len) == 0, wycheproof_is_valid(test));
    free(key);
    free(message);
    free(tag);
}

static void check_hkdf_sha256(const cJSON *group, const cJSON *test)
{
    struct qw_bytes key, salt, info;
    int size = wycheproof_number(test, "size");
    uint8_t out[255 * 32 + 64];
    qw_err err;

    (void)group;
    assert_in_range(size, 1, sizeof out);
    key.data = hex_bytes(wycheproof_text(test, "ikm"), &key.len);
    salt.data = hex_bytes(wycheproof_text(test, "salt"), &salt.len);
    info.data = hex_bytes(wycheproof_text(test, "info"), &info.len);
    err = qw_hkdf(QW_HASH_SHA256, salt, key, info, out, (size_t)size);
    assert_int_equal(err == QW_OK, wycheproof_is_valid(test));
    if (err == QW_OK) {
        assert_hex(out, wycheproof_text(test, "okm"));
    }
    free((void *)(uintptr_t)key.data);
    free((void *)(uintptr_t)salt.data);
    free((void *)(uintptr_t)info.data);
}

static void agrees_with_a_file(const char *file,
                               void (*check)(const cJSON *group, const cJSON *test), int count)
{
    cJSON *root = wycheproof_load(file);

    if (root == NULL) {
        skip();
    }
    assert_int_equal(wycheproof_each(root, check), count);
    cJSON_Delete(root);
}

static void agrees_with_further_vectors_of_hmac_sm3(void **state)
{
    (void)state;
    agrees_with_a_file("wycheproof_hmac_sm3_test.json", check_hmac_sm3, 174);
}

static void agrees_with_further_vectors_of_hkdf_sha256(void **state)
{
    (void)state;
    agrees_with_a_file("wycheproof_hkdf_sha256_test.json", check_hkdf_sha256, 86);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(a_message_in_parts_has_the_digest_of_the_whole),
        cmocka_unit_test(no_parts_at_all_are_the_empty_message),
        cmocka_unit_test(only_the_written_length_changes),
        cmocka_unit_test(names_say_which_hash_it_is),
        cmocka_unit_test(hmac_tags_are_those_of_the_rfc),
        cmocka_unit_test(hmac_follows_its_formula_for_every_key_length),
        cmocka_unit_test(hkdf_gives_the_keys_of_the_rfc),
        cmocka_unit_test(a_longer_hkdf_output_begins_with_the_shorter),
        cmocka_unit_test(hkdf_refuses_a_length_out_of_range),
        cmocka_unit_test(a_failing_library_call_is_an_error_and_leaves_the_output_alone),
        cmocka_unit_test(agrees_with_further_vectors_of_hmac_sm3),
        cmocka_unit_test(agrees_with_further_vectors_of_hkdf_sha256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
