/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "base/file.h"
#include "base/secret.h"
#include "support/fail_nth.h"

FAIL_NTH(X509_CRL *, X509_CRL_new, NULL, (void), ());
FAIL_NTH(X509_REVOKED *, X509_REVOKED_new, NULL, (void), ());
FAIL_NTH(ASN1_TIME *, ASN1_TIME_set, NULL, (ASN1_TIME * out, time_t time), (out, time));
FAIL_NTH(int, X509_CRL_sign, 0, (X509_CRL * list, EVP_PKEY *key, const EVP_MD *hash),
         (list, key, hash));
FAIL_NTH(BIO *, BIO_new_mem_buf, NULL, (const void *data, int len), (data, len));

struct office {
    char folder[64];
    char list[512], client[512], stranger[512];
    struct qw_certificate_authority *authority;
};

static int start(void **state)
{
    struct office *office = calloc(1, sizeof *office);
    char a[512], b[512];

    strcpy(office->folder, "/tmp/qwave-revoke-XXXXXX");
    assert_non_null(mkdtemp(office->folder));
    make_certificates(office->folder);
    in_folder(office->folder, "revoked.pem", office->list);
    in_folder(office->folder, "client.pem", office->client);
    in_folder(office->folder, "stranger.pem", office->stranger);
    assert_int_equal(qw_certificate_authority_open(in_folder(office->folder, "ca.pem", a),
                                                   in_folder(office->folder, "ca.key", b),
                                                   &office->authority),
                     QW_OK);
    *state = office;
    return 0;
}

static int stop(void **state)
{
    struct office *office = *state;

    qw_certificate_authority_free(office->authority);
    remove_folder(office->folder);
    free(office);
    return 0;
}

static X509_CRL *read_list(const struct office *office)
{
    FILE *in = fopen(office->list, "r");
    X509_CRL *list;

    assert_non_null(in);
    list = PEM_read_X509_CRL(in, NULL, NULL, NULL);
    fclose(in);
    assert_non_null(list);
    return list;
}

static long number_of(X509_CRL *list)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
    long value = ASN1_INTEGER_get(number);

    ASN1_INTEGER_free(number);
    return value;
}

static size_t count_of(X509_CRL *list)
{
    int count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list));

    return count < 0 ? 0 : (size_t)count;
}

static void each_list_has_a_higher_number_and_names_who_was_taken_back(void **state)
{
    struct office *office = *state;
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                              .uri = "urn:qwave:sae:second",
                                              .days = 1 };
    char second[512];
    X509_CRL *list;

    assert_int_equal(qw_certificate_list_create(office->authority, office->list), QW_OK);
    list = read_list(office);
    assert_int_equal(number_of(list), 1);
    assert_int_equal(count_of(list), 0);
    assert_int_not_equal(X509_CRL_get_ext_by_NID(list, NID_authority_key_identifier, -1), -1);
    X509_CRL_free(list);
    assert_int_equal(qw_certificate_revoke(office->authority, office->client, office->list), QW_OK);
    issue(office->folder, "ca", "second", &request);
    assert_int_equal(qw_certificate_revoke(office->authority,
                                           in_folder(office->folder, "second.pem", second),
                                           office->list),
                     QW_OK);
    list = read_list(office);
    assert_int_equal(number_of(list), 3);
    assert_int_equal(count_of(list), 2);
    assert_int_equal(X509_cmp_current_time(X509_CRL_get0_lastUpdate(list)), -1);
    assert_int_equal(X509_cmp_current_time(X509_CRL_get0_nextUpdate(list)), 1);
    X509_CRL_free(list);
}

static void refuses_what_is_not_its_own(void **state)
{
    struct office *office = *state;
    struct qw_certificate_authority *foreign = NULL;
    char a[512], b[512];

    assert_int_equal(qw_certificate_revoke(office->authority, office->client, office->list),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_certificate_list_create(office->authority, office->list), QW_OK);
    assert_int_equal(qw_certificate_list_create(office->authority, office->list), QW_ERR_CONFLICT);
    assert_int_equal(qw_certificate_revoke(office->authority, office->stranger, office->list),
                     QW_ERR_AUTH);
    assert_int_equal(qw_certificate_authority_open(in_folder(office->folder, "foreign.pem", a),
                                                   in_folder(office->folder, "foreign.key", b),
                                                   &foreign),
                     QW_OK);
    assert_int_equal(qw_certificate_revoke(foreign, office->stranger, office->list), QW_ERR_AUTH);
    qw_certificate_authority_free(foreign);
    assert_int_equal(qw_certificate_revoke(office->authority, office->list, office->list),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_certificate_revoke(office->authority, office->client, office->client),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_certificate_revoke(office->authority, office->client, office->list), QW_OK);
    assert_int_equal(qw_certificate_revoke(office->authority, office->client, office->list),
                     QW_ERR_CONFLICT);
}

/* A failure leaves the list as it was. */
static void a_failure_in_the_middle_leaves_the_old_list(void **state)
{
    struct office *office = *state;
    qw_err err = QW_ERR_NOMEM;
    int n;

    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_certificate_list_create(office->authority, office->list);
        fail_nth = 0;
        assert_true(err == QW_OK || access(office->list, F_OK) != 0);
    }
    assert_in_range(n, 5, 20);
    err = QW_ERR_NOMEM;
    for (n = 1; err != QW_OK; n++) {
        X509_CRL *list;

        fail_nth = n;
        err = qw_certificate_revoke(office->authority, office->client, office->list);
        fail_nth = 0;
        list = read_list(office);
        assert_int_equal(count_of(list), err == QW_OK);
        X509_CRL_free(list);
    }
    assert_in_range(n, 6, 20);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_list_has_a_higher_number_and_names_who_was_taken_back),
        CASE(refuses_what_is_not_its_own),
        CASE(a_failure_in_the_middle_leaves_the_old_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
