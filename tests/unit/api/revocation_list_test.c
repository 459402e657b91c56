/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C14 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/certificate_identity.h"
#include "api/revocation_list.h"
#include "base/file.h"
#include "base/secret.h"
#include "support/fail_nth.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, realloc, NULL, (void *old, size_t size), (old, size));

static const char GET[] = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct site {
    struct echo echo;
    char list[512];
};

static int start(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    struct qw_certificate_request bob = { .purpose = QW_CERTIFICATE_CLIENT,
                                          .uri = "urn:qwave:operator:bob",
                                          .days = 1 };
    struct qw_http_server_config config;

    echo_prepare(&site->echo);
    issue(site->echo.folder, "ca", "bob", &bob);
    make_list(site->echo.folder, "ca", in_folder(site->echo.folder, "revoked.pem", site->list));
    echo_config(&site->echo, &config);
    config.revocation_list_path = site->list;
    echo_serve(&site->echo, &config);
    *state = site;
    return 0;
}

static int stop(void **state)
{
    struct site *site = *state;

    echo_stop(&site->echo);
    free(site);
    return 0;
}

static unsigned ask_as(const struct site *site, const char *name)
{
    struct raw raw = raw_open(site->echo.folder, site->echo.port, name, TLS1_3_VERSION);
    char answer[4096];
    unsigned status = raw_ask(&raw, GET, answer, sizeof answer);

    raw_close(&raw);
    return status;
}

/* The server looks at its file twice a second. */
static void expect_soon(const struct site *site, const char *name, unsigned status)
{
    for (int tries = 0; ask_as(site, name) != status; tries++) {
        assert_true(tries < 600);
        usleep(100000);
    }
}

static void ends_the_open_connection_of_whoever_is_revoked_and_no_other(void **state)
{
    struct site *site = *state;
    struct raw alice = raw_open(site->echo.folder, site->echo.port, "client", TLS1_3_VERSION);
    struct raw bob = raw_open(site->echo.folder, site->echo.port, "bob", TLS1_3_VERSION);
    char answer[4096];

    assert_int_equal(raw_ask(&alice, GET, answer, sizeof answer), 200);
    assert_int_equal(raw_ask(&bob, GET, answer, sizeof answer), 200);
    take_back(site->echo.folder, "ca", "client", site->list);
    assert_int_equal(raw_receive(&alice, answer, sizeof answer), 0);
    assert_string_equal(answer, "");
    assert_int_equal(raw_ask(&bob, GET, answer, sizeof answer), 200);
    assert_int_equal(ask_as(site, "client"), 0);
    assert_int_equal(ask_as(site, "bob"), 200);
    raw_close(&alice);
    raw_close(&bob);
}

static void refuses_to_resume_a_session_of_a_revoked_certificate(void **state)
{
    struct site *site = *state;
    struct raw raw = raw_open(site->echo.folder, site->echo.port, "client", TLS1_3_VERSION);
    SSL_SESSION *ticket;
    char answer[4096];

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    ticket = SSL_get1_session(raw.ssl);
    SSL_shutdown(raw.ssl);
    raw_close(&raw);
    take_back(site->echo.folder, "ca", "client", site->list);
    expect_soon(site, "client", 0);
    raw = raw_open(site->echo.folder, site->echo.port, "client", TLS1_3_VERSION);
    assert_int_equal(SSL_set_session(raw.ssl, ticket), 1);
    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 0);
    raw_close(&raw);
    SSL_SESSION_free(ticket);
}

