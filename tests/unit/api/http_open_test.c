/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 S3 */
/* A server that asks nobody who he is: TLS 1.3 by its certificate, and callers without identity
 * [docs/protocol/console-login.md N1]. */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/tls/credentials.h"

static const char GET[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

static int start(void **state)
{
    struct echo *echo = calloc(1, sizeof *echo);
    struct qw_http_server_config config;

    echo_prepare(echo);
    echo_config(echo, &config);
    config.is_open = true;
    echo_serve(echo, &config);
    *state = echo;
    return 0;
}

static int stop(void **state)
{
    echo_stop(*state);
    free(*state);
    return 0;
}

static unsigned ask_as(struct echo *echo, const char *name, char answer[4096])
{
    struct raw raw = raw_open(echo->folder, echo->port, name, TLS1_3_VERSION);
    unsigned status = raw_ask(&raw, GET, answer, 4096);

    if (status == 200) { /* the same connection again */
        assert_int_equal(raw_ask(&raw, GET, answer, 4096), 200);
    }
    raw_close(&raw);
    return status;
}

static void nobody_has_an_identity_there_whatever_he_has(void **state)
{
    static const char *const names[] = { NULL, "client", "stranger", "expired" };
    struct echo *echo = *state;
    char answer[4096];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(ask_as(echo, names[i], answer), 200);
        assert_non_null(strstr(answer, "\"identity\":\"\""));
    }
}

static void speaks_tls_1_3_only(void **state)
{
    struct echo *echo = *state;
    struct raw raw = raw_open(echo->folder, echo->port, NULL, TLS1_2_VERSION);
    char answer[4096];

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 0);
    raw_close(&raw);
    assert_int_equal(echo->calls, 0);
}

static void serves_on_with_other_credentials(void **state)
{
    struct echo *echo = *state;
    struct qw_tls_credentials *credentials = NULL;
    struct qw_http_server_config config;
    struct qw_tls_files files;
    struct raw raw = raw_open(echo->folder, echo->port, NULL, TLS1_3_VERSION);
    char answer[4096];

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    echo_config(echo, &config);
    files = (struct qw_tls_files){ config.certificate_path, config.key_path, config.client_ca_path,
                                   NULL };
    assert_int_equal(qw_tls_credentials_open(&files, &echo->log, &credentials), QW_OK);
    qw_http_server_renew(echo->server, credentials);
    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    raw_close(&raw);
    assert_int_equal(ask_as(echo, NULL, answer), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_has_an_identity_there_whatever_he_has, start, stop),
        cmocka_unit_test_setup_teardown(speaks_tls_1_3_only, start, stop),
        cmocka_unit_test_setup_teardown(serves_on_with_other_credentials, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
