/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 S2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "crypto/signature/signature.h"

#include <string.h>

static const enum qw_signature_algorithm both[] = { QW_SIGNATURE_P256, QW_SIGNATURE_SM2 };
enum { BOTH = sizeof both / sizeof both[0] };

static struct qw_bytes part_of(const char *text)
{
    return (struct qw_bytes){ .data = text, .len = strlen(text) };
}

static struct qw_public_key public_of(const struct qw_signing_key *key)
{
    struct qw_public_key public_half = { .algorithm = qw_signing_key_algorithm(key) };

    memcpy(public_half.point, qw_signing_key_point(key), sizeof public_half.point);
    return public_half;
}

/* Signed by others than us. */
static void accepts_the_signatures_of_the_standards(void **state)
{
    static const struct {
        enum qw_signature_algorithm algorithm;
        const char *point, *text, *signature;
    } cases[] = {
        /* RFC 6979 A.2.5, P-256 with SHA-256, message "sample" */
        { QW_SIGNATURE_P256,
          "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
          "sample",
          "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
          "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
        /* GB/T 32918.5 A.2, recommended curve, message "message digest" */
        { QW_SIGNATURE_SM2,
          "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
          "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
          "message digest",
          "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
          "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_public_key key = { .algorithm = cases[i].algorithm };
        struct qw_bytes part = part_of(cases[i].text);
        uint8_t signature[QW_SIGNATURE_LEN];

        assert_int_equal(qw_hex_decode(cases[i].point, key.point, sizeof key.point), QW_OK);
        assert_int_equal(qw_hex_decode(cases[i].signature, signature, sizeof signature), QW_OK);
        assert_int_equal(qw_signature_check(&key, &part, 1, signature), QW_OK);
        key.algorithm =
            cases[i].algorithm == QW_SIGNATURE_SM2 ? QW_SIGNATURE_P256 : QW_SIGNATURE_SM2;
        assert_int_equal(qw_signature_check(&key, &part, 1, signature), QW_ERR_AUTH);
    }
}

static void what_was_signed_is_accepted_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOTH; i++) {
        struct qw_signing_key *key = NULL;
        struct qw_bytes parts[2] = { part_of("one, "), part_of("two") };
        struct qw_bytes whole = part_of("one, two");
        struct qw_public_key public_half;
        uint8_t signature[QW_SIGNATURE_LEN];

        assert_int_equal(qw_signing_key_new(both[i], &key), QW_OK);
        assert_int_equal(qw_signing_key_algorithm(key), both[i]);
        public_half = public_of(key);
        assert_int_equal(qw_sign(key, parts, 2, signature), QW_OK);
        assert_int_equal(qw_signature_check(&public_half, &whole, 1, signature), QW_OK);
        assert_int_equal(qw_signature_check(&public_half, parts, 1, signature), QW_ERR_AUTH);
        for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(qw_signature_check(&public_half, &whole, 1, signature), QW_ERR_AUTH);
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        memset(signature, 0, sizeof signature);
        assert_int_equal(qw_signature_check(&public_half, &whole, 1, signature), QW_ERR_AUTH);
        memset(signature, 0xff, sizeof signature);
        assert_int_equal(qw_signature_check(&public_half, &whole, 1, signature), QW_ERR_AUTH);
        qw_signing_key_free(key);
    }
}

static void a_key_comes_back_as_it_was_saved(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOTH; i++) {
        struct qw_signing_key *key = NULL;
        struct qw_signing_key *again = NULL;
        struct qw_bytes part = part_of("text");
        struct qw_public_key public_half;
        uint8_t scalar[QW_SIGNATURE_PRIVATE_LEN];
        uint8_t signature[QW_SIGNATURE_LEN];

        assert_int_equal(qw_signing_key_new(both[i], &key), QW_OK);
        public_half = public_of(key);
        assert_int_equal(qw_signing_key_save(key, scalar), QW_OK);
        assert_int_equal(qw_signing_key_load(both[i], scalar, public_half.point, &again), QW_OK);
        assert_int_equal(qw_sign(again, &part, 1, signature), QW_OK);
        assert_int_equal(qw_signature_check(&public_half, &part, 1, signature), QW_OK);
        qw_signing_key_free(again);
        again = NULL;
        scalar[31] ^= 1; /* not the scalar of that point */
        assert_int_equal(qw_signing_key_load(both[i], scalar, public_half.point, &again),
                         QW_ERR_FORMAT);
        memset(scalar, 0, sizeof scalar);
        assert_int_equal(qw_signing_key_load(both[i], scalar, public_half.point, &again),
                         QW_ERR_FORMAT);
        memset(scalar, 0xff, sizeof scalar);
        assert_int_equal(qw_signing_key_load(both[i], scalar, public_half.point, &again),
                         QW_ERR_FORMAT);
        public_half.point[64] ^= 1; /* not a point of the curve */
        assert_int_equal(qw_signing_key_load(both[i], scalar, public_half.point, &again),
                         QW_ERR_FORMAT);
        assert_int_equal(qw_signature_check(&public_half, &part, 1, signature), QW_ERR_AUTH);
        assert_null(again);
        qw_signing_key_free(key);
    }
}

