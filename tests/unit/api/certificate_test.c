/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "support/fail_nth.h"

#include <openssl/rand.h>
#include <sys/stat.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(X509 *, X509_new, NULL, (void), ());
FAIL_NTH(int, X509_set_version, 0, (X509 * certificate, long version), (certificate, version));
FAIL_NTH(int, X509_set_pubkey, 0, (X509 * certificate, EVP_PKEY *key), (certificate, key));
FAIL_NTH(int, RAND_bytes, 0, (unsigned char *out, int len), (out, len));
FAIL_NTH(BIGNUM *, BN_bin2bn, NULL, (const unsigned char *bytes, int len, BIGNUM *out),
         (bytes, len, out));
FAIL_NTH(ASN1_TIME *, ASN1_TIME_set, NULL, (ASN1_TIME * out, time_t time), (out, time));
FAIL_NTH(X509_EXTENSION *, X509V3_EXT_conf_nid, NULL,
         (LHASH_OF(CONF_VALUE) * conf, X509V3_CTX *context, int id, const char *value),
         (conf, context, id, value));
FAIL_NTH(int, X509_add_ext, 0, (X509 * certificate, X509_EXTENSION *extension, int at),
         (certificate, extension, at));
FAIL_NTH(int, X509_set_issuer_name, 0, (X509 * certificate, const X509_NAME *name),
         (certificate, name));
FAIL_NTH(int, X509_sign_ctx, 0, (X509 * certificate, EVP_MD_CTX *signing), (certificate, signing));
FAIL_NTH(BIO *, BIO_new, NULL, (const BIO_METHOD *method), (method));
FAIL_NTH(BIO *, BIO_new_mem_buf, NULL, (const void *data, int len), (data, len));
FAIL_NTH(int, X509_digest, 0,
         (const X509 *certificate, const EVP_MD *hash, unsigned char *out, unsigned *len),
         (certificate, hash, out, len));

static int start(void **state)
{
    char *folder = strdup("/tmp/qwave-certificate-XXXXXX");

    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static int stop(void **state)
{
    remove_folder(*state);
    free(*state);
    return 0;
}

static X509 *load(const char *folder, const char *name)
{
    char path[512];
    FILE *file = fopen(in_folder(folder, name, path), "r");
    X509 *certificate;

    assert_non_null(file);
    certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(certificate);
    return certificate;
}

static int days_between(const ASN1_TIME *from, const ASN1_TIME *to)
{
    int days = 0, seconds = 0;

    assert_int_equal(ASN1_TIME_diff(&days, &seconds, from, to), 1);
    assert_int_equal(seconds, 0);
    return days;
}

static void assert_is_private(const char *folder, const char *name)
{
    char path[512];
    struct stat info;

    assert_int_equal(stat(in_folder(folder, name, path), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void makes_an_authority_that_signs_leaves_only(void **state)
{
    X509 *ca;

    make_authority(*state, "ca");
    assert_is_private(*state, "ca.pem");
    assert_is_private(*state, "ca.key");
    ca = load(*state, "ca.pem");
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_get_pathlen(ca), 0);
    assert_int_equal(X509_get_key_usage(ca), KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_get_version(ca), X509_VERSION_3);
    assert_int_equal(days_between(X509_get0_notBefore(ca), X509_get0_notAfter(ca)), 1);
    assert_int_equal(X509_verify(ca, X509_get0_pubkey(ca)), 1);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(ca)), 256);
    X509_free(ca);
}

static void gives_the_documented_lifetimes(void **state)
{
    char a[512], b[512];
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT, .uri = "urn:x:y" };
    X509 *certificate;

    assert_int_equal(qw_certificate_authority_create("q", 0, in_folder(*state, "ca.pem", a),
                                                     in_folder(*state, "ca.key", b)),
                     QW_OK);
    certificate = load(*state, "ca.pem");
    assert_int_equal(
        days_between(X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)), 3650);
    X509_free(certificate);
    issue(*state, "ca", "leaf", &request);
    certificate = load(*state, "leaf.pem");
    assert_int_equal(
        days_between(X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)), 90);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
    X509_free(certificate);
}

static char *extension_text(X509 *certificate, int id, char out[static 1024])
{
    int at = X509_get_ext_by_NID(certificate, id, -1);
    BIO *bio = BIO_new(BIO_s_mem());
    int len;

    assert_true(at >= 0);
    assert_int_equal(X509V3_EXT_print(bio, X509_get_ext(certificate, at), 0, 0), 1);
    len = BIO_read(bio, out, 1023);
    assert_true(len > 0);
    out[len] = '\0';
    BIO_free(bio);
    return out;
}