static void a_bad_file_gives_nobody_back_what_was_taken(void **state)
{
    struct site *site = *state;
    char foreign[512];
    uint8_t *data;
    size_t len;

    take_back(site->echo.folder, "ca", "client", site->list);
    expect_soon(site, "client", 0);
    assert_int_equal(qw_file_replace(site->list, (const uint8_t *)"nonsense\n", 9), QW_OK);
    usleep(1200000);
    assert_int_equal(ask_as(site, "client"), 0);
    make_list(site->echo.folder, "foreign", in_folder(site->echo.folder, "other.pem", foreign));
    assert_int_equal(qw_file_read(foreign, 65536, &data, &len), QW_OK);
    assert_int_equal(qw_file_replace(site->list, data, len), QW_OK);
    qw_secret_free(data);
    usleep(1200000);
    assert_int_equal(ask_as(site, "client"), 0);
    assert_int_equal(unlink(site->list), 0);
    usleep(1200000);
    assert_int_equal(ask_as(site, "client"), 0);
    assert_int_equal(ask_as(site, "bob"), 200);
}

static void does_not_start_without_a_good_list(void **state)
{
    struct site *site = *state;
    struct qw_http_server_config config;
    struct qw_http_server *server = NULL;
    uint16_t port;
    char path[512];

    echo_config(&site->echo, &config);
    config.revocation_list_path = in_folder(site->echo.folder, "absent.pem", path);
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_NOT_FOUND);
    make_list(site->echo.folder, "foreign", in_folder(site->echo.folder, "other.pem", path));
    config.revocation_list_path = path;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_AUTH);
    assert_null(server);
}

static void hash_of(const char *folder, const char *name, uint8_t hash[static 32])
{
    char path[512], file[64];
    FILE *in;
    X509 *certificate;
    uint8_t *der = NULL;
    struct qw_certificate_identity identity;
    int len;

    snprintf(file, sizeof file, "%s.pem", name);
    in = fopen(in_folder(folder, file, path), "r");
    certificate = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);
    len = i2d_X509(certificate, &der);
    assert_int_equal(qw_certificate_identity_read(der, (size_t)len, &identity), QW_OK);
    memcpy(hash, identity.issue_hash, 32);
    OPENSSL_free(der);
    X509_free(certificate);
}

static char *text_of(const char *path)
{
    uint8_t *data;
    size_t len;
    char *text;

    assert_int_equal(qw_file_read(path, 1 << 20, &data, &len), QW_OK);
    text = strndup((const char *)data, len);
    qw_secret_free(data);
    return text;
}

/* Two authorities in one file, many entries, each found and nothing else. */
static void knows_every_entry_of_every_authority(void **state)
{
    struct site *site = *state;
    const char *folder = site->echo.folder;
    char foreign[512], both[512], path[512], authorities[8192];
    char *first, *second;
    struct qw_revocation_list *list = NULL;
    uint8_t hash[32];

    for (int i = 0; i < 70; i++) { /* more than one growth of the table */
        struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                                  .uri = "urn:qwave:sae:many",
                                                  .days = 1 };
        char name[32];

        snprintf(name, sizeof name, "many-%d", i);
        issue(folder, "ca", name, &request);
        take_back(folder, "ca", name, site->list);
    }
    make_list(folder, "foreign", in_folder(folder, "other.pem", foreign));
    take_back(folder, "foreign", "stranger", foreign);
    first = text_of(site->list);
    second = text_of(foreign);
    in_folder(folder, "both.pem", both);
    {
        char *joined = NULL;
        int len = asprintf(&joined, "%s%s", first, second);

        assert_int_equal(qw_file_create(both, (const uint8_t *)joined, (size_t)len), QW_OK);
        free(joined);
    }
    free(first);
    free(second);
    first = text_of(in_folder(folder, "ca.pem", path));
    second = text_of(in_folder(folder, "foreign.pem", path));
    snprintf(authorities, sizeof authorities, "%s%s", first, second);
    free(first);
    free(second);
    assert_int_equal(qw_revocation_list_open(both, authorities, &site->echo.log, &list), QW_OK);
    for (int i = 0; i < 70; i++) {
        char name[32];

        snprintf(name, sizeof name, "many-%d", i);
        hash_of(folder, name, hash);
        assert_true(qw_revocation_list_has(list, hash));
    }
    hash_of(folder, "stranger", hash);
    assert_true(qw_revocation_list_has(list, hash));
    hash_of(folder, "client", hash);
    assert_false(qw_revocation_list_has(list, hash));
    assert_false(qw_revocation_list_has(NULL, hash));
    assert_false(qw_revocation_list_refresh(list));
    qw_revocation_list_free(list);
}

