/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C10 C14 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/http_connection_set.h"
#include "support/fail_nth.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(int, gnutls_certificate_allocate_credentials, GNUTLS_E_MEMORY_ERROR,
         (gnutls_certificate_credentials_t * credentials), (credentials));

static const char GET[] = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct site {
    struct echo echo;
    struct qw_tls_failures failures;
    char list[512];
};

/* Certificates and the server; beside the usual ones "server2" and an authority "both". */
static int start(void **state)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1" };
    const struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_SERVER,
                                                    .uri = "urn:qwave:centre:test",
                                                    .hosts = hosts,
                                                    .host_count = 2,
                                                    .days = 1 };
    struct site *site = calloc(1, sizeof *site);
    struct qw_http_server_config config;
    char command[600];

    echo_prepare(&site->echo);
    issue(site->echo.folder, "ca", "server2", &request);
    snprintf(command, sizeof command, "cd '%s' && cat ca.pem foreign.pem >both.pem",
             site->echo.folder);
    assert_int_equal(system(command), 0);
    in_folder(site->echo.folder, "list.pem", site->list);
    make_list(site->echo.folder, "ca", site->list);
    echo_config(&site->echo, &config);
    config.failures = &site->failures;
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

static qw_err credentials_of(struct site *site, const char *server, const char *authority,
                             const char *list, struct qw_tls_credentials **credentials)
{
    char file[64], certificate[512], key[512], ca[512];
    struct qw_tls_files files = { certificate, key, ca, list };

    snprintf(file, sizeof file, "%s.pem", server);
    in_folder(site->echo.folder, file, certificate);
    snprintf(file, sizeof file, "%s.key", server);
    in_folder(site->echo.folder, file, key);
    snprintf(file, sizeof file, "%s.pem", authority);
    in_folder(site->echo.folder, file, ca);
    return qw_tls_credentials_open(&files, &site->echo.log, credentials);
}

static void renew(struct site *site, const char *server, const char *authority, const char *list)
{
    struct qw_tls_credentials *credentials = NULL;

    assert_int_equal(credentials_of(site, server, authority, list, &credentials), QW_OK);
    qw_http_server_renew(site->echo.server, credentials);
}

static unsigned ask(struct raw *raw, char answer[4096])
{
    return raw_ask(raw, GET, answer, 4096);
}

static struct raw open_as(const struct site *site, const char *name)
{
    return raw_open(site->echo.folder, site->echo.port, name, TLS1_3_VERSION);
}

/* Whether the server showed that certificate. */
static bool has_shown(const struct site *site, const struct raw *raw, const char *name)
{
    X509 *shown = SSL_get1_peer_certificate(raw->ssl), *expected;
    char file[64], path[512];
    FILE *in;
    bool is_same;

    snprintf(file, sizeof file, "%s.pem", name);
    in = fopen(in_folder(site->echo.folder, file, path), "r");
    assert_non_null(in);
    expected = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);
    is_same = shown != NULL && X509_cmp(shown, expected) == 0;
    X509_free(shown);
    X509_free(expected);
    return is_same;
}

static void new_connections_see_the_new_certificate_and_open_ones_go_on(void **state)
{
    struct site *site = *state;
    struct raw old = open_as(site, "client"), fresh;
    char answer[4096];

    assert_int_equal(ask(&old, answer), 200);
    assert_true(has_shown(site, &old, "server"));
    for (int i = 0; i < 3; i++) { /* there and back again */
        const char *name = i % 2 == 0 ? "server2" : "server";

        renew(site, name, "ca", NULL);
        assert_int_equal(ask(&old, answer), 200);
        fresh = open_as(site, "client");
        assert_int_equal(ask(&fresh, answer), 200);
        assert_true(has_shown(site, &fresh, name));
        raw_close(&fresh);
    }
    raw_close(&old);
}

static void open_connections_are_judged_by_the_new_authorities(void **state)
{
    struct site *site = *state;
    struct raw mine = open_as(site, "client"), foreign;
    char answer[4096];

    assert_int_equal(ask(&mine, answer), 200);
    renew(site, "server", "both", NULL);
    assert_int_equal(ask(&mine, answer), 200);
    foreign = open_as(site, "stranger");
    assert_int_equal(ask(&foreign, answer), 200);
    renew(site, "server", "foreign", NULL);
    assert_int_equal(ask(&foreign, answer), 200);
    assert_int_equal(ask(&mine, answer), 401);
    assert_int_equal(raw_receive(&mine, answer, sizeof answer), 0); /* and it is closed */
    raw_close(&mine);
    raw_close(&foreign);
    mine = open_as(site, "client");
    assert_int_equal(ask(&mine, answer), 0);
    raw_close(&mine);
}