static void issues_a_server_certificate_with_its_names(void **state)
{
    static const char *const hosts[] = { "centre.example", "127.0.0.1", "::1" };
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_SERVER,
                                              .uri = "urn:qwave:centre:c-1",
                                              .hosts = hosts,
                                              .host_count = 3 };
    char text[1024];
    X509 *ca, *leaf;

    make_authority(*state, "ca");
    issue(*state, "ca", "server", &request);
    assert_is_private(*state, "server.pem");
    assert_is_private(*state, "server.key");
    ca = load(*state, "ca.pem");
    leaf = load(*state, "server.pem");
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_issued(ca, leaf), X509_V_OK);
    assert_int_equal(X509_check_ca(leaf), 0);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_string_equal(extension_text(leaf, NID_subject_alt_name, text),
                        "URI:urn:qwave:centre:c-1, DNS:centre.example, IP Address:127.0.0.1, "
                        "IP Address:0:0:0:0:0:0:0:1");
    assert_int_equal(X509_check_host(leaf, "centre.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.2", 0), 0);
    X509_free(leaf);
    X509_free(ca);
}

static void issues_client_certificates_with_different_keys_and_serials(void **state)
{
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                              .uri = "urn:qwave:ap:ap-1" };
    X509 *one, *two;

    make_authority(*state, "ca");
    issue(*state, "ca", "one", &request);
    issue(*state, "ca", "two", &request);
    one = load(*state, "one.pem");
    two = load(*state, "two.pem");
    assert_int_equal(X509_get_extended_key_usage(one), XKU_SSL_CLIENT);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(one), X509_get0_serialNumber(two)),
                         0);
    assert_true(ASN1_STRING_length(X509_get0_serialNumber(one)) >= 8);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(one), X509_get0_pubkey(two)), 0);
    X509_free(one);
    X509_free(two);
}

static void refuses_requests_that_make_no_sense(void **state)
{
    static const char *const host[] = { "localhost" };
    static const char *const evil[] = { "localhost,URI:urn:qwave:operator:root" };
    static const char *const blank[] = { "" };
    const struct qw_certificate_request client = { .purpose = QW_CERTIFICATE_CLIENT,
                                                   .uri = "urn:x:y" };
    const struct qw_certificate_request server = {
        .purpose = QW_CERTIFICATE_SERVER, .uri = "urn:x:y", .hosts = host, .host_count = 1
    };
    struct qw_certificate_request bad[11];
    char long_uri[QW_CERTIFICATE_URI_CAP + 1];
    struct qw_certificate_authority *authority = NULL;
    char a[512], b[512];

    memset(long_uri, 'x', sizeof long_uri);
    long_uri[QW_CERTIFICATE_URI_CAP] = '\0';
    for (int i = 0; i < 7; i++) {
        bad[i] = client;
    }
    bad[0].uri = "";
    bad[1].uri = "urn:a b";
    bad[2].uri = "urn:a,DNS:evil"; /* would be a second name */
    bad[3].uri = "urn:\xC3\xA9";
    bad[4].uri = long_uri;
    bad[5].host_count = 1;
    bad[5].hosts = host;
    bad[6].days = QW_CERTIFICATE_DAYS_MAX + 1;
    for (int i = 7; i < 11; i++) {
        bad[i] = server;
    }
    bad[7].host_count = 0;
    bad[8].hosts = evil;
    bad[9].hosts = blank;
    bad[10].purpose = (enum qw_certificate_purpose)7;
    make_authority(*state, "ca");
    assert_int_equal(qw_certificate_authority_open(in_folder(*state, "ca.pem", a),
                                                   in_folder(*state, "ca.key", b), &authority),
                     QW_OK);
    in_folder(*state, "bad.pem", a);
    in_folder(*state, "bad.key", b);
    for (int i = 0; i < 11; i++) {
        assert_int_equal(qw_certificate_issue(authority, &bad[i], a, b), QW_ERR_ARG);
    }
    assert_int_not_equal(access(a, F_OK), 0);
    assert_int_not_equal(access(b, F_OK), 0);
    qw_certificate_authority_free(authority);
    assert_int_equal(qw_certificate_authority_create("", 1, a, b), QW_ERR_ARG);
    assert_int_equal(qw_certificate_authority_create("a\nb", 1, a, b), QW_ERR_ARG);
    assert_int_equal(qw_certificate_authority_create("a", QW_CERTIFICATE_DAYS_MAX + 1, a, b),
                     QW_ERR_ARG);
}

static void never_overwrites_a_file(void **state)
{
    char a[512], b[512];
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT, .uri = "urn:x:y" };
    struct qw_certificate_authority *authority = NULL;
    X509 *before, *after;

    make_authority(*state, "ca");
    before = load(*state, "ca.pem");
    in_folder(*state, "ca.pem", a);
    in_folder(*state, "ca.key", b);
    assert_int_equal(qw_certificate_authority_create("again", 1, a, b), QW_ERR_CONFLICT);
    assert_int_equal(qw_certificate_authority_open(a, b, &authority), QW_OK);
    assert_int_equal(qw_certificate_issue(authority, &request, a, b), QW_ERR_CONFLICT);
    after = load(*state, "ca.pem");
    assert_int_equal(X509_cmp(before, after), 0);
    assert_int_equal(qw_certificate_issue(authority, &request, "/nonexistent/a", "/nonexistent/b"),
                     QW_ERR_IO);
    X509_free(before);
    X509_free(after);
    qw_certificate_authority_free(authority);
}