static void an_overdue_list_still_revokes(void **state)
{
    struct site *site = *state;
    const char *folder = site->echo.folder;
    char path[512];
    FILE *file;
    X509_CRL *crl;
    EVP_PKEY *key;
    ASN1_TIME *past = ASN1_TIME_set(NULL, 1000000);
    struct qw_revocation_list *list = NULL;
    char *authorities = text_of(in_folder(folder, "ca.pem", path));
    uint8_t hash[32];

    take_back(folder, "ca", "client", site->list);
    file = fopen(site->list, "r");
    crl = PEM_read_X509_CRL(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(in_folder(folder, "ca.key", path), "r");
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, past), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, past), 1);
    assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
    file = fopen(in_folder(folder, "overdue.pem", path), "w");
    assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
    fclose(file);
    assert_int_equal(qw_revocation_list_open(path, authorities, &site->echo.log, &list), QW_OK);
    hash_of(folder, "client", hash);
    assert_true(qw_revocation_list_has(list, hash));
    qw_revocation_list_free(list);
    ASN1_TIME_free(past);
    X509_CRL_free(crl);
    EVP_PKEY_free(key);
    free(authorities);
}

/* Cut or altered anywhere: never a list that has forgotten somebody. */
static void a_damaged_list_is_refused_or_says_the_same(void **state)
{
    struct site *site = *state;
    const char *folder = site->echo.folder;
    char path[512], damaged[512];
    char *text, *authorities;
    uint8_t hash[32];
    size_t refused = 0;

    take_back(folder, "ca", "client", site->list);
    hash_of(folder, "client", hash);
    text = text_of(site->list);
    authorities = text_of(in_folder(folder, "ca.pem", path));
    in_folder(folder, "damaged.pem", damaged);
    for (size_t i = 0; i < 2 * strlen(text); i++) {
        struct qw_revocation_list *list = NULL;
        size_t len = i % 2 == 0 ? i / 2 : strlen(text);
        char *copy = strndup(text, len);
        FILE *out = fopen(damaged, "w");

        if (i % 2 == 1) {
            copy[i / 2] ^= 1;
        }
        assert_int_equal(fwrite(copy, 1, len, out), len);
        fclose(out);
        free(copy);
        if (qw_revocation_list_open(damaged, authorities, &site->echo.log, &list) == QW_OK) {
            assert_true(qw_revocation_list_has(list, hash));
        } else {
            assert_null(list);
            refused++;
        }
        qw_revocation_list_free(list);
    }
    assert_true(refused > strlen(text)); /* all cuts, most flips */
    free(text);
    free(authorities);
}

static void says_when_there_is_no_memory(void **state)
{
    struct site *site = *state;
    struct qw_revocation_list *list = NULL;
    char path[512];
    char *authorities = text_of(in_folder(site->echo.folder, "ca.pem", path));
    qw_err err = QW_ERR_NOMEM;

    take_back(site->echo.folder, "ca", "client", site->list);
    for (int n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_revocation_list_open(site->list, authorities, &site->echo.log, &list);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && list == NULL));
        assert_true(n <= 3);
    }
    qw_revocation_list_free(list);
    free(authorities);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ends_the_open_connection_of_whoever_is_revoked_and_no_other),
        CASE(refuses_to_resume_a_session_of_a_revoked_certificate),
        CASE(a_bad_file_gives_nobody_back_what_was_taken),
        CASE(does_not_start_without_a_good_list),
        CASE(knows_every_entry_of_every_authority),
        CASE(an_overdue_list_still_revokes),
        CASE(a_damaged_list_is_refused_or_says_the_same),
        CASE(says_when_there_is_no_memory),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