static void a_ticket_of_the_old_authorities_is_void(void **state)
{
    struct site *site = *state;
    struct raw raw = open_as(site, "client");
    SSL_SESSION *ticket;
    char answer[4096];

    assert_int_equal(ask(&raw, answer), 200);
    ticket = SSL_get1_session(raw.ssl);
    SSL_shutdown(raw.ssl);
    raw_close(&raw);
    renew(site, "server", "foreign", NULL);
    raw = open_as(site, "client");
    assert_int_equal(SSL_set_session(raw.ssl, ticket), 1);
    assert_int_equal(ask(&raw, answer), 0);
    assert_int_equal(SSL_session_reused(raw.ssl), 0);
    raw_close(&raw);
    SSL_SESSION_free(ticket);
}

static void whoever_the_new_list_revokes_is_cut(void **state)
{
    struct site *site = *state;
    struct raw raw = open_as(site, "client");
    char answer[4096];

    assert_int_equal(ask(&raw, answer), 200);
    renew(site, "server", "ca", site->list);
    assert_int_equal(ask(&raw, answer), 200);
    take_back(site->echo.folder, "ca", "client", site->list);
    renew(site, "server", "ca", site->list);
    assert_int_equal(raw_receive(&raw, answer, sizeof answer), 0);
    raw_close(&raw);
}

static bool wait_for(atomic_uint_fast64_t *count, uint64_t value)
{
    for (int i = 0; i < 6000 && atomic_load(count) < value; i++) {
        usleep(10000);
    }
    return atomic_load(count) == value;
}

static void counts_who_was_refused_and_who_hung_up(void **state)
{
    struct site *site = *state;
    struct raw raw = open_as(site, "stranger");
    char answer[4096];

    assert_int_equal(ask(&raw, answer), 0);
    raw_close(&raw);
    assert_true(wait_for(&site->failures.refused, 1));
    close(plain_connect(site->echo.port));
    assert_true(wait_for(&site->failures.broken, 1));
    raw = open_as(site, "client");
    assert_int_equal(ask(&raw, answer), 200);
    raw_close(&raw);
    assert_int_equal(atomic_load(&site->failures.refused), 1);
    assert_int_equal(atomic_load(&site->failures.broken), 1);
}

static void bad_files_make_no_credentials(void **state)
{
    struct site *site = *state;
    struct qw_tls_credentials *credentials = NULL;
    char foreign[512];

    assert_int_equal(credentials_of(site, "none", "ca", NULL, &credentials), QW_ERR_NOT_FOUND);
    assert_int_equal(credentials_of(site, "server", "none", NULL, &credentials), QW_ERR_NOT_FOUND);
    assert_int_equal(credentials_of(site, "server", "ca", "/nonexistent", &credentials),
                     QW_ERR_NOT_FOUND);
    make_list(site->echo.folder, "foreign",
              in_folder(site->echo.folder, "foreign-list.pem", foreign));
    assert_int_equal(credentials_of(site, "server", "ca", foreign, &credentials), QW_ERR_AUTH);
    assert_null(credentials);
    qw_tls_credentials_release(NULL);
}

static void opens_as_a_whole_or_not_at_all(void **state)
{
    struct site *site = *state;
    struct qw_tls_credentials *credentials = NULL;
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = credentials_of(site, "server", "ca", site->list, &credentials);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && credentials == NULL));
        assert_true(n < 20);
    }
    assert_non_null(qw_tls_credentials_revocations(credentials));
    qw_tls_credentials_release(qw_tls_credentials_hold(credentials));
    qw_tls_credentials_release(credentials);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(new_connections_see_the_new_certificate_and_open_ones_go_on),
        CASE(open_connections_are_judged_by_the_new_authorities),
        CASE(a_ticket_of_the_old_authorities_is_void),
        CASE(whoever_the_new_list_revokes_is_cut),
        CASE(counts_who_was_refused_and_who_hung_up),
        CASE(bad_files_make_no_credentials),
        CASE(opens_as_a_whole_or_not_at_all),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
