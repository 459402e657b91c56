/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 S2 S4 */
/* Requests for a certificate: good ones of every profile, weak keys, no proof of the private key,
 * names that are none, every truncation and every flipped bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/signing_request.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "urn:qwave:sae:app-1"

static qw_err read_text(const char *text, struct qw_signing_request *request)
{
    const char *why = NULL;
    qw_err err = qw_signing_request_read(text, strlen(text), request, &why);

    assert_true(err == QW_OK || (why != NULL && why[0] != '\0'));
    return err;
}

static void what_is_made_is_read_again_for_every_profile(void **state)
{
    static const char *const hosts[] = { "centre.example", "192.0.2.7", "2001:db8::7" };

    (void)state;
    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        enum qw_certificate_profile profile = (enum qw_certificate_profile)i;
        struct qw_signing_request_made made;
        struct qw_signing_request request;

        assert_int_equal(qw_certificate_profile_by_name(qw_certificate_profile_names[i]), profile);
        assert_int_equal(qw_signing_request_new(profile, NAME, hosts, 3, &made), QW_OK);
        assert_non_null(strstr(made.key, "PRIVATE KEY"));
        assert_int_equal(read_text(made.request, &request), QW_OK);
        assert_int_equal(request.profile, profile);
        assert_string_equal(request.uri, NAME);
        assert_int_equal(request.host_count, 3);
        for (size_t h = 0; h < 3; h++) {
            assert_string_equal(request.hosts[h], hosts[h]);
        }
        qw_signing_request_free(&request);
    }
    assert_int_equal(qw_certificate_profile_by_name("rsa"), QW_CERTIFICATE_PROFILE_COUNT);
}

static void makes_none_for_what_is_no_name(void **state)
{
    static const char *const bad_hosts[] = { "a,b" };
    struct qw_signing_request_made made;
    char long_name[200];

    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, "", NULL, 0, &made), QW_ERR_ARG);
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, "a b", NULL, 0, &made),
                     QW_ERR_ARG);
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, "a,DNS:b", NULL, 0, &made),
                     QW_ERR_ARG);
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, long_name, NULL, 0, &made),
                     QW_ERR_ARG);
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, NAME, bad_hosts, 1, &made),
                     QW_ERR_ARG);
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_PROFILE_COUNT, NAME, NULL, 0, &made),
                     QW_ERR_ARG);
}

/* A request as another program could make it; signer: NULL for the key itself. */
static qw_err read_foreign(EVP_PKEY *key, EVP_PKEY *signer, const EVP_MD *hash, const char *name,
                           const char *san)
{
    X509_REQ *request = X509_REQ_new();
    struct qw_signing_request read;
    BIO *bio = BIO_new(BIO_s_mem());
    char text[4096] = "";
    qw_err err;

    assert_non_null(key);
    assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN",
                                                MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                                                0),
                     1);
    if (san != NULL) {
        STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

        sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
        assert_int_equal(X509_REQ_add_extensions(request, list), 1);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }
    assert_true(X509_REQ_sign(request, signer == NULL ? key : signer, hash) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
    assert_true(BIO_read(bio, text, sizeof text - 1) > 0);
    BIO_free(bio);
    X509_REQ_free(request);
    err = read_text(text, &read);
    if (err == QW_OK) {
        qw_signing_request_free(&read);
    }
    return err;
}

static void weak_keys_and_hashes_are_refused(void **state)
{
    EVP_PKEY *weak[] = { EVP_RSA_gen(1024), EVP_RSA_gen(2048), EVP_EC_gen("P-224"),
                         EVP_EC_gen("secp256k1"), EVP_EC_gen("P-192") };
    EVP_PKEY *good = EVP_EC_gen("P-256");

    (void)state;
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        assert_int_equal(read_foreign(weak[i], NULL, EVP_sha256(), NAME, NULL), QW_ERR_REFUSED);
        EVP_PKEY_free(weak[i]);
    }
    assert_int_equal(read_foreign(good, NULL, EVP_sha256(), NAME, NULL), QW_OK);
    assert_int_equal(read_foreign(good, NULL, EVP_sha384(), NAME, NULL), QW_OK);
    assert_int_equal(read_foreign(good, NULL, EVP_sha1(), NAME, NULL), QW_ERR_AUTH); /* S2 */
    EVP_PKEY_free(good);
}

static void nobody_gets_one_for_a_key_that_he_does_not_have(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *other = EVP_EC_gen("P-256");

    (void)state;
    assert_int_equal(read_foreign(key, other, EVP_sha256(), NAME, NULL), QW_ERR_AUTH);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void only_one_uri_and_hosts_are_names(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    (void)state;
    assert_int_equal(read_foreign(key, NULL, EVP_sha256(), "other", "URI:" NAME), QW_OK);
    assert_int_equal(read_foreign(key, NULL, EVP_sha256(), "x", "URI:" NAME ",URI:urn:b"),
                     QW_ERR_FORMAT);
    assert_int_equal(read_foreign(key, NULL, EVP_sha256(), "x", "URI:" NAME ",email:a@example"),
                     QW_ERR_FORMAT);
    assert_int_equal(read_foreign(key, NULL, EVP_sha256(), "x", "URI:" NAME ",DNS:a b"),
                     QW_ERR_FORMAT);
    assert_int_equal(read_foreign(key, NULL, EVP_sha256(), "with space", NULL), QW_ERR_FORMAT);
    EVP_PKEY_free(key);
}

static void every_truncation_is_refused(void **state)
{
    struct qw_signing_request_made made;
    struct qw_signing_request request;
    const char *why;
    size_t len;

    (void)state;
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_ED25519, NAME, NULL, 0, &made), QW_OK);
    len = strlen(made.request) - strlen("-\n");
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_signing_request_read(made.request, cut, &request, &why), QW_ERR_FORMAT);
    }
    memset(made.request, 'x', sizeof made.request - 1);
    assert_int_equal(
        qw_signing_request_read(made.request, QW_SIGNING_REQUEST_CAP + 1, &request, &why),
        QW_ERR_FORMAT);
}

/* In the DER form: no bit of a signed request may change, and none of the signature. */
static void every_flipped_bit_is_refused(void **state)
{
    struct qw_signing_request_made made;
    uint8_t *der = NULL;
    char *name = NULL, *header = NULL;
    long len = 0;
    BIO *in;

    (void)state;
    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_ED25519, NAME, NULL, 0, &made), QW_OK);
    in = BIO_new_mem_buf(made.request, -1);
    assert_int_equal(PEM_read_bio(in, &name, &header, &der, &len), 1);
    BIO_free(in);
    for (long i = 0; i < len * 8; i++) {
        struct qw_signing_request request;
        BIO *out = BIO_new(BIO_s_mem());
        char text[4096] = "";

        der[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_true(PEM_write_bio(out, name, "", der, len) > 0);
        der[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_true(BIO_read(out, text, sizeof text - 1) > 0);
        BIO_free(out);
        assert_int_not_equal(read_text(text, &request), QW_OK);
    }
    OPENSSL_free(der);
    OPENSSL_free(name);
    OPENSSL_free(header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_read_again_for_every_profile),
        cmocka_unit_test(makes_none_for_what_is_no_name),
        cmocka_unit_test(weak_keys_and_hashes_are_refused),
        cmocka_unit_test(nobody_gets_one_for_a_key_that_he_does_not_have),
        cmocka_unit_test(only_one_uri_and_hosts_are_names),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
    };

    return cmocka_run_group_tests_name("api.certificate_signing_request", tests, NULL, NULL);
}
