/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 S4 */
/* An authority in memory, what it signs, and its lists of revocations, for every profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/authority.h"
#include "api/certificate/leaf.h"
#include "api/certificate/list.h"
#include "base/secret.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static struct qw_certificate_authority *found(enum qw_certificate_profile profile)
{
    struct qw_certificate_authority *authority = NULL;

    assert_int_equal(qw_certificate_authority_new("centre-1", profile, 0, &authority), QW_OK);
    assert_int_equal(authority->profile, profile);
    return authority;
}

#define EACH_PROFILE(profile) \
    for (enum qw_certificate_profile profile = QW_CERTIFICATE_P256; \
         profile < QW_CERTIFICATE_PROFILE_COUNT; \
         profile = (enum qw_certificate_profile)(profile + 1))

static void signs_itself_and_leaves_and_outlives_a_record(void **state)
{
    (void)state;
    EACH_PROFILE(profile)
    {
        struct qw_certificate_authority *authority = found(profile);
        struct qw_certificate_authority *back = NULL;
        struct qw_certificate_authority_pack pack;
        struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                                  .uri = "urn:qwave:sae:a",
                                                  .days = 3,
                                                  .status_url = "http://127.0.0.1:8080/ocsp" };
        EVP_PKEY *key = qw_certificate_key_new(profile);
        struct qw_certificate_made made;
        X509 *leaf;
        STACK_OF(OPENSSL_STRING) * urls;

        assert_true(qw_certificate_verify(authority->certificate, authority->key));
        assert_int_equal(X509_check_ca(authority->certificate), 1);
        assert_int_equal(qw_certificate_authority_pack(authority, &pack), QW_OK);
        assert_int_equal(qw_certificate_authority_unpack(&pack, &back), QW_OK);
        assert_int_equal(back->profile, profile);
        assert_true(qw_certificate_request_ok(&request));
        leaf = qw_certificate_leaf_new(back, &request, key);
        assert_non_null(leaf);
        assert_true(qw_certificate_verify(leaf, authority->key));
        assert_false(qw_certificate_verify(leaf, key));
        assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT);
        urls = X509_get1_ocsp(leaf);
        assert_int_equal(sk_OPENSSL_STRING_num(urls), 1);
        assert_string_equal(sk_OPENSSL_STRING_value(urls, 0), request.status_url);
        X509_email_free(urls);
        assert_int_equal(qw_certificate_describe(leaf, &made), QW_OK);
        assert_int_equal(made.not_after_ms - made.not_before_ms, 3 * 86400000);
        X509_free(leaf);
        EVP_PKEY_free(key);
        qw_wipe(&pack, sizeof pack);
        qw_certificate_authority_free(authority);
        qw_certificate_authority_free(back);
    }
}

static void a_damaged_record_is_no_authority(void **state)
{
    struct qw_certificate_authority *authority = found(QW_CERTIFICATE_P256);
    struct qw_certificate_authority *other = found(QW_CERTIFICATE_P256);
    struct qw_certificate_authority *back = NULL;
    struct qw_certificate_authority_pack pack, foreign;

    (void)state;
    assert_int_equal(qw_certificate_authority_pack(authority, &pack), QW_OK);
    assert_int_equal(qw_certificate_authority_pack(other, &foreign), QW_OK);
    memcpy(foreign.certificate, pack.certificate, pack.certificate_len);
    foreign.certificate_len = pack.certificate_len;
    assert_int_equal(qw_certificate_authority_unpack(&foreign, &back), QW_ERR_AUTH);
    for (size_t cut = 0; cut < pack.key_len; cut++) {
        foreign = pack;
        foreign.key_len = cut;
        assert_int_equal(qw_certificate_authority_unpack(&foreign, &back), QW_ERR_FORMAT);
    }
    assert_null(back);
    qw_certificate_authority_free(authority);
    qw_certificate_authority_free(other);
}

static void refuses_what_cannot_be_a_request(void **state)
{
    const char *hosts[] = { "a" };
    struct qw_certificate_authority *authority = NULL;
    struct qw_certificate_request client = { .purpose = QW_CERTIFICATE_CLIENT, .uri = "urn:a" };

    (void)state;
    assert_true(qw_certificate_request_ok(&client));
    client.status_url = "http://a b";
    assert_false(qw_certificate_request_ok(&client));
    client.status_url = NULL;
    client.hosts = hosts;
    client.host_count = 1;
    assert_false(qw_certificate_request_ok(&client));
    assert_int_equal(qw_certificate_authority_new("", QW_CERTIFICATE_P256, 0, &authority),
                     QW_ERR_ARG);
    assert_int_equal(qw_certificate_authority_new("a", QW_CERTIFICATE_PROFILE_COUNT, 0, &authority),
                     QW_ERR_ARG);
}

static void a_list_names_whom_it_should(void **state)
{
    const struct qw_certificate_revoked revoked[] = {
        { .serial = { 1, 2 }, .revoked_ms = 1795370000000, .reason = QW_REVOKED_KEY_COMPROMISE },
        { .serial = { 3 }, .revoked_ms = 1795370001000 },
    };

    (void)state;
    EACH_PROFILE(profile)
    {
        struct qw_certificate_authority *authority = found(profile);
        struct qw_certificate_list list;
        const unsigned char *at;
        X509_CRL *crl;
        ASN1_INTEGER *number;
        time_t begins;

        assert_int_equal(qw_certificate_list_sign(authority, 77, 7, revoked, 2, &list), QW_OK);
        at = list.der;
        crl = d2i_X509_CRL(NULL, &at, (long)list.der_len);
        assert_non_null(crl);
        assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
        number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
        assert_int_equal(ASN1_INTEGER_get(number), 77);
        begins = time(NULL) - 60; /* no clock that is a little behind takes it for one of later */
        assert_int_equal(X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &begins), -1);
        if (profile != QW_CERTIFICATE_SM2) { /* OpenSSL 3.0 takes no id for the check of a list */
            assert_int_equal(X509_CRL_verify(crl, authority->key), 1);
        }
        ASN1_INTEGER_free(number);
        X509_CRL_free(crl);
        qw_certificate_list_free(&list);
        qw_certificate_authority_free(authority);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_itself_and_leaves_and_outlives_a_record),
        cmocka_unit_test(a_damaged_record_is_no_authority),
        cmocka_unit_test(refuses_what_cannot_be_a_request),
        cmocka_unit_test(a_list_names_whom_it_should),
    };

    return cmocka_run_group_tests_name("api.certificate_authority", tests, NULL, NULL);
}