static void a_public_key_goes_through_pem(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOTH; i++) {
        struct qw_signing_key *key = NULL;
        struct qw_public_key public_half, again = { .algorithm = QW_SIGNATURE_NONE };
        char pem[QW_SIGNATURE_PEM_CAP];
        size_t len;

        assert_int_equal(qw_signing_key_new(both[i], &key), QW_OK);
        public_half = public_of(key);
        assert_int_equal(qw_public_key_write(&public_half, pem), QW_OK);
        len = strlen(pem);
        for (size_t cut = 0; cut + 2 < len; cut++) { /* the last line may do without its end */
            assert_int_equal(qw_public_key_read(pem, cut, &again), QW_ERR_FORMAT);
        }
        assert_int_equal(qw_public_key_read(pem, len, &again), QW_OK);
        assert_int_equal(again.algorithm, both[i]);
        assert_memory_equal(again.point, public_half.point, sizeof again.point);
        public_half.point[64] ^= 1;
        assert_int_equal(qw_public_key_write(&public_half, pem), QW_ERR_FORMAT);
        qw_signing_key_free(key);
    }
}

static void keys_of_other_kinds_are_refused(void **state)
{
    /* RFC 8410 section 10.1: Ed25519 */
    static const char ed25519[] = "-----BEGIN PUBLIC KEY-----\n"
                                  "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                                  "-----END PUBLIC KEY-----\n";
    struct qw_public_key key = { .algorithm = QW_SIGNATURE_NONE };
    struct qw_signing_key *none = NULL;
    struct qw_bytes part = part_of("text");
    uint8_t bytes[QW_SIGNATURE_PUBLIC_LEN] = { 4 };
    char pem[QW_SIGNATURE_PEM_CAP];

    (void)state;
    assert_int_equal(qw_public_key_read(ed25519, sizeof ed25519 - 1, &key), QW_ERR_FORMAT);
    assert_int_equal(qw_public_key_write(&key, pem), QW_ERR_FORMAT);
    assert_int_equal(qw_signature_check(&key, &part, 1, bytes), QW_ERR_AUTH);
    assert_int_equal(qw_signing_key_new(QW_SIGNATURE_NONE, &none), QW_ERR_ARG);
    assert_int_equal(qw_signing_key_load((enum qw_signature_algorithm)3, bytes, bytes, &none),
                     QW_ERR_ARG);
    assert_null(none);
    qw_signing_key_free(NULL);
}

static void names_are_those_of_the_settings(void **state)
{
    (void)state;
    assert_string_equal(qw_signature_name(QW_SIGNATURE_P256), "p256");
    assert_string_equal(qw_signature_name(QW_SIGNATURE_SM2), "sm2");
    assert_string_equal(qw_signature_name(QW_SIGNATURE_NONE), "");
    assert_int_equal(qw_signature_by_name("p256"), QW_SIGNATURE_P256);
    assert_int_equal(qw_signature_by_name("sm2"), QW_SIGNATURE_SM2);
    assert_int_equal(qw_signature_by_name(""), QW_SIGNATURE_NONE);
    assert_int_equal(qw_signature_by_name("rsa"), QW_SIGNATURE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_signatures_of_the_standards),
        cmocka_unit_test(what_was_signed_is_accepted_and_nothing_else),
        cmocka_unit_test(a_key_comes_back_as_it_was_saved),
        cmocka_unit_test(a_public_key_goes_through_pem),
        cmocka_unit_test(keys_of_other_kinds_are_refused),
        cmocka_unit_test(names_are_those_of_the_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