static void opens_no_authority_from_other_files(void **state)
{
    char a[512], b[512], other[512], rubbish[512];
    struct qw_certificate_authority *authority = NULL;
    FILE *file = fopen(in_folder(*state, "rubbish", rubbish), "w");

    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file);
    fclose(file);
    make_authority(*state, "ca");
    make_authority(*state, "other");
    in_folder(*state, "ca.pem", a);
    in_folder(*state, "ca.key", b);
    in_folder(*state, "other.key", other);
    assert_int_equal(qw_certificate_authority_open("/nonexistent", b, &authority),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_certificate_authority_open(a, "/nonexistent", &authority),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_certificate_authority_open(rubbish, b, &authority), QW_ERR_FORMAT);
    assert_int_equal(qw_certificate_authority_open(a, rubbish, &authority), QW_ERR_FORMAT);
    assert_int_equal(qw_certificate_authority_open(a, other, &authority), QW_ERR_AUTH);
    assert_null(authority);
    qw_certificate_authority_free(NULL);
}

static void hashes_what_an_audit_would_name(void **state)
{
    char path[512];
    uint8_t hash[32], again[32];
    unsigned char want[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509 *ca;

    make_authority(*state, "ca");
    ca = load(*state, "ca.pem");
    assert_int_equal(X509_digest(ca, EVP_sha256(), want, &len), 1);
    assert_int_equal(qw_certificate_hash(in_folder(*state, "ca.pem", path), hash), QW_OK);
    assert_memory_equal(hash, want, 32);
    memcpy(again, hash, 32);
    assert_int_equal(qw_certificate_hash("/nonexistent", hash), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_certificate_hash(in_folder(*state, "ca.key", path), hash), QW_ERR_FORMAT);
    assert_memory_equal(hash, again, 32);
    X509_free(ca);
}

static void remove_file(const char *folder, const char *name)
{
    char path[512];

    unlink(in_folder(folder, name, path));
}

/* Every call of the cryptographic library fails once, the first, the second …: no file is left
 * that looks like a certificate, and nothing leaks (the sanitizer says). */
static void makes_no_file_when_a_call_fails(void **state)
{
    char a[512], b[512];
    qw_err err = QW_ERR_NOMEM;
    int n;

    in_folder(*state, "new.pem", a);
    in_folder(*state, "new.key", b);
    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_certificate_authority_create("new", 1, a, b);
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        assert_int_equal(access(a, F_OK) == 0, err == QW_OK);
        assert_int_equal(access(b, F_OK) == 0, err == QW_OK);
    }
    assert_in_range(n, 16, 40);
}

static void issues_nothing_when_a_call_fails(void **state)
{
    static const char *const hosts[] = { "localhost" };
    const struct qw_certificate_request request = {
        .purpose = QW_CERTIFICATE_SERVER, .uri = "urn:x:y", .hosts = hosts, .host_count = 1
    };
    struct qw_certificate_authority *authority = NULL;
    char ca[512], ca_key[512], a[512], b[512];
    uint8_t hash[32];
    qw_err err = QW_ERR_NOMEM;
    int n;

    make_authority(*state, "ca");
    in_folder(*state, "ca.pem", ca);
    in_folder(*state, "ca.key", ca_key);
    in_folder(*state, "new.pem", a);
    in_folder(*state, "new.key", b);
    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_certificate_authority_open(ca, ca_key, &authority);
        fail_nth = 0;
        assert_int_equal(authority != NULL, err == QW_OK);
    }
    assert_int_equal(n, 5); /* three calls can fail */
    err = QW_ERR_NOMEM;
    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_certificate_issue(authority, &request, a, b);
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        assert_int_equal(access(a, F_OK) == 0, err == QW_OK);
    }
    assert_in_range(n, 20, 40);
    fail_nth = 2;
    assert_int_equal(qw_certificate_hash(a, hash), QW_ERR_NOMEM);
    fail_nth = 0;
    remove_file(*state, "new.pem");
    qw_certificate_authority_free(authority);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(makes_an_authority_that_signs_leaves_only),
        CASE(gives_the_documented_lifetimes),
        CASE(issues_a_server_certificate_with_its_names),
        CASE(issues_client_certificates_with_different_keys_and_serials),
        CASE(refuses_requests_that_make_no_sense),
        CASE(never_overwrites_a_file),
        CASE(opens_no_authority_from_other_files),
        CASE(hashes_what_an_audit_would_name),
        CASE(makes_no_file_when_a_call_fails),
        CASE(issues_nothing_when_a_call_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
