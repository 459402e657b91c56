/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 S1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/password_key.h"
#include "crypto/scrypt.h"

#include "support/fail_nth.h"
#include "support/hex_bytes.h"

#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

FAIL_NTH(EVP_KDF *, EVP_KDF_fetch, NULL,
         (OSSL_LIB_CTX * library, const char *name, const char *properties),
         (library, name, properties));
FAIL_NTH(EVP_KDF_CTX *, EVP_KDF_CTX_new, NULL, (EVP_KDF * kdf), (kdf));
FAIL_NTH(int, EVP_KDF_derive, 0,
         (EVP_KDF_CTX * context, unsigned char *key, size_t len, const OSSL_PARAM *parameters),
         (context, key, len, parameters));

static const uint8_t salt[QW_PASSWORD_SALT_LEN] = "salt of 16 bytes";
static const uint8_t password[] = "correct horse battery staple";
static const struct qw_password_cost cheap = { .log2_n = 10, .r = 1, .p = 1 };

static void keys_are_those_of_the_rfc(void **state)
{
    static const struct { /* [RFC 7914 12] but for the fourth, which takes a gigabyte */
        const char *password, *salt;
        struct qw_password_cost cost;
        const char *key;
    } vector[] = {
        { "",
          "",
          { 4, 1, 1 },
          "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
          "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906" },
        { "password",
          "NaCl",
          { 10, 8, 16 },
          "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
          "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640" },
        { "pleaseletmein",
          "SodiumChloride",
          { 14, 8, 1 },
          "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
          "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof vector / sizeof vector[0]; i++) {
        const struct qw_bytes text = { vector[i].password, strlen(vector[i].password) };
        const struct qw_bytes grain = { vector[i].salt, strlen(vector[i].salt) };
        size_t len;
        uint8_t *expected = hex_bytes(vector[i].key, &len);
        uint8_t key[64];

        assert_int_equal(qw_scrypt(vector[i].cost, grain, text, key, sizeof key), QW_OK);
        assert_memory_equal(key, expected, len);
        free(expected);
    }
}

static void the_key_depends_on_password_salt_and_each_cost(void **state)
{
    const struct qw_password_cost costs[] = { cheap, { 11, 1, 1 }, { 10, 2, 1 }, { 10, 1, 2 } };
    uint8_t other_salt[QW_PASSWORD_SALT_LEN], key[6][32];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(qw_password_key(costs[i], salt, password, 28, key[i], 32), QW_OK);
    }
    memcpy(other_salt, salt, sizeof salt);
    other_salt[15] ^= 1;
    assert_int_equal(qw_password_key(cheap, other_salt, password, 28, key[4], 32), QW_OK);
    assert_int_equal(qw_password_key(cheap, salt, password, 27, key[5], 32), QW_OK);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(key[i], key[j], 32);
        }
    }
}

static void a_cost_out_of_range_is_refused(void **state)
{
    static const struct qw_password_cost bad[] = { { 9, 8, 1 },   { 21, 8, 1 }, { 14, 0, 1 },
                                                   { 14, 33, 1 }, { 14, 8, 0 }, { 14, 8, 17 } };
    uint8_t key[32] = { 0xee };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_password_key(bad[i], salt, password, 28, key, 32), QW_ERR_ARG);
    }
    assert_int_equal(qw_password_key(cheap, salt, password, 28, key, 0), QW_ERR_ARG);
    assert_int_equal(key[0], 0xee);
}

static void the_ends_of_the_range_work(void **state)
{
    const struct qw_password_cost ends[] = { { 10, 1, 1 }, { 10, 32, 1 }, { 10, 1, 16 } };
    uint8_t key[32];

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        assert_int_equal(qw_password_key(ends[i], salt, password, 28, key, 32), QW_OK);
    }
}

static void the_standard_cost_takes_at_least_128_mebibytes(void **state)
{
    const struct qw_password_cost cost = qw_password_cost_standard;

    (void)state;
    assert_true(((uint64_t)128 * cost.r << cost.log2_n) >= (uint64_t)128 << 20);
}

static void a_failing_library_call_is_an_error(void **state)
{
    uint8_t key[32] = { 0xee };
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_password_key(cheap, salt, password, 28, key, 32);
        assert_true(err == QW_OK || (fail_nth == 0 && key[0] == 0xee));
    }
    fail_nth = 0;
    assert_int_equal(n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_the_rfc),
        cmocka_unit_test(the_key_depends_on_password_salt_and_each_cost),
        cmocka_unit_test(a_cost_out_of_range_is_refused),
        cmocka_unit_test(the_ends_of_the_range_work),
        cmocka_unit_test(the_standard_cost_takes_at_least_128_mebibytes),
        cmocka_unit_test(a_failing_library_call_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
